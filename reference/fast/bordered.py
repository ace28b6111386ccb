"""A border that repeats the data, in front of contractions that know zeros only: padded data without a padding."""

import numpy as np

from convformance.reference.arrays import Array
from convformance.reference.borders import sources
from convformance.reference.problem import Problem


def pad(problem: Problem, x: Array) -> Array:
    """Return ``(N, C, *padded_size)`` of x ``(N, C, *input_size)``."""
    for axis, indices in enumerate(_sources(problem), start=2):
        x = x.take(indices, axis)
    return x


def fold(problem: Problem, padded: Array) -> Array:
    """Return the adjoint of ``pad``, ``(N, C, *input_size)``: every element goes where ``pad`` took it from."""
    for axis, indices in enumerate(_sources(problem), start=2):
        shape = (*padded.shape[:axis], problem.input_size[axis - 2], *padded.shape[axis + 1 :])
        folded = np.zeros(shape, padded.dtype)
        np.add.at(np.moveaxis(folded, axis, 0), indices, np.moveaxis(padded, axis, 0))
        padded = folded
    return padded


def _sources(problem: Problem) -> list[Array]:
    axes = zip(problem.input_size, problem.padding, strict=True)
    return [sources(problem.border, size, pair) for size, pair in axes]
