"""What must hold of every bilinear, shift-invariant map and its adjoints, exactly on integers."""

from dataclasses import replace
from itertools import product
from typing import Any

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from convformance import reference
from convformance.reference import OPERATIONS, Problem, geometry, operations
from convformance.reference.arrays import Array
from tests.reference.generated import PROPERTY, integer_operands, integers, problems, seeds

BILINEAR = tuple(operation for operation in OPERATIONS if operation != "conv_bias_grad")


def arrays(problem: Problem, seed: int) -> tuple[Array, Array, Array]:
    """Return x, w and dy."""
    shapes = (problem.input_shape, problem.filter_shape, problem.output_shape)
    x, w, dy = (integers(shape, seed + number) for number, shape in enumerate(shapes))
    return x, w, dy


def inner(a: Array, b: Array) -> int:
    assert a.shape == b.shape
    return int(np.sum(a * b))


@given(problems(), seeds)
@PROPERTY
def test_the_gradients_are_the_adjoints_of_the_convolution(problem: Problem, seed: int) -> None:
    x, w, dy = arrays(problem, seed)
    value = inner(operations.apply("conv", problem, x, w), dy)
    assert value == inner(x, operations.apply("conv_input_grad", problem, dy, w))
    assert value == inner(w, operations.apply("conv_filter_grad", problem, x, dy))


@given(problems(), seeds)
@PROPERTY
def test_the_gradients_are_the_adjoints_of_the_transposed_convolution(problem: Problem, seed: int) -> None:
    dy, w, x = arrays(problem, seed)
    value = inner(operations.apply("conv_transpose", problem, x, w), dy)
    assert value == inner(x, operations.apply("conv_transpose_input_grad", problem, dy, w))
    assert value == inner(w, operations.apply("conv_transpose_filter_grad", problem, x, dy))


@given(problems(), seeds)
@PROPERTY
def test_the_bias_gradient_is_the_adjoint_of_adding_a_bias(problem: Problem, seed: int) -> None:
    x, w, dy = arrays(problem, seed)
    bias = integers(problem.bias_shape, seed + 3)
    value = inner(operations.apply("conv", problem, x, w, bias=bias) - operations.apply("conv", problem, x, w), dy)
    assert value == inner(bias, operations.apply("conv_bias_grad", problem, dy))


@given(problems(), seeds, st.sampled_from(BILINEAR))
@PROPERTY
def test_every_operation_is_linear_in_each_operand(problem: Problem, seed: int, operation: str) -> None:
    a, b = integer_operands(problem, operation, seed)
    c, d = integer_operands(problem, operation, seed + 2)
    left = operations.apply(operation, problem, 3 * a - 2 * c, b)
    right = operations.apply(operation, problem, a, 3 * b - 2 * d)
    both = operations.apply(operation, problem, a, b)
    np.testing.assert_array_equal(left, 3 * both - 2 * operations.apply(operation, problem, c, b))
    np.testing.assert_array_equal(right, 3 * both - 2 * operations.apply(operation, problem, a, d))


@given(problems(), seeds, st.integers(0, 3))
@PROPERTY
def test_moving_the_input_by_whole_strides_moves_the_output(problem: Problem, seed: int, strides: int) -> None:
    # Wide enough padding at the end for nothing to fall off; as much less of it once the input is moved.
    steps = tuple(strides * stride for stride in problem.stride)
    before = replace(
        problem,
        padding=tuple((lo, hi + step) for (lo, hi), step in zip(problem.padding, steps, strict=True)),
        symbol=None,
    )
    after = replace(
        problem,
        padding=tuple((lo + step, hi) for (lo, hi), step in zip(problem.padding, steps, strict=True)),
        symbol=None,
    )
    x, w, _ = arrays(problem, seed)
    unmoved, moved = (operations.apply("conv", asked, x, w) for asked in (before, after))
    assert unmoved.shape == moved.shape
    first = tuple(slice(0, max(0, size - strides)) for size in before.output_size)
    last = tuple(slice(strides, None) for _ in first)
    np.testing.assert_array_equal(moved[(..., *last)], unmoved[(..., *first)])


