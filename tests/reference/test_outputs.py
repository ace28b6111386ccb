"""Fewer outputs than the kernel has positions: what a transposed convolution with a large output padding is."""

from dataclasses import replace

import numpy as np
import pytest

from convformance.reference import (
    Problem,
    conv,
    conv_input_grad,
    conv_transpose,
    conv_transpose_filter_grad,
    conv_transpose_input_grad,
    definition,
    exact,
)
from convformance.reference.fast import blocked, contractions
from tests.reference.generated import generated_problems, integer_operands, integers

GEOMETRY = {"stride": (2, 1), "padding": ((1, 0), (0, 2)), "dilation": (4, 3)}


def _cut_problems(count: int) -> list[Problem]:
    """Return generated problems with fewer outputs than positions on some axis."""
    rng, problems = np.random.default_rng(5), []
    for drawn in generated_problems(4 * count, seed=31):
        if min(drawn.positions) and max(drawn.positions) > 1 and drawn.batch:
            outputs = tuple(int(rng.integers(1, most + 1)) for most in drawn.positions)
            problems.append(replace(drawn, outputs=outputs, symbol=None))
    return [problem for problem in problems if problem.output_size != problem.positions][:count]


PROBLEMS = _cut_problems(120)


@pytest.mark.parametrize("index", range(len(PROBLEMS)))
def test_every_way_agrees_with_the_definition(index: int) -> None:
    problem = PROBLEMS[index]
    x, w, dy = (integers(shape, index) for shape in (problem.input_shape, problem.filter_shape, problem.output_shape))
    for name, operands in {"forward": (x, w), "input_gradient": (dy, w), "filter_gradient": (x, dy)}.items():
        expected = getattr(definition, name)(problem, *operands)
        for way in (contractions, blocked):
            result = getattr(way, name)(problem, *(array.astype(np.float64) for array in operands))
            np.testing.assert_array_equal(result, expected)


@pytest.mark.parametrize("index", range(0, len(PROBLEMS), 3))
def test_the_forward_is_the_start_of_all_positions_and_the_gradient_that_of_zeros_behind(index: int) -> None:
    problem = PROBLEMS[index]
    every = replace(problem, outputs=None)
    x, w = integer_operands(every, "conv", index)
    first = tuple(slice(size) for size in (*problem.output_shape,))
    np.testing.assert_array_equal(definition.forward(problem, x, w), definition.forward(every, x, w)[first])
    dy = integers(problem.output_shape, index)
    padded = np.zeros(every.output_shape, dy.dtype)
    padded[first] = dy
    np.testing.assert_array_equal(
        definition.input_gradient(problem, dy, w), definition.input_gradient(every, padded, w)
    )


def test_a_transposed_convolution_by_hand_with_an_output_padding_of_the_stride_and_more() -> None:
    x, w = np.array([[[1.0, 2.0]]]), np.array([[[1.0, 10.0]]])
    assert conv_transpose(x, w, dilation=3).tolist() == [[[1, 2, 0, 10, 20]]]
    assert conv_transpose(x, w, dilation=3, output_size=7).tolist() == [[[1, 2, 0, 10, 20, 0, 0]]]
    assert conv_transpose(x, w, dilation=3, padding=1, output_size=5).tolist() == [[[2, 0, 10, 20, 0]]]


@pytest.mark.parametrize("extra", [(0, 0), (3, 2), (2, 1), (1, 2)])
def test_the_gradients_of_the_transposed_convolution_are_its_adjoints(extra: tuple[int, int]) -> None:
    x, w = integers((2, 3, 3, 4), 1), integers((3, 2, 2, 3), 2)
    smallest = conv_transpose(x, w, **GEOMETRY).shape[2:]
    size = tuple(low + more for low, more in zip(smallest, extra, strict=True))
    y = conv_transpose(x, w, output_size=size, **GEOMETRY)
    dy = integers(y.shape, 3)
    dx = conv_transpose_input_grad(dy, w, input_size=x.shape[2:], **GEOMETRY)
    dw = conv_transpose_filter_grad(x, dy, kernel_size=w.shape[2:], **GEOMETRY)
    assert dx.shape == x.shape
    assert (y * dy).sum() == (x * dx).sum() == (w * dw).sum()


def test_the_oracle_knows_it() -> None:
    x, w = np.random.default_rng(1).random((2, 2, 3)), np.random.default_rng(2).random((2, 4, 2))
    near = exact.conv_transpose(x, w, dilation=4, output_size=9)
    np.testing.assert_allclose(near.hi, conv_transpose(x, w, dilation=4, output_size=9), rtol=1e-14)
    back = exact.conv_transpose_input_grad(near.hi, w, dilation=4, input_size=3)
    assert back.hi.shape == x.shape


@pytest.mark.parametrize("size", [5 + 3, 4])
def test_a_size_that_no_output_padding_below_the_dilation_gives_is_refused(size: int) -> None:
    x, w = np.ones((1, 1, 2)), np.ones((1, 1, 2))
    with pytest.raises(ValueError, match="allowed per axis: 5 to 7"):
        conv_transpose(x, w, dilation=3, output_size=size)
    with pytest.raises(ValueError, match="allowed per axis: 5 to 5"):
        conv_input_grad(x, w, dilation=3, input_size=6)


@pytest.mark.parametrize("outputs", [0, 4, (2, 2)])
def test_outputs_that_the_kernel_has_not_are_refused(outputs: int) -> None:
    with pytest.raises(ValueError, match="outputs="):
        Problem.of(input_size=(5,), kernel_size=3, outputs=outputs)


def test_all_positions_said_are_the_same_problem_as_none() -> None:
    said = Problem.of(input_size=(5,), kernel_size=3, outputs=3)
    assert said == Problem.of(input_size=(5,), kernel_size=3)
    assert said.beyond == set()
    assert Problem.of(input_size=(5,), kernel_size=3, outputs=2).beyond == {"outputs"}
    assert Problem.of(input_size=(5,), kernel_size=3, outputs=2).output_padding == (1,)


def test_the_convolution_of_the_public_face_has_all_its_positions() -> None:
    assert conv(np.ones((1, 1, 5)), np.ones((1, 1, 3))).shape == (1, 1, 3)
