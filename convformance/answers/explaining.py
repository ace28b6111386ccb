"""Explaining one answer: rounding as expected, narrower arithmetic, a named mistake, or where the errors lie."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any, Unpack

import numpy as np

from convformance.adapters.layouts import result_role
from convformance.answers import mistakes, precision
from convformance.answers.channels import remark_on_channels
from convformance.answers.explanation import Explanation
from convformance.answers.fitting import suggestions
from convformance.answers.grading import allowed, grade_answer, holds_special, is_within
from convformance.answers.question import (
    Misfit,
    Question,
    number_array,
    question,
    with_likely_size,
    with_result_of,
)
from convformance.answers.settings import Settings, Stated, taking_settings
from convformance.judging.formats import ACCUMULATORS, FORMATS, Precision
from convformance.judging.grades import COMPONENTWISE, CONFORMANT, LOW_PRECISION, NORM_WISE, WRONG, is_at_least
from convformance.judging.hypotheses import LOCATIONS
from convformance.judging.hypotheses.hypothesis import Match
from convformance.judging.judgement import FillResult
from convformance.judging.spread import measure_spread, worst_element
from convformance.reference.arrays import Array
from convformance.reference.operation import BY_NAME

_LOCATIONS = {hypothesis.name for hypothesis in LOCATIONS}


@taking_settings()
def explain(
    answer: Any,
    x: Any = None,
    w: Any = None,
    *,
    dy: Any = None,
    bias: Any = None,
    **stated: Unpack[Stated],
) -> Explanation:
    """Return what explains ``answer``, the result of ``op`` on the operands that it reads; see ``assert_close``.

    Without a ``grade`` rounding of every kind is right: that of a fast algorithm, and that of narrower arithmetic.
    """
    settings = Settings(**stated)
    return explain_answer(settings, answer, {"x": x, "w": w, "dy": dy, "bias": bias})


def explain_answer(settings: Settings, answer: Any, operands: Mapping[str, Any]) -> Explanation:
    """Return what explains an answer under these settings. Raises ValueError for what cannot be judged."""
    value = number_array("the answer", answer)
    arrays = {name: number_array(name, each) for name, each in operands.items() if each is not None}
    with np.errstate(all="ignore"):
        try:
            asked = question(settings, arrays, result=value)
        except Misfit as misfit:
            try:
                asked = with_likely_size(settings, arrays, value)
            except ValueError:
                return _misfit(str(misfit), settings, arrays, value)
        _check_special(asked)
        return _explained(with_result_of(asked, value), arrays, value)


def _misfit(message: str, settings: Settings, arrays: Mapping[str, Array], value: Array) -> Explanation:
    """Return what is said where the arrays make no problem: what would fit."""
    shown = _suggested(settings, arrays, value)
    if not shown:
        raise ValueError(message)
    return Explanation(False, WRONG, settings.op, f"the arrays do not fit: {message}", suggestions=shown)


def _suggested(settings: Settings, arrays: Mapping[str, Array], value: Array) -> list[dict[str, Any]]:
    return [{"options": each.text, "numbers_right": each.right} for each in suggestions(settings, arrays, value)]


def _explained(asked: Question, arrays: Mapping[str, Array], value: Array) -> Explanation:
    canonical = asked.layouts.canonical(value, result_role(asked.op))
    if canonical.shape != asked.shape:
        return _of_other_shape(asked, arrays, value, canonical)
    if not canonical.size:
        return Explanation(True, CONFORMANT, asked.in_brief(), "the result has no elements")
    explanation = explain_result(asked, grade_answer(asked.trial, canonical))
    if explanation.grade != WRONG:
        return explanation
    shown = [each for each in _suggested(asked.settings, arrays, value) if each["numbers_right"]]
    return replace(explanation, suggestions=shown)


def _of_other_shape(asked: Question, arrays: Mapping[str, Array], value: Array, canonical: Array) -> Explanation:
    shown = _suggested(asked.settings, arrays, value)
    message = f"the answer has shape {value.shape}; wanted {asked.own_shape()}"
    matches = mistakes.find_mistakes(asked, canonical)
    return Explanation(False, WRONG, asked.in_brief(), message, explains=_best(matches), suggestions=shown)


def explain_result(asked: Question, result: FillResult) -> Explanation:
    """Return what explains an answer of the right shape."""
    bound = allowed(asked.trial, asked.settings.grade or COMPONENTWISE, asked.precision)
    explanation = Explanation(
        ok=is_at_least(result.grade, asked.settings.grade or NORM_WISE),
        grade=result.grade,
        asked=asked.in_brief(),
        message="",
        share=precision.largest_share(result, bound),
        allowed=asked.settings.grade or COMPONENTWISE,
        accumulator=_accumulator(asked, result),
        worst=_worst(asked, result, bound),
        remarks=_size_remark(asked),
    )
    if is_at_least(result.grade, COMPONENTWISE):
        return _right(explanation, asked, result)
    return _not_as_expected(explanation, asked, result)


def _right(explanation: Explanation, asked: Question, result: FillResult) -> Explanation:
    """Return the explanation of an answer within its bound: rounded inputs may show all the same."""
    if result.exact or holds_special(asked.trial):
        return explanation
    closer = precision.find_closer(asked, result)
    if closer is None:
        return explanation
    remark = f"{closer.match.detail} would give it more nearly: the bound is wide for sums of this length"
    return replace(explanation, remarks=(*explanation.remarks, remark))


def _not_as_expected(explanation: Explanation, asked: Question, result: FillResult) -> Explanation:
    """Return the explanation of an answer beyond its bound.

    Arithmetic that can be done again comes first, and then mistakes that can: what only compares the size of errors
    comes after them.
    """
    special = holds_special(asked.trial)
    if special and (match := _special_mistake(result)) is not None:
        return replace(explanation, ok=False, grade=WRONG, accumulator=None, explains=(match,))
    exempt = special or asked.is_whole  # whole numbers are never rounded
    reason = None if exempt else precision.find_reason(asked, result)
    if reason is not None:
        return _of_narrower(explanation, asked, reason)
    matches = mistakes.find_mistakes(asked, result.value)
    named = [match for match in matches if match.name not in _LOCATIONS]
    reason = None if exempt or named else precision.find_sums(asked, result)
    if reason is not None:
        return _of_narrower(explanation, asked, reason)
    if result.grade == NORM_WISE and not named:
        return replace(explanation, spread=_spread(asked, result))
    return replace(
        explanation,
        ok=False,
        grade=WRONG,
        accumulator=None,
        explains=_best(matches),
        spread=_spread(asked, result),
        remarks=(*explanation.remarks, *_not_finite(result), *(() if named else remark_on_channels(asked, result))),
    )


def _special_mistake(result: FillResult) -> Match | None:
    """Return whether NaN and infinity are lost, or show where they should not; None where neither explains all."""
    misplaced, is_finite = np.isinf(result.size), np.isfinite(result.want)
    swallowed, spread = bool((misplaced & ~is_finite).any()), bool((misplaced & is_finite).any())
    if swallowed == spread:
        return None
    return Match("nan-swallowed" if swallowed else "nan-spread")


def _size_remark(asked: Question) -> tuple[str, ...]:
    """Return what to say where several sizes are right and none was stated."""
    argument = BY_NAME[asked.op].size_argument
    if asked.settings.size is not None or not argument or max(asked.problem.stride) == 1:
        return ()
    size = getattr(asked.problem, "kernel_size" if argument == "kernel_size" else "input_size")
    return (f"its size {size} is taken from the answer, as the stride leaves it open (--size states it)",)


def _not_finite(result: FillResult) -> tuple[str, ...]:
    count = int(np.count_nonzero(~np.isfinite(result.value)))
    return (f"{count} elements of the answer are NaN or infinite",) if count else ()


def _of_narrower(explanation: Explanation, asked: Question, reason: precision.Reason) -> Explanation:
    return replace(
        explanation,
        ok=asked.settings.grade is None,
        grade=LOW_PRECISION,
        accumulator=None,
        explains=(reason.match,),
        explained_share=reason.share,
    )


def _best(matches: Sequence[Match]) -> tuple[Match, ...]:
    """Return the mistakes that say most: those that reproduce the answer, or else where it is wrong."""
    named = [match for match in matches if match.name not in _LOCATIONS]
    return tuple(named or matches)


def _accumulator(asked: Question, result: FillResult) -> str | None:
    """Return the finest format of sums whose bound holds, None where none does."""
    finest_first = (FORMATS[name] for name in ACCUMULATORS)
    kept = asked.precision.accumulator == asked.result
    for fmt in finest_first:
        if fmt.digits < asked.precision.accumulator.digits or (fmt != asked.precision.accumulator and not kept):
            continue
        assumed = Precision(fmt, asked.result, asked.precision.inputs)
        if is_within(result, asked.trial.tolerance(COMPONENTWISE, assumed)):
            return fmt.name
    return None


def _worst(asked: Question, result: FillResult, bound: Array) -> dict[str, Any]:
    """Return the worst element, its index in the user's layout."""
    worst = worst_element(result, result.share(bound), bound)
    marker = np.zeros(asked.shape, bool)
    marker[tuple(worst["index"])] = True
    own = asked.own(marker)
    return {**worst, "index": [int(entry) for entry in np.unravel_index(int(np.argmax(own)), own.shape)]}


def _spread(asked: Question, result: FillResult) -> dict[str, Any]:
    return measure_spread(asked.trial, ~(result.size <= asked.trial.tolerance(COMPONENTWISE, asked.precision)))


def _check_special(asked: Question) -> None:
    """Raise ValueError where NaN and infinity are in more than one operand: what they meet cannot be told then."""
    operands = asked.operands
    special = [not np.isfinite(array.astype(np.float64)).all() for array in operands.arrays]
    if sum(special) > 1 or (operands.bias is not None and not np.isfinite(operands.bias.astype(np.float64)).all()):
        raise ValueError("NaN or infinity in both operands, or in the bias; allowed: in one operand")
