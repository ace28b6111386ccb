"""Structures: the same products found by windows, taps or residues, and added up by matrix products or named sums."""

from collections.abc import Callable, Iterable
from itertools import product
from math import prod

import numpy as np

from convformance.reference.arrays import Array
from convformance.reference.geometry import Size
from convformance.reference.problem import Problem
from tests.zoo.garden.ways import (
    Contraction,
    cropped,
    each_group,
    filters,
    last,
    outputs,
    padded,
    read_by,
    taps,
    windows,
)

Order = Callable[[list[Size]], Iterable[Size]]

_SPACE, _KERNEL = "hij", "klm"


def by_matrices(problem: Problem, x: Array, w: Array) -> Array:
    """Return the forward as one matrix product a group, of filters with columns."""
    matrix = filters(problem, w).reshape(problem.groups, problem.out_channels // problem.groups, -1)
    columns = windows(problem, x).reshape(problem.batch, problem.groups, matrix.shape[2], -1)
    return (matrix @ columns).reshape(problem.output_shape)


def by_einsum(problem: Problem, x: Array, w: Array) -> Array:
    """Return the forward as one sum over named axes."""
    space, kernel = _SPACE[: problem.rank], _KERNEL[: problem.rank]
    names = f"ngc{kernel}{space},goc{kernel}->ngo{space}"
    y: Array = np.einsum(names, windows(problem, x), filters(problem, w))
    return y.reshape(problem.output_shape)


def filter_gradient_by_einsum(problem: Problem, x: Array, dy: Array) -> Array:
    """Return the filter gradient as one sum over named axes."""
    space, kernel = _SPACE[: problem.rank], _KERNEL[: problem.rank]
    names = f"ngc{kernel}{space},ngo{space}->goc{kernel}"
    dw: Array = np.einsum(names, windows(problem, x), outputs(problem, dy))
    return dw.reshape(problem.filter_shape)


def by_sliding_windows(problem: Problem, x: Array, w: Array) -> Array:
    """Return the forward by windows of the padded image, thinned to stride and dilation, contracted group by group."""
    wide, axes = padded(x, problem.padding), tuple(range(2, 2 + problem.rank))
    sliding = np.lib.stride_tricks.sliding_window_view(wide, problem.effective_kernel, axis=axes)
    every = (*(slice(None, None, s) for s in problem.stride), *(slice(None, None, d) for d in problem.dilation))
    seen = sliding[(slice(None), slice(None), *every)]
    summed = [1, *range(2 + problem.rank, 2 + 2 * problem.rank)]
    pairs = zip(each_group(seen, problem.groups), each_group(w, problem.groups, axis=0), strict=True)
    parts = [np.tensordot(part, kernel, axes=(summed, range(1, 2 + problem.rank))) for part, kernel in pairs]
    return np.moveaxis(np.concatenate(parts, axis=-1), -1, 1)


def tap_by_tap(order: Order) -> Contraction:
    """Return the forward that adds up, tap after tap in that order, a product of matrices of channels."""

    def forward(problem: Problem, x: Array, w: Array) -> Array:
        wide, kernel = padded(x, problem.padding), filters(problem, w)
        y = np.zeros((problem.batch, problem.groups, kernel.shape[1], prod(problem.output_size)), x.dtype)
        for tap in order(taps(problem)):
            seen = wide[last(*read_by(problem, tap))].reshape(problem.batch, problem.groups, kernel.shape[2], -1)
            y += kernel[last(*tap)] @ seen
        return y.reshape(problem.output_shape)

    return forward


def channel_by_channel(problem: Problem, x: Array, w: Array) -> Array:
    """Return the forward that adds up input channel after input channel, each over all its taps."""
    kernel, seen = filters(problem, w), windows(problem, x)
    y = np.zeros((problem.batch, problem.groups, kernel.shape[1], prod(problem.output_size)), x.dtype)
    for channel in range(kernel.shape[2]):
        matrix = kernel[:, :, channel].reshape(*kernel.shape[:2], -1)
        y += matrix @ seen[:, :, channel].reshape(problem.batch, problem.groups, matrix.shape[2], -1)
    return y.reshape(problem.output_shape)


def scattered(order: Order) -> Contraction:
    """Return the input gradient that adds, tap after tap in that order, to the elements that the tap read."""

    def input_gradient(problem: Problem, dy: Array, w: Array) -> Array:
        kernel, rows = filters(problem, w), outputs(problem, dy)
        flat = rows.reshape(*rows.shape[:3], -1)
        wide = np.zeros((problem.batch, problem.in_channels, *problem.padded_size), dy.dtype)
        for tap in order(taps(problem)):
            sent = kernel[last(*tap)].swapaxes(1, 2) @ flat
            wide[last(*read_by(problem, tap))] += sent.reshape(problem.batch, problem.in_channels, *problem.output_size)
        return cropped(wide, problem.padding)

    return input_gradient


def gathered(problem: Problem, dy: Array, w: Array) -> Array:
    """Return the input gradient residue by residue of the stride: some taps reach each, and they reach it densely."""
    kernel, rows = filters(problem, w), outputs(problem, dy)
    wide = np.zeros((problem.batch, problem.in_channels, *problem.padded_size), dy.dtype)
    for residue in product(*map(range, problem.stride)):
        positions = last(*(slice(r, None, s) for r, s in zip(residue, problem.stride, strict=True)))
        wide[positions] = _gathered_at(problem, residue, kernel, rows, wide[positions].shape)
    return cropped(wide, problem.padding)


def _gathered_at(problem: Problem, residue: Size, kernel: Array, rows: Array, shape: Size) -> Array:
    """Return one residue of the padded input's gradient, every ``stride``-th element of it."""
    plane = np.zeros(shape, rows.dtype)
    for tap in taps(problem):
        axes = zip(tap, problem.dilation, residue, problem.stride, strict=True)
        moves = [divmod(t * d - r, s) for t, d, r, s in axes]
        if not any(rest for _, rest in moves):
            sent = np.einsum("goc,ngo...->ngc...", kernel[last(*tap)], rows).reshape(*shape[:2], *problem.output_size)
            beyond = (size - o - move for size, o, (move, _) in zip(shape[2:], problem.output_size, moves, strict=True))
            plane += padded(sent, tuple((move, after) for (move, _), after in zip(moves, beyond, strict=True)))
    return plane


def filter_gradient_by_matrices(problem: Problem, x: Array, dy: Array) -> Array:
    """Return the filter gradient as one matrix product a group, batch and positions summed together."""
    seen, rows = windows(problem, x), outputs(problem, dy)
    count = problem.batch * prod(problem.output_size)
    columns = np.moveaxis(seen.reshape(*seen.shape[:2], -1, prod(problem.output_size)), 0, 2).reshape(
        problem.groups, -1, count
    )
    matrix = np.moveaxis(rows.reshape(*rows.shape[:3], -1), 0, 2).reshape(problem.groups, -1, count)
    return (matrix @ columns.swapaxes(1, 2)).reshape(problem.filter_shape)


def filter_gradient_by_images(order: Callable[[int], Iterable[int]]) -> Contraction:
    """Return the filter gradient that adds up image after image, in that order."""

    def filter_gradient(problem: Problem, x: Array, dy: Array) -> Array:
        seen, rows = windows(problem, x), outputs(problem, dy)
        dw = np.zeros((problem.groups, rows.shape[2], prod(problem.filter_shape[1:])), x.dtype)
        for n in order(problem.batch):
            columns = seen[n].reshape(problem.groups, dw.shape[2], -1)
            dw += rows[n].reshape(*rows.shape[1:3], -1) @ columns.swapaxes(1, 2)
        return dw.reshape(problem.filter_shape)

    return filter_gradient


def filter_gradient_tap_by_tap(problem: Problem, x: Array, dy: Array) -> Array:
    """Return the filter gradient tap by tap, each the product of dy with what the tap read."""
    wide, rows = padded(x, problem.padding), outputs(problem, dy)
    dw = np.empty((problem.groups, rows.shape[2], *problem.filter_shape[1:]), x.dtype)
    summed = (0, *range(2, 2 + problem.rank))
    for tap in taps(problem):
        seen = wide[last(*read_by(problem, tap))].reshape(
            problem.batch, problem.groups, dw.shape[2], *problem.output_size
        )
        dw[last(*tap)] = [np.tensordot(rows[:, g], seen[:, g], axes=(summed, summed)) for g in range(problem.groups)]
    return dw.reshape(problem.filter_shape)
