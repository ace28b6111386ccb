"""Explaining: the named mistakes behind an answer that is not right, beside how wrong it is."""

import re

import numpy as np

from convformance.judging.bounds import Trial
from convformance.judging.calls import turned_wrong
from convformance.judging.examination import Examination
from convformance.judging.formats import FORMATS, holds_numbers
from convformance.judging.grades import CONFORMANT
from convformance.judging.hypotheses import LOCATIONS
from convformance.judging.hypotheses.hypothesis import Match
from convformance.judging.judgement import Answer, Ask, FillResult, Results, of_ordinary_size
from convformance.judging.matching import Evidence, find_matches
from convformance.judging.narrower import is_scattered
from convformance.judging.range_mistakes import explain_range, is_of_range
from convformance.judging.state import explain_by_operand, explain_state
from convformance.reference.arrays import Array, widened
from convformance.reference.operation import OPERAND_NAMES

# Errors of up to so many units of bfloat16 times W are those of arithmetic in some narrow format.
_NARROW = 16.0 * FORMATS["bfloat16"].unit
# Once may give the same bits by chance: threads that share an array seldom meet.
_ASKED_AGAIN = 2
_PLACES = {hypothesis.name for hypothesis in LOCATIONS}
# What is said where an index, a window or a shape leaves an array, in the words of several libraries.
_OF_SIZES = (
    r"^IndexError|^\w*Error.*(broadcast|reshap|aligned|matmul|mismatch|invalid for input of size|must match"
    r"|cannot be multiplied|(?i:incompatible)|same shape|does not match)"
)


def explain_form(examination: Examination, trial: Trial, answer: Answer) -> tuple[Match, ...]:
    """Return what explains an answer of the wrong shape or dtype, or one that changed an operand."""
    value = answer.value
    if value.shape != examination.shape:
        evidence = [Evidence.of(trial, widened(value), right=False)] if holds_numbers(value.dtype) else []
        return (*find_matches(evidence), Match("wrong-shape", f"{value.shape} for {examination.shape}"))
    if value.dtype != examination.expected.result.dtype:
        return (Match("wrong-dtype", f"{value.dtype.name} for {examination.expected.result.name}"),)
    names = (*OPERAND_NAMES[examination.operation], "bias")
    return (Match("operand-changed", ", ".join(names[index] for index in answer.changed)),)


def explain_error(examination: Examination, message: str) -> tuple[Match, ...]:
    """Return what explains a call that raised, ``message`` being the type of the exception and what it says.

    Beside ``raises`` a mistake that may be the reason: it counts where it explains answers, too.
    """
    kind = message.split(":", maxsplit=1)[0]
    problem = examination.problem
    sides_differ = any(len(set(sizes)) > 1 for sizes in (problem.input_size, problem.kernel_size))
    reasons = []
    if _has_empty_shape(message) and 0 not in examination.shape and any(0 in pair for pair in problem.padding):
        reasons.append(Match("crop-to-minus-zero", "the exception speaks of an empty array"))
    elif re.search(_OF_SIZES, message) and sides_differ:
        reasons.append(Match("side-for-both", on_all_fills=False))
    return (*reasons, Match("raises", kind))


def _has_empty_shape(message: str) -> bool:
    """Whether a shape with a side of 0 is named, and one of as many axes without."""
    shapes = [shape.split(",") for shape in re.findall(r"\(([\d, ]*,[\d, ]*)\)", message)]
    empty = [len(shape) for shape in shapes if "0" in map(str.strip, shape)]
    others = [len(shape) for shape in shapes if "0" not in map(str.strip, shape)]
    return bool(set(empty) & set(others))


def explain_values(examination: Examination, ask: Ask, results: Results) -> tuple[Match, ...]:
    """Return what explains wrong values: state, mistakes that reproduce them, other bits in another call, NaN, size.

    What reproduces every answer comes first: memory that is read by mistake changes from call to call, and may be NaN.
    """
    if is_of_range(results):
        return (*explain_chance(examination, ask, results), *explain_range(results))
    later = (Match("wrong-after-first-call"),) if turned_wrong(results) else ()
    state = explain_state(results)
    stale = (Match("unwritten", "the same numbers whatever the operands"),) if _is_stale(results) else ()
    special = _explain_special(results) if examination.special else _explain_overflow(of_ordinary_size(results))
    exact = (result for result in of_ordinary_size(results).values() if result.trial.exact or examination.rounds)
    evidence = [Evidence.of(each.trial, each.value, right=each.exact or each.grade == CONFORMANT) for each in exact]
    # Two mistakes show among ordinary numbers, too: among NaN and infinities they would be looked for in vain.
    reproduced = find_matches(evidence, pairs=not examination.special)
    sure = tuple(match for match in reproduced if match.on_all_fills and match.name not in _PLACES)
    others = tuple(match for match in reproduced if match not in sure)
    chance = () if later else explain_chance(examination, ask, results)
    state = state or (() if sure else explain_by_operand(results))
    size = () if reproduced or stale or state else _explain_size(examination, results)
    return (*later, *state, *sure, *chance, *special, *stale, *others, *size)


def explain_chance(examination: Examination, ask: Ask, results: Results) -> tuple[Match, ...]:
    """Return whether other calls give other bits: always the same wrong ones after a right one, or any."""
    wrong = [name for name, result in results.items() if not result.exact][:1] * _ASKED_AGAIN
    right = [name for name, result in results.items() if result.exact][:1]
    wrong_stays = all(_is_same(ask(examination.trial(name).operands), results[name]) for name in wrong)
    right_again = [ask(examination.trial(name).operands) for name in right]
    right_stays = all(_is_same(answer, results[name]) for answer, name in zip(right_again, right, strict=True))
    if wrong_stays and right_stays:
        return ()
    is_later = (
        wrong_stays and right == [next(iter(results))] and _are_steady(examination, ask, right[0], right_again[0])
    )
    return (Match("wrong-after-first-call") if is_later else Match("not-deterministic"),)


def _are_steady(examination: Examination, ask: Ask, name: str, again: Answer) -> bool:
    """Whether the answer to a fill, asked once more, stays what it has become."""
    return np.array_equal(ask(examination.trial(name).operands).value, again.value, equal_nan=True)


def _explain_overflow(results: Results) -> tuple[Match, ...]:
    """Return whether every wrong element is an infinity or NaN, where more is summed than in those that are right."""
    wrong = [result.share(result.trial.bound) > 1 for result in results.values()]
    values = [result.value for result in results.values()]
    every = [value[mask] for value, mask in zip(values, wrong, strict=True)]
    if not any(np.isinf(numbers).any() for numbers in every) or any(np.isfinite(numbers).any() for numbers in every):
        return ()
    sums = [np.broadcast_to(result.trial.A, result.value.shape) for result in results.values()]
    some = [(part[mask], part[~mask]) for part, mask in zip(sums, wrong, strict=True) if mask.any() and not mask.all()]
    are_larger = all(larger.min() > smaller.max() / 4 for larger, smaller in some)
    return (Match("partial-sums-overflow"),) if are_larger else ()


def _is_same(answer: Answer, result: FillResult) -> bool:
    return np.array_equal(widened(answer.value), result.value, equal_nan=True)


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
    if examination.special or examination.expected.result.is_integer or not is_scattered(results):
        return ()
    if not all(bool(np.all(result.size <= _NARROW * result.trial.W)) for result in results.values()):
        return ()
    inputs = results["int"].exact and len(examination.trial("int").operands.arrays) > 1
    return (Match("low-precision-inputs" if inputs else "low-precision-accumulation", "errors of its size"),)
