"""Borders that repeat the data: the definition against ``numpy.pad``, the fast way against the definition, adjoints."""

from math import prod

import numpy as np
import pytest

from convformance.judging.bounds import products
from convformance.reference import Problem, conv, conv_filter_grad, conv_input_grad, definition, exact, operations
from convformance.reference.arrays import Array
from convformance.reference.borders import BORDERS
from convformance.reference.fast import contractions
from tests.reference.generated import generated_problems, integer_operands, integers

REPEATING = [border for border in BORDERS if border != "zero"]
OPERATIONS = ("conv", "conv_input_grad", "conv_filter_grad")


def bordered_problems(border: str, count: int) -> list[Problem]:
    """Return generated problems with that border, those left out whose padding reaches too far for it."""
    problems = []
    for drawn in generated_problems(4 * count, seed=len(border)):
        geometry = {name: getattr(drawn, name) for name in ("stride", "dilation", "groups", "batch")}
        sizes = {name: getattr(drawn, name) for name in ("input_size", "kernel_size", "in_channels", "out_channels")}
        try:
            problem = Problem.of(**sizes, **geometry, padding=drawn.symbol or drawn.padding, border=border)
        except ValueError:
            continue
        if any(entry > 0 for pair in problem.padding for entry in pair) and problem.multiplications:
            problems.append(problem)
    return problems[:count]


def padded_by_numpy(problem: Problem, x: Array) -> Array:
    """Return x with its border, cropped where a pair is negative."""
    width = [(0, 0), (0, 0), *((max(lo, 0), max(hi, 0)) for lo, hi in problem.padding)]
    padded: Array = np.pad(x, width, problem.border)  # type: ignore[call-overload]
    axes = zip(padded.shape[2:], problem.padding, strict=True)
    return padded[..., *(slice(max(0, -lo), size - max(0, -hi)) for size, (lo, hi) in axes)]


def test_there_are_enough_problems_of_every_border() -> None:
    for border in REPEATING:
        problems = bordered_problems(border, 60)
        assert len(problems) == 60
        assert {problem.rank for problem in problems} == {1, 2, 3}
        assert max(max(problem.stride) for problem in problems) > 1
        assert any(min(min(pair) for pair in problem.padding) < 0 for problem in problems)


@pytest.mark.parametrize("border", REPEATING)
def test_it_is_the_convolution_of_data_that_numpy_pads(border: str) -> None:
    for seed, problem in enumerate(bordered_problems(border, 60)):
        x, w = integer_operands(problem, "conv", seed)
        expected = conv(
            padded_by_numpy(problem, x), w, stride=problem.stride, dilation=problem.dilation, groups=problem.groups
        )
        np.testing.assert_array_equal(definition.forward(problem, x, w), expected)
        np.testing.assert_array_equal(contractions.forward(problem, x, w), expected)


@pytest.mark.parametrize("border", REPEATING)
def test_loops_and_matrix_products_agree_on_the_gradients(border: str) -> None:
    for seed, problem in enumerate(bordered_problems(border, 60)):
        x, w, dy = (integers(getattr(problem, f"{name}_shape"), seed) for name in ("input", "filter", "output"))
        for name, operands in {"input_gradient": (dy, w), "filter_gradient": (x, dy)}.items():
            expected = getattr(definition, name)(problem, *operands)
            for dtype in (np.int64, np.float64):
                got = getattr(contractions, name)(problem, *(array.astype(dtype) for array in operands))
                np.testing.assert_array_equal(got, expected, strict=dtype == np.int64)


@pytest.mark.parametrize("border", REPEATING)
def test_the_gradients_are_its_adjoints(border: str) -> None:
    for seed, problem in enumerate(bordered_problems(border, 60)):
        x, w, dy = (integers(getattr(problem, f"{name}_shape"), seed + 9) for name in ("input", "filter", "output"))
        inner = np.sum(operations.apply("conv", problem, x, w) * dy)
        assert np.sum(operations.apply("conv_input_grad", problem, dy, w) * x) == inner
        assert np.sum(operations.apply("conv_filter_grad", problem, x, dy) * w) == inner


