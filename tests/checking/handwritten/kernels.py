"""Filters of an image alone, their kernels built in, as image code writes them; some are no convolutions."""

import numpy as np

from convformance.reference.arrays import Array

EDGES = np.array([[1.0, 0.0, -1.0], [2.0, 0.0, -2.0], [1.0, 0.0, -1.0]])


def _correlated(padded: Array, kernel: Array) -> Array:
    windows = np.lib.stride_tricks.sliding_window_view(padded, kernel.shape)
    y: Array = np.einsum("ijab,ab->ij", windows, kernel)
    return y


def edges(image: Array) -> Array:
    """Find vertical edges, the image mirrored beyond its ends."""
    return _correlated(np.pad(image, 1, "reflect"), EDGES)


def box_blur(image: Array) -> Array:
    """Take the mean of a neighbourhood, the edge repeated."""
    return _correlated(np.pad(image, 1, "edge"), np.ones((3, 3)) / 9)


def smooth(image: Array) -> Array:
    """Smooth without padding."""
    return _correlated(image, np.outer([1, 2, 1], [1, 2, 1]) / 16)


def forward_difference(image: Array) -> Array:
    """Subtract the upper neighbour, zeros above."""
    return _correlated(np.pad(image, ((1, 0), (0, 0))), np.array([[-1.0], [1.0]]))


def relief(image: Array, strength: float = 1.0) -> Array:
    """Emboss, with a strength that has a default."""
    kernel = np.array([[-2.0, -1.0, 0.0], [-1.0, 1.0, 1.0], [0.0, 1.0, 2.0]])
    return strength * _correlated(np.pad(image, 1), kernel)


def colours_blurred(image: Array) -> Array:
    """Blur every colour."""
    return np.stack([box_blur(image[:, :, colour]) for colour in range(image.shape[2])], axis=-1)


def first_colour_blurred(image: Array) -> Array:
    """Blur the first colour for all."""
    return np.stack([box_blur(image[:, :, 0])] * image.shape[2], axis=-1)


def gradient_magnitude(image: Array) -> Array:
    """Combine two edge filters, which is not linear."""
    return np.hypot(edges(image), edges(image.T).T)


def median(image: Array) -> Array:
    """Take the median of a neighbourhood."""
    windows = np.lib.stride_tricks.sliding_window_view(np.pad(image, 1, "edge"), (3, 3))
    return np.asarray(np.median(windows, axis=(2, 3)))


def cut_off(image: Array) -> Array:
    """Keep the result in a range."""
    return np.clip(edges(image), 0, 255)


def brightened(image: Array) -> Array:
    """Add a number."""
    return box_blur(image) + 1


def half_done(image: Array) -> Array:
    """Filter all but the lower right."""
    y = box_blur(image)
    y[5:, 6:] = 0
    return y


def corner_left_out(image: Array) -> Array:
    """Filter all but the last element."""
    y = box_blur(image)
    y[-1, -1] = 0
    return y