@given(problems(), seeds)
@PROPERTY
def test_images_of_a_batch_do_not_meet_and_the_filter_gradient_is_their_sum(problem: Problem, seed: int) -> None:
    x, w, dy = arrays(problem, seed)
    single = replace(problem, batch=1)
    images = [slice(n, n + 1) for n in range(problem.batch)]
    assume(images)
    y = [operations.apply("conv", single, x[n], w) for n in images]
    dx = [operations.apply("conv_input_grad", single, dy[n], w) for n in images]
    dw = [operations.apply("conv_filter_grad", single, x[n], dy[n]) for n in images]
    np.testing.assert_array_equal(operations.apply("conv", problem, x, w), np.concatenate(y))
    np.testing.assert_array_equal(operations.apply("conv_input_grad", problem, dy, w), np.concatenate(dx))
    np.testing.assert_array_equal(operations.apply("conv_filter_grad", problem, x, dy), np.sum(dw, axis=0))


@given(problems(), seeds)
@PROPERTY
def test_groups_are_convolutions_side_by_side(problem: Problem, seed: int) -> None:
    groups = problem.groups
    single_group = replace(
        problem, in_channels=problem.in_channels // groups, out_channels=problem.out_channels // groups, groups=1
    )
    x, w, dy = arrays(problem, seed)
    parts = list(zip(np.split(x, groups, 1), np.split(w, groups), np.split(dy, groups, 1), strict=True))
    y = np.concatenate([operations.apply("conv", single_group, part, f) for part, f, _ in parts], axis=1)
    dx = np.concatenate([operations.apply("conv_input_grad", single_group, g, f) for _, f, g in parts], axis=1)
    dw = np.concatenate([operations.apply("conv_filter_grad", single_group, part, g) for part, _, g in parts])
    np.testing.assert_array_equal(operations.apply("conv", problem, x, w), y)
    np.testing.assert_array_equal(operations.apply("conv_input_grad", problem, dy, w), dx)
    np.testing.assert_array_equal(operations.apply("conv_filter_grad", problem, x, dy), dw)


def test_a_spatial_axis_of_one_changes_nothing() -> None:
    x, w = integers((2, 4, 9), 1), integers((6, 2, 3), 2)
    line = reference.conv(x, w, stride=2, padding=((1, 2),), dilation=2, groups=2)
    plane = reference.conv(
        x[..., np.newaxis], w[..., np.newaxis], stride=(2, 1), padding=((1, 2), (0, 0)), dilation=(2, 1), groups=2
    )
    np.testing.assert_array_equal(plane[..., 0], line)


@pytest.mark.parametrize("padding", [((1, 2), (0, 1)), ((3, 0), (-1, 2)), "valid", "same_upper", "same_lower", "full"])
def test_a_transpose_is_the_adjoint_at_every_legal_size(padding: Any) -> None:
    stride, dilation = (3, 2), (1, 2)
    x, w = integers((2, 4, 3, 4), 3), integers((4, 2, 2, 3), 4)
    legal = geometry.transposed_sizes((3, 4), (2, 3), stride, padding, dilation)
    assert [len(sizes) for sizes in legal] == [3, 2]
    for size in product(*legal):
        result = reference.conv_transpose(
            x, w, output_size=size, stride=stride, padding=padding, dilation=dilation, groups=2
        )
        assert result.shape == (2, 4, *size)
        u = integers(result.shape, 5)
        assert inner(result, u) == inner(
            x, reference.conv(u, w, stride=stride, padding=padding, dilation=dilation, groups=2)
        )


def test_rows_beyond_the_smallest_legal_size_are_the_ones_no_output_reads() -> None:
    x, w = integers((1, 2, 4), 6), integers((2, 3, 2), 7)
    sizes = geometry.transposed_sizes((4,), (2,), (3,), 0, (1,))[0]
    results = [reference.conv_transpose(x, w, output_size=size, stride=3) for size in sizes]
    for result, size in zip(results, sizes, strict=True):
        assert not result[..., sizes.start :].any()
        np.testing.assert_array_equal(result[..., : sizes.start], results[0])
        assert result.shape[-1] == size
