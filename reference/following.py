"""What may follow a convolution, element by element: a rectifier, a batch normalisation as in inference, or both.

    relu          max(z, 0), and NaN for NaN
    batch_norm    (z - mean) / sqrt(variance + EPSILON) * scale + shift, by channel

The statistics are no operands but a function of the number of channels: numbers of four bits at most, which every
floating dtype has, another set for each of eight neighbouring channels, such that no result is larger than what it is
made of and some are of the other sign.
"""

from dataclasses import dataclass

import numpy as np

from convformance.reference.arrays import Array
from convformance.reference.operation import WITH_BIAS

NOTHING = ""
RELU, BATCH_NORM, BATCH_NORM_RELU = FOLLOWING = ("relu", "batch_norm", "batch_norm_relu")
EPSILON = 2.0**-6


@dataclass(frozen=True)
class Statistics:
    """The numbers of a batch normalisation, one for each channel, in float64."""

    scale: Array
    shift: Array
    mean: Array
    variance: Array

    @property
    def factor(self) -> Array:
        """What a channel is multiplied by, ``scale / sqrt(variance + EPSILON)``."""
        factor: Array = self.scale / np.sqrt(self.variance + EPSILON)
        return factor


def statistics(channels: int) -> Statistics:
    """Return the numbers for that many channels."""
    number = np.arange(channels)
    sign = np.where(number % 3 == 1, -1.0, 1.0)
    return Statistics(
        scale=sign * (4 + 3 * number % 5) / 64,
        shift=(7 * number % 9 - 4) / 4.0,
        mean=(4 * number % 7 - 3) / 2.0,
        variance=(1 + 3 * number % 8) / 64,
    )


def headroom(then: str) -> float:
    """Return how many times larger than what it follows a number on the way may be."""
    return 8.0 if normalises(then) else 1.0


def check_following(then: str) -> None:
    """Raise ValueError for what does not exist."""
    if then not in (NOTHING, *FOLLOWING):
        raise ValueError(f"then={then!r} is unknown; allowed: {', '.join(FOLLOWING)}")


def check_followed(operation: str, then: str, dtype: np.dtype[np.generic]) -> None:
    """Raise ValueError where nothing can follow ``operation``, TypeError where this cannot follow in ``dtype``."""
    if operation not in WITH_BIAS:
        raise ValueError(f"then={then!r} after {operation}; allowed: after {', '.join(WITH_BIAS)}")
    if dtype.kind == "c" or (normalises(then) and dtype.kind in "iu"):
        raise TypeError(f"then={then!r} of {dtype.name}; allowed: floating types")


def normalises(then: str) -> bool:
    """Whether a batch normalisation follows, whose results are rounded."""
    return then in (BATCH_NORM, BATCH_NORM_RELU)


def rectifies(then: str) -> bool:
    """Whether a rectifier follows."""
    return then in (RELU, BATCH_NORM_RELU)


def follow(then: str, z: Array) -> Array:
    """Return what ``then`` makes of z ``(N, C, *spatial)``."""
    if normalises(then):
        numbers, shape = statistics(z.shape[1]), (-1, *(1,) * (z.ndim - 2))
        scale, shift, mean, variance = (
            array.reshape(shape).astype(z.dtype)
            for array in (numbers.scale, numbers.shift, numbers.mean, numbers.variance)
        )
        z = (z - mean) / np.sqrt(variance + z.dtype.type(EPSILON)) * scale + shift
    return np.maximum(z, 0) if rectifies(then) else z
