"""Sizes, symbols, legal result sizes and adjoint paddings, against hand-computed tables and brute force."""

from collections import Counter
from dataclasses import replace
from itertools import product
from typing import Any

import numpy as np
import pytest
from hypothesis import assume, given

from convformance.reference import OPERATIONS, Problem, geometry
from convformance.reference.arrays import Array
from convformance.reference.definition import terms
from convformance.reference.fast import contractions
from tests.reference.generated import PROPERTY, count_products, generated_problems, integers, problems, seeds

# (input, kernel, stride, dilation): the pair of TensorFlow's SAME, worked out by hand.
SAME = {
    (4, 2, 1, 1): (0, 1),
    (4, 4, 1, 1): (1, 2),
    (2, 7, 1, 1): (3, 3),
    (5, 3, 2, 1): (1, 1),
    (6, 3, 2, 1): (0, 1),
    (3, 1, 2, 1): (0, 0),
    (7, 2, 3, 1): (0, 1),
    (8, 2, 3, 1): (0, 0),
    (9, 2, 3, 1): (0, 0),
    (7, 5, 3, 1): (2, 2),
    (8, 5, 3, 1): (1, 2),
    (9, 5, 3, 1): (1, 1),
    (10, 5, 3, 1): (2, 2),
    (6, 3, 2, 2): (1, 2),
    (7, 3, 2, 3): (3, 3),
}
# (input, kernel, stride, lo, hi, dilation): outputs, counted on paper.
OUTPUTS = {
    (5, 3, 1, 0, 0, 1): 3,
    (5, 3, 2, 1, 0, 1): 2,
    (7, 3, 2, 1, 1, 1): 4,
    (8, 3, 2, 1, 1, 1): 4,
    (7, 2, 1, -1, -2, 1): 3,
    (7, 3, 1, 0, 0, 3): 1,
    (6, 3, 1, 0, 0, 3): 0,
    (2, 5, 1, 0, 0, 1): 0,
    (2, 5, 1, 2, 1, 1): 1,
    (0, 1, 1, 0, 0, 1): 0,
    (0, 2, 1, 1, 2, 1): 2,
    (9, 1, 4, 0, 0, 1): 3,
}


def resolved(padding: Any, sizes: tuple[int, int, int, int]) -> tuple[int, int]:
    size, kernel, stride, dilation = ((entry,) for entry in sizes)
    (pair,) = geometry.resolve_padding(padding, input_size=size, kernel_size=kernel, stride=stride, dilation=dilation)
    return pair


@pytest.mark.parametrize("sizes", SAME)
def test_same_upper_is_tensorflow_same_and_same_lower_its_mirror(sizes: tuple[int, int, int, int]) -> None:
    assert resolved("same_upper", sizes) == SAME[sizes]
    assert resolved("same_lower", sizes) == SAME[sizes][::-1]


@pytest.mark.parametrize("sizes", SAME)
def test_same_has_as_many_outputs_as_strides_begin_in_the_input(sizes: tuple[int, int, int, int]) -> None:
    size, kernel, stride, dilation = sizes
    problem = Problem.of(input_size=(size,), kernel_size=kernel, stride=stride, dilation=dilation, padding="same_upper")
    assert problem.output_size == (len(range(0, size, stride)),)


@pytest.mark.parametrize(("sizes", "pair"), [((6, 3, 2, 1), (2, 2)), ((6, 3, 1, 4), (8, 8)), ((6, 1, 3, 2), (0, 0))])
def test_full_pads_by_the_extent_less_one_and_valid_not_at_all(
    sizes: tuple[int, int, int, int], pair: tuple[int, int]
) -> None:
    assert resolved("full", sizes) == pair
    assert resolved("valid", sizes) == (0, 0)


