"""Blocks of output rows: how a problem is cut into them, and what the taps of the kernel read of an image in each.

An image is split into stride phases. Of a block of rows the taps of all axes but the first are unrolled into *lines*;
along the first axis a tap is then only an offset, so its matrix ``(C / groups * inner taps, positions)`` is a view of
the lines. Blocks depend on the problem alone, so that no number of threads can reach the bits through them.
"""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from itertools import product
from math import gcd, prod
from typing import Any

import numpy as np

from convformance.reference.arrays import Array
from convformance.reference.fast.phases import split
from convformance.reference.fast.products import PANEL, TILE
from convformance.reference.geometry import Size
from convformance.reference.problem import Problem


@dataclass(frozen=True)
class Blocking:
    """How large a block is: about ``size`` bytes of unrolled lines, but ``positions`` of the output at least."""

    size: int = 2**21
    positions: int = 256


# Measured best over benchmarks/layers.py: less repeats the packing of the filter, more falls out of the cache.
MEASURED = Blocking()


class Buffer:
    """Memory for one array at a time, used again for every block."""

    def __init__(self, dtype: np.dtype[Any]) -> None:
        self._memory = np.empty(0, dtype)

    def array(self, *shape: int) -> Array:
        """Return an array of ``shape`` and of any content; the one before is overwritten with it."""
        if prod(shape) > self._memory.size:
            self._memory = np.empty(prod(shape), self._memory.dtype)
        return self._memory[: prod(shape)].reshape(shape)


def tiles(problem: Problem, blocking: Blocking, itemsize: int) -> Iterator[tuple[slice, Problem]]:
    """Yield tiles of groups and the problem of one tile: as many groups as fit a block with all their rows."""
    inputs, outputs = problem.in_channels // problem.groups, problem.out_channels // problem.groups
    taps = prod(problem.kernel_size[1:]) * problem.stride[0]
    most = blocking.size // max(1, itemsize * inputs * taps * prod(problem.output_size))
    for tile in _shares(problem.groups, max(1, most)):
        groups = tile.stop - tile.start
        yield tile, replace(problem, groups=groups, in_channels=groups * inputs, out_channels=groups * outputs)


