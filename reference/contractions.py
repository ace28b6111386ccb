"""The three contractions of ``definition`` by matrix products: im2col and one GEMM per image and group, for any spatial rank.

The result has the operands' dtype: float64 and float32 as the BLAS sums them, integers exactly, modulo the dtype's range. Operands
are never changed and results never alias them. Padding is multiplied like any other zero. A faster formulation belongs here.
Source: Chellapilla, Puri & Simard, "High performance convolutional neural networks for document processing" (2006).
"""

from collections.abc import Callable
from itertools import product
from math import prod
from typing import Any

import numpy as np

from convformance.reference.geometry import Pairs
from convformance.reference.problem import Problem

Array = np.ndarray[Any, Any]


def forward(problem: Problem, x: Array, w: Array) -> Array:
    """Return ``y = w @ columns(x)``.

    x: ``(N, C, *input_size)``, w: ``(O, C / groups, *kernel_size)``, y: ``(N, O, *output_size)``.
    """
    groups, outputs, taps, positions = _matrix_sizes(problem)
    padded = _padded(x, problem.padding)
    columns = _windows(problem, padded).reshape(problem.batch, groups, taps, positions)
    return _matmul(w.reshape(groups, outputs, taps), columns).reshape(problem.output_shape)


def input_gradient(problem: Problem, dy: Array, w: Array) -> Array:
    """Return ``dx``, the columns ``w.T @ dy`` summed back to where ``forward`` took them from.

    dy: ``(N, O, *output_size)``, w: ``(O, C / groups, *kernel_size)``, dx: ``(N, C, *input_size)``.
    """
    groups, outputs, taps, positions = _matrix_sizes(problem)
    filters = w.reshape(groups, outputs, taps).swapaxes(1, 2)
    columns = _matmul(filters, dy.reshape(problem.batch, groups, outputs, positions))
    padded = np.zeros((problem.batch, problem.in_channels, *problem.padded_size), columns.dtype)
    windows = _windows(problem, padded)
    columns = columns.reshape(windows.shape)
    for tap in product(*map(range, problem.kernel_size)):  # the positions of one tap never overlap
        windows[_spatial(*tap)] += columns[_spatial(*tap)]
    return _padded(padded, tuple((-lo, -hi) for lo, hi in problem.padding))


def filter_gradient(problem: Problem, x: Array, dy: Array) -> Array:
    """Return ``dw = dy @ columns(x).T``, summed over the batch.

    x: ``(N, C, *input_size)``, dy: ``(N, O, *output_size)``, dw: ``(O, C / groups, *kernel_size)``.
    """
    groups, outputs, taps, positions = _matrix_sizes(problem)
    batch_beside_positions = (*range(1, 2 + problem.rank), 0, *range(2 + problem.rank, 2 + 2 * problem.rank))
    windows = _windows(problem, _padded(x, problem.padding)).transpose(batch_beside_positions)
    columns = windows.reshape(groups, taps, problem.batch * positions)
    rows = dy.reshape(problem.batch, problem.out_channels, positions).swapaxes(0, 1)
    rows = rows.reshape(groups, outputs, problem.batch * positions)
    return _matmul(rows, columns.swapaxes(1, 2)).reshape(problem.filter_shape)


def bias_gradient(problem: Problem, dy: Array, one: Array) -> Array:
    """Return ``db[o] = one * sum over n, p of dy[n, o, p]``, of dy's dtype; ``one`` makes it bilinear like the others.

    dy: ``(N, O, *output_size)``, db: ``(O,)``.
    """
    db: Array = dy.sum(axis=(0, *range(2, dy.ndim)), dtype=dy.dtype) * one
    return db


def _filter_gradient_of_transpose(problem: Problem, x: Array, dy: Array) -> Array:
    return filter_gradient(problem, dy, x)


Contraction = Callable[[Problem, Array, Array], Array]
# Every operation as a contraction of its two operands; a bias gradient's second one is the number 1.
CONTRACTIONS: dict[str, Contraction] = {
    "conv": forward,
    "conv_input_grad": input_gradient,
    "conv_filter_grad": filter_gradient,
    "conv_bias_grad": bias_gradient,
    "conv_transpose": input_gradient,
    "conv_transpose_input_grad": forward,
    "conv_transpose_filter_grad": _filter_gradient_of_transpose,
}


def _matrix_sizes(problem: Problem) -> tuple[int, int, int, int]:
    """Return groups, then the size of their matrices: output channels, input channels times taps, output positions."""
    taps = problem.in_channels // problem.groups * prod(problem.kernel_size)
    return problem.groups, problem.out_channels // problem.groups, taps, prod(problem.output_size)


def _spatial(*places: int | slice) -> tuple[int | slice, ...]:
    """Return the index of ``places`` on the spatial axes, everything on the two before them."""
    return slice(None), slice(None), *places


def _padded(array: Array, padding: Pairs) -> Array:
    """Return ``array`` with zeros round its spatial axes, cropped where an entry is negative: contiguous, and not to be changed."""
    if not any(lo or hi for lo, hi in padding):
        return np.ascontiguousarray(array)
    axes = tuple(zip(array.shape[2:], padding, strict=True))
    kept = tuple(slice(max(0, -lo), size - max(0, -hi)) for size, (lo, hi) in axes)
    place = tuple(slice(max(0, lo), size + lo + hi - max(0, hi)) for size, (lo, hi) in axes)
    padded = np.zeros((*array.shape[:2], *(size + lo + hi for size, (lo, hi) in axes)), array.dtype)
    padded[_spatial(*place)] = array[_spatial(*kept)]
    return padded


def _windows(problem: Problem, padded: Array) -> Array:
    """Return the view ``windows[n, c, t, p] = padded[n, c, p * stride + t * dilation]``, ``(N, C, *kernel_size, *output_size)``.

    NumPy checks that every element lies in the buffer of ``padded``, which must be contiguous.
    """
    shape = (*padded.shape[:2], *problem.kernel_size, *problem.output_size)
    steps = padded.strides[2:]
    taps = (step * d for step, d in zip(steps, problem.dilation, strict=True))
    positions = (step * s for step, s in zip(steps, problem.stride, strict=True))
    return np.ndarray(shape, padded.dtype, padded, 0, (*padded.strides[:2], *taps, *positions))


def _matmul(a: Array, b: Array) -> Array:
    """Return ``a @ b``; integers exactly, modulo the range of their dtype."""
    dtype = a.dtype
    if dtype.kind in "iu":
        # Below 2^53 float64, and with it the BLAS, is exact; beyond it int64 wraps as every narrower or unsigned type does.
        exact = np.float64 if _largest(a) * _largest(b) * a.shape[-1] < 2**53 else np.int64
        a, b = a.astype(exact), b.astype(exact)
    product: Array = np.matmul(a, b)
    return product if product.dtype == dtype else product.astype(np.int64).astype(dtype)


def _largest(array: Array) -> int:
    """Return the largest magnitude in an array of integers, 0 when it is empty."""
    return max(int(array.max()), -int(array.min())) if array.size else 0
