"""Explaining: the named mistakes behind an answer that is not right, beside how wrong it is."""

import numpy as np

from convformance.judging.bounds import Trial
from convformance.judging.examination import Examination
from convformance.judging.formats import FORMATS, holds_reals
from convformance.judging.grades import CONFORMANT
from convformance.judging.hypotheses.hypothesis import Match
from convformance.judging.judgement import Answer, Ask, FillResult, Results
from convformance.judging.matching import Evidence, find_matches
from convformance.judging.narrower import Candidate, is_scattered
from convformance.reference.arrays import Array
from convformance.reference.operation import OPERAND_NAMES

# Errors of up to so many units of bfloat16 times W are those of arithmetic in some narrow format.
_NARROW = 16.0 * FORMATS["bfloat16"].unit
# Once may give the same bits by chance: threads that share an array seldom meet.
_ASKED_AGAIN = 2


def explain_form(examination: Examination, trial: Trial, answer: Answer) -> tuple[Match, ...]:
    """Return what explains an answer of the wrong shape or dtype, or one that changed an operand."""
    value = answer.value
    if value.shape != examination.shape:
        evidence = [Evidence.of(trial, value.astype(np.float64), right=False)] if holds_reals(value.dtype) else []
        return (*find_matches(evidence), Match("wrong-shape", f"{value.shape} for {examination.shape}"))
    if value.dtype != examination.expected.result.dtype:
        return (Match("wrong-dtype", f"{value.dtype.name} for {examination.expected.result.name}"),)
    names = (*OPERAND_NAMES[examination.operation], "bias")
    return (Match("operand-changed", ", ".join(names[index] for index in answer.changed)),)


def explain_precision(candidate: Candidate) -> tuple[Match, ...]:
    """Return the name of the narrower arithmetic that explains an answer."""
    inputs = candidate.precision.inputs
    if not candidate.asks:
        return (Match("low-precision-result", candidate.label),)
    if inputs is None or inputs == candidate.precision.accumulator:
        return (Match("low-precision-accumulation", candidate.label),)
    return (Match("low-precision-inputs", candidate.label),)


def explain_values(examination: Examination, ask: Ask, results: Results) -> tuple[Match, ...]:
    """Return what explains wrong values: other bits in another call, NaN lost or spread, mistakes reproducing them."""
    chance = explain_chance(examination, ask, results)
    special = _explain_special(results) if examination.special else ()
    stale = (Match("unwritten", "the same numbers whatever the operands"),) if _is_stale(results) else ()
    exact = (result for result in results.values() if result.trial.exact or examination.rounds)
    reproduced = find_matches(
        Evidence.of(result.trial, result.value, right=result.exact or result.grade == CONFORMANT) for result in exact
    )
    size = () if reproduced or stale else _explain_size(examination, results)
    return (*chance, *special, *stale, *reproduced, *size)


def explain_chance(examination: Examination, ask: Ask, results: Results) -> tuple[Match, ...]:
    """Return whether other calls give other bits."""
    return (Match("not-deterministic"),) if _changes(examination, ask, results) else ()


def _changes(examination: Examination, ask: Ask, results: Results) -> bool:
    """Whether the same operands, of the first wrong answer and of a right one, give other bits when asked again."""
    wrong = [name for name, result in results.items() if not result.exact][:1] * _ASKED_AGAIN
    right = [name for name, result in results.items() if result.exact][:1]
    return any(not _is_same(ask(examination.trial(name).operands), results[name]) for name in (*wrong, *right))


def _is_same(answer: Answer, result: FillResult) -> bool:
    return np.array_equal(answer.value.astype(np.float64), result.value, equal_nan=True)


def _is_stale(results: Results) -> bool:
    """Whether the wrong elements, only some, hold the same numbers on every fill, and not just zeros."""
    answers = [result.value for result in results.values()]
    wrong = np.logical_or.reduce([result.share(result.trial.bound) > 1 for result in results.values()])
    same = all(np.array_equal(answers[0][wrong], answer[wrong], equal_nan=True) for answer in answers)
    return same and bool(wrong.any()) and not wrong.all() and bool((answers[0][wrong] != 0).any())


def _explain_special(results: Results) -> tuple[Match, ...]:
    """Return whether NaN and infinities are lost, or show where they should not; both at once are neither."""
    swallowed = any(_misplaced(result, wanted_finite=False).any() for result in results.values())
    spread = any(_misplaced(result, wanted_finite=True).any() for result in results.values())
    if swallowed == spread:
        return ()
    return (Match("nan-swallowed" if swallowed else "nan-spread"),)


def _misplaced(result: FillResult, *, wanted_finite: bool) -> Array:
    misplaced: Array = np.isinf(result.size) & (np.isfinite(result.want) == wanted_finite)
    return misplaced


def _explain_size(examination: Examination, results: Results) -> tuple[Match, ...]:
    """Return narrow arithmetic as the reason of small errors all over the result, though no format gives just these."""
    if examination.special or not is_scattered(results):
        return ()
    if not all(bool(np.all(result.size <= _NARROW * result.trial.W)) for result in results.values()):
        return ()
    inputs = results["int"].exact and len(examination.trial("int").operands.arrays) > 1
    return (Match("low-precision-inputs" if inputs else "low-precision-accumulation", "errors of its size"),)
