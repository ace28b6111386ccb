"""Axes of operands and results: the letters of the spatial ones, and masks along one of them."""

import numpy as np

from convformance.reference.arrays import Array

_LETTERS = ("D", "H", "W")


def axis_names(rank: int) -> tuple[str, ...]:
    """Return the letters of that many spatial axes."""
    return _LETTERS[len(_LETTERS) - rank :]


def hit_indices(mask: Array, axis: int) -> Array:
    """Return the indices along ``axis`` at which anything in ``mask`` is set."""
    others = tuple(other for other in range(mask.ndim) if other != axis)
    return np.flatnonzero(mask.any(axis=others))


def along_axis(values: Array, axis: int, rank: int) -> Array:
    """Return one-dimensional ``values`` as an array of ``rank`` axes that broadcasts along all but ``axis``."""
    return values.reshape(tuple(-1 if each == axis else 1 for each in range(rank)))
