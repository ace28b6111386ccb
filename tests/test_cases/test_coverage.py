"""What the tier standard has to ask, item by item, as predicates over its cases."""

import re
from collections.abc import Callable
from itertools import product
from math import prod

import pytest

from convformance.reference.geometry import PADDING_SYMBOLS, Size, transposed_sizes
from convformance.reference.operation import OPERATIONS
from convformance.reference.problem import Problem
from convformance.test_cases import catalogue, fills
from convformance.test_cases.case import DTYPES, Case
from tests.reference.generated import count_products

STANDARD = catalogue.cases("standard")
RANKS = (1, 2, 3)

# Families whose shapes are equal on purpose, or are those of a report or of a real layer.
SYMMETRIC_ON_PURPOSE = {"traps", "regression", "layers", "paths", "mixed"}


def unequal(entries: Size) -> bool:
    return len(set(entries)) == len(entries) > 1


def remainders(problem: Problem) -> tuple[int, ...]:
    """Return, per axis, how many elements of the padded input lie behind the last window."""
    axes = zip(problem.input_size, problem.effective_kernel, problem.stride, problem.padding, strict=True)
    return tuple((size + sum(pair) - extent) % stride for size, extent, stride, pair in axes)


def strides_beyond_the_kernel(case: Case) -> bool:
    return any(stride > extent for stride, extent in zip(case.stride, case.problem.effective_kernel, strict=True))


def pointwise_with_stride(case: Case) -> bool:
    return set(case.kernel_size) == {1} and min(case.stride) > 1


def kernel_beyond_the_input(case: Case) -> bool:
    return prod(case.problem.output_size) > 0 and any(
        k > i > 0 for k, i in zip(case.kernel_size, case.input_size, strict=True)
    )


def unequal_sides(case: Case) -> bool:
    return not isinstance(case.padding, str) and any(lo != hi for lo, hi in case.problem.padding)


def wider_than_the_kernel(case: Case) -> bool:
    return prod(case.input_size) > 0 and any(
        min(pair) >= k > 1 for pair, k in zip(case.problem.padding, case.kernel_size, strict=True)
    )


def negative(case: Case) -> bool:
    return any(min(pair) < 0 for pair in case.problem.padding)


def odd_total_of_same(case: Case) -> bool:
    return str(case.padding).startswith("same") and any(sum(pair) % 2 for pair in case.problem.padding)


def dilation_beyond_the_input(case: Case) -> bool:
    return any(d > i > 0 and k > 1 for d, i, k in zip(case.dilation, case.input_size, case.kernel_size, strict=True))


def depthwise(case: Case) -> bool:
    return case.groups == case.in_channels > 1


def grouped(case: Case) -> bool:
    return 1 < case.groups < case.in_channels


def strided(case: Case) -> bool:
    return max(case.stride) > 1


def dilated(case: Case) -> bool:
    return max(case.dilation) > 1


def empty_result(case: Case) -> bool:
    return case.batch > 0 and 0 in case.problem.output_size


