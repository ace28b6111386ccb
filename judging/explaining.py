"""Explaining: what the judge says of an answer that is not right, beside how wrong it is."""

from collections.abc import Mapping

import numpy as np

from convformance.judging.bounds import Trial
from convformance.judging.examination import Examination
from convformance.judging.fitting import Evidence, fits
from convformance.judging.formats import FORMATS
from convformance.judging.hypotheses.hypothesis import Fit
from convformance.judging.judgement import Answer, Array, Ask, Marked
from convformance.judging.narrower import Belief, scattered
from convformance.reference.operation import OPERAND_NAMES

Marks = Mapping[str, Marked]

# Errors of up to so many units of bfloat16 times W are those of arithmetic in some narrow format.
_NARROW = 16.0 * FORMATS["bfloat16"].unit
_REASKED = 2


def of_form(examination: Examination, trial: Trial, answer: Answer) -> tuple[Fit, ...]:
    """Return what explains an answer of the wrong shape or dtype, or one that changed an operand."""
    value = answer.value
    if value.shape != examination.shape:
        found = fits([Evidence.of(trial, value.astype(np.float64), right=False)]) if value.dtype.kind in "fiuV" else ()
        return (*found, Fit("wrong-shape", f"{value.shape} for {examination.shape}"))
    if value.dtype != examination.expected.result.dtype:
        return (Fit("wrong-dtype", f"{value.dtype.name} for {examination.expected.result.name}"),)
    names = (*OPERAND_NAMES[examination.operation], "bias")
    return (Fit("operand-changed", ", ".join(names[index] for index in answer.changed)),)


def of_belief(belief: Belief) -> tuple[Fit, ...]:
    """Return the names of the narrower arithmetic that explains an answer."""
    if not belief.asks:
        return (Fit("low-precision-result", belief.words),)
    inputs = belief.precision.inputs
    if inputs is None or inputs == belief.precision.accumulator:
        return (Fit("low-precision-accumulation", belief.words),)
    return (Fit("low-precision-inputs", belief.words),)


def of_values(examination: Examination, ask: Ask, marks: Marks) -> tuple[Fit, ...]:
    """Return what explains wrong values: other bits in another call, a NaN lost or spread, mistakes that reproduce them."""
    random = of_chance(examination, ask, marks)
    stale = (Fit("unwritten", "the same numbers whatever the operands"),) if _stale(marks) else ()
    reproduced = fits(
        Evidence.of(mark.trial, mark.value, right=mark.exact) for mark in marks.values() if mark.trial.exact
    )
    special = _of_special(marks) if examination.special else ()
    return (*random, *special, *stale, *reproduced, *(() if reproduced or stale else _of_size(examination, marks)))


def of_chance(examination: Examination, ask: Ask, marks: Marks) -> tuple[Fit, ...]:
    """Return whether other calls give other bits."""
    return (Fit("not-deterministic"),) if _changing(examination, ask, marks) else ()


def _changing(examination: Examination, ask: Ask, marks: Marks) -> bool:
    """Whether the same operands, of the first wrong answer and of a right one, give other bits when asked again."""
    wrong = [name for name, mark in marks.items() if not mark.exact][:1] * _REASKED
    right = [name for name, mark in marks.items() if mark.exact][:1]
    return any(not _same(ask(examination.trial(name).operands), marks[name]) for name in (*wrong, *right))


def _same(answer: Answer, mark: Marked) -> bool:
    return np.array_equal(answer.value.astype(np.float64), mark.value, equal_nan=True)


def _stale(marks: Marks) -> bool:
    """Whether the wrong elements, only some, hold the same numbers on every fill, and not just zeros."""
    answers = [mark.value for mark in marks.values()]
    wrong = np.logical_or.reduce([mark.share(mark.trial.bound) > 1 for mark in marks.values()])
    same = all(np.array_equal(answers[0][wrong], answer[wrong], equal_nan=True) for answer in answers)
    return same and bool(wrong.any()) and not wrong.all() and bool((answers[0][wrong] != 0).any())


def _of_special(marks: Marks) -> tuple[Fit, ...]:
    """Return whether NaN and infinities are lost, or show where they should not; both at once are neither."""
    swallowed, spread = (any(_misplaced(mark, wanted).any() for mark in marks.values()) for wanted in (False, True))
    if swallowed == spread:
        return ()
    return (Fit("nan-swallowed" if swallowed else "nan-spread"),)


def _misplaced(mark: Marked, finite: bool) -> Array:
    misplaced: Array = np.isinf(mark.size) & (np.isfinite(mark.want) == finite)
    return misplaced


def _of_size(examination: Examination, marks: Marks) -> tuple[Fit, ...]:
    """Return narrow arithmetic as the reason of small errors all over the result, though none that is known gives these."""
    if examination.special or not scattered(marks):
        return ()
    if not all(bool(np.all(mark.size <= _NARROW * mark.trial.W)) for mark in marks.values()):
        return ()
    inputs = marks["int"].exact and len(examination.trial("int").operands.arrays) > 1
    return (Fit("low-precision-inputs" if inputs else "low-precision-accumulation", "errors of its size"),)
