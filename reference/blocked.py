"""The three contractions in blocks of output rows, image by image: what ``plain`` does at once, with buffers that stay in cache.

An image is split into stride phases. Of a block of rows the taps of all axes but the first are unrolled into *lines*; along the
first axis a tap is then only an offset, so its matrix ``(C / groups * inner taps, positions)`` is a view of the lines, and a
matrix product reads it in place and writes straight into the result. Blocks depend on the problem alone and are summed in a fixed
order, so the bits do not depend on the number of threads.
Source: Chellapilla, Puri & Simard (2006) for the unrolling; Anderson, Vasudevan, Keane & Gregg, "Low-memory GEMM-based
convolution algorithms for deep neural networks" (2017), for products that leave a part of the kernel out of it.
"""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from itertools import pairwise, product
from math import prod
from typing import Any

import numpy as np

from convformance.reference.geometry import Size
from convformance.reference.phases import merge, planes_shape, split
from convformance.reference.problem import Problem

Array = np.ndarray[Any, Any]


@dataclass(frozen=True)
class Blocking:
    """How large a block is: about ``size`` bytes of unrolled lines, but ``positions`` of the output at least."""

    size: int = 2**21
    positions: int = 256


# Measured best over the layers of benchmarks/layers.py: less repeats the packing of the filter, more falls out of the cache.
MEASURED = Blocking()
STACKED_BELOW = 256  # elements of a filter below which its gradient is faster as one product
LONGEST_DOT = 8192


def forward(problem: Problem, x: Array, w: Array, blocking: Blocking = MEASURED) -> Array:
    """Return ``y = w @ columns(x)``, as ``plain.forward``."""
    return _correlate(problem, x, _grouped(problem, w), blocking)


def input_gradient(problem: Problem, dy: Array, w: Array, blocking: Blocking = MEASURED) -> Array:
    """Return ``dx``, as ``plain.input_gradient``: at stride 1 a convolution of dy with the filter turned round."""
    filters = _grouped(problem, w)
    if max(problem.stride) > 1 or _few_inputs(problem):
        return _scatter(problem, dy, filters, blocking)
    adjoint = replace(
        problem,
        in_channels=problem.out_channels,
        out_channels=problem.in_channels,
        input_size=problem.output_size,
        padding=problem.adjoint_padding,
    )
    turned = np.flip(filters, axis=tuple(range(3, filters.ndim))).swapaxes(1, 2)
    return _correlate(adjoint, dy, turned, blocking)