@pytest.mark.parametrize("border", REPEATING)
def test_the_products_of_an_element_are_counted_with_those_of_its_repetitions(border: str) -> None:
    for problem in bordered_problems(border, 60):
        for operation in OPERATIONS:
            ones = [np.ones(shape) for shape in problem.operand_shapes(operation)]
            count = operations.apply(operation, problem, *ones)
            np.testing.assert_array_equal(np.broadcast_to(products(operation, problem), count.shape), count)
            assert count.max(initial=0) <= problem.longest_sum(operation)


def test_an_edge_sums_more_products_than_its_kernel_has_taps() -> None:
    problem = Problem.of(input_size=(4,), kernel_size=3, padding=2, border="edge")
    assert products("conv_input_grad", problem).ravel().tolist() == [6, 3, 3, 6]
    assert problem.longest_sum("conv_input_grad") >= 6


@pytest.mark.parametrize("border", REPEATING)
@pytest.mark.parametrize("operation", OPERATIONS)
def test_the_exact_oracle_agrees_with_integers(border: str, operation: str) -> None:
    for seed, problem in enumerate(bordered_problems(border, 12)):
        operands = integer_operands(problem, operation, seed)
        got = exact.apply(operation, problem, *operands)
        assert not got.error.any()
        np.testing.assert_array_equal(got.hi, operations.apply(operation, problem, *operands))


def test_a_narrow_integer_that_folds_beyond_its_range_wraps_as_any_other() -> None:
    problem = Problem.of(input_size=(2,), kernel_size=3, padding=2, border="edge")
    dy, w = np.full(problem.output_shape, 50, np.int8), np.ones(problem.filter_shape, np.int8)
    wide = operations.apply("conv_input_grad", problem, dy.astype(np.int64), w.astype(np.int64))
    assert wide.max() > 127
    np.testing.assert_array_equal(operations.apply("conv_input_grad", problem, dy, w), wide.astype(np.int8))


def test_the_public_functions_take_a_border() -> None:
    x, w = integers((1, 1, 4), 1), np.array([[[1, 10, 100]]])
    x[...] = [1, 2, 3, 4]
    wanted = {"edge": 211, "reflect": 212, "symmetric": 211, "wrap": 214, "zero": 210}
    for border, first in wanted.items():
        y = conv(x, w, padding=1, border=border)
        assert y[0, 0, 0] == first
        assert conv_input_grad(y, w, input_size=4, padding=1, border=border).shape == x.shape
        assert conv_filter_grad(x, y, kernel_size=3, padding=1, border=border).shape == w.shape


@pytest.mark.parametrize(
    ("border", "size", "padding"),
    [("reflect", 3, 3), ("symmetric", 3, 4), ("wrap", 3, 4), ("edge", 0, 1), ("reflect", 1, 1), ("mirror", 3, 1)],
)
def test_a_padding_that_reaches_further_than_the_data_is_refused(border: str, size: int, padding: int) -> None:
    with pytest.raises(ValueError, match="border"):
        Problem.of(input_size=(size,), kernel_size=1, padding=padding, border=border)
    if border in BORDERS and size:
        assert Problem.of(input_size=(size,), kernel_size=1, padding=padding - 1, border=border).border == border


@pytest.mark.parametrize(("kernel", "dilation", "lo"), [(1, 1, 0), (3, 1, 2), (3, 2, 4), (4, 3, 9)])
def test_causal_reads_nothing_that_comes_later(kernel: int, dilation: int, lo: int) -> None:
    problem = Problem.of(input_size=(9,), kernel_size=kernel, dilation=dilation, padding="causal")
    assert problem.padding == ((lo, 0),)
    assert problem.output_size == (9,)
    x, w = integers(problem.input_shape, 1), integers(problem.filter_shape, 2)
    later = x.copy()
    later[..., 5:] = 0
    y, without = operations.apply("conv", problem, x, w), operations.apply("conv", problem, later, w)
    np.testing.assert_array_equal(y[..., :5], without[..., :5])
    assert prod(y.shape) == 9
