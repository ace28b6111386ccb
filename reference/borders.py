"""What lies beyond the ends of an axis: zeros, or elements of the data again.

How far a convolution reads beyond them is its padding; the border is what it reads there. The names are those of
``numpy.pad``, but for ``zero``: of the data ``a b c d`` three elements on either side are

    zero       0 0 0 | a b c d | 0 0 0
    edge       a a a | a b c d | d d d
    reflect    d c b | a b c d | c b a
    symmetric  c b a | a b c d | d c b
    wrap       b c d | a b c d | a b c
"""

from collections.abc import Callable
from functools import lru_cache

import numpy as np

from convformance.reference.arrays import Array
from convformance.reference.geometry import Pairs, Size

ZERO = "zero"

# The position in the data that lies at a position outside of it, of an axis of that size.
_OUTSIDE: dict[str, Callable[[int, int], int]] = {
    "edge": lambda position, size: 0 if position < 0 else size - 1,
    "reflect": lambda position, size: -position if position < 0 else 2 * (size - 1) - position,
    "symmetric": lambda position, size: -position - 1 if position < 0 else 2 * size - 1 - position,
    "wrap": lambda position, size: position % size,
}
BORDERS = (ZERO, *_OUTSIDE)

# How far beyond an axis of that size the data can be repeated once; an edge can be repeated without end.
_REACH: dict[str, Callable[[int], float]] = {
    "edge": lambda size: np.inf if size else 0,
    "reflect": lambda size: max(size - 1, 0),
    "symmetric": lambda size: size,
    "wrap": lambda size: size,
}


def check_border(border: str, input_size: Size, padding: Pairs) -> None:
    """Raise ValueError for a border that there is not, or a padding that reaches further than it repeats the data."""
    if border not in BORDERS:
        raise ValueError(f"border={border!r} is unknown; allowed: {', '.join(BORDERS)}")
    if border == ZERO:
        return
    for size, pair in zip(input_size, padding, strict=True):
        reach = _REACH[border](size)
        if max(pair) > reach:
            allowed = f"up to {reach} elements beside an axis of size {size}"
            raise ValueError(f"padding={padding!r} with border={border!r}; allowed: {allowed}")


def source(border: str, position: int, size: int) -> int | None:
    """Return which element of an axis of ``size`` lies at ``position``, None where a zero does."""
    if 0 <= position < size:
        return position
    return None if border == ZERO else _OUTSIDE[border](position, size)


@lru_cache(maxsize=1024)
def sources(border: str, size: int, pair: tuple[int, int]) -> Array:
    """Return the element at every position of a padded axis, for a border that repeats the data: indices, read-only."""
    lo, hi = pair
    indices = np.array([source(border, position, size) for position in range(-lo, size + hi)], np.intp)
    indices.flags.writeable = False
    return indices


def repetitions(border: str, size: int, pair: tuple[int, int]) -> int:
    """Return how often the element of an axis that lies in the most positions of the padded axis does."""
    if border == ZERO:
        return 1
    indices = sources(border, size, pair)
    return int(np.bincount(indices).max()) if indices.size else 1
