"""The three contractions in blocks of output rows, image by image, with buffers that stay in cache.

A matrix product reads the matrix of a tap where it lies, in the image or in the lines unrolled from it, and writes
straight into the result; blocks are summed in a fixed order, so the bits do not depend on the number of threads.
Source: Chellapilla, Puri & Simard (2006) for the unrolling; Anderson, Vasudevan, Keane & Gregg, "Low-memory GEMM-based
convolution algorithms for deep neural networks" (2017), for products that leave a part of the kernel out of it.
"""

from dataclasses import replace
from math import prod

import numpy as np

from convformance.reference.arrays import Array
from convformance.reference.fast import adjoint, depthwise
from convformance.reference.fast.blocks import MEASURED, Blocking, Buffer, blocks, by_group, by_position, tiles
from convformance.reference.fast.products import inner_products, multiply
from convformance.reference.fast.scatter import has_channels_last, scatter
from convformance.reference.problem import Problem

# A problem goes the first of these ways that suits it; the limits are measured over benchmarks/layers.py.
# 1. Depthwise: without a sum over channels there is no matrix product, and each tap is one pass over the image. Its
#    gradients multiply the gaps between rows by 0, so that anything infinite would spread, and has to go another way.
# 2. An input gradient of few channels scatters: a gather's products have as many rows as there are channels, and with 3
#    of them are 3 to 4 times slower. So does one of more channels than positions, as it need not turn a large filter.
# 3. Any other input gradient gathers: each stride phase of it is a convolution at stride 1.
# 4. Where columns are few, the taps of the first axis are unrolled too: one product for all of them.
# 5. Otherwise each tap of the first axis is a product of its own, which needs no copy of its columns.
FEW = 8  # input channels of a group
FEW_OF_PHASES = 32  # the same at a stride, where each phase is a product of its own
NARROW = 400  # columns that could be copied in the time that a narrow matrix makes a product slower
SLOWLY = 2  # copies of contiguous elements in the time of one of scattered elements


def forward(problem: Problem, x: Array, w: Array, blocking: Blocking = MEASURED) -> Array:
    """Return ``y = w @ columns(x)``, as ``contractions.forward``."""
    if _is_depthwise(problem):
        return depthwise.forward(problem, x, w, blocking)
    filters = _grouped(problem, w)
    # Each tap after the first writes its product to a buffer, which is added to the result.
    unroll_all = _unrolls_all(problem, additions=2 * (problem.kernel_size[0] - 1) * filters.shape[1])
    return _correlate(problem, x, _matrices(filters, unroll_all), blocking)


def input_gradient(problem: Problem, dy: Array, w: Array, blocking: Blocking = MEASURED) -> Array:
    """Return ``dx``, as ``contractions.input_gradient``."""
    if _is_depthwise(problem) and np.isfinite(w).all():
        return depthwise.input_gradient(problem, dy, w, blocking)
    way = scatter if _is_scattered(problem) else _gather
    return way(problem, dy, _grouped(problem, w), blocking)


def filter_gradient(problem: Problem, x: Array, dy: Array, blocking: Blocking = MEASURED) -> Array:
    """Return ``dw``, as ``contractions.filter_gradient``, summed over images and blocks in their order."""
    if _is_depthwise(problem) and np.isfinite(x).all():
        return depthwise.filter_gradient(problem, x, dy, blocking)
    dw = np.zeros(problem.filter_shape, x.dtype)
    images, cotangents, filters = by_group(x, problem.groups), by_position(dy, problem.groups), _grouped(problem, dw)
    unroll_all = _unrolls_all(problem, additions=NARROW)
    for tile, part in tiles(problem, blocking, x.itemsize):
        by_tap = _by_tap(filters[tile], unroll_all)
        sums = by_tap if unroll_all else np.empty(by_tap.shape, x.dtype)  # a product writes to contiguous rows only
        matrices = sums.reshape(*sums.shape[:3], prod(sums.shape[3:]))
        all_blocks = blocks(part, images[:, tile], blocking, unroll_all=unroll_all)
        for block, (number, positions, taps) in enumerate(all_blocks):
            _sum_products(matrices, cotangents[number, tile, :, positions], taps, is_first=block == 0)
        if not unroll_all:
            by_tap[...] = sums
    return dw


