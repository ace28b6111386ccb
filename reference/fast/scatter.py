"""The input gradient as ``columns = w.T @ dy`` added to the stride phases that they were read from, block by block."""

from collections.abc import Iterator
from itertools import product
from math import prod
from typing import Any

import numpy as np

from convformance.reference.arrays import Array
from convformance.reference.fast.blocks import Blocking, Buffer, by_group, by_position, row_blocks, tiles
from convformance.reference.fast.phases import merge, planes_shape
from convformance.reference.fast.products import multiply
from convformance.reference.problem import Problem

Index = tuple[slice, ...]


def scatter(problem: Problem, dy: Array, filters: Array, blocking: Blocking) -> Array:
    """Return ``dx``; filters: ``(groups, O / groups, C / groups, *kernel)``."""
    dx = np.empty(problem.input_shape, dy.dtype)
    images, cotangents = by_group(dx, problem.groups), by_position(dy, problem.groups)
    for tile, part in tiles(problem, blocking, dy.itemsize):
        matrices = filters[tile].reshape(part.groups, filters.shape[1], prod(filters.shape[2:]))
        buffer, before_rows = Buffer(dy.dtype), (slice(None),) * (2 + part.rank)
        for image, cotangent in zip(images[:, tile], cotangents[:, tile], strict=True):
            planes = _zero_planes(part, dy.dtype)
            targets = [(taps, planes[read]) for taps, read in _runs(part)]
            for rows, positions in row_blocks(part, blocking, dy.itemsize, unroll_all=True):
                columns = _columns(part, matrices, cotangent[..., positions], buffer)
                for taps, target in targets:  # no two taps of a run, and no two positions of a tap, meet
                    target[(*before_rows, rows)] += columns[taps]
            for planes_of_group, image_of_group in zip(planes, image, strict=True):
                merge(planes_of_group, part.padding, part.stride, image_of_group)
    return dx


def has_channels_last(problem: Problem) -> bool:
    """Whether columns lie with their channels side by side: where there are more of them than of positions.

    The filter is then read as it lies in memory, and a row of channels is longer than a row of positions would be.
    """
    return problem.in_channels > problem.groups * prod(problem.output_size)


def _zero_planes(problem: Problem, dtype: np.dtype[Any]) -> Array:
    """Return zeros ``(groups, C / groups, *stride, *quotients)``."""
    channels, *shape = planes_shape(problem.in_channels, problem.input_size, problem.padding, problem.stride)
    sizes = problem.groups, channels // problem.groups
    if has_channels_last(problem):
        return np.moveaxis(np.zeros((*shape, *sizes), dtype), (-2, -1), (0, 1))
    return np.zeros((*sizes, *shape), dtype)


def _runs(problem: Problem) -> Iterator[tuple[Index, Index]]:
    """Yield the taps that are added at once: their index in the columns, and that of what they read in the planes."""
    axes = zip(problem.kernel_size, problem.stride, problem.dilation, problem.output_size, strict=True)
    for runs in product(*(_runs_of_axis(*axis) for axis in axes)):
        taps, phases, elements = zip(*runs, strict=True)
        yield (slice(None), slice(None), *taps), (slice(None), slice(None), *phases, *elements)


def _runs_of_axis(
    kernel_size: int, stride: int, dilation: int, output_size: int
) -> Iterator[tuple[slice, slice, slice]]:
    """Yield taps, the phase that each reads, and the elements that they all read of it."""
    step = stride if dilation == 1 else 1  # as many taps as read each a phase of its own
    for tap in range(0, kernel_size, step):
        count = min(step, kernel_size - tap)
        shift, phase = divmod(tap * dilation, stride)
        yield slice(tap, tap + count), slice(phase, phase + count), slice(shift, shift + output_size)


def _columns(problem: Problem, matrices: Array, cotangent: Array, buffer: Buffer) -> Array:
    """Return ``w.T @ dy`` of a block of rows, ``(groups, C / groups, *kernel, rows, *inner positions)``."""
    groups, _, taps = matrices.shape
    sizes = problem.in_channels // groups, *problem.kernel_size
    positions = cotangent.shape[2] // prod(problem.output_size[1:]), *problem.output_size[1:]
    if has_channels_last(problem):
        columns = multiply(cotangent.swapaxes(1, 2), matrices, buffer.array(groups, cotangent.shape[2], taps))
        rank = len(positions)
        channels_first = (0, *range(1 + rank, 2 + 2 * rank), *range(1, 1 + rank))
        return columns.reshape(groups, *positions, *sizes).transpose(channels_first)
    columns = multiply(matrices.swapaxes(1, 2), cotangent, buffer.array(groups, taps, cotangent.shape[2]))
    return columns.reshape(groups, *sizes, *positions)
