"""What follows a convolution, in the bounds: a rectifier brings errors no further apart, a batch normalisation scales.

With z the convolution and its bias, s the factor of a channel, m its mean and t its shift, a batch normalisation is

    y = s (z - m) + t    A' = |s| (A + |m|) + |t|    squares' = s^2 (squares + m^2) + t^2    K' = K + 2

a sum of products as before, of two more. It may be computed as it stands here, each step rounded to the format of the
result, or as compilers do it: s folded into the filter, and into the bias what is left. Both are right, so that both
are allowed: in units u of the result's format, 4 (B' + |y|) for a filter that was scaled and rounded, and
8 (|y| + |s m| + |t|) for the steps one by one and for the rounding of s itself.
"""

from collections.abc import Callable

import numpy as np

from convformance.reference.arrays import Array
from convformance.reference.following import follow, normalises, rectifies, statistics

SUMMANDS = 2  # products that a batch normalisation adds to each sum
FOLDED, STEPS = 4.0, 8.0


def followed(then: str, name: str, part: Array) -> Array:
    """Return what ``then`` makes of one part of a trial of the convolution alone: its result, ``A`` or ``squares``."""
    if not then or name not in _PARTS:
        return part
    return _PARTS[name](then, part)


def _magnitude(then: str, magnitude: Array) -> Array:
    if not normalises(then):
        return magnitude
    s, m, t = map(np.abs, _numbers(magnitude))
    followed: Array = s * (magnitude + m) + t
    return followed


def _squares(then: str, squares: Array) -> Array:
    if not normalises(then):
        return squares
    s, m, t = map(np.square, _numbers(squares))
    followed: Array = s * (squares + m) + t
    return followed


_PARTS: dict[str, Callable[[str, Array], Array]] = {
    "float64_result": follow,
    "A": _magnitude,
    "squares": _squares,
}


def followed_exactly(then: str, hi: Array, lo: Array, error: Array, unit: float) -> tuple[Array, Array, Array]:
    """Return truth, rest and error of what ``then`` makes of ``hi + lo`` with an error; its own steps lose some u."""
    y = follow(then, hi)
    if normalises(then):
        s, m, t = _numbers(hi)
        steps = STEPS * unit * (np.abs(s) * (np.abs(hi) + np.abs(m)) + np.abs(t))
        lo, error = s * lo, np.abs(s) * error + steps
    # hi is the nearest number to hi + lo, so that it has its sign; y, of which no term is left over, is 0 elsewhere.
    return y, np.where(y > 0, lo, 0.0) if rectifies(then) else lo, error


def slack(then: str, spread: Array, y: Array, unit: float) -> Array | float:
    """Return what a batch normalisation may add to the error, in any of its orders; ``spread`` is ``B' + |y|``."""
    if not normalises(then):
        return 0.0
    s, m, t = _numbers(y)
    allowed: Array = unit * (FOLDED * spread + STEPS * (np.abs(y) + np.abs(s * m) + np.abs(t)))
    return allowed


def _numbers(like: Array) -> tuple[Array, Array, Array]:
    """Return factor, mean and shift of each channel, in a shape that broadcasts to ``like``."""
    numbers = statistics(like.shape[1])
    shape = (-1, *(1,) * (like.ndim - 2))
    return numbers.factor.reshape(shape), numbers.mean.reshape(shape), numbers.shift.reshape(shape)
