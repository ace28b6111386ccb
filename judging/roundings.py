"""Ways to store a sum in fewer digits than it has, other than once and to nearest, ties to even.

None of them turns the order of two numbers round. So whatever the error ``T`` of a sum is, what such a way stores lies
between what it makes of ``y - T`` and of ``y + T``; and where sums are exact it is one number, bit for bit.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial

import numpy as np

from convformance.judging.formats import FORMATS, Format
from convformance.reference.arrays import Array

Round = Callable[[Array], Array]
Pick = Callable[["Neighbours"], Array]


@dataclass(frozen=True)
class Neighbours:
    """Float64 numbers, and the numbers of a format next to each: the smaller and the larger one in magnitude."""

    numbers: Array
    smaller: Array
    larger: Array
    nearest: Array
    is_odd: Array

    @property
    def is_tie(self) -> Array:
        """Where a number lies in the middle between its neighbours."""
        inwards, outwards = np.abs(self.numbers) - np.abs(self.smaller), np.abs(self.larger) - np.abs(self.numbers)
        tie: Array = (inwards == outwards) & (self.smaller != self.larger)
        return tie


def neighbours(fmt: Format, numbers: Array) -> Neighbours:
    """Return the neighbours of ``numbers`` in a format that arrays can be stored in; ``is_odd`` is of the smaller."""
    nearest = fmt.round(numbers)
    with np.errstate(all="ignore"):
        stored, zero = nearest.astype(fmt.dtype), np.zeros((), fmt.dtype)
        outwards = np.copysign(np.inf, numbers).astype(fmt.dtype)
        smaller = np.where(np.abs(nearest) > np.abs(numbers), np.nextafter(stored, zero), stored)
        larger = np.where(np.abs(nearest) < np.abs(numbers), np.nextafter(stored, outwards), stored)
    bits = smaller.view(np.dtype(f"u{smaller.dtype.itemsize}"))
    return Neighbours(numbers, smaller.astype(np.float64), larger.astype(np.float64), nearest, (bits & 1).astype(bool))


def _smaller(at: Neighbours) -> Array:
    return at.smaller


def _larger(at: Neighbours) -> Array:
    return at.larger


def _lower(at: Neighbours) -> Array:
    return np.minimum(at.smaller, at.larger)


def _upper(at: Neighbours) -> Array:
    return np.maximum(at.smaller, at.larger)


def _halves(pick: Pick, at: Neighbours) -> Array:
    return np.where(at.is_tie, pick(at), at.nearest)


def _up_from_odd_only(at: Neighbours) -> Array:
    """Half a unit is added where the last digit that stays is 1, and the rest is cut off."""
    return np.where(at.is_odd, _halves(_larger, at), at.smaller)


def _to_odd(at: Neighbours) -> Array:
    return np.where(at.is_odd, at.smaller, at.larger)


# By how they are said of a result.
_PICKS: dict[str, Pick] = {
    "cut off towards zero": _smaller,
    "rounded down": _lower,
    "rounded up": _upper,
    "rounded away from zero": _larger,
    "rounded to nearest with halves away from zero": partial(_halves, _larger),
    "rounded to nearest with halves towards zero": partial(_halves, _smaller),
    "rounded to nearest with halves up": partial(_halves, _upper),
    "rounded to nearest with halves down": partial(_halves, _lower),
    "cut off unless its last digit is 1": _up_from_odd_only,
    "rounded to the neighbour whose last digit is 1": _to_odd,
}
EITHER = "rounded to either neighbour"


def once(fmt: Format) -> Iterator[tuple[str, Round]]:
    """Yield the ways to store numbers in ``fmt`` in one step, but for the right one, each by how it is said."""
    for label, pick in _PICKS.items():
        yield label, partial(_picked, fmt, pick)


def between(fmt: Format) -> tuple[Round, Round]:
    """Return the roundings down and up, between which any choice of a neighbour lies."""
    return partial(_picked, fmt, _lower), partial(_picked, fmt, _upper)


def _picked(fmt: Format, pick: Pick, numbers: Array) -> Array:
    return pick(neighbours(fmt, numbers))


def twice(fmt: Format, wide: Format) -> Iterator[tuple[str, Round]]:
    """Yield the ways to store numbers of ``wide`` in ``fmt`` in two steps, each by how it is said."""
    for first in FORMATS.values():
        if fmt.digits < first.digits < wide.digits and first.dtype is not None:
            yield f"rounded to {first.name} first", partial(_through, first.round, fmt)
    for digits in range(fmt.digits + 1, wide.digits):
        yield f"rounded to {digits} digits first", partial(_through, partial(to_digits, digits, np.rint), fmt)
        yield f"cut off to {digits} digits first", partial(_through, partial(to_digits, digits, np.trunc), fmt)


def _through(first: Round, fmt: Format, numbers: Array) -> Array:
    return fmt.round(first(numbers))


def to_digits(digits: int, cut: Callable[[Array], Array], numbers: Array) -> Array:
    """Return float64 ``numbers`` with that many digits, whatever their exponents."""
    significands, exponents = np.frexp(numbers)
    rounded: Array = np.ldexp(cut(np.ldexp(significands, digits)), exponents - digits)
    return rounded
