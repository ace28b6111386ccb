"""Fills that are left out, where a judge is not to be thorough, because those before them say enough."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from convformance.judging.rule import Examination, Judgement, judge
from convformance.reference import operations
from convformance.reference.arrays import Array
from tests.judging.asked import Implementation, InstantAnswer, case_of, examine
from tests.judging.defects import ARITHMETIC, STRUCTURE, Defect

LAYERS = {
    "few products": case_of(input_size=(9, 8), kernel_size=3, padding=1, in_channels=3, out_channels=4),
    "many products": case_of(input_size=(7, 6), kernel_size=3, padding=1, in_channels=64, out_channels=4, batch=1),
}
NAN = {"nan in x": case_of(special="nan-data", padding=1), "infinity in w": case_of(special="inf-filter", padding=1)}
DEFECTS: dict[str, Defect] = {name: defect for name, (defect, _) in ARITHMETIC.items()} | STRUCTURE


def _judged(examination: Examination, implementation: Implementation, *, thorough: bool) -> tuple[Judgement, int]:
    """Return the judgement and how many answers it took."""
    asked: list[Any] = []

    def ask(operands: Any) -> InstantAnswer:
        asked.append(operands)
        return InstantAnswer(implementation(operands))

    return judge(examination, ask, explain=False, thorough=thorough), len(asked)


def _of(case: Any, change: Callable[[Array], Array] = lambda value: value) -> Implementation:
    """Return the reference with its result changed."""
    return lambda operands: change(operations.apply("conv", case.problem, *operands.arrays))


@pytest.mark.parametrize("layer", LAYERS)
@pytest.mark.parametrize("name", DEFECTS)
def test_the_grade_is_that_of_all_fills(name: str, layer: str) -> None:
    case = LAYERS[layer]
    examination = examine(case, "conv", "float32")
    defect: Defect = DEFECTS[name]
    every, _ = _judged(examination, lambda operands: defect(case.problem, operands), thorough=True)
    few, _ = _judged(examination, lambda operands: defect(case.problem, operands), thorough=False)
    assert (few.grade, few.message) == (every.grade, every.message)


def test_integers_that_are_far_off_leave_the_random_fills_unasked() -> None:
    case = LAYERS["few products"]
    mirrored = _of(case, lambda value: value[..., ::-1])
    assert [_judged(examine(case, "conv", "float64"), mirrored, thorough=each)[1] for each in (True, False)] == [5, 3]


@pytest.mark.parametrize("narrow", [np.float32, np.float16])
def test_what_may_be_rounding_is_asked_on_every_fill(narrow: Any) -> None:
    case = LAYERS["few products"]
    rounded = _of(case, lambda value: value.astype(narrow).astype(np.float64))
    with np.errstate(over="ignore"):
        judgement, asked = _judged(examine(case, "conv", "float64"), rounded, thorough=False)
    assert (judgement.grade, asked) == ("low-precision", 5)


@pytest.mark.parametrize("case", NAN.values(), ids=NAN)
def test_exact_integers_with_nan_or_infinity_are_enough(case: Any) -> None:
    judgement, asked = _judged(examine(case, "conv", "float64"), _of(case), thorough=False)
    assert (judgement.grade, asked) == ("conformant", 1)
    assert judgement.exact
    assert judgement.error is None, "no random numbers were asked"


@pytest.mark.parametrize("case", NAN.values(), ids=NAN)
def test_lost_nan_and_infinity_are_asked_on_every_fill(case: Any) -> None:
    swallowing = _of(case, lambda value: np.where(np.isfinite(value), value, 0.0))
    judgement, asked = _judged(examine(case, "conv", "float64"), swallowing, thorough=False)
    assert (judgement.grade, asked) == ("wrong", 5)


@pytest.mark.parametrize("case", NAN.values(), ids=NAN)
def test_wrong_numbers_beside_nan_and_infinity_are_found(case: Any) -> None:
    mirrored = _of(case, lambda value: np.where(np.isfinite(value), value[..., ::-1], value))
    judgement, _ = _judged(examine(case, "conv", "float64"), mirrored, thorough=False)
    assert judgement.grade == "wrong"
