"""Narrow sums in 16-bit types: recognised in every operation, in short sums, long ones, blocks, and standing still."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import ml_dtypes
import numpy as np
import pytest

from convformance.reference import operations
from convformance.reference.arrays import Array
from convformance.test_cases.fills import Operands
from tests.judging import summing
from tests.judging.asked import case_of, examine, judgement_of

DTYPES = {"float16": np.float16, "bfloat16": ml_dtypes.bfloat16}
LENGTHS = {
    "short": case_of(),
    "channels": case_of(input_size=(6, 5), in_channels=64, out_channels=48),
    "positions": case_of(input_size=(23, 22), kernel_size=(2, 3), batch=3, in_channels=1, out_channels=2),
}
UNBIASED = ("conv", "conv_input_grad", "conv_filter_grad", "conv_transpose_filter_grad")


def _narrow(operation: str, case: Any, dtype: str) -> Callable[[Any], Array]:
    terms = summing.products(operation, case.problem)
    sums = summing.narrow(summing.to_dtype(DTYPES[dtype]))
    return lambda operands: summing.summed(terms, operands, sums)


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("operation", UNBIASED)
@pytest.mark.parametrize("length", LENGTHS)
def test_sums_kept_in_the_narrow_type_are_named(length: str, operation: str, dtype: str) -> None:
    case = LENGTHS[length]
    judgement = judgement_of(examine(case, operation, dtype), _narrow(operation, case, dtype))
    assert judgement.grade == "low-precision", judgement.message
    assert judgement.accumulator == dtype
    assert judgement.message.startswith(f"sums kept in {dtype}; sums in float32 expected")


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("operation", ["conv", "conv_input_grad"])
def test_partial_sums_rounded_to_the_narrow_type_are_named(operation: str, dtype: str) -> None:
    """A column buffer in the narrow type: products are summed in float32 block by block, and the blocks in 16 bits."""
    case = LENGTHS["channels"]
    terms = summing.products(operation, case.problem)
    narrow = summing.to_dtype(DTYPES[dtype])

    def blocks(first: Array, second: Array) -> Array:
        total = np.zeros(len(first), first.dtype)
        for start in range(0, first.shape[1], 32):
            block = summing.forwards(first[:, start : start + 32], second[:, start : start + 32])
            total = narrow(total + narrow(block))
        return total

    judgement = judgement_of(examine(case, operation, dtype), lambda operands: summing.summed(terms, operands, blocks))
    assert (judgement.grade, judgement.accumulator) == ("low-precision", dtype), judgement.message


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("operation", ["conv_input_grad", "conv_transpose"])
def test_taps_added_in_the_narrow_type_are_named_though_few_elements_have_two(operation: str, dtype: str) -> None:
    """Columns turned to an image in 16 bits: with stride most elements are reached by one tap, and are right."""
    case = case_of(input_size=(12, 13), kernel_size=(3, 4), stride=(2, 3))
    narrow = summing.to_dtype(DTYPES[dtype])

    def added(operands: Any) -> Array:
        first, w = (array.astype(np.float32) for array in operands.arrays)
        total = np.zeros(case.problem.input_shape, np.float32)
        for tap in np.ndindex(case.problem.kernel_size):
            single = np.zeros_like(w)
            single[(..., *tap)] = w[(..., *tap)]
            total = narrow(total + narrow(operations.apply(operation, case.problem, first, single)))
        return total.astype(DTYPES[dtype])

    judgement = judgement_of(examine(case, operation, dtype), added)
    assert (judgement.grade, judgement.accumulator) == ("low-precision", dtype), judgement.message


@pytest.mark.parametrize(("dtype", "images"), [("bfloat16", 3), ("float16", 11)])
def test_sums_that_stand_still_are_low_precision_and_say_how_much_is_lost(dtype: str, images: int) -> None:
    case = case_of(input_size=(45, 38), kernel_size=1, batch=images, in_channels=1, out_channels=2, bias=True)
    narrow = summing.narrow(summing.to_dtype(DTYPES[dtype]))

    def summed(operands: Any) -> Array:
        rows = np.moveaxis(operands.arrays[0], 1, 0).reshape(2, -1).astype(np.float32)
        return narrow(rows, None).astype(DTYPES[dtype])

    judgement = judgement_of(examine(case, "conv_bias_grad", dtype), summed)
    assert (judgement.grade, judgement.accumulator) == ("low-precision", dtype), judgement.message
    assert "loses up to" in judgement.message


def test_float16_inputs_rounded_to_bfloat16_are_told_from_narrow_sums() -> None:
    case = LENGTHS["channels"]

    def rounded(operands: Any) -> Array:
        arrays = (array.astype(ml_dtypes.bfloat16).astype(np.float16) for array in operands.arrays)
        return operations.apply("conv", case.problem, *arrays)

    judgement = judgement_of(examine(case, "conv", "float16"), rounded)
    assert judgement.grade == "low-precision"
    assert judgement.message.startswith("inputs rounded to bfloat16")


def test_everything_in_bfloat16_says_so() -> None:
    """A single product, where rounding the inputs is more than sums kept in bfloat16 explain."""
    case = case_of(input_size=(5, 6), kernel_size=1, in_channels=1, out_channels=3)

    def narrow(operands: Any) -> Array:
        arrays = (array.astype(ml_dtypes.bfloat16) for array in operands.arrays)
        return operations.apply("conv", case.problem, *arrays).astype(np.float32)

    judgement = judgement_of(examine(case, "conv", "float32"), narrow)
    assert judgement.grade == "low-precision"
    assert judgement.message.startswith("inputs rounded to bfloat16 and sums kept in it")


@pytest.mark.parametrize("dtype", DTYPES)
def test_a_wrong_computation_in_narrow_sums_is_wrong(dtype: str) -> None:
    case = LENGTHS["short"]
    narrow = _narrow("conv", case, dtype)

    def flipped(operands: Any) -> Array:
        return narrow(Operands((operands.arrays[0], operands.arrays[1][..., ::-1])))

    assert judgement_of(examine(case, "conv", dtype), flipped).grade == "wrong"


def test_special_values_in_narrow_sums_are_low_precision_too() -> None:
    case = case_of(special="nan-data", in_channels=16)
    judgement = judgement_of(examine(case, "conv", "bfloat16"), _narrow("conv", case, "bfloat16"))
    assert (judgement.grade, judgement.accumulator) == ("low-precision", "bfloat16"), judgement.message


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize(("channels", "size", "images"), [(1, 3, 2), (1, 5, 4), (2, 4, 3)])
def test_narrow_sums_of_few_elements_are_not_called_wrong_though_chance_hides_them(
    channels: int, size: int, images: int, dtype: str
) -> None:
    grades = set()
    for seed in range(12):
        sizes = {"input_size": (size,), "kernel_size": (1,), "batch": images}
        case = replace(case_of(**sizes, in_channels=channels, out_channels=channels), seed=seed)
        judgement = judgement_of(examine(case, "conv_filter_grad", dtype), _narrow("conv_filter_grad", case, dtype))
        grades.add(judgement.grade)
    assert "low-precision" in grades
    assert "wrong" not in grades


def test_few_elements_that_are_wrong_stay_wrong() -> None:
    for seed in range(12):
        case = replace(case_of(input_size=(5,), kernel_size=(1,), batch=4, in_channels=1, out_channels=1), seed=seed)
        examination = examine(case, "conv_filter_grad", "bfloat16")
        table = summing.products("conv_filter_grad", case.problem)

        def short(operands: Operands, table: summing.Products = table) -> Array:
            x, dy = (array.astype(np.float32) for array in operands.arrays)
            halves = Operands((x[1:].astype(operands.arrays[0].dtype), dy[1:]))
            total = (halves.arrays[0].astype(np.float32) * halves.arrays[1]).sum()
            return np.full(table.shape, total).astype(operands.arrays[0].dtype)

        assert judgement_of(examination, short).grade == "wrong"
