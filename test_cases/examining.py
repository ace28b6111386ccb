"""A case as the judge sees it: its examination on the suite's own fills, and the parameters a diagnosis compares."""

from functools import partial

from convformance.judging.conditions import QuestionParameters, parameters
from convformance.judging.examination import Examination
from convformance.test_cases import fills
from convformance.test_cases.case import Case


def examination(case: Case, operation: str, dtype: str, accumulator: str | None = None) -> Examination:
    """Return the examination of ``operation`` in that case and dtype, expecting sums in ``accumulator``."""
    data = partial(fills.fill, case, operation, dtype)
    special, rounds = bool(case.special), fills.rounds(case, dtype)
    return Examination(operation, case.problem, dtype, data, special=special, rounds=rounds, accumulator=accumulator)


def question_parameters(case: Case, operation: str, dtype: str) -> QuestionParameters:
    """Return the parameters of that question, by which the diagnosis compares it with others."""
    bias = case.has_bias(operation)
    return parameters(operation, case.problem, dtype, memory=case.memory, bias=bias, special=case.special)