@pytest.mark.parametrize(
    ("padding", "pairs"),
    [
        (2, ((2, 2), (2, 2))),
        ((2, 0), ((2, 2), (0, 0))),
        (((2, 0), (-1, 3)), ((2, 0), (-1, 3))),
        ([1, (2, 0)], ((1, 1), (2, 0))),
    ],
)
def test_a_padding_is_an_int_or_an_int_or_a_pair_for_each_axis(padding: Any, pairs: geometry.Pairs) -> None:
    assert Problem.of(input_size=(6, 5), kernel_size=(3, 2), padding=padding).padding == pairs


def test_numpy_integers_are_integers() -> None:
    problem = Problem.of(
        input_size=np.array([6, 5]), kernel_size=np.int64(2), stride=np.array([2, 1]), padding=np.int32(1)
    )  # type: ignore[arg-type]
    assert problem == Problem.of(input_size=(6, 5), kernel_size=2, stride=(2, 1), padding=1)


@pytest.mark.parametrize("sizes", OUTPUTS)
def test_output_sizes_agree_with_those_counted_on_paper(sizes: tuple[int, ...]) -> None:
    size, kernel, stride, lo, hi, dilation = sizes
    problem = Problem.of(input_size=(size,), kernel_size=kernel, stride=stride, padding=((lo, hi),), dilation=dilation)
    assert problem.output_size == (OUTPUTS[sizes],)


def test_the_effective_kernel_spans_the_dilated_taps() -> None:
    assert geometry.effective_kernel((3, 1, 4), (2, 5, 3)) == (5, 1, 10)


def outputs_or_none(size: int, kernel: int, stride: int, dilation: int, padding: Any) -> int | None:
    """Return how many outputs an input of ``size`` has, None where the padding crops more than there is."""
    try:
        problem = Problem.of(input_size=(size,), kernel_size=kernel, stride=stride, dilation=dilation, padding=padding)
    except ValueError:
        return None
    return problem.output_size[0]


PADDINGS = (*geometry.PADDING_SYMBOLS, 0, 1, 4, ((2, 0),), ((0, 3),), ((-1, 0),), ((-2, 3),), ((4, -3),), ((-1, -2),))


@pytest.mark.parametrize("padding", PADDINGS)
def test_legal_sizes_of_a_transpose_are_all_and_only_those_that_convolve_back(padding: Any) -> None:
    for outputs, kernel, stride, dilation in product(range(5), range(1, 5), range(1, 5), range(1, 4)):
        (legal,) = geometry.transposed_sizes((outputs,), (kernel,), (stride,), padding, (dilation,))
        searched = [size for size in range(50) if outputs_or_none(size, kernel, stride, dilation, padding) == outputs]
        assert list(legal) == searched, (outputs, kernel, stride, dilation)


@pytest.mark.parametrize("padding", [0, 1, ((2, 0),), ((-1, 2),)])
def test_output_padding_is_the_place_among_the_legal_sizes(padding: Any) -> None:
    legal = geometry.transposed_sizes((4,), (3,), (3,), padding, (2,))[0]
    problems = [Problem.of(input_size=(size,), kernel_size=3, stride=3, padding=padding, dilation=2) for size in legal]
    assert [problem.output_padding for problem in problems] == [(0,), (1,), (2,)]


@given(problems())
@PROPERTY
def test_products_counts_the_terms_of_the_definition(problem: Problem) -> None:
    assert count_products(problem) == sum(1 for _ in terms(problem))


@pytest.mark.parametrize("problem", generated_problems(40, seed=31))
def test_no_element_of_a_result_sums_more_products_than_the_longest_sum(problem: Problem) -> None:
    counts = [Counter(indices) for indices in zip(*terms(problem), strict=True)] or [Counter()] * 3
    longest = [max(count.values(), default=0) for count in counts]
    bounds = [problem.longest_sum(operation) for operation in ("conv_input_grad", "conv_filter_grad", "conv")]
    assert all(length <= bound for length, bound in zip(longest, bounds, strict=True))


