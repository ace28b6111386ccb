"""The three maps of a convolution by a loop over the taps, independent of the reference: what members are made of.

Sizes are taken from the arrays and the geometry from a ``Reading``, so that a misread geometry still gives an answer:
what lies outside an array reads as 0, and what falls outside a result is dropped. The index map is the one of
everywhere: input position = output position * stride + tap * dilation - padding.lo.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import product
from math import prod
from typing import Any

import numpy as np

from convformance.reference.arrays import Array
from convformance.reference.problem import Problem
from convformance.reference.rounding import round_once

Size = tuple[int, ...]
Pairs = tuple[tuple[int, int], ...]
Add = Callable[[Array, Array], Array]


@dataclass(frozen=True)
class Reading:
    """The geometry as an implementation reads it, right or wrong; nothing is checked.

    ``add(sums, term)`` is what the accumulator holds after it: not the sum, where it is overwritten or narrower than it
    should be.
    """

    stride: Size
    padding: Pairs
    dilation: Size
    groups: int
    add: Add = np.add

    @classmethod
    def of(cls, problem: Problem) -> "Reading":
        """Return the geometry of ``problem``, read rightly."""
        return cls(problem.stride, problem.padding, problem.dilation, problem.groups)


def apply(
    operation: str,
    problem: Problem,
    arrays: tuple[Array, ...],
    bias: Array | None = None,
    *,
    reading: Reading | None = None,
    size: Size | None = None,
) -> Array:
    """Return ``operation`` under ``reading`` with a result of spatial ``size``: by default those of ``problem``.

    16-bit operands are summed in float32 and rounded once.
    """
    dtype = arrays[0].dtype
    working = np.dtype(np.float32) if dtype.itemsize == 2 else dtype
    geometry = Reading.of(problem) if reading is None else reading
    extent = problem.result_shape(operation)[2:] if size is None else size
    with np.errstate(over="ignore", invalid="ignore"):
        result = _MAPS[operation](geometry, extent, *(array.astype(working, copy=False) for array in arrays))
        if bias is not None:
            result = result + bias.astype(working).reshape(-1, *(1,) * len(extent))
        return round_once(result, dtype)


def output_size(reading: Reading, input_size: Size, kernel_size: Size) -> Size:
    """Return how many positions a kernel has under ``reading``, 0 where it does not fit."""
    axes = zip(input_size, kernel_size, reading.stride, reading.padding, reading.dilation, strict=True)
    return tuple(max(0, (i + lo + hi - d * (k - 1) - 1) // s + 1) for i, k, s, (lo, hi), d in axes)


def input_size(reading: Reading, output: Size, kernel_size: Size) -> Size:
    """Return the smallest input that has ``output`` positions: ``(output - 1) * stride + extent - lo - hi``."""
    axes = zip(output, kernel_size, reading.stride, reading.padding, reading.dilation, strict=True)
    return tuple(max(0, (o - 1) * s + d * (k - 1) + 1 - lo - hi) for o, k, s, (lo, hi), d in axes)


def forward(reading: Reading, size: Size, x: Array, w: Array) -> Array:
    """Return ``y[n, o, p] = sum over c, t of x[n, c, p * stride + t * dilation - lo] * w[o, c, t]``, p in ``size``."""
    padded = surrounded(x, tuple(lo for lo, _ in reading.padding), _reach(reading, size, w.shape[2:]))
    y = np.zeros((len(x), len(w), *size), x.dtype)
    for tap in taps(w):
        y = reading.add(y, mixed(w[spatial(*tap)], padded[_window(reading, tap, size)], reading.groups))
    return y


def input_gradient(reading: Reading, size: Size, dy: Array, w: Array) -> Array:
    """Return ``dx`` of ``size``, every product of dy and w scattered to where ``forward`` reads."""
    filters = _exchanged(w, reading.groups)
    spread = np.zeros((len(dy), len(filters), *_reach(reading, dy.shape[2:], w.shape[2:])), dy.dtype)
    for tap in taps(w):
        at = _window(reading, tap, dy.shape[2:])
        spread[at] = reading.add(spread[at], mixed(filters[spatial(*tap)], dy, reading.groups))
    return surrounded(spread, tuple(-lo for lo, _ in reading.padding), size)


def filter_gradient(reading: Reading, size: Size, x: Array, dy: Array) -> Array:
    """Return ``dw[o, c, t] = sum over n, p of x[n, c, p * stride + t * dilation - lo] * dy[n, o, p]``; t in size."""
    groups, positions = reading.groups, dy.shape[2:]
    padded = surrounded(x, tuple(lo for lo, _ in reading.padding), _reach(reading, positions, size))
    dw = np.zeros((dy.shape[1], x.shape[1] // groups, *size), x.dtype)
    rows = dy.reshape(len(dy), groups, dy.shape[1] // groups, prod(positions))
    for tap in taps(dw):
        columns = padded[_window(reading, tap, positions)].reshape(
            len(x), groups, x.shape[1] // groups, prod(positions)
        )
        for image in np.matmul(rows, columns.swapaxes(2, 3)):
            dw[spatial(*tap)] = reading.add(dw[spatial(*tap)], image.reshape(dw.shape[:2]))
    return dw


def bias_gradient(reading: Reading, size: Size, dy: Array) -> Array:
    """Return ``db[o] = sum over n, p of dy[n, o, p]``."""
    db = np.zeros(dy.shape[1], dy.dtype)
    for image in dy:
        db = reading.add(db, image.reshape(len(image), prod(image.shape[1:])).sum(axis=1))
    return db


def surrounded(array: Array, before: Size, size: Size) -> Array:
    """Return ``size`` elements per spatial axis, element i being ``array[i - before]``, or 0 outside it."""
    result = np.zeros((*array.shape[:2], *size), array.dtype)
    axes = tuple(zip(array.shape[2:], before, size, strict=True))
    into = tuple(slice(max(0, lo), max(0, min(s, n + lo))) for n, lo, s in axes)
    taken = tuple(slice(max(0, -lo), max(0, min(n, s - lo))) for n, lo, s in axes)
    result[spatial(*into)] = array[spatial(*taken)]
    return result


def spatial(*indices: int | slice) -> tuple[Any, ...]:
    """Return the index of ``indices`` on the spatial axes, everything on those before them."""
    return (..., *indices)


def taps(w: Array) -> Iterator[Size]:
    """Yield the place of every tap of a filter ``(O, C / groups, *kernel)``."""
    return product(*map(range, w.shape[2:]))


def mixed(w: Array, x: Array, groups: int) -> Array:
    """Return ``y[n, o, p] = sum over c of w[o, c] * x[n, c, p]``, each group of o reading its group of channels."""
    outputs, inputs = w.shape
    images = x.reshape(len(x), groups, inputs, prod(x.shape[2:]))
    y: Array = np.matmul(w.reshape(groups, outputs // groups, inputs), images)
    return y.reshape(len(x), outputs, *x.shape[2:])


def _exchanged(w: Array, groups: int) -> Array:
    """Return the filter ``(O, C / groups, *kernel)`` as ``(C, O / groups, *kernel)``."""
    outputs, inputs, *kernel = w.shape
    exchanged = w.reshape(groups, outputs // groups, inputs, *kernel).swapaxes(1, 2)
    return exchanged.reshape(groups * inputs, outputs // groups, *kernel)


def _reach(reading: Reading, positions: Size, kernel_size: Size) -> Size:
    """Return how many padded elements that many positions of the kernel reach over."""
    axes = zip(positions, kernel_size, reading.stride, reading.dilation, strict=True)
    return tuple(max(0, (p - 1) * s) + d * (k - 1) + 1 for p, k, s, d in axes)


def _window(reading: Reading, tap: Size, positions: Size) -> tuple[Any, ...]:
    """Return the index of the padded elements that one tap meets, one for each position."""
    axes = zip(tap, positions, reading.stride, reading.dilation, strict=True)
    return spatial(*(slice(t * d, t * d + n * s, s) for t, n, s, d in axes))


def _transposed_filter_gradient(reading: Reading, size: Size, x: Array, dy: Array) -> Array:
    return filter_gradient(reading, size, dy, x)


_MAPS: dict[str, Callable[..., Array]] = {
    "conv": forward,
    "conv_input_grad": input_gradient,
    "conv_filter_grad": filter_gradient,
    "conv_bias_grad": bias_gradient,
    "conv_transpose": input_gradient,
    "conv_transpose_input_grad": forward,
    "conv_transpose_filter_grad": _transposed_filter_gradient,
}
