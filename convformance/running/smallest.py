"""The smallest case that still fails as one question did."""

from functools import partial
from typing import Any

from convformance.adapters.contract import Adapter
from convformance.judging.bounds import RANGE_FILL
from convformance.judging.smallest import Failure, failure, smallest
from convformance.processes.loading import error_text
from convformance.reference.problem import Problem
from convformance.running.questions import Question
from convformance.test_cases import fills
from convformance.test_cases.case import HUGE
from convformance.test_cases.fills import EXACT_FILLS, Operands

_LARGEST = 400  # numbers in all operands, so that they can be read


def smallest_failing(adapter: Adapter, question: Question, fill: str, *, exact: bool = False) -> Failure | None:
    """Return the smallest case that fails as this question does on that fill; None when none does on exact numbers.

    ``exact``: an answer fails that is not the truth bit for bit, as one of low precision is not. What is huge fails
    because it is huge.
    """
    if question.case.tier == HUGE:
        return None
    exact_fill = fill if fill in (*EXACT_FILLS, RANGE_FILL) else EXACT_FILLS[0]
    operands = fills.fill(question.case, question.operation, question.dtype, exact_fill)
    fails = partial(_fails, adapter, question, exact, exact_fill)
    failed = smallest(question.operation, question.case.problem, operands, fails, fill=exact_fill)
    if failed is None or sum(array.size for array in failed.operands.arrays) > _LARGEST:
        return None
    return failed


def _fails(
    adapter: Adapter, question: Question, exact: bool, fill: str, problem: Problem, operands: Operands
) -> Failure | None:
    return failure(
        question.operation,
        problem,
        operands,
        partial(_answer, adapter, question, problem),
        question.dtype,
        accumulator=question.route.accumulator.get(question.dtype),
        bias_after=question.route.bias_after,
        error_text=error_text,
        exact=exact,
        fill=fill,
    )


def _answer(adapter: Adapter, question: Question, problem: Problem, operands: Operands) -> Any:
    return adapter.answer(question.route, problem, operands.arrays, operands.bias)
