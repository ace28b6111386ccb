"""NaN and Inf in an operand: which elements of the result must show them, which must not, and which the definition leaves open.

An element is NaN if it sums a NaN, an infinity times zero, or infinities of both signs; otherwise infinite if it sums an infinity;
otherwise finite. Open is what depends on whether zeros that are in no operand - padding, or the zeros that a stride inserts - are
multiplied by the operand that holds the value: an implementation that skips them is as right as one that does not.
"""

from dataclasses import replace
from functools import lru_cache

import numpy as np

from convformance.judging.bounds import Trial
from convformance.reference import operations
from convformance.reference.arrays import Array
from convformance.reference.operation import BY_NAME, OPERAND_NAMES
from convformance.reference.problem import Problem


@lru_cache(maxsize=16)
def expected(trial: Trial) -> Array:
    """Return NaN, infinities and zeros of the result's shape: what every element must be, 0 standing for any finite number."""
    place, operand, other = _operands(trial)

    def sums(mine: Array, others: Array) -> Array:
        return _reads(trial, place, mine, others)

    infinite = np.isinf(operand)
    nan = sums(np.isnan(operand), other * 0 == 0) + sums(infinite, other == 0)
    plus = sums(operand == np.inf, other > 0) + sums(operand == -np.inf, other < 0)
    minus = sums(operand == np.inf, other < 0) + sums(operand == -np.inf, other > 0)
    infinity = np.where(plus > 0, np.inf, np.where(minus > 0, -np.inf, 0.0))
    return np.where((nan > 0) | ((plus > 0) & (minus > 0)), np.nan, infinity)


@lru_cache(maxsize=16)
def left_open(trial: Trial) -> Array:
    """Return a mask of the elements that are NaN when zeros of no operand are multiplied, and something else when not."""
    place, operand, other = _operands(trial)
    marks = ~np.isfinite(operand)
    skipping = _reads(trial, place, marks, np.ones_like(other, bool))
    multiplying = _reads_with_zeros(trial, place, marks, skipping)
    return (multiplying > skipping) & ~np.isnan(expected(trial))


def _operands(trial: Trial) -> tuple[int, Array, Array]:
    """Return which operand holds NaN or Inf, that operand in float64, and the other one; of none the first."""
    arrays = [array.astype(np.float64) for array in trial.operands.arrays]
    place = next((at for at, array in enumerate(arrays) if not np.isfinite(array).all()), 0)
    other = arrays[1 - place] if len(arrays) > 1 else np.ones(())
    return place, arrays[place], other


def _reads(trial: Trial, place: int, mine: Array, others: Array) -> Array:
    """Return how many products each element sums of an element marked in ``mine`` and one marked in ``others``."""
    return _count(trial.operation, trial.problem, place, mine, others)


def _count(operation: str, problem: Problem, place: int, mine: Array, others: Array) -> Array:
    if len(OPERAND_NAMES[operation]) == 1:  # each element is summed as it is: times 1
        return operations.apply(operation, problem, (mine * others).astype(np.float64))
    pair = (mine, others) if place == 0 else (others, mine)
    return operations.apply(operation, problem, *(marks.astype(np.float64) for marks in pair))


def _reads_with_zeros(trial: Trial, place: int, marks: Array, skipping: Array) -> Array:
    """Return how many marked elements each element of the result meets when the zeros of no operand are multiplied too.

    The filter, or in its gradient the small activation, meets padding and, when it is spread, the zeros that a stride inserts. The
    large activation meets, in a filter gradient, the zeros inserted into the small one.
    """
    if BY_NAME[trial.operation].result == "bias":
        return skipping
    if place == _meeting_padding(trial.operation):
        return _reads_of_all(trial, place, marks)
    return _reads_unstrided(trial, place, marks) if BY_NAME[trial.operation].result == "filter" else skipping


def _meeting_padding(operation: str) -> int:
    """Return the place of the operand that padding is multiplied by: the filter, or else the small activation."""
    return 0 if BY_NAME[operation].arrays == ("output", "input") else 1


def _reads_of_all(trial: Trial, place: int, marks: Array) -> Array:
    """Return how many marked elements each plane of the result meets when every one meets every position of the plane."""
    rank = trial.problem.rank
    ones, zeros = (1,) * rank, ((0, 0),) * rank
    flat = replace(trial.problem, input_size=ones, kernel_size=ones, stride=ones, dilation=ones, padding=zeros)
    marked = marks.sum(axis=tuple(range(2, marks.ndim)), keepdims=True)
    return _count(trial.operation, flat, place, marked, np.ones(flat.operand_shapes(trial.operation)[1 - place]))


def _reads_unstrided(trial: Trial, place: int, marks: Array) -> Array:
    """Return how many marked elements of the large activation each tap meets when the small one has no gaps in it."""
    problem = trial.problem
    dense = replace(problem, stride=(1,) * problem.rank, padding=problem.filter_gradient_padding)
    return _count(trial.operation, dense, place, marks, np.ones(dense.operand_shapes(trial.operation)[1 - place]))
