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
from itertools import product
from math import gcd, prod
from typing import Any

import numpy as np

from convformance.reference.arrays import Array
from convformance.reference.fast import adjoint, depthwise
from convformance.reference.fast.buffer import Buffer
from convformance.reference.fast.phases import merge, planes_shape, split
from convformance.reference.fast.products import PANEL, TILE, inner_products, multiply
from convformance.reference.geometry import Size
from convformance.reference.problem import Problem


@dataclass(frozen=True)
class Blocking:
    """How large a block is: about ``size`` bytes of unrolled lines, but ``positions`` of the output at least."""

    size: int = 2**21
    positions: int = 256


# Measured best over the layers of benchmarks/layers.py: less repeats the packing of the filter, more falls out of the cache.
MEASURED = Blocking()
FEW = 8  # input channels of a group that make a slow matrix product
FEW_OF_PHASES = 32  # the same where each phase is a product of its own
NARROW = 400  # taps below which a filter's gradient is faster as one product
SLOWLY = 2  # copies of contiguous elements in the time of one of scattered elements


def forward(problem: Problem, x: Array, w: Array, blocking: Blocking = MEASURED) -> Array:
    """Return ``y = w @ columns(x)``, as ``im2col.forward``."""
    if _is_depthwise(problem):
        return depthwise.forward(problem, x, w, blocking.size // 2)
    filters = _grouped(problem, w)
    stacked = _is_stacked(problem, additions=2 * (problem.kernel_size[0] - 1) * filters.shape[1])
    return _correlate(problem, x, _matrices(filters, stacked), stacked, blocking)


def input_gradient(problem: Problem, dy: Array, w: Array, blocking: Blocking = MEASURED) -> Array:
    """Return ``dx``, as ``im2col.input_gradient``, gathered from dy or scattered over the image, whichever pays."""
    if _is_depthwise(problem) and np.isfinite(w).all():
        return depthwise.input_gradient(problem, dy, w, blocking.size // 2)
    filters = _grouped(problem, w)
    return (_scatter if _is_scattered(problem) else _gather)(problem, dy, filters, blocking)


def filter_gradient(problem: Problem, x: Array, dy: Array, blocking: Blocking = MEASURED) -> Array:
    """Return ``dw = dy @ columns(x).T``, as ``im2col.filter_gradient``, summed over images and blocks in their order."""
    if _is_depthwise(problem) and np.isfinite(x).all():
        return depthwise.filter_gradient(problem, x, dy, blocking.size // 2)
    dw = np.zeros(problem.filter_shape, x.dtype)
    images, cotangents, filters = _by_group(problem, x), _by_position(problem, dy), _grouped(problem, dw)
    # A product with a narrow matrix is slow, as slow as if so many columns were copied.
    stacked = _is_stacked(problem, additions=NARROW)
    for tile, part in _tiles(problem, blocking, x.itemsize):
        sums = _room(filters[tile], stacked)
        for block, (number, positions, taps) in enumerate(_blocks(part, images[:, tile], blocking, stacked)):
            cotangent = cotangents[number, tile, :, positions]
            for total, tap in zip(sums, taps, strict=True):
                read = tap[..., : cotangent.shape[2]]
                if block:
                    np.add(total, inner_products(cotangent, read, np.empty_like(total)), out=total)
                else:
                    inner_products(cotangent, read, total)
        if not stacked:
            _write_filters(sums, filters[tile])
    return dw


def _correlate(problem: Problem, x: Array, matrices: Array, stacked: bool, blocking: Blocking) -> Array:
    """Return the convolution of x with filters of these matrices, ``(taps of the first axis or 1, groups, O / groups, sum)``."""
    y = np.empty(problem.output_shape, x.dtype)
    images, results = _by_group(problem, x), _by_position(problem, y)
    for tile, part in _tiles(problem, blocking, x.itemsize):
        addend = Buffer(x.dtype)
        for number, positions, taps in _blocks(part, images[:, tile], blocking, stacked):
            out = multiply(matrices[0, tile], taps[0], results[number, tile, :, positions])
            for matrix, tap in zip(matrices[1:, tile], taps[1:], strict=True):
                out += multiply(matrix, tap, addend.array(*out.shape))
    return y


def _gather(problem: Problem, dy: Array, filters: Array, blocking: Blocking) -> Array:
    """Return ``dx``, each stride phase of it a convolution of dy at stride 1 with the taps that reach it."""
    parts = [(part, _turned_matrices(filters[part.taps])) for part in adjoint.parts(problem)]
    if len(parts) == 1 and parts[0][0].problem.output_size == problem.input_size:
        part, matrices = parts[0]
        return _correlate(replace(part.problem, batch=problem.batch), dy, matrices, False, blocking)
    dx = np.zeros(problem.input_shape, dy.dtype)
    for cotangent, image in zip(dy, dx, strict=True):
        for part, matrices in parts:
            image[part.positions] = _correlate(part.problem, cotangent[np.newaxis], matrices, False, blocking)[0]
    return dx


def _scatter(problem: Problem, dy: Array, filters: Array, blocking: Blocking) -> Array:
    """Return ``dx``, the columns ``w.T @ dy`` added to the phases they were read from, taps of different phases at once."""
    dx = np.empty(problem.input_shape, dy.dtype)
    images, cotangents = _by_group(problem, dx), _by_position(problem, dy)
    for tile, part in _tiles(problem, blocking, dy.itemsize):
        matrices = filters[tile].reshape(part.groups, filters.shape[1], prod(filters.shape[2:]))
        buffer, before = Buffer(dy.dtype), (slice(None),) * (2 + part.rank)
        for image, cotangent in zip(images[:, tile], cotangents[:, tile], strict=True):
            planes = _zero_planes(part, dy.dtype)
            targets = [(_of_taps(runs), planes[_read_by(part, runs)]) for runs in _runs(part)]
            for rows, positions in _row_blocks(part, blocking, dy.itemsize, stacked=True):
                columns = _columns(part, matrices, cotangent[..., positions], buffer)
                for taps, target in targets:  # no two taps of a run, and no two positions of a tap, meet
                    target[(*before, rows)] += columns[taps]
            for plane, target in zip(planes, image, strict=True):
                merge(plane, part.padding, part.stride, target)
    return dx


def _zero_planes(problem: Problem, dtype: np.dtype[Any]) -> Array:
    """Return zeros ``(groups, C / groups, *stride, *quotients)``, channels side by side in memory if ``_is_by_position``."""
    channels, *shape = planes_shape(problem.in_channels, problem.input_size, problem.padding, problem.stride)
    sizes = problem.groups, channels // problem.groups
    if _is_by_position(problem):
        return np.moveaxis(np.zeros((*shape, *sizes), dtype), (-2, -1), (0, 1))
    return np.zeros((*sizes, *shape), dtype)


def _columns(problem: Problem, matrices: Array, cotangent: Array, buffer: Buffer) -> Array:
    """Return ``w.T @ dy`` of a block of rows, ``(groups, C / groups, *kernel, rows, *inner positions)``."""
    groups, _, taps = matrices.shape
    sizes = problem.in_channels // groups, *problem.kernel_size
    positions = cotangent.shape[2] // prod(problem.output_size[1:]), *problem.output_size[1:]
    if _is_by_position(problem):
        columns = multiply(cotangent.swapaxes(1, 2), matrices, buffer.array(groups, cotangent.shape[2], taps))
        split_up = columns.reshape(groups, *positions, *sizes)
        return split_up.transpose(0, *range(1 + problem.rank, 2 + 2 * problem.rank), *range(1, 1 + problem.rank))
    columns = multiply(matrices.swapaxes(1, 2), cotangent, buffer.array(groups, taps, cotangent.shape[2]))
    return columns.reshape(groups, *sizes, *positions)


def _tiles(problem: Problem, blocking: Blocking, itemsize: int) -> Iterator[tuple[slice, Problem]]:
    """Yield tiles of groups and the problem of one tile: as many groups as fit a block with all their rows."""
    inputs, outputs = problem.in_channels // problem.groups, problem.out_channels // problem.groups
    taps = prod(problem.kernel_size[1:]) * problem.stride[0]
    fitting = max(1, blocking.size // max(1, itemsize * inputs * taps * prod(problem.output_size)))
    for tile in _shares(problem.groups, fitting):
        groups = tile.stop - tile.start
        yield tile, replace(problem, groups=groups, in_channels=groups * inputs, out_channels=groups * outputs)


def _shares(count: int, most: int, unit: int = 1) -> Iterator[slice]:
    """Yield slices of ``count`` things of nearly equal size, about ``most`` in each, all but the last in multiples of ``unit``."""
    units = -(-count // unit)
    shares = -(-units // max(1, most // unit))
    for share in range(shares):
        yield slice(units * share // shares * unit, min(count, units * (share + 1) // shares * unit))


def _blocks(
    problem: Problem, images: Array, blocking: Blocking, stacked: bool
) -> Iterator[tuple[int, slice, list[Array]]]:
    """Yield the image and the output positions of each block, and the matrices of its taps.

    There is one matrix ``(groups, C / groups * inner taps, positions)`` for each tap of the first axis, or one of all taps if
    ``stacked``; they hold until the next block. images: ``(N, groups, C / groups, *input_size)``.
    """
    for_lines, for_stack = Buffer(images.dtype), Buffer(images.dtype)
    for number, image in enumerate(images):
        planes = split(image.reshape(problem.in_channels, *problem.input_size), problem.padding, problem.stride)
        planes = planes.reshape(*image.shape[:2], *planes.shape[1:])
        sources = [_source(problem, planes, tap) for tap in product(*map(range, problem.kernel_size[1:]))]
        for rows, positions in _row_blocks(problem, blocking, images.itemsize, stacked):
            taps = _taps(problem, *_lines(problem, sources, rows, stacked, for_lines), positions)
            yield number, positions, [_stack(problem, taps, for_stack)] if stacked else taps


def _taps(problem: Problem, lines: Array, start: int, positions: slice) -> list[Array]:
    """Return what each tap of the first axis reads of the lines, from row ``start`` of them."""
    inner, count = prod(problem.output_size[1:]), positions.stop - positions.start
    offsets = (divmod(tap * problem.dilation[0], problem.stride[0]) for tap in range(problem.kernel_size[0]))
    firsts = (((start + shift) * inner, phase) for shift, phase in offsets)
    return [lines[:, :, phase, first : first + count] for first, phase in firsts]


def _row_blocks(problem: Problem, blocking: Blocking, itemsize: int, stacked: bool) -> Iterator[tuple[slice, slice]]:
    """Yield the output rows of each block, and their positions; the blocks are of nearly equal size."""
    inner = prod(problem.output_size[1:])
    if prod(problem.kernel_size) == 1 and max(problem.stride) == 1:  # nothing is unrolled
        yield slice(0, problem.output_size[0]), slice(0, prod(problem.output_size))
        return
    taps = prod(problem.kernel_size[1:]) * (problem.stride[0] + problem.kernel_size[0] * stacked)
    row_size = max(1, itemsize * problem.in_channels * taps * inner)
    fitting = max(1, blocking.positions // max(1, inner), blocking.size // row_size)
    rows_of_panels = PANEL // gcd(PANEL, inner)
    for rows in _shares(problem.output_size[0], fitting, unit=min(rows_of_panels, 2 ** (fitting.bit_length() - 1))):
        yield rows, slice(rows.start * inner, rows.stop * inner)


def _source(problem: Problem, planes: Array, tap: Size) -> Array:
    """Return what a tap of all axes but the first reads, ``(groups, C / groups, stride[0], rows, *inner positions)``."""
    every = Run(slice(None), slice(None), slice(None))
    axes = zip(tap, problem.stride[1:], problem.dilation[1:], problem.output_size[1:], strict=True)
    read = planes[_read_by(problem, (every, *(_run(t, 1, *axis) for t, *axis in axes)))]
    return read.reshape(*read.shape[:3], *read.shape[2 + problem.rank :])


def _lines(problem: Problem, sources: list[Array], rows: slice, stacked: bool, buffer: Buffer) -> tuple[Array, int]:
    """Return ``lines[g, t, c, r, q, p] = sources[t][g, c, r, rows.start + q, p]``, the taps of all axes but the first unrolled.

    The shape is ``(groups, inner taps * C / groups, stride[0], rows * inner positions)``, channels before taps if ``stacked``. The
    lines of one tap alone are there without a copy if it reads everything; the number returned beside the lines is the row of them
    to begin with.
    """
    groups, inputs, phases, *_ = sources[0].shape
    shape = (groups, len(sources) * inputs, phases)
    if len(sources) == 1 and sources[0].flags.c_contiguous:
        return sources[0].reshape(*shape, prod(sources[0].shape[3:])), rows.start
    read = rows.stop - rows.start + (problem.kernel_size[0] - 1) * problem.dilation[0] // problem.stride[0]
    sizes = (inputs, len(sources)) if stacked else (len(sources), inputs)
    lines = buffer.array(groups, *sizes, phases, read, *problem.output_size[1:])
    for number, source in enumerate(sources):
        target = lines[:, :, number] if stacked else lines[:, number]
        target[...] = source[:, :, :, rows.start : rows.start + read]
    return lines.reshape(*shape, prod(lines.shape[4:])), 0


@dataclass(frozen=True)
class Run:
    """Taps of one axis that read each a phase of its own at the same ``elements``."""

    taps: slice
    phases: slice
    elements: slice


def _runs(problem: Problem) -> Iterator[tuple[Run, ...]]:
    """Yield the taps of all axes in runs: without dilation of as many as there are phases, else one by one."""
    axes = zip(problem.kernel_size, problem.stride, problem.dilation, problem.output_size, strict=True)
    yield from product(*(_runs_of_axis(*axis) for axis in axes))


def _runs_of_axis(kernel_size: int, stride: int, dilation: int, output_size: int) -> Iterator[Run]:
    step = stride if dilation == 1 else 1
    for tap in range(0, kernel_size, step):
        yield _run(tap, min(step, kernel_size - tap), stride, dilation, output_size)


def _run(tap: int, count: int, stride: int, dilation: int, output_size: int) -> Run:
    shift, phase = divmod(tap * dilation, stride)
    return Run(slice(tap, tap + count), slice(phase, phase + count), slice(shift, shift + output_size))


def _read_by(problem: Problem, runs: tuple[Run, ...]) -> tuple[slice, ...]:
    """Return the index of what a run of taps on each axis reads, in planes ``(groups, C / groups, *stride, *quotients)``."""
    return (slice(None), slice(None), *(run.phases for run in runs), *(run.elements for run in runs))


def _of_taps(runs: tuple[Run, ...]) -> tuple[slice, ...]:
    """Return the index of the taps of a run on each axis, in an array ``(groups, C / groups, *kernel, ...)``."""
    return (slice(None), slice(None), *(run.taps for run in runs))


def _stack(problem: Problem, taps: list[Array], buffer: Buffer) -> Array:
    """Return the matrices of the first axis's taps as one, its rows in the order of the filter's elements, in whole tiles."""
    inputs, inner, count = problem.in_channels // problem.groups, prod(problem.kernel_size[1:]), taps[0].shape[2]
    stack = buffer.array(problem.groups, inputs, len(taps), inner, count + -count % TILE)
    stack[..., count:] = 0
    for number, tap in enumerate(taps):
        stack[:, :, number, :, :count] = tap.reshape(problem.groups, inputs, inner, count)
    return stack.reshape(problem.groups, inputs * len(taps) * inner, stack.shape[4])


def _matrices(filters: Array, stacked: bool) -> Array:
    """Return filters ``(groups, O / groups, C / groups, *kernel)`` as one matrix for each tap of the first axis, or one of all."""
    groups, outputs, inputs, taps, *inner = filters.shape
    if stacked:
        return filters.reshape(1, groups, outputs, inputs * taps * prod(inner))
    arranged = filters.transpose(3, 0, 1, *range(4, filters.ndim), 2)
    return np.ascontiguousarray(arranged).reshape(taps, groups, outputs, prod(inner) * inputs)


def _room(filters: Array, stacked: bool) -> list[Array]:
    """Return where to sum what ``_matrices`` would make of ``filters``: in them, if ``stacked``."""
    groups, outputs, inputs, taps, *inner = filters.shape
    if stacked:
        return [filters.reshape(groups, outputs, inputs * taps * prod(inner))]
    return [np.empty((groups, outputs, prod(inner) * inputs), filters.dtype) for _ in range(taps)]


def _write_filters(matrices: list[Array], filters: Array) -> None:
    """Write to ``filters`` what ``_matrices`` would make ``matrices`` of, one for each tap of the first axis."""
    groups, outputs, inputs, _, *inner = filters.shape
    for tap, matrix in enumerate(matrices):
        filters[:, :, :, tap] = np.moveaxis(matrix.reshape(groups, outputs, *inner, inputs), -1, 2)


def _turned_matrices(filters: Array) -> Array:
    """Return the matrices, one for each tap of the first axis, of the filters turned round, inputs and outputs exchanged."""
    groups, outputs, inputs, taps, *inner = filters.shape
    turned = np.flip(filters, axis=tuple(range(3, filters.ndim))).transpose(3, 0, 2, *range(4, filters.ndim), 1)
    return np.ascontiguousarray(turned).reshape(taps, groups, inputs, prod(inner) * outputs)


def _grouped(problem: Problem, w: Array) -> Array:
    """Return a filter as ``(groups, O / groups, C / groups, *kernel)``."""
    return w.reshape(problem.groups, problem.out_channels // problem.groups, *w.shape[1:])


def _by_group(problem: Problem, x: Array) -> Array:
    """Return an input as ``(N, groups, C / groups, *input_size)``."""
    return np.ascontiguousarray(x).reshape(
        problem.batch, problem.groups, problem.in_channels // problem.groups, *x.shape[2:]
    )


def _by_position(problem: Problem, y: Array) -> Array:
    """Return an output as ``(N, groups, O / groups, positions)``."""
    shape = (problem.batch, problem.groups, problem.out_channels // problem.groups, prod(problem.output_size))
    return np.ascontiguousarray(y).reshape(shape)


def _is_depthwise(problem: Problem) -> bool:
    return problem.in_channels == problem.groups


def _is_scattered(problem: Problem) -> bool:
    """Say whether an input gradient had better add columns up: a product of few channels is slow, and so is turning a filter."""
    inputs, outputs = problem.in_channels // problem.groups, problem.out_channels // problem.groups
    few = inputs < FEW < outputs if max(problem.stride) == 1 else inputs < FEW_OF_PHASES
    return few or _is_by_position(problem)


def _is_by_position(problem: Problem) -> bool:
    """Say whether columns had better lie with their channels side by side: where there are more of them than of positions."""
    return problem.in_channels > problem.groups * prod(problem.output_size)


def _is_stacked(problem: Problem, additions: int) -> bool:
    """Say whether one product of all taps pays.

    It costs a copy of every column. Products for each tap of the first axis cost so many ``additions`` a position, and a copy of
    the filter, element by element and so slowly.
    """
    positions, taps = problem.batch * prod(problem.output_size), prod(problem.filter_shape[1:])
    separately = positions * additions + SLOWLY * taps * problem.out_channels // problem.groups
    return problem.kernel_size[0] > 1 and positions * taps <= separately
