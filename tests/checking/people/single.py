"""Functions that take float32 and nothing else, as those do that hand memory on to C."""

import ctypes

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view


def _sums(x, w):
    return np.einsum("ijkl,kl->ij", sliding_window_view(x, w.shape), w)


def asserting(x, w):
    assert x.dtype == np.float32
    return _sums(x, w)


def raising(x, w):
    if x.dtype != np.float32 or w.dtype != np.float32:
        raise TypeError(f"expected Float, got {x.dtype}")
    return _sums(x, w)


def raising_turned(x, w):
    return raising(x, w[::-1, ::-1])


_checked = np.ctypeslib.ndpointer(np.float32, ndim=2, flags="C_CONTIGUOUS")


def declared(x, w):
    for array in (x, w):
        _checked.from_param(array)
    return _sums(x, w)


def viewed(x, w):
    """Memory of whatever type as what float32 lies there: nothing is checked."""
    pointers = (np.ascontiguousarray(each).ctypes.data_as(ctypes.POINTER(ctypes.c_float)) for each in (x, w))
    x, w = (np.ctypeslib.as_array(each, array.shape) for each, array in zip(pointers, (x, w), strict=True))
    return _sums(x, w)


def viewed_turned(x, w):
    return viewed(x, w[::-1, ::-1])


def whole_numbers(image, kernel):
    if image.dtype != np.uint8:
        raise ValueError("8-bit images only (uint8)")
    return np.clip(np.rint(_sums(image.astype(float), kernel)), 0, 255).astype(np.uint8)


class Layer:
    def __init__(self, in_channels, out_channels, kernel_size):
        self.weight = np.zeros((out_channels, in_channels, *kernel_size), np.float32)

    def forward(self, x):
        assert x.dtype == self.weight.dtype == np.float32, "single precision"
        return np.einsum("ncijkl,ockl->noij", sliding_window_view(x, self.weight.shape[2:], axis=(2, 3)), self.weight)
