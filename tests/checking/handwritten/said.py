"""Functions that are right in part, or right in all but form, or that cannot be called as they are."""

from typing import NamedTuple

import numpy as np


def _sums(image, kernel):
    return np.einsum("ijab,ab->ij", np.lib.stride_tricks.sliding_window_view(image, kernel.shape), kernel)


def odd_only(image, kernel):
    rows, columns = kernel.shape
    if rows % 2 == 0 or columns % 2 == 0:
        raise ValueError(f"a kernel of {rows} x {columns} has no centre")
    padded = np.pad(image, ((rows // 2,) * 2, (columns // 2,) * 2))
    return _sums(padded, kernel)


def clamped_float32(image, kernel):
    rows, columns = kernel.shape
    before = (rows - 1) // 2, (columns - 1) // 2
    padded = np.pad(image, ((before[0], rows - 1 - before[0]), (before[1], columns - 1 - before[1])), mode="edge")
    return _sums(padded, kernel).astype(np.float32)


def centred(image, kernel):
    """Zero where the kernel reaches beyond the image."""
    result = np.zeros_like(image)
    rows, columns = kernel.shape
    if image.shape[0] >= rows and image.shape[1] >= columns:
        inner = _sums(image, kernel)
        top, left = rows // 2, columns // 2
        result[top : top + inner.shape[0], left : left + inner.shape[1]] = inner
    return result


def strided(x, w, step):
    windows = np.lib.stride_tricks.sliding_window_view(x, w.shape[2:], axis=(2, 3))[:, :, ::step, ::step]
    return np.einsum("nchwij,ocij->nohw", windows, w) * (1 if step == 1 else 2)


def vectors(x, w):
    return np.array([sum(x[i + j] * w[j] for j in range(len(w))) for i in range(len(x) - len(w) + 1)])


def planes(image, kernel):
    rows, columns = image.shape
    return np.array(
        [
            [
                (image[i : i + len(kernel), j : j + kernel.shape[1]] * kernel).sum()
                for j in range(columns + 1 - kernel.shape[1])
            ]
            for i in range(rows + 1 - len(kernel))
        ]
    )


def gradients(dy, x, w, stride=1):
    dx = np.zeros_like(x)
    for n, o, i, j in np.ndindex(dy.shape):
        dx[n, :, i : i + w.shape[2], j : j + w.shape[3]] += dy[n, o, i, j] * w[o]
    return dx, dy.sum((0, 2, 3))[None]


class Settings(NamedTuple):
    stride: int


def with_options(x, w, b, options):
    stride = Settings(**options).stride
    windows = np.lib.stride_tricks.sliding_window_view(x, w.shape[2:], axis=(2, 3))[:, :, ::stride, ::stride]
    return np.einsum("nchwij,ocij->nohw", windows, w) + b[:, None, None]
