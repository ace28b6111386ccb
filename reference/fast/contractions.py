"""The three contractions that every operation is one of, computed at once if small and in blocks if not.

The result has the operands' dtype: float64 and float32 as the BLAS sums them, integers exactly, modulo the dtype's
range. Operands are never changed and results never alias them. Padding is multiplied like any other zero; a border that
repeats the data is put round it before.
"""

from collections.abc import Callable, Mapping

import numpy as np

from convformance.reference.arrays import Array
from convformance.reference.borders import ZERO
from convformance.reference.fast import blocked, bordered, im2col
from convformance.reference.operation import TABLE, Operation
from convformance.reference.problem import Problem

Contraction = Callable[[Problem, Array, Array], Array]

# Multiplications below which the calls that make blocks cost more than they save; between this and eight times as many
# both ways are equally fast. It also bounds the columns, which are made of the whole batch at once, to 8 MB.
SMALL = 2**20


def forward(problem: Problem, x: Array, w: Array) -> Array:
    """Return ``y = w @ columns(x)``.

    x: ``(N, C, *input_size)``, w: ``(O, C / groups, *kernel_size)``, y: ``(N, O, *output_size)``.
    """
    if problem.border != ZERO:
        return forward(problem.unpadded, bordered.pad(problem, x), w)
    return _contract("conv", im2col.forward, blocked.forward, problem, x, w)


def input_gradient(problem: Problem, dy: Array, w: Array) -> Array:
    """Return ``dx``, the columns ``w.T @ dy`` summed back to where ``forward`` took them from.

    dy: ``(N, O, *output_size)``, w: ``(O, C / groups, *kernel_size)``, dx: ``(N, C, *input_size)``.
    """
    if problem.border != ZERO:
        return bordered.fold(problem, input_gradient(problem.unpadded, dy, w))
    return _contract("conv_input_grad", im2col.input_gradient, blocked.input_gradient, problem, dy, w)


def filter_gradient(problem: Problem, x: Array, dy: Array) -> Array:
    """Return ``dw = dy @ columns(x).T``, summed over the batch.

    x: ``(N, C, *input_size)``, dy: ``(N, O, *output_size)``, dw: ``(O, C / groups, *kernel_size)``.
    """
    if problem.border != ZERO:
        return filter_gradient(problem.unpadded, bordered.pad(problem, x), dy)
    return _contract("conv_filter_grad", im2col.filter_gradient, blocked.filter_gradient, problem, x, dy)


def bias_gradient(problem: Problem, dy: Array, factor: Array) -> Array:
    """Return ``db[o] = factor * sum over n, p of dy[n, o, p]``; ``factor`` makes it bilinear like the others.

    dy: ``(N, O, *output_size)``, db: ``(O,)``.
    """
    db: Array = dy.sum(axis=(0, *range(2, dy.ndim)), dtype=dy.dtype) * factor
    return db


# The contraction that gives each of a convolution's arrays, and the arrays it reads in its own order.
_CONTRACTIONS: Mapping[str, tuple[Contraction, tuple[str, ...]]] = {
    "output": (forward, ("input", "filter")),
    "input": (input_gradient, ("output", "filter")),
    "filter": (filter_gradient, ("input", "output")),
    "bias": (bias_gradient, ("output",)),
}


def _contraction(operation: Operation) -> Contraction:
    """Return the contraction of the operation's two operands, exchanged where it reads them in another order."""
    contraction, arrays = _CONTRACTIONS[operation.result]
    if operation.arrays == arrays:
        return contraction
    return lambda problem, first, second: contraction(problem, second, first)


# Every operation as a contraction of its two operands; a bias gradient's second one is the number 1.
CONTRACTIONS = {operation.name: _contraction(operation) for operation in TABLE}


def _contract(
    operation: str, at_once: Contraction, in_blocks: Contraction, problem: Problem, first: Array, second: Array
) -> Array:
    """Return the contraction of two operands in the better of two ways."""
    contraction = at_once if problem.multiplications < SMALL else in_blocks
    dtype = first.dtype
    if dtype.kind not in "iu":
        return contraction(problem, first, second)
    # Below 2^53 float64, and with it the BLAS, is exact; beyond it int64 wraps as every narrower or unsigned type does.
    exact = np.float64 if _largest(first) * _largest(second) * problem.longest_sum(operation) < 2**53 else np.int64
    return contraction(problem, first.astype(exact), second.astype(exact)).astype(np.int64).astype(dtype)


def _largest(array: Array) -> int:
    """Return the largest magnitude in an array of integers, 0 when it is empty."""
    return max(int(array.max()), -int(array.min())) if array.size else 0
