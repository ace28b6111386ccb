"""Operands of a smaller problem, cut from larger ones around the number that matters."""

import numpy as np

from convformance.reference.arrays import Array, magnitudes, widened


def cut(array: Array, shape: tuple[int, ...]) -> Array:
    """Return ``array`` around its largest element in another shape, begun again where it is too short."""
    if not array.size:
        return np.zeros(shape, array.dtype)
    largest = np.nan_to_num(magnitudes(widened(array)), nan=np.inf, posinf=np.inf).argmax()
    return _around(int(largest), array, shape)


def cut_around_smallest(array: Array, shape: tuple[int, ...]) -> Array:
    """Return ``array`` around its smallest element that is not 0 in another shape."""
    sizes = magnitudes(widened(array))
    return _around(int(np.where(sizes > 0, sizes, np.inf).argmin()), array, shape) if array.size else cut(array, shape)


def _around(element: int, array: Array, shape: tuple[int, ...]) -> Array:
    """Return ``array`` around that element in another shape."""
    centre = np.unravel_index(element, array.shape)
    axes = (np.arange(new) + middle - new // 2 for new, middle in zip(shape, centre, strict=True))
    return array[np.ix_(*(axis % old for axis, old in zip(axes, array.shape, strict=True)))]
