"""NaN and Inf in an operand: which elements of the result must show them, which must not, and which are left open.

An element is NaN if it sums a NaN, an infinity times zero, or infinities of both signs; otherwise infinite if it sums
an infinity; otherwise finite. Open is what depends on whether zeros that are in no operand - padding, or the zeros that
a stride inserts - are multiplied by the operand that holds the value: an implementation that skips them is as right as
one that does not.
"""

from dataclasses import replace
from functools import lru_cache

import numpy as np

from convformance.judging.bounds import Trial
from convformance.reference import operations
from convformance.reference.arrays import Array
from convformance.reference.following import follow
from convformance.reference.operation import BY_NAME, OPERAND_NAMES
from convformance.reference.problem import Problem


@lru_cache(maxsize=16)
def expected(trial: Trial) -> Array:
    """Return NaN, infinities and zeros of the result's shape: what every element must be, 0 for any finite number."""
    index, operand, other = _operands(trial)

    def sums(mask: Array, others: Array) -> Array:
        if not mask.any() or not others.any():  # most operands hold values of one kind: nothing is to be counted
            return np.zeros(trial.problem.result_shape(trial.operation))
        return _count(trial.operation, trial.problem, index, mask, others)

    infinite = np.isinf(operand)
    nan = sums(np.isnan(operand), other * 0 == 0) + sums(infinite, other == 0)
    plus = sums(operand == np.inf, other > 0) + sums(operand == -np.inf, other < 0)
    minus = sums(operand == np.inf, other < 0) + sums(operand == -np.inf, other > 0)
    infinity = np.where(plus > 0, np.inf, np.where(minus > 0, -np.inf, 0.0))
    shown = np.where((nan > 0) | ((plus > 0) & (minus > 0)), np.nan, infinity)
    return np.where(shown == 0, 0.0, follow(trial.then, shown))


@lru_cache(maxsize=16)
def left_open(trial: Trial) -> Array:
    """Return a mask of the elements that are NaN when zeros of no operand are multiplied, and else something else."""
    index, operand, other = _operands(trial)
    mask = ~np.isfinite(operand)
    skipping = _count(trial.operation, trial.problem, index, mask, np.ones_like(other, bool))
    multiplying = _count_with_zeros(trial, index, mask, skipping)
    is_open: Array = (multiplying > skipping) & ~np.isnan(expected(trial))
    # What a rectifier makes of a negative infinity is 0, and not what is beside the infinity.
    return is_open | ((skipping > 0) & (expected(trial) == 0)) if trial.then else is_open


def _operands(trial: Trial) -> tuple[int, Array, Array]:
    """Return the index of the operand that holds NaN or Inf, 0 if none does, that operand and the other in float64."""
    arrays = [array.astype(np.float64) for array in trial.operands.arrays]
    index = next((index for index, array in enumerate(arrays) if not np.isfinite(array).all()), 0)
    other = arrays[1 - index] if len(arrays) > 1 else np.ones(())
    return index, arrays[index], other


def _count(operation: str, problem: Problem, index: int, mask: Array, others: Array) -> Array:
    """Return how many products each element sums of one in ``mask``, in operand ``index``, and one in ``others``."""
    if len(OPERAND_NAMES[operation]) == 1:  # each element is summed as it is: times 1
        return operations.apply(operation, problem, (mask * others).astype(np.float64))
    pair = (mask, others) if index == 0 else (others, mask)
    return operations.apply(operation, problem.linear, *(each.astype(np.float64) for each in pair))


def _count_with_zeros(trial: Trial, index: int, mask: Array, skipping: Array) -> Array:
    """Return how many elements of ``mask`` each element meets when the zeros of no operand are multiplied too.

    The filter, or in its gradient the small activation, meets padding and, when it is spread, the zeros that a stride
    inserts. The large activation meets, in a filter gradient, the zeros inserted into the small one.
    """
    if BY_NAME[trial.operation].result == "bias":
        return skipping
    if index == _meeting_padding(trial.operation):
        return _count_everywhere(trial, index, mask)
    return _count_unstrided(trial, index, mask) if BY_NAME[trial.operation].result == "filter" else skipping


def _meeting_padding(operation: str) -> int:
    """Return the index of the operand that padding is multiplied by: the filter, or else the small activation."""
    return 0 if BY_NAME[operation].arrays == ("output", "input") else 1


def _count_everywhere(trial: Trial, index: int, mask: Array) -> Array:
    """Return how many elements of ``mask`` each plane of the result meets when each one meets every position of it."""
    rank = trial.problem.rank
    ones, zeros = (1,) * rank, ((0, 0),) * rank
    sizes = {"input_size": ones, "kernel_size": ones, "stride": ones, "dilation": ones, "outputs": None}
    flat = replace(trial.problem, **sizes, padding=zeros)  # type: ignore[arg-type]
    total = mask.sum(axis=tuple(range(2, mask.ndim)), keepdims=True)
    return _count(trial.operation, flat, index, total, np.ones(flat.operand_shapes(trial.operation)[1 - index]))


def _count_unstrided(trial: Trial, index: int, mask: Array) -> Array:
    """Return how many elements of the large activation's ``mask`` each tap meets when the small one has no gaps."""
    problem = trial.problem
    padding = problem.filter_gradient_padding
    dense = replace(problem, stride=(1,) * problem.rank, padding=padding, outputs=None)
    return _count(trial.operation, dense, index, mask, np.ones(dense.operand_shapes(trial.operation)[1 - index]))