def test_the_longest_sum_is_reached_where_no_padding_cuts_it() -> None:
    problem = Problem.of(
        input_size=(40, 40),
        kernel_size=(5, 4),
        batch=2,
        in_channels=6,
        out_channels=9,
        stride=(2, 4),
        dilation=(3, 2),
        groups=3,
    )
    counts = [Counter(indices) for indices in zip(*terms(problem), strict=True)]
    longest = [max(count.values()) for count in counts]
    assert longest == [problem.longest_sum(operation) for operation in ("conv_input_grad", "conv_filter_grad", "conv")]
    assert problem.longest_sum("conv_bias_grad") == 2 * 14 * 9


def spread(dy: Array, steps: tuple[int, ...]) -> Array:
    """Return dy with ``step - 1`` zeros between its elements."""
    sizes = tuple(max(0, (size - 1) * step + 1) for size, step in zip(dy.shape[2:], steps, strict=True))
    result = np.zeros((*dy.shape[:2], *sizes), dy.dtype)
    result[(..., *(slice(None, None, step) for step in steps))] = dy
    return result


def rotated(w: Array, groups: int) -> Array:
    """Return the filter rotated by 180 degrees, its channel roles exchanged within each group."""
    outputs, inputs, *kernel = w.shape
    by_group = w.reshape(groups, outputs // groups, inputs, *kernel).swapaxes(1, 2)
    return np.flip(by_group.reshape(groups * inputs, outputs // groups, *kernel), tuple(range(2, w.ndim)))


@given(problems(), seeds)
@PROPERTY
def test_under_the_adjoint_padding_the_input_gradient_is_a_plain_convolution(problem: Problem, seed: int) -> None:
    dy, w = integers(problem.output_shape, seed), integers(problem.filter_shape, seed + 1)
    dilated = spread(dy, problem.stride)
    # Padding so wide on one side that the other is cropped away entirely leaves no convolution to speak of.
    assume(
        all(problem.output_size)
        and all(size >= -lo for size, (lo, _) in zip(dilated.shape[2:], problem.adjoint_padding, strict=True))
    )
    convolution = Problem.of(
        input_size=dilated.shape[2:],
        kernel_size=problem.kernel_size,
        batch=problem.batch,
        in_channels=problem.out_channels,
        out_channels=problem.in_channels,
        padding=problem.adjoint_padding,
        dilation=problem.dilation,
        groups=problem.groups,
    )
    expected = contractions.input_gradient(problem, dy, w)
    assert convolution.output_size == problem.input_size
    np.testing.assert_array_equal(contractions.forward(convolution, dilated, rotated(w, problem.groups)), expected)


@given(problems(), seeds)
@PROPERTY
def test_the_filter_gradient_is_a_convolution_with_stride_and_dilation_exchanged(drawn: Problem, seed: int) -> None:
    problem = replace(drawn, groups=1)
    assume(all(problem.output_size))
    x, dy = integers(problem.input_shape, seed), integers(problem.output_shape, seed + 1)
    exchanged = Problem.of(
        input_size=problem.input_size,
        kernel_size=problem.output_size,
        batch=problem.in_channels,
        in_channels=problem.batch,
        out_channels=problem.out_channels,
        stride=problem.dilation,
        padding=problem.filter_gradient_padding,
        dilation=problem.stride,
    )
    dw = contractions.forward(exchanged, x.swapaxes(0, 1), dy.swapaxes(0, 1)).swapaxes(0, 1)
    np.testing.assert_array_equal(dw, contractions.filter_gradient(problem, x, dy))


INVALID: dict[str, tuple[dict[str, Any], str]] = {
    "stride of zero": ({"stride": (2, 0)}, r"stride=\(2, 0\); allowed: an integer >= 1"),
    "stride of one entry too many": ({"stride": (1, 2, 3)}, r"stride=\(1, 2, 3\); allowed: .* 2 of them"),
    "fractional stride": ({"stride": 1.5}, r"stride=1.5; allowed: an integer >= 1"),
    "fractional stride on one axis": ({"stride": (2, 1.5)}, r"stride=\(2, 1.5\); allowed: an integer >= 1"),
    "negative dilation": ({"dilation": -2}, r"dilation=-2; allowed: an integer >= 1"),
    "kernel without taps": ({"kernel_size": (3, 0)}, r"kernel_size=\(3, 0\); allowed: an integer >= 1"),
    "kernel of one entry": ({"kernel_size": (3,)}, r"kernel_size=\(3,\); allowed: .* 2 of them"),
    "negative input": ({"input_size": (7, -1)}, r"input_size=\(7, -1\); allowed: an integer >= 0"),
    "no spatial axis": ({"input_size": (), "kernel_size": ()}, r"input_size=\(\), .*; allowed: one axis or more"),
    "negative batch": ({"batch": -1}, r"batch=-1; allowed: an integer >= 0"),
    "negative channels": ({"in_channels": -4}, r"in_channels=-4; allowed: an integer >= 0"),
    "groups of zero": ({"groups": 0}, r"groups=0; allowed: an integer >= 1"),
    "groups that do not divide": ({"groups": 3}, r"groups=3; allowed: a divisor of in_channels=4 and out_channels=6"),
    "unknown symbol": ({"padding": "same"}, r"padding='same' .*allowed: valid, same_upper, same_lower, full"),
    "fractional padding": ({"padding": 0.5}, r"padding=0.5; allowed: an integer, 2 integers"),
    "fractional pair": ({"padding": ((0, 1), (0.5, 1))}, r"padding=\(\(0, 1\), \(0.5, 1\)\); allowed: an integer"),
    "padding of three sides": (
        {"padding": ((0, 1), (1, 2, 3))},
        r"padding=.*3\)\); allowed: .*2 \(lo, hi\) pairs",
    ),
    "padding for one axis": ({"padding": ((0, 1),)}, r"padding=\(\(0, 1\),\); allowed: .*2 \(lo, hi\) pairs"),
    "no padding": ({"padding": None}, r"padding=None; allowed: an integer"),
    "crop of more than there is": (
        {"padding": ((0, 0), (-3, -3))},
        r"crops more than an axis of size 5 has; allowed: .* >= -5",
    ),
    "crop of more than a whole axis": (
        {"padding": ((-8, 9), (0, 0))},
        r"crops more than an axis of size 7 has; allowed: .* >= -7",
    ),
}


@pytest.mark.parametrize("name", INVALID)
def test_invalid_geometry_names_the_argument_its_value_and_what_is_allowed(name: str) -> None:
    changes, message = INVALID[name]
    valid: dict[str, Any] = {
        "input_size": (7, 5),
        "kernel_size": (3, 2),
        "batch": 2,
        "in_channels": 4,
        "out_channels": 6,
    }
    with pytest.raises(ValueError, match=message):
        Problem.of(**{**valid, **changes})


def test_an_unknown_operation_names_the_seven_there_are() -> None:
    problem = Problem.of(input_size=(7, 5), kernel_size=(3, 2))
    for ask in (problem.operand_shapes, problem.result_shape, problem.longest_sum):
        with pytest.raises(ValueError, match=r"operation='correlate' is unknown; allowed: conv, conv_input_grad"):
            ask("correlate")


def test_only_the_two_forward_operations_take_a_bias_one_value_per_channel_of_their_result() -> None:
    problem = Problem.of(input_size=(7, 5), kernel_size=(3, 2), in_channels=4, out_channels=6)
    assert problem.operation_bias_shape("conv") == (6,)
    assert problem.operation_bias_shape("conv_transpose") == (4,)
    for operation in set(OPERATIONS) - {"conv", "conv_transpose"}:
        with pytest.raises(ValueError, match=r"takes no bias; allowed: conv, conv_transpose"):
            problem.operation_bias_shape(operation)
