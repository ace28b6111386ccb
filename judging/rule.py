"""The rule: an operation is asked on every fill, each answer is graded, and the results add up to one judgement.

Exact fills must be answered bit for bit and random ones within ``min(K A, 3 W) u`` for ``conformant``; narrower
arithmetic that fully explains an answer makes it ``low-precision``; then come ``componentwise``, ``norm-wise`` and
``wrong``. Shape, dtype, operands left alone and NaN or Inf in the right elements come first. What is not right is
explained: by the mistakes that reproduce it.
"""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import numpy as np

from convformance.judging import calls, explaining, grades
from convformance.judging.bounds import EXACT_FILLS, RANGE_FILL, SUMS
from convformance.judging.drift import largest_drift
from convformance.judging.examination import BrokenFill, Examination
from convformance.judging.formats import ACCUMULATORS, FORMATS, STORED, Format, Precision
from convformance.judging.grades import COMPONENTWISE, CONFORMANT, LOW_PRECISION, WRONG
from convformance.judging.grading import grade_fill, grade_special_fill, nearest_reading
from convformance.judging.hypotheses.hypothesis import Match
from convformance.judging.judgement import Answer, Ask, FillResult, Judgement, Results
from convformance.judging.narrower import Candidate, find_candidate, is_beyond_rounding
from convformance.judging.spread import error_map, measure_spread, spread_text, worst_element

__all__ = ["Answer", "Ask", "BrokenFill", "Examination", "Judgement", "judge"]

_MUCH = 0.05  # a loss, as a share of the sum of magnitudes, that is worth saying


def judge(examination: Examination, ask: Ask, *, explain: bool = True, thorough: bool = True) -> Judgement:
    """Return the judgement on the answers that ``ask(operands)`` gives; what it raises passes through.

    A result without elements is asked for once: only its form is judged. Without ``explain`` the diagnosis of a wrong
    answer stays empty: to look for the mistakes that reproduce it takes longer than all the rest. Without ``thorough``
    fills are left out that can add nothing to those before them.
    """
    results: dict[str, FillResult] = {}
    seconds: list[float] = []
    empty = 0 in examination.shape
    grade = grade_special_fill if examination.special else grade_fill
    for name in examination.fills[:1] if empty else examination.fills:
        enough = None if thorough or not results else _without_the_rest(examination, name, results, min(seconds))
        if enough is not None:
            return enough
        trial = examination.trial(name)
        answer = ask(trial.operands)
        seconds.append(answer.seconds)
        fault = calls.fault(examination, answer)
        if fault is not None:
            diagnosis = explaining.explain_form(examination, trial, answer) if explain else ()
            return Judgement(WRONG, fault, seconds=min(seconds), diagnosis=diagnosis)
        if not empty:
            results[name] = calls.grade_both(grade, trial, answer)
    if empty:
        return Judgement(CONFORMANT, exact=True, seconds=min(seconds))
    as_given = results.get(RANGE_FILL)
    if as_given is None or as_given.exact:
        return _combine(examination, ask, results, min(seconds), explain)
    results[RANGE_FILL] = nearest_reading(as_given)
    judgement = _combine(examination, ask, results, min(seconds), explain)
    return judgement if results[RANGE_FILL] is as_given else _without_subnormals(judgement, as_given)


def _without_the_rest(examination: Examination, name: str, results: Results, seconds: float) -> Judgement | None:
    """Return the judgement where the fill ``name`` and those behind it can add nothing, else None.

    Right with NaN or infinity is what is so bit for bit on the integers: what other numbers show of the finite elements
    they show without NaN and infinity, too. Wrong is what is off by more than any rounding on the integers, whatever
    random numbers show; a diagnosis reads every exact fill.
    """
    integers = results.get(EXACT_FILLS[0])
    if integers is None or not integers.trial.exact:
        return None
    if examination.special and integers.exact and len(results) == 1:
        return Judgement(CONFORMANT, exact=True, seconds=seconds, fills=_by_fill(results))
    if name in EXACT_FILLS or not is_beyond_rounding(integers):
        return None
    judgement = Judgement(WRONG, seconds=seconds, fills=_by_fill(results))
    return calls.with_note(_wrong(judgement, results), results)


