"""Filters and gradients as people write them, each with one mistake that is often made."""

from typing import Any

import numpy as np

Array = Any

_results: dict[Any, Array] = {}


def windows(image: Array, shape: tuple[int, ...]) -> Array:
    """Return every window of an image."""
    return np.lib.stride_tricks.sliding_window_view(image, shape)


def smoothed(image: Array, kernel: Array) -> Array:
    """Extend the image by its edge, so that the result is as large."""
    before = [(side - 1) // 2 for side in kernel.shape]
    pairs = [(lo, side - 1 - lo) for side, lo in zip(kernel.shape, before, strict=True)]
    return np.tensordot(windows(np.pad(image, pairs, mode="edge"), kernel.shape), kernel, 2)


def backward(dout: Array, w: Array, x: Array, pad: int = 1) -> Array:
    """Crop the padding off, of which there may be none."""
    images, channels, height, width = x.shape
    grown = np.zeros((images, channels, height + 2 * pad, width + 2 * pad))
    for row, column in np.ndindex(*dout.shape[2:]):
        part = np.tensordot(dout[:, :, row, column], w, 1)
        grown[:, :, row : row + w.shape[2], column : column + w.shape[3]] += part
    return grown[..., pad:-pad, pad:-pad]


def backward_image_by_image(dout: Array, w: Array, x: Array, pad: int = 1) -> Array:
    """Crop the padding off while it is written into an array of the right shape, which raises."""
    dx = np.zeros_like(x)
    height, width = x.shape[2:]
    for image in range(len(x)):
        grown = np.zeros((x.shape[1], height + 2 * pad, width + 2 * pad))
        for row, column in np.ndindex(*dout.shape[2:]):
            part = np.tensordot(dout[image, :, row, column], w, 1)
            grown[:, row : row + w.shape[2], column : column + w.shape[3]] += part
        dx[image] = grown[:, pad:-pad, pad:-pad]
    return dx


def centred(image: Array, kernel: Array) -> Array:
    """Take the padding of both axes from the height of the kernel."""
    return np.tensordot(windows(np.pad(image, (len(kernel) - 1) // 2), kernel.shape), kernel, 2)


def remembered(image: Array, kernel: Array) -> Array:
    """Take what was computed for operands of the same shapes."""
    key = image.shape, kernel.shape
    if key not in _results:
        _results[key] = np.tensordot(windows(image, kernel.shape), kernel, 2)
    return _results[key]


def viewed(x: Array, w: Array, stride: tuple[int, int] = (1, 1)) -> Array:
    """Make a view of the windows with the steps of rows and columns exchanged."""
    rows, columns = ((size - side) // step + 1 for size, side, step in zip(x.shape, w.shape, stride, strict=True))
    down, right = x.strides
    view = np.lib.stride_tricks.as_strided(
        x, (rows, columns, *w.shape), (down * stride[1], right * stride[0], down, right), writeable=False
    )
    return np.tensordot(view, w, 2)


def cut_off(x: Array, w: Array, padding: int = 0) -> Array:
    """Let a window that begins before the image begin with it."""
    height, width = (size + 2 * padding - side + 1 for size, side in zip(x.shape, w.shape, strict=True))
    out = np.zeros((height, width))
    for row, column in np.ndindex(height, width):
        top, left = max(0, row - padding), max(0, column - padding)
        window = x[top : top + w.shape[0], left : left + w.shape[1]]
        out[row, column] = np.sum(window * w[: window.shape[0], : window.shape[1]])
    return out


def bounded(image: Array, kernel: Array, padding: int = 0) -> Array:
    """Read a flat buffer as kernels for GPUs do, and test the column against the number of rows."""
    (height, width), (rows, columns) = image.shape, kernel.shape
    out = np.zeros((height + 2 * padding - rows + 1, width + 2 * padding - columns + 1))
    memory = np.append(image.ravel(), np.zeros(max(image.shape)))
    for p, q, i, j in np.ndindex(*out.shape, rows, columns):
        row, column = p - padding + i, q - padding + j
        if 0 <= row < height and 0 <= column < height:
            out[p, q] += memory[row * width + column] * kernel[i, j]
    return out


def square(image: Array, kernel: Array) -> Array:
    """Count the rows only."""
    count = len(image) - len(kernel) + 1
    out = np.zeros((count, image.shape[1] - kernel.shape[1] + 1))
    for row in range(count):
        for column in range(count):
            window = image[row : row + kernel.shape[0], column : column + kernel.shape[1]]
            out[row, column] = np.sum(window * kernel)
    return out