def row_blocks(
    problem: Problem, blocking: Blocking, itemsize: int, *, unroll_all: bool
) -> Iterator[tuple[slice, slice]]:
    """Yield the output rows of each block, and their positions; the blocks are of nearly equal size."""
    inner = prod(problem.output_size[1:])
    if prod(problem.kernel_size) == 1 and max(problem.stride) == 1:  # nothing is unrolled, so nothing has to fit
        yield slice(0, problem.output_size[0]), slice(0, prod(problem.output_size))
        return
    taps = prod(problem.kernel_size[1:]) * (problem.stride[0] + problem.kernel_size[0] * unroll_all)
    row_size = itemsize * problem.in_channels * taps * inner
    most = max(1, blocking.positions // max(1, inner), blocking.size // max(1, row_size))
    # A filter's gradient sums over the positions of a block: whole panels of them, or the power of two that fits.
    unit = min(PANEL // gcd(PANEL, inner), 2 ** (most.bit_length() - 1))
    for rows in _shares(problem.output_size[0], most, unit):
        yield rows, slice(rows.start * inner, rows.stop * inner)


def _shares(count: int, most: int, unit: int = 1) -> Iterator[slice]:
    """Yield slices of ``count`` things, nearly equal, of about ``most``, all but the last in multiples of ``unit``."""
    units = -(-count // unit)
    shares = -(-units // max(1, most // unit))
    for share in range(shares):
        yield slice(units * share // shares * unit, min(count, units * (share + 1) // shares * unit))


def by_group(array: Array, groups: int) -> Array:
    """Return ``(N, channels, *spatial)`` as ``(N, groups, channels / groups, *spatial)``, a view if contiguous."""
    batch, channels, *spatial = array.shape
    return np.ascontiguousarray(array).reshape(batch, groups, channels // groups, *spatial)


def by_position(array: Array, groups: int) -> Array:
    """Return ``(N, channels, *spatial)`` as ``(N, groups, channels / groups, positions)``, a view if contiguous."""
    grouped = by_group(array, groups)
    return grouped.reshape(*grouped.shape[:3], prod(array.shape[2:]))


def blocks(
    problem: Problem, images: Array, blocking: Blocking, *, unroll_all: bool
) -> Iterator[tuple[int, slice, list[Array]]]:
    """Yield the image and the output positions of each block, and the matrices of its taps.

    There is one matrix ``(groups, C / groups * inner taps, positions)`` for each tap of the first axis, or one of all
    taps if ``unroll_all``; they last until the next block. images: ``(N, groups, C / groups, *input_size)``.
    """
    for_lines, for_matrix = Buffer(images.dtype), Buffer(images.dtype)
    for number, image in enumerate(images):
        planes = split(image.reshape(problem.in_channels, *problem.input_size), problem.padding, problem.stride)
        planes = planes.reshape(*image.shape[:2], *planes.shape[1:])
        sources = [_source(problem, planes, tap) for tap in product(*map(range, problem.kernel_size[1:]))]
        for rows, positions in row_blocks(problem, blocking, images.itemsize, unroll_all=unroll_all):
            lines, start = _lines(problem, sources, rows, for_lines, channels_first=unroll_all)
            matrices = _offset_views(problem, lines, start, rows)
            yield number, positions, [_one_matrix(problem, matrices, for_matrix)] if unroll_all else matrices


def _source(problem: Problem, planes: Array, tap: Size) -> Array:
    """Return what a tap of all axes but the first reads, ``(groups, C / groups, stride[0], rows, *inner outputs)``."""
    phases: list[int] = []
    reads: list[slice] = []
    axes = zip(tap, problem.dilation[1:], problem.stride[1:], problem.output_size[1:], strict=True)
    for entry, dilation, stride, outputs in axes:
        shift, phase = divmod(entry * dilation, stride)
        phases.append(phase)
        reads.append(slice(shift, shift + outputs))
    every = slice(None)
    index: tuple[slice | int, ...] = (every, every, every, *phases, every, *reads)
    return planes[index]


def _lines(
    problem: Problem, sources: list[Array], rows: slice, buffer: Buffer, *, channels_first: bool
) -> tuple[Array, int]:
    """Return what every source reads for a block of rows, and which row of that to begin with.

    ``lines[g, t, c, r, q, p] = sources[t][g, c, r, rows.start + q, p]`` in the shape
    ``(groups, inner taps * C / groups, stride[0], rows * inner positions)``. Channels come before taps if they are
    first, as they do in a filter.
    """
    groups, inputs, phases, *_ = sources[0].shape
    shape = (groups, len(sources) * inputs, phases)
    if len(sources) == 1 and sources[0].flags.c_contiguous:  # one tap that reads everything: there without a copy
        return sources[0].reshape(*shape, prod(sources[0].shape[3:])), rows.start
    count = rows.stop - rows.start + (problem.kernel_size[0] - 1) * problem.dilation[0] // problem.stride[0]
    sizes = (inputs, len(sources)) if channels_first else (len(sources), inputs)
    lines = buffer.array(groups, *sizes, phases, count, *problem.output_size[1:])
    for number, source in enumerate(sources):
        target = lines[:, :, number] if channels_first else lines[:, number]
        target[...] = source[:, :, :, rows.start : rows.start + count]
    return lines.reshape(*shape, prod(lines.shape[4:])), 0


def _offset_views(problem: Problem, lines: Array, start: int, rows: slice) -> list[Array]:
    """Return what each tap of the first axis reads of the lines, from row ``start`` of them."""
    views, inner = [], prod(problem.output_size[1:])
    for tap in range(problem.kernel_size[0]):
        shift, phase = divmod(tap * problem.dilation[0], problem.stride[0])
        first, count = start + shift, rows.stop - rows.start
        views.append(lines[:, :, phase, first * inner : (first + count) * inner])
    return views


def _one_matrix(problem: Problem, matrices: list[Array], buffer: Buffer) -> Array:
    """Return the matrices of the first axis's taps as one, rows in the order of a filter's elements, in whole tiles."""
    inputs, inner = problem.in_channels // problem.groups, prod(problem.kernel_size[1:])
    taps, count = len(matrices), matrices[0].shape[2]
    joined = buffer.array(problem.groups, inputs, taps, inner, count + -count % TILE)
    joined[..., count:] = 0
    for tap, matrix in enumerate(matrices):
        joined[:, :, tap, :, :count] = matrix.reshape(problem.groups, inputs, inner, count)
    return joined.reshape(problem.groups, inputs * taps * inner, joined.shape[4])
