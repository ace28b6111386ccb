"""Drift: do the errors of an answer lean to one side, as those of truncating or stagnating sums do?

    z = |mean(e sign(y) / W)| sqrt(T) / std

over the T elements of a result. Errors of rounding to nearest lean neither way: z stayed below 4 for every library
measured.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from math import sqrt

import numpy as np

from convformance.judging.judgement import FillResult

FLAGGED = 8.0
LEAST_ELEMENTS = 64


@dataclass(frozen=True)
class Drift:
    """How many standard errors the mean error lies from zero; ``inwards`` when results are too small in magnitude."""

    z: float
    inwards: bool

    @property
    def message(self) -> str:
        """What to say of it: nothing unless it is flagged."""
        direction = "towards" if self.inwards else "away from"
        return f"rounds {direction} zero systematically (z = {self.z:.3g})" if self.z > FLAGGED else ""


def largest_drift(results: Iterable[FillResult]) -> Drift | None:
    """Return the largest drift over ``results``, or None where none can be measured.

    It takes 64 elements, and a result kept as it was summed: the rounding to a narrower one would hide it.
    """
    drifts = [measured for measured in map(_drift, results) if measured is not None]
    return max(drifts, key=lambda drift: drift.z, default=None)


def _drift(result: FillResult) -> Drift | None:
    precision, scale = result.trial.expected, result.trial.W
    summing = scale > 0
    if precision.accumulator != precision.result or np.count_nonzero(summing) < LEAST_ELEMENTS:
        return None
    errors = (result.difference * np.sign(result.trial.y).conj()).real  # of complex numbers along their direction
    errors = errors / scale if summing.all() else errors[summing] / scale[summing]
    mean = float(errors.sum()) / errors.size
    deviation = sqrt(max(float(np.vdot(errors, errors)) / errors.size - mean**2, 0.0))
    if not mean:
        return Drift(0.0, inwards=False)
    return Drift(abs(mean) * sqrt(errors.size) / deviation if deviation else np.inf, inwards=mean < 0)