def _without_subnormals(judgement: Judgement, as_given: FillResult) -> Judgement:
    """Say of an answer that is right but for subnormal operands, which it takes for 0, that it is of low precision."""
    if judgement.grade not in (CONFORMANT, LOW_PRECISION):
        return judgement
    bound = as_given.trial.bound
    match = (*(judgement.diagnosis if judgement.grade == LOW_PRECISION else ()), Match("subnormals-flushed"))
    return replace(
        judgement,
        grade=LOW_PRECISION,
        exact=False,
        message="; ".join(filter(None, (judgement.message, "subnormal operands are taken for 0"))),
        worst=judgement.worst or worst_element(as_given, as_given.share(bound), bound),
        fills={**judgement.fills, RANGE_FILL: LOW_PRECISION},
        diagnosis=match,
    )


def _combine(examination: Examination, ask: Ask, results: Results, seconds: float, explain: bool) -> Judgement:
    """Return what the results add up to."""
    grade = grades.worst([result.grade for result in results.values()])
    exact = all(result.exact for result in results.values() if result.trial.exact)
    judgement = Judgement(grade, exact=exact, error=_share(results), seconds=seconds, fills=_by_fill(results))
    doubtful = grade == WRONG if examination.special else grade != CONFORMANT
    doubtful &= not examination.expected.result.is_integer
    candidate = find_candidate(examination, ask, results) if doubtful else None
    if candidate is not None and not candidate.is_weak:
        return _low_precision(judgement, examination, candidate, results)
    judgement = _wrong(judgement, results) if grade == WRONG else _right(judgement, examination, results)
    judgement = calls.with_note(_with_drift(judgement, examination, results), results)
    if candidate is not None:
        judgement = replace(judgement, message=f"{judgement.message}; {candidate.label} gives every number")
        return replace(judgement, diagnosis=candidate.matches)
    if not explain or (grade != WRONG and exact):
        return judgement
    explanation = explaining.explain_values if grade == WRONG else explaining.explain_chance
    return replace(judgement, diagnosis=explanation(examination, ask, results))


def _right(judgement: Judgement, examination: Examination, results: Results) -> Judgement:
    """Complete the judgement on an answer within some bound: how far its errors reach, and what sums are kept in."""
    accumulator = _accumulator(examination, results) if judgement.exact else None
    if judgement.grade == CONFORMANT:
        return replace(judgement, accumulator=accumulator)
    message, worst = _message_for_weaker_grade(examination, results), _worst(results, judgement.grade)
    return replace(judgement, accumulator=accumulator, message=message, worst=worst)


def _wrong(judgement: Judgement, results: Results) -> Judgement:
    """Complete the judgement on a wrong answer by its first wrong fill, against the componentwise bound."""
    result = next(result for result in results.values() if result.grade == WRONG)
    bound = result.trial.tolerance(COMPONENTWISE, result.trial.expected)
    ratio = result.share(bound)
    worst = worst_element(result, ratio, bound)
    spread = measure_spread(result.trial, ~(result.size <= bound))
    picture = error_map(ratio, worst["index"])
    return replace(judgement, message=_message_for_wrong(spread, worst), worst=worst, spread=spread, map=picture)


def _low_precision(judgement: Judgement, examination: Examination, candidate: Candidate, results: Results) -> Judgement:
    """Complete the judgement on an answer that less precise arithmetic explains, which it names."""
    return replace(
        judgement,
        grade=LOW_PRECISION,
        message=_message_for_low_precision(examination, candidate, results),
        accumulator=candidate.precision.accumulator.name,
        worst=_worst(results, judgement.grade),
        diagnosis=candidate.matches,
    )


def _with_drift(judgement: Judgement, examination: Examination, results: Results) -> Judgement:
    """Add whether the errors drift. Only those of a direct sum tell: a fast algorithm's are related to each other."""
    if examination.special or not judgement.exact:
        return judgement
    drift = largest_drift(result for result in results.values() if not result.trial.exact)
    if drift is None:
        return judgement
    return replace(judgement, bias=drift.z, message="; ".join(filter(None, (judgement.message, drift.message))))


def _share(results: Results) -> float:
    """Return the largest error on the random fills, of which integers have none, as a share of the bound."""
    shares = (float(each.share(each.trial.bound).max()) for each in results.values() if not each.trial.exact)
    return max(shares, default=0.0)


def _by_fill(results: Results) -> dict[str, str]:
    return {name: "exact" if result.exact else result.grade for name, result in results.items()}


