"""Fast algorithms, right but for errors of the size of a plane's largest elements: Fourier, Winograd, Strassen.

Sources: Mathieu, Henaff & LeCun, "Fast training of convolutional networks through FFTs" (2014); Lavin & Gray, "Fast
algorithms for convolutional neural networks" (2016); Strassen, "Gaussian elimination is not optimal" (1969).
"""

from functools import partial

import numpy as np
from scipy import fft

from convformance.reference.arrays import Array
from convformance.reference.problem import Problem
from tests.judging import fast
from tests.zoo.garden.adjoints import by_forward, input_gradient_by, with_zeros
from tests.zoo.garden.structures import by_matrices, filter_gradient_by_matrices
from tests.zoo.garden.ways import Contraction, Way, filters, last, padded, where_finite, windows


def by_fourier(problem: Problem, x: Array, w: Array) -> Array:
    """Return the forward by products of spectra, group by group; filters spread to dilation, the result thinned."""
    wide, spread = padded(x, problem.padding), with_zeros(w, problem.dilation)
    size, axes = wide.shape[2:], tuple(range(2, wide.ndim))
    seen, kernel = fft.rfftn(wide, axes=axes), fft.rfftn(spread, s=size, axes=axes).conj()
    seen = seen.reshape(problem.batch, problem.groups, -1, *seen.shape[2:])
    kernel = kernel.reshape(problem.groups, -1, *kernel.shape[1:])
    spectrum = np.einsum("ngc...,goc...->ngo...", seen, kernel).reshape(
        problem.batch, problem.out_channels, *seen.shape[3:]
    )
    dense = fft.irfftn(spectrum, s=size, axes=axes)
    every = (slice(0, (o - 1) * s + 1, s) for o, s in zip(problem.output_size, problem.stride, strict=True))
    y: Array = dense[last(*every)]
    return y.astype(x.dtype)


fourier = where_finite(by_fourier, by_matrices)


def winograd(side: int) -> Contraction:
    """Return the forward by tiles of ``side`` x ``side`` results where 3 x 3, dense and float32; else by matrices."""

    def forward(problem: Problem, x: Array, w: Array) -> Array:
        ones = (1,) * problem.rank
        is_supported = (
            problem.kernel_size == (3, 3) and problem.stride == problem.dilation == ones and problem.groups == 1
        )
        tiled = is_supported and x.dtype == np.float32 and min(map(min, problem.padding)) >= 0
        return _finite_tiles[side](problem, x, w) if tiled else by_matrices(problem, x, w)

    return forward


_finite_tiles = {side: where_finite(partial(fast.winograd, side), by_matrices) for side in (2, 4)}


def by_strassen(problem: Problem, x: Array, w: Array) -> Array:
    """Return the forward by one matrix product a group and image, each of seven products of quarters, not eight."""
    matrix = filters(problem, w).reshape(problem.groups, problem.out_channels // problem.groups, -1)
    columns = windows(problem, x).reshape(problem.batch, problem.groups, matrix.shape[2], -1)
    return _strassen(matrix[None], columns).reshape(problem.output_shape)


def _strassen(left: Array, right: Array) -> Array:
    rows, columns = left.shape[-2], right.shape[-1]
    a, b, c, d = _quarters(left)
    e, f, g, h = _quarters(right)
    p, q, r = a @ (f - h), (a + b) @ h, (c + d) @ e
    s, t, u, v = d @ (g - e), (a + d) @ (e + h), (b - d) @ (g + h), (a - c) @ (e + f)
    joined = np.block([[t + s - q + u, p + q], [r + s, t + p - r - v]])
    return joined[..., :rows, :columns]


def _quarters(matrix: Array) -> tuple[Array, ...]:
    """Return the four quarters of ``matrix``, a row and a column of zeros added where their number is odd."""
    odd = [(0, size % 2) for size in matrix.shape[-2:]]
    even = np.pad(matrix, ((0, 0),) * (matrix.ndim - 2) + tuple(odd))
    return tuple(part for half in np.split(even, 2, axis=-2) for part in np.split(half, 2, axis=-1))


strassen = where_finite(by_strassen, by_matrices)
quartered = by_forward(strassen)


def tiled(side: int) -> Way:
    """Return the way whose forward and input gradient are computed by tiles."""
    forward = winograd(side)
    return Way(forward, input_gradient_by(forward), filter_gradient_by_matrices)
