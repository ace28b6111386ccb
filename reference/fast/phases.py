"""Stride phases: an image as planes in which the positions that a stride visits lie side by side.

Position i of the image is position ``i + lo`` of the padded one, which is element ``q`` of phase ``r`` where
``i + lo = q * stride + r``. A tap of the kernel reads one phase, at every position in turn: whatever stride and
dilation, it is a slice of contiguous rows.
"""

from itertools import product
from typing import Any

import numpy as np

from convformance.reference.arrays import Array
from convformance.reference.geometry import Pairs, Size


def planes_shape(channels: int, size: Size, padding: Pairs, stride: Size) -> Size:
    """Return ``(C, *stride, *quotients)``, the shape of an image split into phases."""
    axes = zip(size, padding, stride, strict=True)
    return (channels, *stride, *(-(-(i + lo + hi) // s) for i, (lo, hi), s in axes))


def split(image: Array, padding: Pairs, stride: Size) -> Array:
    """Return ``planes[c, r, q] = padded[c, q * stride + r]``; a view of ``image`` where nothing is padded or split.

    image: ``(C, *size)``, planes: ``(C, *stride, *quotients)`` with zeros beyond the padded image.
    """
    size = image.shape[1:]
    shape = planes_shape(image.shape[0], size, padding, stride)
    if max(stride) == 1 and not any(lo or hi for lo, hi in padding):
        return np.ascontiguousarray(image).reshape(shape)
    planes = np.zeros(shape, image.dtype)
    for phase in product(*map(range, stride)):
        in_image, in_planes = _phase_indices(size, padding, stride, phase)
        planes[in_planes] = image[in_image]
    return planes


def merge(planes: Array, padding: Pairs, stride: Size, image: Array) -> None:
    """Write to ``image`` what ``split`` would take from it: its adjoint. What the padding crops becomes 0."""
    if any(min(pair) < 0 for pair in padding):
        image[...] = 0
    for phase in product(*map(range, stride)):
        in_image, in_planes = _phase_indices(image.shape[1:], padding, stride, phase)
        image[in_image] = planes[in_planes]


def _phase_indices(size: Size, padding: Pairs, stride: Size, phase: Size) -> tuple[tuple[Any, ...], tuple[Any, ...]]:
    """Return the index of one phase in an image, and in its planes."""
    axes = [_indices_along_axis(*axis) for axis in zip(size, padding, stride, phase, strict=True)]
    return (slice(None), *(image for image, _ in axes)), (slice(None), *phase, *(plane for _, plane in axes))


def _indices_along_axis(size: int, pair: tuple[int, int], stride: int, phase: int) -> tuple[slice, slice]:
    """Return which positions of the image are in the phase, and which elements of it they are; the rest is padding."""
    lo, hi = pair
    first = max(0, -((phase - lo) // stride))
    last = max(first, -((phase - lo - size - min(hi, 0)) // stride))
    start = first * stride + phase - lo
    return slice(start, start + (last - first) * stride, stride), slice(first, last)
