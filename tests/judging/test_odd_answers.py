"""Odd answers, of any shape, to questions with empty arrays: each gets a judgement, whatever a mistake makes of it."""

from collections.abc import Iterator

import numpy as np
import pytest

from convformance.judging.bounds import Operands
from convformance.judging.rule import judge
from convformance.reference import operations
from convformance.test_cases.case import Case
from convformance.test_cases.catalogue import cases
from tests.judging.asked import Array, InstantAnswer, case_of, examine

CASES = [case for case in cases("standard") if case.family in ("empty", "bias")]


def _odd(shape: tuple[int, ...]) -> Iterator[Array]:
    """Yield answers of that shape and of others, none of them meant to be right."""
    numbers = np.random.default_rng(7).integers(-3, 4, shape).astype(np.float32)
    yield from (numbers, np.zeros_like(numbers), np.full_like(numbers, np.nan))
    other = [
        shape[1:],
        (1, *shape),
        (*shape[:-1], shape[-1] + 1),
        (*shape[:-1], 0),
        (),
        (shape[0], 0, *shape[2:]),
        shape[::-1],
    ]
    yield from (np.ones(each, np.float32) for each in other)


@pytest.mark.parametrize("size", [1, 2])
@pytest.mark.parametrize("dtype", ["float64", "float32"])
def test_answers_with_their_bytes_turned_round_get_a_judgement(size: int, dtype: str) -> None:
    """Such numbers are tiny or huge, and no equation about the operands is left of them."""
    examination = examine(
        case_of(input_size=(size, 3), kernel_size=(1, 2), in_channels=1, out_channels=1), "conv", dtype
    )

    def turned(operands: Operands) -> InstantAnswer:
        x, w = (array.astype(np.float64) for array in operands.arrays)
        result = operations.apply("conv", examination.problem, x, w).astype(dtype)
        return InstantAnswer(result.byteswap())

    assert judge(examination, turned).grade == "wrong"


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.id)
def test_any_answer_gets_a_judgement(case: Case) -> None:
    for operation in case.operations:
        examination = examine(case, operation, "float32")
        for answer in _odd(examination.shape):
            judgement = judge(examination, lambda _, answer=answer: InstantAnswer(answer))
            assert judgement.grade == "wrong" or answer.shape == examination.shape
