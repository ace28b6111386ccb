"""A filter for each channel, or one for all colours, whose results are to be kept apart."""

import numpy as np

_windows = np.lib.stride_tricks.sliding_window_view


def _padded_to_size(array, kernel_size, first):
    pairs = [(0, 0)] * array.ndim
    pairs[first : first + 2] = [((side - 1) // 2, side // 2) for side in kernel_size]
    return np.pad(array, pairs)


def depthwise_same_summed(x, w):
    """x: (batch, channels, height, width), w: (channels, kh, kw); the size stays."""
    _, kh, kw = w.shape
    padded = _padded_to_size(x, (kh, kw), 2)
    out = np.zeros(x.shape)
    for i in range(x.shape[2]):
        for j in range(x.shape[3]):
            out[:, :, i, j] = (padded[:, :, i : i + kh, j : j + kw] * w).sum(axis=(1, 2, 3))[:, None]
    return out


def depthwise_to_one(x, w):
    return np.einsum("nchwij,cij->nhw", _windows(x, w.shape[1:], axis=(2, 3)), w)


def depthwise_conv2d(x, w, stride=1):
    """w: (channels, 1, kh, kw), as graph libraries have it."""
    view = _windows(x, w.shape[2:], axis=(2, 3))[:, :, ::stride, ::stride]
    return np.einsum("nchwij,cij->nchw", view, w[:, 0])


def per_channel_to_one(x, filters):
    n, h, w, c = x.shape
    kh, kw, _ = filters.shape
    out = np.zeros((n, h - kh + 1, w - kw + 1, 1))
    for i, j in np.ndindex(*out.shape[1:3]):
        out[:, i, j, 0] = (x[:, i : i + kh, j : j + kw] * filters).sum(axis=(1, 2, 3))
    return out


def depthwise_multiplied_to_one(x, filters):
    """filters: (channels, multiplier, kh, kw)."""
    return np.einsum("nchwij,cmij->nmhw", _windows(x, filters.shape[2:], axis=(2, 3)), filters)


def temporal_depthwise_summed(x, w):
    """x: (batch, channels, time), w: (channels, taps)."""
    y = np.einsum("nctk,ck->nct", _windows(x, w.shape[1], axis=2), w)
    return np.broadcast_to(y.sum(axis=1, keepdims=True), y.shape).copy()


def smoothed(image, kernel):
    """Rows, columns and colours in, the same out; every colour holds the sum of all."""
    kh, kw = kernel.shape
    padded = _padded_to_size(image, kernel.shape, 0)
    out = np.zeros_like(image, dtype=float)
    for i in range(image.shape[0]):
        for j in range(image.shape[1]):
            out[i, j] = np.sum(padded[i : i + kh, j : j + kw] * kernel[:, :, None])
    return out


def smoothed_apart(image, kernel):
    kh, kw = kernel.shape
    padded = _padded_to_size(image, kernel.shape, 0)
    out = np.zeros_like(image, dtype=float)
    for i in range(image.shape[0]):
        for j in range(image.shape[1]):
            out[i, j] = np.sum(padded[i : i + kh, j : j + kw] * kernel[:, :, None], axis=(0, 1))
    return out


def to_grey(image, kernel):
    """The sides of the kernel are read one by one, and a pixel of the result is a number."""
    height, width, channels = image.shape
    kh = kernel.shape[0]
    kw = kernel.shape[1]
    out = np.zeros((height - kh + 1, width - kw + 1))
    for i in range(height - kh + 1):
        for j in range(width - kw + 1):
            total = 0
            for c in range(channels):
                for a in range(kh):
                    for b in range(kw):
                        total += image[i + a, j + b, c] * kernel[a, b]
            out[i, j] = total
    return out


def grey_of_size(image, kernel):
    kh, kw = kernel.shape
    padded = _padded_to_size(image, kernel.shape, 0)
    out = np.zeros(image.shape[:2])
    for i in range(image.shape[0]):
        for j in range(image.shape[1]):
            out[i, j] = np.sum(padded[i : i + kh, j : j + kw] * kernel[:, :, None])
    return out


class DepthwiseLayer:
    def __init__(self, channels, kernel_size):
        self.kernels = np.random.default_rng(1).normal(size=(channels, kernel_size, kernel_size))

    def forward(self, x):
        side = self.kernels.shape[-1]
        return np.einsum("nchwij,cij->nchw", _windows(x, (side, side), axis=(2, 3)), self.kernels)


class DepthwiseLayerSummed(DepthwiseLayer):
    def forward(self, x):
        y = super().forward(x)
        return np.repeat(y.sum(axis=1, keepdims=True), y.shape[1], axis=1)
