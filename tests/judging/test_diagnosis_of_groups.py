"""The diagnoses of a group that holds what belongs to another, and of a batch that is computed in part."""

from collections.abc import Callable

import numpy as np
import pytest

from convformance.judging.bounds import Operands
from convformance.judging.judgement import Judgement
from convformance.judging.rule import judge
from convformance.reference import operations
from convformance.reference.arrays import Array
from tests.judging.asked import InstantAnswer, case_of, examine

THREE = {"in_channels": 6, "out_channels": 9, "groups": 3}
MANY = {"batch": 13, "in_channels": 2, "out_channels": 3}
DEPTHWISE = {"in_channels": 3, "out_channels": 3, "groups": 3}
MULTIPLIED = {"in_channels": 3, "out_channels": 12, "groups": 3}
NAMES = (ANOTHER_GROUP, BEYOND_A_BLOCK, GROUPS_SUMMED) = (
    *("another-group", "beyond-a-block-of-images", "groups-summed"),
)


def judgement_of(sizes: dict[str, int], operation: str, dtype: str, change: Callable[[Array], Array]) -> Judgement:
    """Return the judgement on the right answer with a change made to it."""
    case = case_of(**sizes)

    def ask(operands: Operands) -> InstantAnswer:
        right = operations.apply(operation, case.problem, *operands.arrays)
        return InstantAnswer(change(right).astype(right.dtype))

    return judge(examine(case, operation, dtype), ask)


def of_groups(order: list[int], axis: int, array: Array) -> Array:
    parts = np.split(array, 3, axis)
    return np.concatenate([parts[source] for source in order], axis)


@pytest.mark.parametrize("operation", ["conv", "conv_input_grad", "conv_filter_grad", "conv_transpose"])
@pytest.mark.parametrize("dtype", ["float32", "bfloat16"])
def test_a_group_that_holds_the_result_of_another_is_named_with_both(operation: str, dtype: str) -> None:
    axis = int(operation != "conv_filter_grad")
    match = judgement_of(THREE, operation, dtype, lambda y: of_groups([0, 0, 2], axis, y)).diagnosis[0]
    assert match.name == ANOTHER_GROUP
    assert match.detail.endswith("group 1 holds 0")
    assert match.on_all_fills


@pytest.mark.parametrize("index", [0, 1], ids=["data", "filters"])
def test_a_group_that_is_computed_with_an_operand_of_another_is_named(index: int) -> None:
    case = case_of(**THREE)

    def ask(operands: Operands) -> InstantAnswer:
        arrays = list(operands.arrays)
        arrays[index] = of_groups([0, 2, 2], 1 - index, arrays[index])
        return InstantAnswer(operations.apply("conv", case.problem, *arrays))

    match = judge(examine(case, "conv", "float32"), ask).diagnosis[0]
    assert (match.name, match.detail) == (ANOTHER_GROUP, f"of the {('input', 'filter')[index]}: group 1 holds 2")


def test_groups_with_values_of_their_own_are_not_those_of_another() -> None:
    names = [match.name for match in judgement_of(THREE, "conv", "float32", lambda y: y + 1).diagnosis]
    assert ANOTHER_GROUP not in names


def of_channels(count: int, total: Callable[..., Array], y: Array) -> Array:
    """Return the total of the channels, in groups of so many, in the place of one group."""
    return total(y.reshape(len(y), -1, count, *y.shape[2:]), axis=1)


@pytest.mark.parametrize(
    ("sizes", "change", "detail"),
    [
        (DEPTHWISE, lambda y: of_channels(1, np.sum, y), "sum once"),
        (DEPTHWISE, lambda y: y.sum(axis=1), "sum once"),
        (DEPTHWISE, lambda y: np.repeat(of_channels(1, np.sum, y), 3, axis=1), "sum in the place of each"),
        (DEPTHWISE, lambda y: np.repeat(of_channels(1, np.mean, y), 3, axis=1), "mean in the place of each"),
        (MULTIPLIED, lambda y: of_channels(4, np.sum, y), "sum once"),
        (MULTIPLIED, lambda y: np.tile(of_channels(4, np.sum, y), (1, 3) + (1,) * (y.ndim - 2)), "sum in the place"),
        (THREE, lambda y: of_channels(3, np.sum, y), "sum once"),
    ],
    ids=["once", "without the axis", "for each", "mean", "multiplied", "multiplied for each", "groups"],
)
@pytest.mark.parametrize("rank", [1, 2, 3])
def test_results_of_groups_that_are_added_up_are_named(
    sizes: dict[str, int], change: Callable[[Array], Array], detail: str, rank: int
) -> None:
    space = {"input_size": (7, 6, 5)[:rank], "kernel_size": (3, 2, 2)[:rank]}
    match = judgement_of({**sizes, **space}, "conv", "float64", change).diagnosis[0]
    assert match.name == GROUPS_SUMMED
    assert match.detail.startswith(detail)