def _sum_products(totals: Array, cotangent: Array, taps: list[Array], *, is_first: bool) -> None:
    """Add ``cotangent @ tap.T`` to each total, or write it there first."""
    for total, tap in zip(totals, taps, strict=True):
        read = tap[..., : cotangent.shape[2]]  # without what fills its last tile
        if is_first:
            inner_products(cotangent, read, total)
        else:
            np.add(total, inner_products(cotangent, read, np.empty_like(total)), out=total)


def _correlate(problem: Problem, x: Array, matrices: Array, blocking: Blocking) -> Array:
    """Return the convolution of x with filters as ``_matrices`` arranges them."""
    y = np.empty(problem.output_shape, x.dtype)
    images, results = by_group(x, problem.groups), by_position(y, problem.groups)
    unroll_all = len(matrices) < problem.kernel_size[0]  # a matrix of all taps, then
    for tile, part in tiles(problem, blocking, x.itemsize):
        addend = Buffer(x.dtype)
        for number, positions, taps in blocks(part, images[:, tile], blocking, unroll_all=unroll_all):
            out = multiply(matrices[0, tile], taps[0], results[number, tile, :, positions])
            for matrix, tap in zip(matrices[1:, tile], taps[1:], strict=True):
                out += multiply(matrix, tap, addend.array(*out.shape))
    return y


def _gather(problem: Problem, dy: Array, filters: Array, blocking: Blocking) -> Array:
    """Return ``dx``, each stride phase of it a convolution of dy at stride 1 with the taps that reach it."""
    parts = [(part, _turned_matrices(filters[part.taps])) for part in adjoint.parts(problem)]
    if len(parts) == 1 and parts[0][0].problem.output_size == problem.input_size:
        part, matrices = parts[0]
        return _correlate(replace(part.problem, batch=problem.batch), dy, matrices, blocking)
    dx = np.zeros(problem.input_shape, dy.dtype)
    for cotangent, image in zip(dy, dx, strict=True):
        for part, matrices in parts:
            image[part.target] = _correlate(part.problem, cotangent[np.newaxis], matrices, blocking)[0]
    return dx


def _grouped(problem: Problem, w: Array) -> Array:
    """Return a filter as ``(groups, O / groups, C / groups, *kernel)``."""
    return w.reshape(problem.groups, problem.out_channels // problem.groups, *w.shape[1:])


def _by_tap(filters: Array, unroll_all: bool) -> Array:
    """Return filters with the taps of the first axis in front and the channels behind, or all taps as one: a view."""
    if unroll_all:
        return filters[np.newaxis]
    return filters.transpose(3, 0, 1, *range(4, filters.ndim), 2)


def _matrices(filters: Array, unroll_all: bool) -> Array:
    """Return filters as matrices ``(taps of the first axis or 1, groups, O / groups, summed)``."""
    arranged = np.ascontiguousarray(_by_tap(filters, unroll_all))
    return arranged.reshape(*arranged.shape[:3], prod(arranged.shape[3:]))


def _turned_matrices(filters: Array) -> Array:
    """Return the matrices of the filters turned round, inputs and outputs exchanged."""
    turned = np.flip(filters, axis=tuple(range(3, filters.ndim)))
    return _matrices(turned.swapaxes(1, 2), unroll_all=False)


def _is_depthwise(problem: Problem) -> bool:
    return problem.in_channels == problem.groups


def _is_scattered(problem: Problem) -> bool:
    """Whether an input gradient had better add columns up."""
    inputs, outputs = problem.in_channels // problem.groups, problem.out_channels // problem.groups
    few = inputs < FEW < outputs if max(problem.stride) == 1 else inputs < FEW_OF_PHASES
    return few or has_channels_last(problem)


def _unrolls_all(problem: Problem, additions: int) -> bool:
    """Whether one product of all taps pays.

    It costs a copy of every column. Products for each tap of the first axis cost so many ``additions`` a position, and
    a copy of the filter, element by element and so slowly.
    """
    positions, taps = problem.batch * prod(problem.output_size), prod(problem.filter_shape[1:])
    tap_by_tap = positions * additions + SLOWLY * taps * problem.out_channels // problem.groups
    return problem.kernel_size[0] > 1 and positions * taps <= tap_by_tap
