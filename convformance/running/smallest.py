"""The smallest case that still fails as one question did."""

from functools import partial
from typing import Any

from convformance.adapters.contract import Adapter
from convformance.judging.smallest import Failure, failure, smallest
from convformance.processes.loading import error_text
from convformance.reference.problem import Problem
from convformance.running.questions import Question
from convformance.test_cases import fills
from convformance.test_cases.fills import EXACT_FILLS, Operands

_LARGEST = 400  # numbers in all operands, so that they can be read


def smallest_failing(adapter: Adapter, question: Question, fill: str) -> Failure | None:
    """Return the smallest case that fails as this question does on that fill; None when none does on exact numbers."""
    exact = fill if fill in EXACT_FILLS else EXACT_FILLS[0]
    operands = fills.fill(question.case, question.operation, question.dtype, exact)
    failed = smallest(question.operation, question.case.problem, operands, partial(_fails, adapter, question))
    if failed is None or sum(array.size for array in failed.operands.arrays) > _LARGEST:
        return None
    return failed


def _fails(adapter: Adapter, question: Question, problem: Problem, operands: Operands) -> Failure | None:
    ask = partial(_answer, adapter, question, problem)
    expected = question.route.accumulator.get(question.dtype)
    return failure(
        question.operation, problem, operands, ask, question.dtype, accumulator=expected, error_text=error_text
    )


def _answer(adapter: Adapter, question: Question, problem: Problem, operands: Operands) -> Any:
    return adapter.answer(question.route, problem, operands.arrays, operands.bias)