def _accumulator(examination: Examination, results: Results) -> str | None:
    """Return the finest format whose ``3 u W`` explains the errors on the random fills, None where there is none.

    Behind the rounding to a narrower result nothing finer than the expected one can be told.
    """
    expected = examination.expected
    finer = [fmt for fmt in _accumulators(expected.result.kind) if fmt.digits > expected.accumulator.digits]
    candidates: tuple[Format, ...] = (*(finer if expected.accumulator == expected.result else ()), expected.accumulator)
    for fmt in candidates:
        precision = Precision(fmt, expected.result)
        if all(_is_explained(result, precision) for result in results.values() if not result.trial.exact):
            return fmt.name
    return None


def _accumulators(kind: str) -> list[Format]:
    """Return the formats that sums of numbers of that kind may be kept in, finest first."""
    every = {"f": [FORMATS[name] for name in ACCUMULATORS], "c": [STORED["complex128"], STORED["complex64"]]}
    return every.get(kind, [])


def _is_explained(result: FillResult, precision: Precision) -> bool:
    """Whether no error exceeds the rounding of the result by more than ``3 u W``."""
    sums = SUMS * precision.accumulator.unit * result.trial.W
    return bool((result.size <= sums + result.trial.rounding(precision)).all())


def _excess(result: FillResult, precision: Precision) -> float:
    """Return the largest error beyond the rounding of the result, in units of ``u W``."""
    beyond = np.maximum(result.size - result.trial.rounding(precision), 0.0)
    scale = precision.accumulator.unit * result.trial.W
    return float(np.max(np.divide(beyond, scale, out=np.where(beyond > 0, np.inf, 0.0), where=scale > 0)))


def _message_for_low_precision(examination: Examination, candidate: Candidate, results: Results) -> str:
    if candidate.stored is not None and candidate.is_of_result:
        sums = examination.expected.accumulator.name
        return (
            f"{candidate.label}; {candidate.stored.due} expected; sums in {sums} that are stored so give every number"
        )
    random = [result for result in results.values() if not result.trial.exact]
    share = max(float(each.share(each.trial.tolerance(CONFORMANT, candidate.precision)).max()) for each in random)
    expected = f"sums in {examination.expected.accumulator.name} expected"
    proof = "" if examination.special else "exact fills made for that are met bit for bit, "
    label = f"{candidate.label}, or {candidate.stored.sentence}" if candidate.stored else candidate.label
    message = f"{label}; {expected}; {proof}random data uses {share:.2g} of its bound"
    loss = max(float(each.share(np.maximum(each.trial.A, each.trial.bound)).max()) for each in random)
    return f"{message} and loses up to {loss:.0%} of the sum" if loss > _MUCH else message


def _message_for_weaker_grade(examination: Examination, results: Results) -> str:
    """Return how far a weaker grade is from conformant: on random data, or where that shows none on the exact fills."""
    largest = max(_excess(result, examination.expected) for result in results.values() if not result.trial.exact)
    inexact = {name: result for name, result in results.items() if result.trial.exact and not result.exact}
    if largest <= SUMS and inexact:
        return f"not exact on {_missed(inexact)}; random data shows no error beyond that of sums in any order"
    message = f"errors on random data reach {largest:.3g} u W, where sums in any order stay below {SUMS:g}"
    return f"{message}; not exact on {', '.join(inexact)}" if inexact else message


def _missed(inexact: Results) -> str:
    """Return on which exact fills how many numbers are not the truth, rounded once, and one of them."""
    counts = ((name, int(np.count_nonzero(result.share(result.trial.bound)))) for name, result in inexact.items())
    missing = ", ".join(f"{name} ({count} of {inexact[name].value.size} numbers)" for name, count in counts)
    result = next(iter(inexact.values()))
    worst = worst_element(result, result.share(result.trial.bound), result.trial.bound)
    index = ", ".join(map(str, worst["index"]))
    return f"{missing}: at ({index}) got {worst['got']:.9g}, wanted {worst['want']:.9g}"


def _message_for_wrong(spread: Mapping[str, Any], worst: Mapping[str, Any]) -> str:
    index = ", ".join(map(str, worst["index"]))
    part = f"{worst['part']} part: " if worst.get("part") else ""
    numbers = f"{part}got {worst['got']:.9g}, wanted {worst['want']:.9g}, allowed error {worst['bound']:.3g}"
    return f"{worst['fill']} fill: wrong in {spread_text(spread)}; at ({index}) {numbers}"


def _worst(results: Results, grade: str) -> dict[str, Any]:
    """Return the worst element of the first fill that has this grade, against the bound of a conformant answer."""
    result = next(result for result in results.values() if result.grade == grade)
    return worst_element(result, result.share(result.trial.bound), result.trial.bound)
