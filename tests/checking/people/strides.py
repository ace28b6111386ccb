"""Strides of all axes of an array, as graph libraries have them, and filters of libraries for images of any rank."""

import numpy as np
import scipy.ndimage


def _padded(x, axes, windows, strides, rule):
    pads = [(0, 0)] * x.ndim
    if rule == "SAME":
        for axis, window, step in zip(axes, windows, strides):
            size = x.shape[axis]
            missing = max((-(-size // step) - 1) * step + window - size, 0)
            pads[axis] = missing // 2, missing - missing // 2
    return np.pad(x, pads)


def channels_last(x, filt, strides=[1, 1, 1, 1], padding="SAME"):
    _, step_down, step_right, _ = strides
    rows, columns, _, outputs = filt.shape
    x = _padded(x, (1, 2), (rows, columns), (step_down, step_right), padding)
    images, height, width, _ = x.shape
    out = np.empty((images, (height - rows) // step_down + 1, (width - columns) // step_right + 1, outputs))
    for i, j in np.ndindex(out.shape[1:3]):
        window = x[:, i * step_down : i * step_down + rows, j * step_right : j * step_right + columns]
        out[:, i, j] = np.tensordot(window, filt, 3)
    return out


def channels_first(x, filt, strides):
    _, _, step_down, step_right = strides
    windows = np.lib.stride_tricks.sliding_window_view(x, filt.shape[2:], axis=(2, 3))
    return np.einsum("nchwij,ocij->nohw", windows[:, :, ::step_down, ::step_right], filt)


def first_step_for_both(x, filt, strides=(1, 1, 1, 1)):
    _, _, step, _ = strides
    windows = np.lib.stride_tricks.sliding_window_view(x, filt.shape[2:], axis=(2, 3))
    return np.einsum("nchwij,ocij->nohw", windows[:, :, ::step, ::step], filt)


def correlated(image, kernel):
    return scipy.ndimage.correlate(image, kernel, mode="constant")


def convolved(image, kernel):
    return scipy.ndimage.convolve(image, kernel, mode="constant")
