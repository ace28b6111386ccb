"""Fast algorithms in float32, right but for errors of the size of a plane's largest elements: Winograd and Fourier.

Sources: Lavin & Gray, "Fast algorithms for convolutional neural networks" (2016); Mathieu, Henaff & LeCun, "Fast
training of convolutional networks through FFTs" (2014).
"""

import numpy as np
from scipy import fft

from convformance.reference.arrays import Array
from convformance.reference.problem import Problem

# Side of the output tile: the transforms of data, filter and result.
_TRANSFORMS = {
    2: (
        [[1, 0, -1, 0], [0, 1, 1, 0], [0, -1, 1, 0], [0, 1, 0, -1]],
        [[1, 0, 0], [1 / 2, 1 / 2, 1 / 2], [1 / 2, -1 / 2, 1 / 2], [0, 0, 1]],
        [[1, 1, 1, 0], [0, 1, -1, -1]],
    ),
    4: (
        [
            [4, 0, -5, 0, 1, 0],
            [0, -4, -4, 1, 1, 0],
            [0, 4, -4, -1, 1, 0],
            [0, -2, -1, 2, 1, 0],
            [0, 2, -1, -2, 1, 0],
            [0, 4, 0, -5, 0, 1],
        ],
        [
            [1 / 4, 0, 0],
            [-1 / 6] * 3,
            [-1 / 6, 1 / 6, -1 / 6],
            [1 / 24, 1 / 12, 1 / 6],
            [1 / 24, -1 / 12, 1 / 6],
            [0, 0, 1],
        ],
        [[1, 1, 1, 1, 1, 0], [0, 1, -1, 2, -2, 0], [0, 1, 1, 4, 4, 0], [0, 1, -1, 8, -8, 1]],
    ),
}


def winograd(side: int, problem: Problem, x: Array, w: Array) -> Array:
    """Return a 3 x 3 convolution of stride 1 by tiles of ``side`` x ``side`` results."""
    data, filters, result = (np.array(matrix, np.float32) for matrix in _TRANSFORMS[side])
    rows, columns = problem.output_size
    tiles = -(-rows // side), -(-columns // side)
    pads = [
        (lo, count * side + 2 - size - lo)
        for (lo, _), size, count in zip(problem.padding, problem.input_size, tiles, strict=True)
    ]
    padded = np.pad(x, ((0, 0), (0, 0), *pads))
    transformed = np.einsum("ij,ocjk,lk->ocil", filters, w, filters)
    y = np.zeros((len(x), len(w), tiles[0] * side, tiles[1] * side), np.float32)
    for row, column in np.ndindex(tiles):
        top, left = row * side, column * side
        tile = np.einsum("ij,ncjk,lk->ncil", data, padded[:, :, top : top + side + 2, left : left + side + 2], data)
        product = np.einsum("ncil,ocil->noil", tile, transformed)
        y[:, :, top : top + side, left : left + side] = np.einsum("ij,nojk,lk->noil", result, product, result)
    return y[:, :, :rows, :columns]


def fourier(problem: Problem, x: Array, w: Array) -> Array:
    """Return a convolution of stride 1 by products of transforms."""
    padded = np.pad(x, ((0, 0), (0, 0), *problem.padding))
    size = padded.shape[2:]
    axes = tuple(range(2, padded.ndim))
    spectra = fft.rfftn(padded, axes=axes), fft.rfftn(w, s=size, axes=axes)
    product = np.einsum("nc...,oc...->no...", spectra[0], spectra[1].conj()).astype(spectra[0].dtype)
    y = fft.irfftn(product, s=size, axes=axes)
    return y[(..., *(slice(length) for length in problem.output_size))].astype(x.dtype)
