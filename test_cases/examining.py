"""A case as the judge sees it: its examination on the suite's own fills, and the parameters a diagnosis compares."""

from functools import partial

from convformance.judging.bounds import RANGE_FILL, fills_of
from convformance.judging.conditions import QuestionParameters, parameters
from convformance.judging.examination import Data, Examination
from convformance.judging.formats import default_accumulator, format_of
from convformance.reference.dtypes import FLOATS, INTEGERS
from convformance.test_cases import fills
from convformance.test_cases.case import Case


def examination(
    case: Case,
    operation: str,
    dtype: str,
    accumulator: str | None = None,
    *,
    bias_after: bool = False,
    data: Data | None = None,
) -> Examination:
    """Return the examination of ``operation`` in that case and dtype, expecting sums in ``accumulator``.

    ``bias_after``: the bias is expected to be added to a result that was rounded before. ``data``: operands other than
    the suite's own.
    """
    data = data or partial(fills.fill, case, operation, dtype)
    special, rounds = bool(case.special), fills.rounds(case, dtype)
    # Beside numbers that the case fixes there is no choice of a range, nor room for its sums in a narrower accumulator.
    is_free = case.fixed_filter is None and case.sum_limits is None and not _is_narrower(accumulator, dtype)
    asked = (
        *fills_of(operation, of_integers=dtype in INTEGERS),
        *((RANGE_FILL,) if case.asked_range and dtype in FLOATS and is_free else ()),
    )
    return Examination(
        operation,
        case.problem,
        dtype,
        data,
        special=special,
        rounds=rounds,
        fills=asked,
        accumulator=accumulator,
        bias_after=bias_after,
    )


def _is_narrower(accumulator: str | None, dtype: str) -> bool:
    """Whether sums are documented to be kept in less than what is expected of that dtype."""
    return accumulator is not None and format_of(accumulator).digits < default_accumulator(dtype).digits


def question_parameters(case: Case, operation: str, dtype: str) -> QuestionParameters:
    """Return the parameters of that question, by which the diagnosis compares it with others."""
    bias = case.has_bias(operation)
    return parameters(
        operation, case.problem, dtype, memory=case.memory, bias=bias, special=case.special, ends=case.range
    )