ITEMS: dict[str, Callable[[Case], bool]] = {
    "unequal strides in rank 2": lambda case: len(case.stride) == 2 and unequal(case.stride),
    "unequal strides in rank 3": lambda case: len(case.stride) == 3 and unequal(case.stride),
    "a pointwise kernel with stride": pointwise_with_stride,
    "a pointwise kernel with unequal strides": lambda case: pointwise_with_stride(case) and unequal(case.stride),
    "even kernels": lambda case: all(size % 2 == 0 for size in case.kernel_size),
    "odd kernels": lambda case: all(size % 2 == 1 for size in case.kernel_size) and min(case.kernel_size) > 1,
    "rectangular kernels": lambda case: unequal(case.kernel_size) and min(case.kernel_size) > 1,
    "a kernel larger than the input": kernel_beyond_the_input,
    "a kernel as large as the input": lambda case: case.kernel_size == case.input_size and max(case.input_size) > 1,
    "unequal sides of padding": unequal_sides,
    "more padding before than after": lambda case: (
        unequal_sides(case) and any(lo > hi for lo, hi in case.problem.padding)
    ),
    "more padding after than before": lambda case: (
        unequal_sides(case) and any(lo < hi for lo, hi in case.problem.padding)
    ),
    "padding wider than the kernel": wider_than_the_kernel,
    "padding wider than the kernel with stride": lambda case: wider_than_the_kernel(case) and strided(case),
    "negative padding": negative,
    "negative padding with stride": lambda case: negative(case) and strided(case),
    "SAME with an odd total": odd_total_of_same,
    "SAME with stride and an odd total": lambda case: odd_total_of_same(case) and strided(case),
    "SAME with dilation": lambda case: str(case.padding).startswith("same") and dilated(case),
    "SAME with stride and dilation": lambda case: (
        str(case.padding).startswith("same") and strided(case) and dilated(case)
    ),
    "SAME with a stride beyond the kernel": lambda case: (
        str(case.padding).startswith("same") and strides_beyond_the_kernel(case)
    ),
    "unequal dilations in rank 2": lambda case: (
        len(case.dilation) == 2 and unequal(case.dilation) and min(case.dilation) > 1
    ),
    "unequal dilations in rank 3": lambda case: len(case.dilation) == 3 and unequal(case.dilation),
    "dilation with stride": lambda case: min(case.dilation) > 1 and min(case.stride) > 1,
    "a dilation larger than the input": dilation_beyond_the_input,
    "groups": grouped,
    "groups with stride": lambda case: grouped(case) and strided(case),
    "groups with dilation": lambda case: grouped(case) and dilated(case),
    "groups with as many inputs as outputs": lambda case: grouped(case) and case.in_channels == case.out_channels,
    "depthwise": lambda case: depthwise(case) and case.out_channels == case.in_channels,
    "depthwise with a multiplier": lambda case: depthwise(case) and case.out_channels > case.in_channels,
    "depthwise with stride": lambda case: depthwise(case) and strided(case),
    "depthwise with dilation": lambda case: depthwise(case) and dilated(case),
    "as many inputs as outputs": lambda case: case.in_channels == case.out_channels > 1 and case.groups == 1,
    "channels, height and width equal": lambda case: (
        {case.in_channels} == set(case.input_size) and case.in_channels > 1
    ),
    "as many images as inputs": lambda case: case.batch == case.in_channels > 1,
    "as many images as outputs": lambda case: case.batch == case.out_channels > 1,
    "an output as large as the kernel": lambda case: case.problem.output_size == case.kernel_size != (1, 1),
    "bias with groups": lambda case: case.bias and case.groups > 1,
    "bias with a batch of none": lambda case: case.bias and case.batch == 0,
    "a batch of none": lambda case: case.batch == 0 and not case.bias,
    "a batch of none in a transposed convolution": lambda case: case.batch == 0 and "conv_transpose" in case.operations,
    "an empty result": empty_result,
    "an empty result along one axis only": lambda case: empty_result(case) and max(case.problem.output_size) > 0,
    "an empty transposed result": lambda case: 0 in case.input_size and "conv_transpose" in case.operations,
    "one element in every array": lambda case: prod(case.problem.input_shape) == prod(case.problem.filter_shape) == 1,
    "no input channels": lambda case: case.in_channels == 0,
    "no output channels": lambda case: case.out_channels == 0,
    "a row longer than 256": lambda case: len(case.input_size) == 2 and max(case.problem.output_size) > 256,
    "sums of more than four thousand products": lambda case: prod(case.problem.filter_shape[1:]) > 4000,
    "filter gradients over more than four thousand positions": lambda case: (
        case.batch * prod(case.problem.output_size) > 4000
    ),
}


@pytest.mark.parametrize("item", ITEMS)
def test_the_standard_tier_asks(item: str) -> None:
    assert any(ITEMS[item](case) for case in STANDARD), f"no standard case has {item}"


@pytest.mark.parametrize("rank", RANKS)
@pytest.mark.parametrize("operation", OPERATIONS)
def test_every_operation_is_asked_in_every_rank_and_dtype(operation: str, rank: int) -> None:
    asked = [case for case in STANDARD if len(case.input_size) == rank and operation in case.operations]
    assert {dtype for case in asked for dtype in case.dtypes} >= set(DTYPES)


@pytest.mark.parametrize("rank", RANKS)
def test_every_rank_meets_strides_beyond_the_kernel_unread_input_and_all_parameters_at_once(rank: int) -> None:
    ranked = [case for case in STANDARD if len(case.input_size) == rank]
    assert any(strides_beyond_the_kernel(case) for case in ranked)
    assert any(any(remainders(case.problem)) for case in ranked)
    assert any(strided(case) and dilated(case) and case.groups > 1 and unequal_sides(case) for case in ranked)


@pytest.mark.parametrize("stride", [1, 2, 3, 4])
def test_every_stride_from_one_to_four_is_asked_along_either_axis_of_an_image(stride: int) -> None:
    images = [case for case in STANDARD if len(case.stride) == 2]
    assert {axis for case in images for axis in (0, 1) if case.stride[axis] == stride} == {0, 1}


@pytest.mark.parametrize("stride", [2, 3, 4])
def test_every_remainder_of_a_stride_is_met_by_valid_windows_and_by_same(stride: int) -> None:
    by_windows: set[int] = set()
    by_same: set[int] = set()
    for case in STANDARD:
        for remainder, size, step in zip(remainders(case.problem), case.input_size, case.stride, strict=True):
            if step == stride:
                by_windows.add(remainder)
            if step == stride and case.padding == "same_upper":
                by_same.add(size % step)
    assert by_windows == set(range(stride))
    assert by_same == set(range(stride))


# Causal padding is what the author of a function may say of it; no framework's route is asked by that name.
@pytest.mark.parametrize("symbol", [symbol for symbol in PADDING_SYMBOLS if symbol != "causal"])
def test_every_padding_symbol_is_asked_with_and_without_stride(symbol: str) -> None:
    strides = {strided(case) for case in catalogue.all_cases() if case.padding == symbol}
    assert strides == {True, False}
    assert any(case.padding == symbol for case in STANDARD)


