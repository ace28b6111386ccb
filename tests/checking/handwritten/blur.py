"""A filter for grey images that keeps their size; the second one forgets what an even kernel needs."""

import numpy as np


def filter2d(img, k):
    top, left = (k.shape[0] - 1) // 2, (k.shape[1] - 1) // 2
    padded = np.pad(img, ((top, k.shape[0] - 1 - top), (left, k.shape[1] - 1 - left)))
    windows = np.lib.stride_tricks.sliding_window_view(padded, k.shape)
    return np.einsum("ijab,ab->ij", windows, k)


def filter2d_centred(img, k):
    top, left = k.shape[0] // 2, k.shape[1] // 2
    padded = np.pad(img, ((top, k.shape[0] - 1 - top), (left, k.shape[1] - 1 - left)))
    windows = np.lib.stride_tricks.sliding_window_view(padded, k.shape)
    return np.einsum("ijab,ab->ij", windows, k)
