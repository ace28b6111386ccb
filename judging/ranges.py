"""Sums that leave the range of a format: which infinities and NaN some order of them gives, and which none gives.

Whatever the order, and whatever is summed apart first, a partial sum lies between minus the sum of the negative terms
and the sum of the positive ones. Infinity may therefore stand where the terms of its sign reach beyond the largest
number of the accumulator, or where the result itself lies beyond that of its own format; NaN where terms of both signs
reach so far. Subnormal operands may be taken for 0: the answer is then right for the others.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import combinations

import numpy as np

from convformance.judging.bounds import RANGE_FILL, Trial
from convformance.judging.formats import Precision
from convformance.judging.grades import CONFORMANT
from convformance.reference.arrays import Array


def allowed(trial: Trial, got: Array, precision: Precision) -> Array:
    """Return a mask of the infinities and NaN in ``got`` that some order of sums kept in ``precision`` gives."""
    finite = np.isfinite(got)
    if finite.all():
        return np.zeros(got.shape, bool)
    up, down = _reaches(trial, precision)
    beyond_up, beyond_down = _is_beyond(trial, precision)
    mask: Array = np.where(np.isnan(got), up & down, np.where(got > 0, up | beyond_up, down | beyond_down))
    return mask & ~finite


def overflowing(trial: Trial) -> Array:
    """Return a mask of the elements of a trial that some order of sums makes infinite or NaN."""
    shown = (np.full(trial.want.shape, number) for number in (np.nan, np.inf, -np.inf))
    mask: Array = np.any([allowed(trial, got, trial.expected) for got in shown], axis=0)
    return mask


def _reaches(trial: Trial, precision: Precision) -> tuple[Array, Array]:
    """Return where the positive terms, and where the negative ones, add up to more than the accumulator holds."""
    positive, negative = (trial.A + trial.y) / 2, (trial.A - trial.y) / 2
    rounded_up = 1 + trial.K * precision.accumulator.unit
    room = trial.scaled(precision.accumulator.largest)
    return positive * rounded_up > room, negative * rounded_up > room


def _is_beyond(trial: Trial, precision: Precision) -> tuple[Array, Array]:
    """Return where the result, with the error that it may have, is rounded to infinity and to minus infinity."""
    is_exact = trial.exact and precision.accumulator == trial.expected.accumulator
    error = 0.0 if is_exact else trial.tolerance(CONFORMANT, precision)
    fmt = precision.result
    edge = trial.scaled(fmt.largest) * (1 + fmt.unit / (2 - 2 * fmt.unit))  # half a unit beyond the largest number
    up, down = trial.y + error >= edge, error - trial.y >= edge
    if trial.adds_bias_after:  # what was infinite before it stays so
        up, down = up | (trial.unbiased + error >= edge), down | (error - trial.unbiased >= edge)
    return up, down


@dataclass(frozen=True)
class _Numbers:
    """Operands with some numbers taken for 0."""

    arrays: tuple[Array, ...]
    bias: Array | None


def without_subnormals(trial: Trial) -> Iterator[Trial]:
    """Yield the trial with the subnormal numbers of some operands taken for 0, nothing where there are none."""
    least = trial.expected.result.smallest_normal
    arrays = trial.operands.arrays
    flushed = [np.where(np.abs(array.astype(np.float64)) < least, array.dtype.type(0), array) for array in arrays]
    has = [index for index, array in enumerate(arrays) if np.any(flushed[index] != array)]
    for count in range(len(has), 0, -1):
        for indices in combinations(has, count):
            numbers = tuple(flushed[index] if index in indices else array for index, array in enumerate(arrays))
            operands = _Numbers(numbers, trial.operands.bias)
            yield Trial(trial.operation, trial.problem, RANGE_FILL, operands, trial.expected, rounds=not trial.exact)