def filter_gradient(problem: Problem, x: Array, dy: Array, blocking: Blocking = MEASURED) -> Array:
    """Return ``dw = dy @ columns(x).T``, as ``plain.filter_gradient``, summed over images and blocks in their order."""
    filters = np.zeros(problem.filter_shape, x.dtype)
    stacked = prod(problem.filter_shape[1:]) < STACKED_BELOW
    matrices = np.zeros_like(_matrices(problem, _grouped(problem, filters), stacked))
    rows = dy.reshape(problem.batch, problem.groups, problem.out_channels // problem.groups, prod(problem.output_size))
    for image, cotangent in zip(x, rows, strict=True):
        for positions, taps in _blocks(problem, image, blocking, stacked):
            for matrix, tap in zip(matrices, taps, strict=True):
                matrix += _inner_products(cotangent[..., positions], tap)
    _filters(problem, matrices, stacked, out=_grouped(problem, filters))
    return filters


def _correlate(problem: Problem, x: Array, filters: Array, blocking: Blocking) -> Array:
    """Return the convolution of x with filters ``(groups, O / groups, C / groups, *kernel)``, of any strides."""
    stacked = _is_stacked(problem)
    matrices = _matrices(problem, filters, stacked)
    y = np.empty(problem.output_shape, x.dtype)
    for image, result in zip(x, y.reshape(problem.batch, *matrices.shape[1:3], prod(problem.output_size)), strict=True):
        for positions, taps in _blocks(problem, image, blocking, stacked):
            out = result[..., positions]
            _multiply(matrices[0], taps[0], out)
            for matrix, tap in zip(matrices[1:], taps[1:], strict=True):
                out += _multiply(matrix, tap, np.empty(out.shape, out.dtype))
    return y


def _scatter(problem: Problem, dy: Array, filters: Array, blocking: Blocking) -> Array:
    """Return ``dx``, the columns ``w.T @ dy`` added tap by tap to the phases they were read from."""
    groups, outputs = filters.shape[:2]
    turned = filters.reshape(groups, outputs, -1).swapaxes(1, 2)
    dx = np.empty(problem.input_shape, dy.dtype)
    rows = dy.reshape(problem.batch, groups, outputs, prod(problem.output_size))
    for image, cotangent in zip(dx, rows, strict=True):
        planes = np.zeros(planes_shape(problem.in_channels, problem.input_size, problem.padding, problem.stride), dy.dtype)
        for first, count, positions in _row_blocks(problem, blocking, dy.itemsize, stacked=True):
            addend = cotangent[..., positions]
            columns = _multiply(turned, addend, np.empty((groups, turned.shape[1], addend.shape[2]), dy.dtype))
            columns = columns.reshape(problem.in_channels, *problem.kernel_size, count, *problem.output_size[1:])
            for tap in product(*map(range, problem.kernel_size)):
                planes[_read_by(problem, tap, first, count)] += columns[(slice(None), *tap)]
        merge(planes, problem.padding, problem.stride, image)
    return dx


def _blocks(problem: Problem, image: Array, blocking: Blocking, stacked: bool) -> Iterator[tuple[slice, list[Array]]]:
    """Yield the output positions of each block, and the matrices of their taps, ``(groups, C / groups * taps, positions)``.

    There is one matrix for each tap of the first axis, or one of all taps if ``stacked``.
    """
    planes = split(image, problem.padding, problem.stride)
    inner = prod(problem.output_size[1:])
    for first, count, positions in _row_blocks(problem, blocking, image.itemsize, stacked):
        lines, start = _lines(problem, planes, first, count)
        taps = []
        for tap in range(problem.kernel_size[0]):
            shift, phase = divmod(tap * problem.dilation[0], problem.stride[0])
            taps.append(lines[:, :, phase, (start + shift) * inner : (start + shift + count) * inner])
        yield positions, [_stack(problem, taps)] if stacked else taps


def _row_blocks(problem: Problem, blocking: Blocking, itemsize: int, stacked: bool) -> Iterator[tuple[int, int, slice]]:
    """Yield the first row of each block, how many they are, and their positions; the blocks are of nearly equal size."""
    rows, inner = problem.output_size[0], prod(problem.output_size[1:])
    taps = prod(problem.kernel_size[1:]) * (problem.stride[0] + problem.kernel_size[0] * stacked)
    fitting = max(1, blocking.positions // inner, blocking.size // (itemsize * problem.in_channels * taps * inner))
    blocks = -(-rows // fitting)
    edges = [rows * block // blocks for block in range(blocks + 1)]
    for first, last in pairwise(edges):
        yield first, last - first, slice(first * inner, last * inner)


def _lines(problem: Problem, planes: Array, first: int, count: int) -> tuple[Array, int]:
    """Return ``lines[c, t, r, q, p] = planes[c, r, first + q, tap t at p]``, the taps of all axes but the first unrolled.

    The shape is ``(groups, C / groups * inner taps, stride[0], rows * inner positions)``. A kernel of 1 along those axes needs no
    copy: the whole planes are the lines, and the number returned beside them is the row to begin with.
    """
    inner_taps, inner = problem.kernel_size[1:], problem.output_size[1:]
    shape = (problem.groups, problem.in_channels // problem.groups * prod(inner_taps), problem.stride[0])
    if prod(inner_taps) == prod(problem.stride[1:]) == 1:
        return planes.reshape(*shape, planes.shape[1 + problem.rank] * prod(inner)), first
    read = count + (problem.kernel_size[0] - 1) * problem.dilation[0] // problem.stride[0]
    lines = np.empty((problem.in_channels, *inner_taps, problem.stride[0], read, *inner), planes.dtype)
    for tap in product(*map(range, inner_taps)):
        channel, _, *places = _read_by(problem, (0, *tap), first, read)
        lines[(slice(None), *tap)] = planes[(channel, slice(None), *places)]
    return lines.reshape(*shape, read * prod(inner)), 0


def _read_by(problem: Problem, tap: Size, first: int, count: int) -> tuple[Any, ...]:
    """Return the index, in the planes, of what one tap reads at all positions of ``count`` output rows from ``first``."""
    axes = [divmod(t * d, s) for t, d, s in zip(tap, problem.dilation, problem.stride, strict=True)]
    starts = [shift for shift, _ in axes]
    starts[0] += first
    sizes = (count, *problem.output_size[1:])
    places = (slice(start, start + size) for start, size in zip(starts, sizes, strict=True))
    return (slice(None), *(phase for _, phase in axes), *places)


def _stack(problem: Problem, taps: list[Array]) -> Array:
    """Return the matrices of the first axis's taps as one, its rows in the order of the filter's elements."""
    channels, inner = problem.in_channels // problem.groups, prod(problem.kernel_size[1:])
    shape = (problem.groups, channels, inner, taps[0].shape[2])
    stack = np.empty((problem.groups, channels, len(taps), inner, taps[0].shape[2]), taps[0].dtype)
    for place, tap in enumerate(taps):
        stack[:, :, place] = tap.reshape(shape)
    return stack.reshape(problem.groups, channels * len(taps) * inner, taps[0].shape[2])


def _matrices(problem: Problem, filters: Array, stacked: bool) -> Array:
    """Return filters ``(groups, O / groups, C / groups, *kernel)`` as the matrices ``(1 or taps, groups, O / groups, ...)``."""
    groups, outputs, inputs, taps, *inner = filters.shape
    if stacked:
        return np.ascontiguousarray(filters).reshape(1, groups, outputs, inputs * taps * prod(inner))
    outermost = np.ascontiguousarray(np.moveaxis(filters, 3, 0))
    return outermost.reshape(taps, groups, outputs, inputs * prod(inner))


def _filters(problem: Problem, matrices: Array, stacked: bool, out: Array) -> None:
    """Write to ``out`` the filters that ``_matrices`` would make ``matrices`` of."""
    if stacked:
        out[...] = matrices.reshape(out.shape)
    else:
        np.moveaxis(out, 3, 0)[...] = matrices.reshape(out.shape[3], *out.shape[:3], *out.shape[4:])


def _grouped(problem: Problem, w: Array) -> Array:
    """Return a filter as ``(groups, O / groups, C / groups, *kernel)``."""
    return w.reshape(problem.groups, problem.out_channels // problem.groups, *w.shape[1:])


def _is_stacked(problem: Problem) -> bool:
    """Say whether one product of all taps pays: a copy of every column, against adding one product for each tap up."""
    additions = 2 * (problem.kernel_size[0] - 1) * problem.out_channels // problem.groups
    return problem.in_channels > problem.groups and additions > prod(problem.filter_shape[1:])


def _few_inputs(problem: Problem) -> bool:
    """Say whether a group has too few channels, but more than one, for a product with that many rows to be fast."""
    return 1 < problem.in_channels // problem.groups < 8 or problem.in_channels // problem.groups == 1 < problem.out_channels // problem.groups


def _multiply(a: Array, b: Array, out: Array) -> Array:
    """Write ``a @ b`` to ``out``; with no matrix to speak of, as one pass over ``out`` for each column of ``a``."""
    if a.shape[1] == 1 or a.shape[2] == 1 or b.shape[2] == 1:
        return np.einsum("gok,gkp->gop", a, b, out=out)
    return np.matmul(a, b, out=out)


def _inner_products(a: Array, b: Array) -> Array:
    """Return ``a @ b.T``; with no matrix to speak of, as sums so short that no BLAS divides them among threads."""
    if a.shape[1] > 1 and b.shape[1] > 1:
        return np.matmul(a, b.swapaxes(1, 2))
    pieces = (slice(first, first + LONGEST_DOT) for first in range(0, a.shape[2], LONGEST_DOT))
    return sum(np.vecdot(a[:, :, np.newaxis, piece], b[:, np.newaxis, :, piece]) for piece in pieces)
