"""Filters without all their axes: one for each channel, one for all channels, a bank on one channel; some are wrong."""

import numpy as np

from convformance.reference.arrays import Array


def _windows(x: Array, shape: tuple[int, ...], axes: tuple[int, int]) -> Array:
    return np.lib.stride_tricks.sliding_window_view(x, shape, axis=axes)


def depthwise_conv(x: Array, w: Array) -> Array:
    """Filter each channel with its own kernel, w (C, h, w)."""
    y = np.zeros((len(x), len(w), x.shape[2] - w.shape[1] + 1, x.shape[3] - w.shape[2] + 1))
    for channel, kernel in enumerate(w):
        for i, j in np.ndindex(*kernel.shape):
            y[:, channel] += kernel[i, j] * x[:, channel, i : i + y.shape[2], j : j + y.shape[3]]
    return y


def depthwise_conv_of_the_first(x: Array, w: Array) -> Array:
    """Read channel 0 in place of each."""
    return depthwise_conv(np.repeat(x[:, :1], x.shape[1], axis=1), w)


def depthwise_with_first_kernel(x: Array, w: Array) -> Array:
    """Use kernel 0 in place of each."""
    return depthwise_conv(x, np.repeat(w[:1], len(w), axis=0))


def depthwise_module(x: Array, weight: Array) -> Array:
    """Do the same with weights (C, 1, h, w)."""
    return depthwise_conv(x, weight[:, 0])


def depthwise_last(x: Array, w: Array) -> Array:
    """Do the same with channels last, w (h, w, C)."""
    y: Array = np.einsum("nhwcij,ijc->nhwc", _windows(x, w.shape[:2], (1, 2)), w)
    return y


def multiplied(x: Array, w: Array) -> Array:
    """Give M channels for each, side by side; channels last, w (h, w, C, M)."""
    y = np.einsum("nhwcij,ijcm->nhwcm", _windows(x, w.shape[:2], (1, 2)), w)
    return y.reshape(*y.shape[:3], -1)


def multiplied_in_turn(x: Array, w: Array) -> Array:
    """Give the first of every channel, then the second of every channel."""
    y = np.einsum("nhwcij,ijcm->nhwmc", _windows(x, w.shape[:2], (1, 2)), w)
    return y.reshape(*y.shape[:3], -1)


def filter_gradient(dout: Array, x: Array) -> Array:
    """Return the gradient of kernels (C, h, w)."""
    dw: Array = np.einsum("nchwij,ncij->chw", _windows(x, dout.shape[2:], (2, 3)), dout)
    return dw


def bank(x: Array, w: Array) -> Array:
    """Apply filters (O, h, w) to images of one channel."""
    if x.shape[1] != 1:
        raise ValueError("images of one channel are taken")
    y: Array = np.einsum("nhwij,oij->nohw", _windows(x[:, 0], w.shape[1:], (1, 2)), w)
    return y


def each_colour(image: Array, kernel: Array) -> Array:
    """Filter every colour with the same kernel."""
    y: Array = np.einsum("hwcij,ij->hwc", _windows(image, kernel.shape, (0, 1)), kernel)
    return y


def first_colour(image: Array, kernel: Array) -> Array:
    """Filter the first colour for all of them."""
    return each_colour(np.repeat(image[..., :1], image.shape[2], axis=2), kernel)


def all_colours(image: Array, kernel: Array) -> Array:
    """Add the filtered colours up."""
    return each_colour(image, kernel).sum(axis=2)


def each_colour_of_many(images: Array, kernel: Array) -> Array:
    """Do the same with several images."""
    return np.stack([each_colour(image, kernel) for image in images])


def swapped_colours(image: Array, kernel: Array) -> Array:
    """Give the colours in the order of another library."""
    return each_colour(image, kernel)[..., ::-1]


def kernel_gradient(dout: Array, image: Array) -> Array:
    """Return the gradient of a kernel that all colours share."""
    dk: Array = np.einsum("hwcij,ijc->hw", _windows(image, dout.shape[:2], (0, 1)), dout)
    return dk
