"""The rule: an operation is asked on every fill, each answer is marked, and the marks add up to one judgement.

Exact fills must be met bit for bit and random ones within ``min(K A, 3 W) u`` for ``conformant``; narrower arithmetic that fully
explains an answer makes it ``low-precision``; then come ``componentwise``, ``norm-wise`` and ``wrong``. Shape, dtype, operands left
alone and NaN or Inf in the right places come first. What is not right is explained: by the mistakes that reproduce it.
"""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import numpy as np

from convformance.judging import explaining, form, grades
from convformance.judging import spread as spreading
from convformance.judging.bounds import SUMS
from convformance.judging.drift import drift
from convformance.judging.examination import BrokenFill, Examination
from convformance.judging.formats import ACCUMULATORS, FORMATS, Format, Precision
from convformance.judging.grades import COMPONENTWISE, CONFORMANT, LOW_PRECISION, WRONG
from convformance.judging.judgement import Answer, Ask, Judgement, Marked
from convformance.judging.marking import mark, mark_special
from convformance.judging.narrower import Belief, explanation

__all__ = ["Answer", "Ask", "BrokenFill", "Examination", "Judgement", "judge"]

_MUCH = 0.05  # a loss, as a share of the sum of magnitudes, that is worth telling

Marks = Mapping[str, Marked]


def judge(examination: Examination, ask: Ask) -> Judgement:
    """Return the judgement on the answers that ``ask(operands)`` gives; what it raises passes through.

    A result without elements is asked for once: only its form is judged.
    """
    marks: dict[str, Marked] = {}
    seconds = []
    empty = 0 in examination.shape
    for name in examination.fills[:1] if empty else examination.fills:
        trial = examination.trial(name)
        answer = ask(trial.operands)
        seconds.append(answer.seconds)
        fault = form.fault(examination, answer)
        if fault is not None:
            return Judgement(
                WRONG, fault, seconds=min(seconds), diagnosis=explaining.of_form(examination, trial, answer)
            )
        if not empty:
            marks[name] = (mark_special if examination.special else mark)(trial, answer.value)
    if empty:
        return Judgement(CONFORMANT, exact=True, seconds=min(seconds))
    return _settled(examination, ask, marks, min(seconds))


def _settled(examination: Examination, ask: Ask, marks: Marks, seconds: float) -> Judgement:
    """Return what the marks add up to."""
    grade = grades.worst([mark.grade for mark in marks.values()])
    exact = all(mark.exact for mark in marks.values() if mark.trial.exact)
    found = Judgement(grade, exact=exact, error=_share(marks), seconds=seconds, fills=_by_fill(marks))
    doubtful = grade == WRONG if examination.special else grade != CONFORMANT
    belief = explanation(examination, ask, marks) if doubtful else None
    if belief is not None:
        return _low_precision(found, examination, belief, marks)
    if grade == WRONG:
        diagnosis = explaining.of_values(examination, ask, marks)
        return _drifting(replace(_wrong(found, marks), diagnosis=diagnosis), examination, marks)
    settled = _right(found, examination, marks)
    if not exact:
        settled = replace(settled, diagnosis=explaining.of_chance(examination, ask, marks))
    return _drifting(settled, examination, marks)


def _right(found: Judgement, examination: Examination, marks: Marks) -> Judgement:
    """Complete the judgement on an answer within some bound: how far its errors reach, and what sums are kept in."""
    accumulator = _accumulator(examination, marks) if found.exact else None
    if found.grade == CONFORMANT:
        return replace(found, accumulator=accumulator)
    return replace(
        found, accumulator=accumulator, message=_of_errors(examination, marks), worst=_worst(marks, found.grade)
    )


def _drifting(found: Judgement, examination: Examination, marks: Marks) -> Judgement:
    """Add whether the errors drift. Only those of a direct sum tell: a fast algorithm's are related to each other."""
    if examination.special or not found.exact:
        return found
    drifting = drift(mark for mark in marks.values() if not mark.trial.exact)
    if drifting is None:
        return found
    return replace(found, bias=drifting.z, message="; ".join(filter(None, (found.message, drifting.words))))


def _low_precision(found: Judgement, examination: Examination, belief: Belief, marks: Marks) -> Judgement:
    """Complete the judgement on an answer that narrower arithmetic explains, which it names."""
    message, accumulator = _of_belief(examination, belief, marks), belief.precision.accumulator.name
    told = replace(
        found, grade=LOW_PRECISION, message=message, accumulator=accumulator, worst=_worst(marks, found.grade)
    )
    return replace(told, diagnosis=explaining.of_belief(belief))


