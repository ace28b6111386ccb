"""Fills of integers: in every one of them all sums of magnitudes stay below 2**31, so that nothing wraps.

- ``int``: numbers of either sign near the zero points;
- ``xwide``: the first operand any number of its type, as far as sums leave room, the second within 1 of its zero point;
  ``wwide`` mirrored;
- ``uniform``: both operands any number of their types, as far as sums leave room;
- ``ends``: both operands the least and the largest number that those have, and nothing between.

Numbers are counted from the zero points: what a sum is made of is their distance from them.
"""

from math import isqrt
from typing import Any

import numpy as np

from convformance.judging.formats import Format
from convformance.reference.arrays import Array

_ROOM = 2**31 - 1
_NEAR = 3

Range = tuple[int, int, np.dtype[Any]]


def ranges(
    name: str, formats: tuple[Format, Format], zero_points: tuple[int, int], longest_sum: int
) -> tuple[Range, Range]:
    """Return the least and the largest number of each operand, and its dtype."""
    room = _ROOM // max(longest_sum, 1)
    reach = {"int": (_NEAR, _NEAR), "xwide": (room, 1), "wwide": (1, room)}.get(name, (isqrt(room),) * 2)
    first, second = (_range(*each) for each in zip(formats, zero_points, reach, strict=True))
    return first, second


def _range(stored: Format, zero_point: int, reach: int) -> Range:
    dtype: np.dtype[Any] = np.dtype(stored.dtype)
    limits = np.iinfo(dtype)
    return max(limits.min, zero_point - reach), min(limits.max, zero_point + reach), dtype


def draw(name: str, numbers: Range, generator: np.random.Generator, shape: tuple[int, ...]) -> Array:
    """Return an operand of that shape."""
    least, largest, dtype = numbers
    if name == "ends":
        return generator.choice(np.array([least, largest], dtype), shape)
    return generator.integers(least, largest, shape, dtype, endpoint=True)
