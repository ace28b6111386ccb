"""Seeded defects: every one is caught, and told apart by what is wrong with it."""

from collections.abc import Callable

import numpy as np
import pytest

from convformance.judging.rule import Examination, Judgement
from convformance.reference import operations
from tests.judging.asked import case_of, examine, judgement_of
from tests.judging.defects import ARITHMETIC, STRUCTURE, SUMMED_TOWARDS_ZERO, Defect

UNEQUAL = ((1, 0), (0, 2))
LAYERS = {
    27: case_of(input_size=(9, 8), kernel_size=3, padding=UNEQUAL, in_channels=3, out_channels=4),
    144: case_of(input_size=(9, 8), kernel_size=3, padding=UNEQUAL, in_channels=16, out_channels=5, stride=(2, 1)),
    576: case_of(input_size=(7, 6), kernel_size=3, padding=UNEQUAL, in_channels=64, out_channels=4, batch=1),
    4608: case_of(input_size=(7, 6), kernel_size=3, padding=UNEQUAL, in_channels=512, out_channels=6, batch=1),
}
EXAMINED: dict[int, Examination] = {products: examine(case, "conv", "float32") for products, case in LAYERS.items()}


def _judgement_of(defect: Defect, products: int) -> Judgement:
    problem = LAYERS[products].problem
    return judgement_of(EXAMINED[products], lambda operands: defect(problem, operands))


@pytest.mark.parametrize("products", LAYERS)
@pytest.mark.parametrize("name", ARITHMETIC)
def test_narrower_arithmetic_is_low_precision_and_named(name: str, products: int) -> None:
    defect, label = ARITHMETIC[name]
    judgement = _judgement_of(defect, products)
    assert judgement.grade == "low-precision", judgement.message
    assert judgement.message.startswith(label)
    assert judgement.accumulator == (label.split()[-1] if label.startswith("sums") else "float32")
    assert judgement.worst is not None


@pytest.mark.parametrize("products", LAYERS)
@pytest.mark.parametrize("name", STRUCTURE)
def test_another_computation_is_wrong(name: str, products: int) -> None:
    judgement = _judgement_of(STRUCTURE[name], products)
    assert judgement.grade == "wrong", judgement.message
    assert judgement.worst is not None
    assert judgement.map is not None


@pytest.mark.parametrize("products", LAYERS)
def test_sums_cut_off_instead_of_rounded_drift_towards_zero(products: int) -> None:
    judgement = _judgement_of(SUMMED_TOWARDS_ZERO, products)
    assert judgement.grade != "low-precision"
    assert judgement.error > 0.5
    assert judgement.exact, "on exact fills there is nothing to cut off"
    assert "rounds towards zero systematically" in judgement.message
    assert judgement.bias > 8


def _with_every(dtype: str) -> Callable[[Defect], Judgement]:
    case = case_of(input_size=(9, 8), kernel_size=3, padding=UNEQUAL, in_channels=16, out_channels=5)
    examination = examine(case, "conv", dtype)
    return lambda defect: judgement_of(examination, lambda operands: defect(case.problem, operands))


@pytest.mark.parametrize("dtype", ["float64", "float16", "bfloat16"])
@pytest.mark.parametrize("name", STRUCTURE)
def test_another_computation_is_wrong_in_every_dtype(name: str, dtype: str) -> None:
    assert _with_every(dtype)(STRUCTURE[name]).grade == "wrong"


def test_inputs_of_float64_rounded_to_float32_are_told_from_sums_in_float32() -> None:
    case = case_of(in_channels=24)
    examination = examine(case, "conv", "float64")

    def inputs(operands: object) -> np.ndarray:
        return operations.apply(
            "conv", case.problem, *[array.astype(np.float32).astype(np.float64) for array in operands.arrays]
        )

    def sums(operands: object) -> np.ndarray:
        return operations.apply("conv", case.problem, *[array.astype(np.float32) for array in operands.arrays]).astype(
            np.float64
        )

    assert judgement_of(examination, inputs).message.startswith("inputs rounded to float32")
    assert judgement_of(examination, sums).message.startswith(
        ("sums kept in float32", "inputs rounded to float32 and sums")
    )
