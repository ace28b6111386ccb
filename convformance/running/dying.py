"""The smallest case over which the process dies: each is asked in a fork, so that nothing else is lost."""

from functools import partial
from typing import NoReturn

from convformance.adapters.contract import Adapter
from convformance.judging.smallest import Failure, failure, smallest
from convformance.processes import forked
from convformance.reference.problem import Problem
from convformance.running.questions import Question
from convformance.test_cases import fills
from convformance.test_cases.case import HUGE
from convformance.test_cases.fills import EXACT_FILLS, Operands

SECONDS = 10.0  # that one call may take


def smallest_dying(adapter: Adapter, question: Question) -> Failure | None:
    """Return the smallest case over which the process dies as over this question; None where it does not die here.

    Whoever calls this must not have used the framework before, as a fork has none of its threads.
    """
    if question.case.tier == HUGE:
        return None
    operands = fills.fill(question.case, question.operation, question.dtype, EXACT_FILLS[0])
    return smallest(question.operation, question.case.problem, operands, partial(_dies, adapter, question))


def _dies(adapter: Adapter, question: Question, problem: Problem, operands: Operands) -> Failure | None:
    ended = forked.in_fork(partial(_ask, adapter, question, problem, operands), seconds=SECONDS)
    if ended.kind != forked.DIED:
        return None

    def died(_: object) -> NoReturn:
        raise RuntimeError(ended.message)

    return failure(question.operation, problem, operands, died, question.dtype, error_text=str)


def _ask(adapter: Adapter, question: Question, problem: Problem, operands: Operands) -> str:
    """In the fork: ask, and say what came in place of an answer."""
    try:
        adapter.answer(question.route, problem, operands.arrays, operands.bias)
    except Exception as error:
        return str(error)[:200]
    return ""
