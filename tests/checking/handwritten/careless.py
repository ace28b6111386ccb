"""Right numbers, bad manners: one prints, one scales its input in place, one breaks, one never returns."""

import ctypes

import numpy as np


def _conv(image, kernel):
    windows = np.lib.stride_tricks.sliding_window_view(image, kernel.shape)
    return np.einsum("ijab,ab->ij", windows, kernel)


def talkative(image, kernel):
    print("shapes:", image.shape, kernel.shape)
    return _conv(image, kernel)


def greedy(image, kernel):
    result = _conv(image, kernel)
    image *= 2
    return result


def brittle(image, kernel, stride=1):
    if stride > 1 and kernel.shape[0] > 1:
        raise IndexError("window past the end")
    return _conv(image, kernel)[::stride, ::stride]


def endless(image, kernel, stride=1):
    while stride > 1:
        pass
    return _conv(image, kernel)


def deadly(image, kernel, stride=1):
    if stride > 1:
        ctypes.string_at(0)
    return _conv(image, kernel)
