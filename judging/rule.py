"""The rule: an operation is asked on every fill, each answer is marked, and the marks add up to one judgement.

Exact fills must be met bit for bit and random ones within ``min(K A, 3 W) u`` for ``conformant``; narrower arithmetic that fully
explains an answer makes it ``low-precision``; then come ``componentwise``, ``norm-wise`` and ``wrong``. Shape, dtype, operands left
alone and NaN or Inf in the right places come first.
"""

from collections.abc import Mapping
from typing import Any

import numpy as np

from convformance.judging import form
from convformance.judging import spread as spreading
from convformance.judging.bounds import COMPONENTWISE, CONFORMANT, LOW_PRECISION, SUMS, WRONG
from convformance.judging.drift import drift
from convformance.judging.examination import BrokenFill, Examination
from convformance.judging.formats import ACCUMULATORS, FORMATS, Precision
from convformance.judging.judgement import Answer, Ask, Judgement, Marked
from convformance.judging.marking import mark, mark_special, worst_grade
from convformance.judging.narrower import Belief, explanation

__all__ = ["Answer", "Ask", "BrokenFill", "Examination", "Judgement", "judge"]

Array = np.ndarray[Any, Any]
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
            return Judgement(WRONG, fault, seconds=min(seconds))
        if not empty:
            marks[name] = (mark_special if examination.special else mark)(trial, answer.value)
    if empty:
        return Judgement(CONFORMANT, exact=True, seconds=min(seconds))
    return _settled(examination, ask, marks, min(seconds))


def _settled(examination: Examination, ask: Ask, marks: Marks, seconds: float) -> Judgement:
    """Return what the marks add up to."""
    grade = worst_grade([mark.grade for mark in marks.values()])
    exact = all(mark.exact for mark in marks.values() if mark.trial.exact)
    held = {"exact": exact, "error": _share(marks), "seconds": seconds, "fills": _by_fill(marks)}
    belief = None if grade == CONFORMANT else explanation(examination, ask, marks)
    if belief is not None:
        accumulator = belief.precision.accumulator.name
        message = _of_belief(examination, belief, marks)
        return Judgement(LOW_PRECISION, message, accumulator=accumulator, worst=_worst(marks, grade), **held)
    if grade == WRONG:
        return _wrong(marks, held)
    found = drift([mark for mark in marks.values() if not mark.trial.exact])
    words = "" if grade == CONFORMANT else _of_errors(examination, marks)
    message = "; ".join(filter(None, (words, found.words if found else "")))
    worst = None if grade == CONFORMANT else _worst(marks, grade)
    numbers = {"accumulator": _accumulator(examination, marks), "worst": worst, "bias": found.z if found else None}
    return Judgement(grade, message, **numbers, **held)


def _share(marks: Marks) -> float:
    """Return the largest error on the random fills as a share of a conformant answer's bound."""
    shares = [np.max(mark.size / mark.trial.bound) for mark in marks.values() if not mark.trial.exact]
    return float(np.max(shares))


def _by_fill(marks: Marks) -> dict[str, str]:
    return {name: "exact" if mark.exact else mark.grade for name, mark in marks.items()}


def _accumulator(examination: Examination, marks: Marks) -> str | None:
    """Return the finest format whose ``3 u W`` explains the errors on the random fills; None when the expected one does not.

    Behind the rounding to a narrower result nothing finer than the expected one can be told.
    """
    expected = examination.expected
    finer = expected.accumulator == expected.result
    for name in ACCUMULATORS:
        held = Precision(FORMATS[name], expected.result)
        if held.accumulator == expected.accumulator or (finer and held.accumulator.digits > expected.accumulator.digits):
            if all(_excess(mark, held) <= SUMS for mark in marks.values() if not mark.trial.exact):
                return name
    return None


def _excess(mark: Marked, precision: Precision) -> float:
    """Return the largest error beyond the rounding of the result, in units of ``u W``."""
    beyond = np.maximum(mark.size - mark.trial.rounding(precision), 0.0)
    scale = precision.accumulator.unit * mark.trial.W
    return float(np.max(np.divide(beyond, scale, out=np.where(beyond > 0, np.inf, 0.0), where=scale > 0)))


def _of_belief(examination: Examination, belief: Belief, marks: Marks) -> str:
    random = [mark for mark in marks.values() if not mark.trial.exact]
    share = max(float(np.max(mark.size / mark.trial.tolerance(CONFORMANT, belief.precision))) for mark in random)
    expected = f"sums in {examination.expected.accumulator.name} expected"
    proof = "" if examination.special else "exact fills made for that are met bit for bit, "
    return f"{belief.words}; {expected}; {proof}random data uses {share:.2g} of its bound"


def _of_errors(examination: Examination, marks: Marks) -> str:
    """Return how far a weaker grade is from conformant."""
    largest = max(_excess(mark, examination.expected) for mark in marks.values() if not mark.trial.exact)
    missed = [name for name, mark in marks.items() if mark.trial.exact and not mark.exact]
    words = f"errors on random data reach {largest:.3g} u W, where sums in any order stay below {SUMS:g}"
    return f"{words}; not exact on {', '.join(missed)}" if missed else words


def _worst(marks: Marks, grade: str) -> dict[str, Any]:
    """Return the worst element of the first fill that has this grade, against the bound of a conformant answer."""
    found = next(mark for mark in marks.values() if mark.grade == grade)
    return spreading.worst(found, spreading.shares(found, found.trial.bound), found.trial.bound)


def _wrong(marks: Marks, held: dict[str, Any]) -> Judgement:
    """Return the judgement on the first fill that is wrong, against the componentwise bound."""
    found = next(mark for mark in marks.values() if mark.grade == WRONG)
    bound = found.trial.tolerance(COMPONENTWISE, found.trial.expected)
    ratio = spreading.shares(found, bound)
    worst = spreading.worst(found, ratio, bound)
    spread = spreading.spread(found.trial, ~(found.size <= bound))
    place = ", ".join(map(str, worst["index"]))
    told = f"{worst['fill']} fill: {spreading.told(spread)} wrong; at ({place}) got {worst['got']:.9g}, wanted {worst['want']:.9g}"
    message = f"{told}, allowed error {worst['bound']:.3g}"
    return Judgement(WRONG, message, worst=worst, spread=spread, map=spreading.error_map(ratio, worst["index"]), **held)