def _share(marks: Marks) -> float:
    """Return the largest error on the random fills as a share of a conformant answer's bound."""
    return max(float(mark.share(mark.trial.bound).max()) for mark in marks.values() if not mark.trial.exact)


def _by_fill(marks: Marks) -> dict[str, str]:
    return {name: "exact" if mark.exact else mark.grade for name, mark in marks.items()}


def _accumulator(examination: Examination, marks: Marks) -> str | None:
    """Return the finest format whose ``3 u W`` explains the errors on the random fills; None when the expected one does not.

    Behind the rounding to a narrower result nothing finer than the expected one can be told.
    """
    expected = examination.expected
    finer = [FORMATS[name] for name in ACCUMULATORS if FORMATS[name].digits > expected.accumulator.digits]
    candidates: tuple[Format, ...] = (*(finer if expected.accumulator == expected.result else ()), expected.accumulator)
    for held in candidates:
        precision = Precision(held, expected.result)
        if all(_is_explained(mark, precision) for mark in marks.values() if not mark.trial.exact):
            return held.name
    return None


def _is_explained(mark: Marked, precision: Precision) -> bool:
    """Whether no error exceeds the rounding of the result by more than ``3 u W``."""
    sums = SUMS * precision.accumulator.unit * mark.trial.W
    return bool((mark.size <= sums + mark.trial.rounding(precision)).all())


def _excess(mark: Marked, precision: Precision) -> float:
    """Return the largest error beyond the rounding of the result, in units of ``u W``."""
    beyond = np.maximum(mark.size - mark.trial.rounding(precision), 0.0)
    scale = precision.accumulator.unit * mark.trial.W
    return float(np.max(np.divide(beyond, scale, out=np.where(beyond > 0, np.inf, 0.0), where=scale > 0)))


def _of_belief(examination: Examination, belief: Belief, marks: Marks) -> str:
    random = [mark for mark in marks.values() if not mark.trial.exact]
    share = max(float(mark.share(mark.trial.tolerance(CONFORMANT, belief.precision)).max()) for mark in random)
    expected = f"sums in {examination.expected.accumulator.name} expected"
    proof = "" if examination.special else "exact fills made for that are met bit for bit, "
    words = f"{belief.words}; {expected}; {proof}random data uses {share:.2g} of its bound"
    lost = max(float(mark.share(np.maximum(mark.trial.A, mark.trial.bound)).max()) for mark in random)
    return f"{words} and loses up to {lost:.0%} of the sum" if lost > _MUCH else words


def _of_errors(examination: Examination, marks: Marks) -> str:
    """Return how far a weaker grade is from conformant."""
    largest = max(_excess(mark, examination.expected) for mark in marks.values() if not mark.trial.exact)
    missed = [name for name, mark in marks.items() if mark.trial.exact and not mark.exact]
    words = f"errors on random data reach {largest:.3g} u W, where sums in any order stay below {SUMS:g}"
    return f"{words}; not exact on {', '.join(missed)}" if missed else words


def _worst(marks: Marks, grade: str) -> dict[str, Any]:
    """Return the worst element of the first fill that has this grade, against the bound of a conformant answer."""
    found = next(mark for mark in marks.values() if mark.grade == grade)
    return spreading.worst(found, found.share(found.trial.bound), found.trial.bound)


def _wrong(found: Judgement, marks: Marks) -> Judgement:
    """Complete the judgement on a wrong answer by its first wrong fill, against the componentwise bound."""
    mark = next(mark for mark in marks.values() if mark.grade == WRONG)
    bound = mark.trial.tolerance(COMPONENTWISE, mark.trial.expected)
    ratio = mark.share(bound)
    worst = spreading.worst(mark, ratio, bound)
    spread = spreading.spread(mark.trial, ~(mark.size <= bound))
    picture = spreading.error_map(ratio, worst["index"])
    return replace(found, message=_of_wrong(spread, worst), worst=worst, spread=spread, map=picture)


def _of_wrong(spread: Mapping[str, Any], worst: Mapping[str, Any]) -> str:
    place = ", ".join(map(str, worst["index"]))
    at = f"at ({place}) got {worst['got']:.9g}, wanted {worst['want']:.9g}, allowed error {worst['bound']:.3g}"
    return f"{worst['fill']} fill: wrong in {spreading.told(spread)}; {at}"
