"""State: whether the answers to several fills show what earlier calls have left behind."""

from collections.abc import Callable, Mapping, Sequence
from itertools import pairwise

import numpy as np

from convformance.judging.hypotheses.hypothesis import Match
from convformance.judging.judgement import FillResult, Results, of_ordinary_size
from convformance.reference import operations
from convformance.reference.arrays import Array, magnitudes
from convformance.reference.operation import OPERAND_NAMES

_LARGEST_OPERAND = 32  # numbers that are solved for, at the cost of a computation each
_SLACK = 64  # in units of rounding, on what a solution gives

# What the answer of a call may have to do with that of the call before, element by element.
_OF_CALLS: Mapping[str, Callable[[FillResult, FillResult], Array]] = {
    "the same for other operands": lambda first, later: later.value == first.value,
    "of the call before": lambda first, later: later.value == first.want,
    "added to those of the calls before": lambda first, later: later.value == later.want + first.value,
}


def explain_state(results: Results) -> tuple[Match, ...]:
    """Return whether the answers are those of the calls before, or sums with them."""
    pairs = list(pairwise(_answers(results)))
    with np.errstate(invalid="ignore"):  # sums of infinities, which are not looked at
        for detail, holds in _OF_CALLS.items() if pairs else ():
            if all(holds(first, later)[_comparable(first, later)].all() for first, later in pairs):
                return (Match("earlier-result", detail),)
    return ()


def _answers(results: Results) -> list[FillResult]:
    """Return the answers to the exact fills, none where a later one is right, or where they do not differ."""
    answers = [result for result in of_ordinary_size(results).values() if result.trial.exact]
    differ = all(_differ(first, later) for first, later in pairwise(answers))
    return answers if differ and len(answers) > 1 and not any(result.exact for result in answers[1:]) else []


def _comparable(first: FillResult, later: FillResult) -> Array:
    """Return where both answers and both truths are numbers."""
    arrays = first.value, later.value, first.want, later.want
    comparable: Array = np.logical_and.reduce([np.isfinite(array) for array in arrays])
    return comparable


def _differ(first: FillResult, later: FillResult) -> bool:
    """Whether two calls are to give other numbers, and the first gave more than one number everywhere."""
    comparable = _comparable(first, later)
    numbers = first.value[comparable]
    varies = len(np.unique(numbers)) > 1 or (first.value.size == 1 and bool(numbers.any()))
    return varies and bool((first.want != later.want)[comparable].any())


def explain_by_operand(results: Results) -> tuple[Match, ...]:
    """Return the operand that is that of the first call in every later one, or some other in all, if there is one.

    It takes a computation for each number of an operand: for answers that nothing else explains.
    """
    answers = _answers(results)
    if not answers or not all(np.isfinite(array).all() for result in answers for array in _numbers(result)):
        return ()
    first, *later = answers
    for index, name in enumerate(OPERAND_NAMES[first.trial.operation]):
        operand = first.trial.stated_numbers[0][index]
        if first.exact and all(_is_given_by(result, index, operand) for result in later):
            return (Match("earlier-result", f"{name} of the first call"),)
    for index, name in enumerate(OPERAND_NAMES[first.trial.operation]):
        solution = None if first.exact else _solved(answers, index)
        if solution is not None and all(_is_given_by(result, index, solution) for result in answers):
            return (Match("earlier-result", f"the same {name} in every call"),)
    return ()


def _numbers(result: FillResult) -> list[Array]:
    return [result.value, *result.trial.stated_numbers[0]]


def _is_given_by(result: FillResult, index: int, operand: Array) -> bool:
    """Whether an answer is what this operand in place of its own gives, as near as sums in any order are."""
    trial = result.trial
    units = trial.expected.result.unit + trial.K * trial.expected.accumulator.unit
    with np.errstate(over="ignore", invalid="ignore"):
        value, magnitudes = _value(result, index, operand), _value(result, index, operand, magnitude=True)
        return bool(np.all(np.abs(result.value - value) <= _SLACK * units * (magnitudes + np.abs(value))))


def _value(result: FillResult, index: int, operand: Array, *, magnitude: bool = False) -> Array:
    """Return what the operation gives with another operand at ``index``, or the sums of the products' magnitudes."""
    trial = result.trial
    numbers, bias = trial.stated_numbers
    arrays = [*numbers[:index], operand, *numbers[index + 1 :]]
    if magnitude:
        arrays, bias = [magnitudes(array) for array in arrays], None if bias is None else magnitudes(bias)
    return operations.apply(trial.operation, trial.problem, *arrays, bias=bias)


def _solved(answers: Sequence[FillResult], index: int) -> Array | None:
    """Return the operand at ``index`` that all answers may come of, None where they do not say or it is all zeros.

    An operation is linear in each operand: its numbers are the solution of as many equations as there are results.
    """
    shape = answers[0].trial.operands.arrays[index].shape
    size = int(np.prod(shape))
    if size > _LARGEST_OPERAND or len(answers[0].trial.operands.arrays) == 1:
        return None
    rows, sides = [], []
    for result in answers:
        without = _value(result, index, np.zeros(shape))
        units = [_value(result, index, unit.reshape(shape)) - without for unit in np.eye(size)]
        scale = np.abs(result.value - without).max(initial=0.0) or 1.0
        with np.errstate(over="ignore"):
            rows.append(np.stack([unit.ravel() for unit in units], axis=1) / scale)
        sides.append((result.value - without).ravel() / scale)
    equations, side = np.concatenate(rows), np.concatenate(sides)
    if not np.isfinite(equations).all():  # answers so small that no number is left of the equations
        return None
    solution, _, rank, _ = np.linalg.lstsq(equations, side, rcond=None)
    return solution.reshape(shape) if rank == size < len(side) and solution.any() else None
