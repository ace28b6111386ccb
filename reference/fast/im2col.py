"""The three contractions of ``definition`` by matrix products: im2col and one GEMM per image and group, for any rank.

All columns of the batch are made at once, in few calls: the fastest way for small problems, and the one to read.
Operands are never changed and results never alias them. Padding is multiplied like any other zero. Source: Chellapilla,
Puri & Simard, "High performance convolutional neural networks for document processing" (2006).
"""

from itertools import product
from math import prod

import numpy as np

from convformance.reference.arrays import Array
from convformance.reference.fast.products import multiply
from convformance.reference.geometry import Pairs
from convformance.reference.problem import Problem

ON_ONE_THREAD = 2**18  # multiplications of the largest product that OpenBLAS leaves to one thread


def forward(problem: Problem, x: Array, w: Array) -> Array:
    """Return ``y = w @ columns(x)``, as ``contractions.forward``."""
    groups, outputs, taps, positions = _matrix_sizes(problem)
    columns = _windows(problem, _padded(x, problem.padding)).reshape(problem.batch, groups, taps, positions)
    y = _product(w.reshape(groups, outputs, taps), columns)
    return y.reshape(problem.output_shape)


def input_gradient(problem: Problem, dy: Array, w: Array) -> Array:
    """Return ``dx``, the columns ``w.T @ dy`` summed back to where they lie, as ``contractions.input_gradient``."""
    groups, outputs, taps, positions = _matrix_sizes(problem)
    filters = w.reshape(groups, outputs, taps).swapaxes(1, 2)
    columns = _product(filters, dy.reshape(problem.batch, groups, outputs, positions))
    padded = np.zeros((problem.batch, problem.in_channels, *problem.padded_size), columns.dtype)
    windows = _windows(problem, padded)
    columns = columns.reshape(windows.shape)
    for tap in product(*map(range, problem.kernel_size)):  # the positions of one tap never overlap
        read: tuple[slice | int, ...] = (slice(None), slice(None), *tap)
        windows[read] += columns[read]
    return _padded(padded, tuple((-lo, -hi) for lo, hi in problem.padding))


def filter_gradient(problem: Problem, x: Array, dy: Array) -> Array:
    """Return ``dw = dy @ columns(x).T``, summed over the batch, as ``contractions.filter_gradient``."""
    groups, outputs, taps, positions = _matrix_sizes(problem)
    batch_beside_positions = (*range(1, 2 + problem.rank), 0, *range(2 + problem.rank, 2 + 2 * problem.rank))
    windows = _windows(problem, _padded(x, problem.padding)).transpose(batch_beside_positions)
    columns = windows.reshape(groups, taps, problem.batch * positions)
    rows = dy.reshape(problem.batch, problem.out_channels, positions).swapaxes(0, 1)
    rows = rows.reshape(groups, outputs, problem.batch * positions)
    dw = _product(rows, columns.swapaxes(1, 2))
    return dw.reshape(problem.filter_shape)


def _product(a: Array, b: Array) -> Array:
    """Return ``a @ b`` of stacks of matrices; those that a BLAS would share out among threads as ``products`` does."""
    rows, length, columns = a.shape[-2], a.shape[-1], b.shape[-1]
    if min(rows, length, columns) > 1 and rows * length * columns <= ON_ONE_THREAD:
        result: Array = np.matmul(a, b)
        return result
    stack = np.broadcast_shapes(a.shape[:-2], b.shape[:-2])
    first = np.broadcast_to(a, (*stack, rows, length)).reshape(prod(stack), rows, length)
    second = np.broadcast_to(b, (*stack, length, columns)).reshape(prod(stack), length, columns)
    return multiply(first, second, np.empty((prod(stack), rows, columns), a.dtype)).reshape(*stack, rows, columns)


def _matrix_sizes(problem: Problem) -> tuple[int, int, int, int]:
    """Return groups, then the size of their matrices: output channels, input channels times taps, output positions."""
    taps = problem.in_channels // problem.groups * prod(problem.kernel_size)
    return problem.groups, problem.out_channels // problem.groups, taps, prod(problem.output_size)


def _padded(array: Array, padding: Pairs) -> Array:
    """Return ``array`` with zeros round its spatial axes, cropped where an entry is negative: contiguous, read-only."""
    if not any(lo or hi for lo, hi in padding):
        return np.ascontiguousarray(array)
    axes = tuple(zip(array.shape[2:], padding, strict=True))
    source = tuple(slice(max(0, -lo), size - max(0, -hi)) for size, (lo, hi) in axes)
    target = tuple(slice(max(0, lo), size + lo + hi - max(0, hi)) for size, (lo, hi) in axes)
    padded = np.zeros((*array.shape[:2], *(size + lo + hi for size, (lo, hi) in axes)), array.dtype)
    padded[:, :, *target] = array[:, :, *source]
    return padded


def _windows(problem: Problem, padded: Array) -> Array:
    """Return the view ``windows[n, c, t, p] = padded[n, c, p * stride + t * dilation]``.

    windows: ``(N, C, *kernel_size, *output_size)``. NumPy checks that every element lies in the buffer of ``padded``,
    which must be contiguous.
    """
    shape = (*padded.shape[:2], *problem.kernel_size, *problem.output_size)
    steps = padded.strides[2:]
    taps = (step * d for step, d in zip(steps, problem.dilation, strict=True))
    positions = (step * s for step, s in zip(steps, problem.stride, strict=True))
    return np.ndarray(shape, padded.dtype, padded, 0, (*padded.strides[:2], *taps, *positions))