def legal_sizes(case: Case) -> tuple[Size, ...]:
    problem = case.problem
    sizes = transposed_sizes(
        problem.output_size, problem.kernel_size, problem.stride, problem.padding, problem.dilation
    )
    return tuple(product(*sizes))


@pytest.mark.parametrize("stride", [(2,), (3,), (4,), (2, 3)])
def test_every_legal_result_size_of_a_transposed_convolution_is_asked(stride: Size) -> None:
    asked: dict[tuple[object, ...], set[Size]] = {}
    for case in STANDARD:
        if case.stride == stride and "conv_transpose" in case.operations and not isinstance(case.padding, str):
            geometry = (case.problem.output_size, case.kernel_size, case.padding, case.dilation, legal_sizes(case))
            asked.setdefault(geometry, set()).add(case.input_size)
    assert any(sizes == set(geometry[-1]) for geometry, sizes in asked.items() if isinstance(geometry[-1], tuple))


@pytest.mark.parametrize("operation", ["conv", "conv_transpose", "conv_bias_grad"])
def test_bias_is_asked_in_every_rank(operation: str) -> None:
    assert {len(case.input_size) for case in STANDARD if case.bias and operation in case.operations} == set(RANKS)


@pytest.mark.parametrize("channels", [5, 6, 8, 12, 16, 17, 24, 33])
def test_channel_counts_around_vector_blocks_are_asked(channels: int) -> None:
    assert any(channels in (case.in_channels, case.out_channels) for case in STANDARD)


@pytest.mark.parametrize("tile", [4, 8, 16, 32])
def test_sizes_below_at_and_above_a_tile_are_asked(tile: int) -> None:
    sizes = {size for case in STANDARD for size in (*case.input_size, *case.problem.output_size)}
    assert {tile - 1, tile, tile + 1} <= sizes


@pytest.mark.parametrize("memory", ["sliced", "permuted"])
def test_operands_in_odd_memory_are_asked_in_two_ranks_with_stride_or_groups(memory: str) -> None:
    odd = [case for case in STANDARD if case.memory == memory]
    assert len({len(case.input_size) for case in odd}) >= 2
    assert any(strided(case) or case.groups > 1 for case in odd)


def test_every_placement_of_nan_and_infinity_is_asked_and_none_that_is_unknown() -> None:
    assert {case.special for case in STANDARD if case.special} == set(fills.SPECIALS)


def test_a_placed_nan_or_infinity_has_an_interior_to_lie_in() -> None:
    for case in catalogue.all_cases():
        if case.special:
            assert min(*case.input_size, *case.problem.output_size) >= 2, case.id


@pytest.mark.parametrize(
    ("size", "kernel", "stride", "depthwise_layer"),
    [
        (227, 11, 4, False),
        (56, 3, 1, False),
        (224, 7, 2, False),
        (56, 1, 1, False),
        (56, 1, 2, False),
        (112, 3, 2, True),
    ],
)
def test_real_layers_are_asked_in_the_full_tier(size: int, kernel: int, stride: int, depthwise_layer: bool) -> None:
    layers = [case for case in catalogue.cases("full") if case.family == "layers"]
    alike = [
        case for case in layers if (case.input_size[0], case.kernel_size[0], case.stride[0]) == (size, kernel, stride)
    ]
    assert any(depthwise(case) == depthwise_layer for case in alike)


def test_regression_cases_cite_an_issue_each_and_no_other_family_does() -> None:
    for case in catalogue.all_cases():
        cited = bool(re.fullmatch(r"https://github\.com/[\w.-]+/[\w.-]+/issues/\d+", case.source))
        assert cited == (case.family == "regression"), case.id
    assert len({case.source for case in STANDARD if case.source}) >= 40


def test_no_shape_is_symmetric_unless_its_family_means_it() -> None:
    for case in catalogue.all_cases():
        if case.family not in SYMMETRIC_ON_PURPOSE and len(case.input_size) > 1 and max(case.input_size) > 1:
            pads = {side for pair in case.problem.padding for side in pair}
            parameters = (case.input_size, case.kernel_size, case.stride, tuple(pads))
            assert any(len(set(entries)) > 1 for entries in parameters), case.id


def test_inputs_and_outputs_are_not_equally_many_unless_the_case_means_it() -> None:
    for case in catalogue.all_cases():
        if (
            case.family not in SYMMETRIC_ON_PURPOSE | {"porting", "composition"}
            and case.groups == 1
            and case.in_channels > 1
        ):
            assert case.in_channels != case.out_channels, case.id


def test_most_images_are_higher_or_wider_than_the_other_way() -> None:
    planes = [
        case.input_size for case in STANDARD if len(case.input_size) == 2 and case.family not in SYMMETRIC_ON_PURPOSE
    ]
    assert sum(height > width for height, width in planes) > len(planes) // 4
    assert sum(height < width for height, width in planes) > len(planes) // 4


def test_standard_cases_are_small_enough_to_ask_everywhere() -> None:
    for case in STANDARD:
        arrays = (case.problem.input_shape, case.problem.filter_shape, case.problem.output_shape)
        assert max(prod(shape) for shape in arrays) <= 20_000, case.id
        assert count_products(case.problem) <= 400_000, case.id