@pytest.mark.parametrize(
    ("operation", "axis", "name"), [("conv_filter_grad", 0, GROUPS_SUMMED), ("conv_input_grad", 1, "groups-ignored")]
)
def test_gradients_of_groups_that_are_added_up_are_named(operation: str, axis: int, name: str) -> None:
    summed = judgement_of(DEPTHWISE, operation, "float64", lambda g: g * 0 + g.sum(axis, keepdims=True))
    assert summed.diagnosis[0].name == name


def test_the_sum_of_groups_under_a_padding_of_their_own_is_both_mistakes() -> None:
    case = case_of(**DEPTHWISE, input_size=(6, 5), kernel_size=(3, 2))

    def ask(operands: Operands) -> InstantAnswer:
        x, w = operands.arrays
        padded = np.pad(x, ((0, 0), (0, 0), (1, 1), (0, 1)))
        right = operations.apply("conv", case_of(**DEPTHWISE, input_size=(8, 6), kernel_size=(3, 2)).problem, padded, w)
        return InstantAnswer(np.repeat(right.sum(axis=1, keepdims=True), 3, axis=1))

    assert judge(examine(case, "conv", "float64"), ask).diagnosis[0].name == f"same-for-valid+{GROUPS_SUMMED}"


def test_a_sum_of_another_kind_is_not_that_of_the_groups() -> None:
    for sizes, change in (
        ({"in_channels": 3, "out_channels": 3}, lambda y: y * 0 + y.sum(axis=1, keepdims=True)),
        (MULTIPLIED, lambda y: y * 0 + y.sum(axis=1, keepdims=True)),
    ):
        assert judgement_of(sizes, "conv", "float64", change).diagnosis[0].name == "results-summed"
    assert judgement_of(DEPTHWISE, "conv", "float64", lambda y: y).diagnosis == ()


def zero_from(count: int, array: Array) -> Array:
    array[count:] = 0
    return array


@pytest.mark.parametrize(
    ("change", "detail"),
    [
        (lambda y: zero_from(8, y), "zero from image 8 on"),
        (lambda y: y[np.arange(13) % 4], "the first again from image 4 on"),
        (lambda y: y[np.minimum(np.arange(13), 4)], "that of image 4 from there on"),
    ],
    ids=["zero", "again", "last"],
)
def test_images_beyond_a_block_are_named_with_the_first_of_them(change: Callable[[Array], Array], detail: str) -> None:
    match = judgement_of(MANY, "conv", "float32", change).diagnosis[0]
    assert (match.name, match.detail) == (BEYOND_A_BLOCK, detail)


@pytest.mark.parametrize("operation", ["conv_filter_grad", "conv_bias_grad"])
def test_a_gradient_of_the_first_images_alone_is_named(operation: str) -> None:
    case = case_of(**MANY)

    def ask(operands: Operands) -> InstantAnswer:
        *others, dy = (array.copy() for array in operands.arrays)
        return InstantAnswer(operations.apply(operation, case.problem, *others, zero_from(8, dy)))

    match = judge(examine(case, operation, "float32"), ask).diagnosis[0]
    assert (match.name, match.detail) == (BEYOND_A_BLOCK, "only the first 8 of 13 are summed")


def test_images_that_are_wrong_in_another_way_are_only_located() -> None:
    def change(y: Array) -> Array:
        y[8:] += 7.5
        return y

    assert judgement_of(MANY, "conv", "float32", change).diagnosis[0].name == "later-images-wrong"
