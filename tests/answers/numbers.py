"""Operands as somebody has them, and answers computed away from the reference's own formulation: in plain loops."""

from typing import Any

import ml_dtypes
import numpy as np

from convformance.reference.arrays import Array

BFLOAT16 = np.dtype(ml_dtypes.bfloat16)


def operands(dtype: Any = np.float32, *, seed: int = 0) -> tuple[Array, Array]:
    """Return an image batch (2, 3, 7, 6) and a filter (4, 3, 3, 2) of normally distributed numbers."""
    rng = np.random.default_rng(seed)
    return rng.standard_normal((2, 3, 7, 6)).astype(dtype), rng.standard_normal((4, 3, 3, 2)).astype(dtype)


def summed(x: Array, w: Array, *, stride: int = 1, padding: int = 0, sums: Any = None) -> Array:
    """Return the convolution of x with w, every product and partial sum in the dtype of ``sums``, by default x's."""
    kept = np.dtype(sums or x.dtype)
    padded = np.pad(x, ((0, 0), (0, 0), (padding, padding), (padding, padding)))
    rows, columns = ((size - k) // stride + 1 for size, k in zip(padded.shape[2:], w.shape[2:], strict=True))
    total = np.zeros((len(x), len(w), rows, columns), kept)
    for c, i, j in np.ndindex(w.shape[1:]):
        window = padded.astype(kept)[:, None, c, i : i + rows * stride : stride, j : j + columns * stride : stride]
        part = (window[:, :, :rows, :columns] * w.astype(kept)[None, :, c, i, j, None, None]).astype(kept)
        total = (total + part).astype(kept)
    return total.astype(x.dtype)


def cut_to_tf32(array: Array) -> Array:
    """Return float32 numbers without their last 13 digits."""
    cut: Array = (array.view(np.uint32) & np.uint32(0xFFFFE000)).view(np.float32)
    return cut


def rounded_to_tf32(array: Array) -> Array:
    """Return float32 numbers rounded to 11 digits, half away from zero."""
    return cut_to_tf32((array.view(np.uint32) + np.uint32(0x1000)).view(np.float32))
