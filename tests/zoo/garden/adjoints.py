"""Adjoints: both gradients by one forward, or all three contractions by one matrix."""

from dataclasses import replace
from functools import lru_cache
from math import prod
from typing import Any

import numpy as np
from scipy import signal, sparse

from convformance.reference.arrays import Array
from convformance.reference.problem import Problem
from tests.zoo.garden.ways import Contraction, Way, each_group, filters, last, padded, problem_of_group, read_by, taps


def by_forward(forward: Contraction) -> Way:
    """Return the way whose gradients are that forward too, of other arrays and in another geometry."""
    return Way(forward, input_gradient_by(forward), filter_gradient_by(forward))


def input_gradient_by(forward: Contraction) -> Contraction:
    """Return the input gradient as the forward of dy, zeros inserted, with rotated filters of exchanged channels."""

    def input_gradient(problem: Problem, dy: Array, w: Array) -> Array:
        spread = with_zeros(dy, problem.stride)
        rotated = np.flip(filters(problem, w), tuple(range(3, 3 + problem.rank))).swapaxes(1, 2)
        adjoint = replace(
            problem,
            in_channels=problem.out_channels,
            out_channels=problem.in_channels,
            input_size=spread.shape[2:],
            padding=problem.adjoint_padding,
            stride=(1,) * problem.rank,
            symbol=None,
        )
        return forward(adjoint, spread, np.ascontiguousarray(rotated.reshape(adjoint.filter_shape)))

    return input_gradient


def filter_gradient_by(forward: Contraction) -> Contraction:
    """Return the filter gradient as the forward of x with filters dy, batch and channels exchanged, group by group.

    Stride and dilation change places.
    """

    def filter_gradient(problem: Problem, x: Array, dy: Array) -> Array:
        pairs = zip(each_group(x, problem.groups), each_group(dy, problem.groups), strict=True)
        exchanged = _exchanged(problem_of_group(problem))
        parts = [forward(exchanged, part.swapaxes(0, 1), rows.swapaxes(0, 1)) for part, rows in pairs]
        return np.concatenate([part.swapaxes(0, 1) for part in parts])

    return filter_gradient


def _exchanged(problem: Problem) -> Problem:
    return replace(
        problem,
        batch=problem.in_channels,
        in_channels=problem.batch,
        kernel_size=problem.output_size,
        stride=problem.dilation,
        dilation=problem.stride,
        padding=problem.filter_gradient_padding,
        symbol=None,
    )


def with_zeros(array: Array, steps: tuple[int, ...]) -> Array:
    """Return ``array`` with ``step - 1`` zeros between its spatial neighbours."""
    sizes = (max((size - 1) * step + 1, 0) for size, step in zip(array.shape[2:], steps, strict=True))
    spread = np.zeros((*array.shape[:2], *sizes), array.dtype)
    spread[last(*(slice(None, None, step) for step in steps))] = array
    return spread


def by_signal_library(problem: Problem, x: Array, w: Array) -> Array:
    """Return the forward by the library's correlation with a filter spread to its dilation, thinned to the stride."""
    y = np.empty(problem.output_shape, x.dtype)
    wide, spread = padded(x, problem.padding), with_zeros(w, problem.dilation)
    per_group = problem.out_channels // problem.groups
    every = tuple(slice(None, None, s) for s in problem.stride)
    for n, o in np.ndindex(problem.batch, problem.out_channels):
        channels = np.arange(spread.shape[1]) + o // per_group * spread.shape[1]
        y[n, o] = signal.correlate(wide[n, channels], spread[o], mode="valid", method="direct")[(0, *every)]
    return y


def _matrices(problem: Problem, w: Array) -> list[Any]:
    """Return, for each group, the matrix that takes a padded image to its output."""
    return [
        sparse.csr_array(
            (np.repeat(part.reshape(-1), prod(problem.output_size)), _indices(problem_of_group(problem))),
            shape=(prod(problem_of_group(problem).output_shape[1:]), part.shape[1] * prod(problem.padded_size)),
        )
        for part in each_group(w, problem.groups, axis=0)
    ]


@lru_cache(maxsize=8)
def _indices(problem: Problem) -> tuple[Array, Array]:
    """Return the row and the column of every product of a filter with an image, outputs fastest."""
    wide = np.arange(prod(problem.padded_size)).reshape(problem.padded_size)
    positions = np.arange(prod(problem.output_size))
    read = np.stack([wide[read_by(problem, tap)].ravel() for tap in taps(problem)])
    shape = (problem.out_channels, problem.in_channels, len(read), len(positions))
    rows = np.arange(problem.out_channels).reshape(-1, 1, 1, 1) * len(positions) + positions
    columns = np.arange(problem.in_channels).reshape(-1, 1, 1) * wide.size + read
    return np.broadcast_to(rows, shape).ravel(), np.broadcast_to(columns, shape).ravel()


def forward_by_matrix(problem: Problem, x: Array, w: Array) -> Array:
    """Return the forward as a sparse matrix, the filters written out for every output, times the padded images."""
    images = each_group(padded(x, problem.padding), problem.groups)
    parts = [
        (matrix @ image.reshape(problem.batch, -1).T).T
        for matrix, image in zip(_matrices(problem, w), images, strict=True)
    ]
    return _joined(problem, parts, problem.output_size)


def input_gradient_by_matrix(problem: Problem, dy: Array, w: Array) -> Array:
    """Return the input gradient as the transposed matrix of ``forward_by_matrix`` times dy."""
    rows = each_group(dy, problem.groups)
    parts = [
        (matrix.T @ row.reshape(problem.batch, -1).T).T for matrix, row in zip(_matrices(problem, w), rows, strict=True)
    ]
    wide = _joined(problem, parts, problem.padded_size)
    return padded(wide, tuple((-lo, -hi) for lo, hi in problem.padding))


def _joined(problem: Problem, parts: list[Array], size: tuple[int, ...]) -> Array:
    return np.concatenate([part.reshape(problem.batch, -1, *size) for part in parts], axis=1)
