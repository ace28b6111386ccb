"""Filters of integer images, as image code writes them, with all that becomes of sums that their type does not hold."""

import numpy as np

from convformance.reference.arrays import Array


def _sums(image: Array, kernel: Array) -> Array:
    windows = np.lib.stride_tricks.sliding_window_view(image, kernel.shape)
    y: Array = np.einsum("ijab,ab->ij", windows.astype(np.float64), kernel)
    return y


def clipped(image: Array, kernel: Array) -> Array:
    """Clip, then cut fractions off."""
    return _sums(image, kernel).clip(0, 255).astype(np.uint8)


def clipped_and_rounded(image: Array, kernel: Array) -> Array:
    """Round to even, then clip."""
    return np.rint(_sums(image, kernel)).clip(0, 255).astype(np.uint8)


def converted(image: Array, kernel: Array) -> Array:
    """Convert without a thought."""
    return _sums(image, kernel).astype(np.int64).astype(image.dtype)


def kept(image: Array, kernel: Array) -> Array:
    """Leave the sums as they are."""
    return _sums(image, kernel)


def below_forgotten(image: Array, kernel: Array) -> Array:
    """Clip above alone."""
    return np.minimum(_sums(image, kernel), 255).astype(np.int64).astype(np.uint8)


def absolute(image: Array, kernel: Array) -> Array:
    """Clip the magnitudes."""
    return np.abs(_sums(image, kernel)).clip(0, 255).astype(np.uint8)


def turned(image: Array, kernel: Array) -> Array:
    """Turn the kernel."""
    return clipped(image, kernel[::-1, ::-1])


def whole_sums(image: Array, kernel: Array) -> Array:
    """Sum in the type of the image."""
    windows = np.lib.stride_tricks.sliding_window_view(image, kernel.shape)
    return np.asarray((windows * kernel).sum(axis=(2, 3), dtype=image.dtype))


def in_place(image: Array, kernel: Array) -> Array:
    """Darken the image that is given first."""
    y = clipped(image, kernel)
    image //= 2
    return y
