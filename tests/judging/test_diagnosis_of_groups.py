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
NAMES = (ANOTHER_GROUP, BEYOND_A_BLOCK) = ("another-group", "beyond-a-block-of-images")


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
