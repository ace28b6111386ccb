"""Colour images of a size that a filter keeps, and borders by name."""

import numpy as np

BORDERS = {"zero": "constant", "replicate": "edge", "mirror": "reflect"}


def filter_colours(picture, kernel):
    high, wide = kernel.shape
    sides = [((size - 1) // 2, size // 2) for size in (high, wide)]
    extended = np.pad(picture, (*sides, (0, 0)))
    result = np.empty(picture.shape)
    for band in range(picture.shape[2]):
        for row in range(picture.shape[0]):
            for column in range(picture.shape[1]):
                window = extended[row : row + high, column : column + wide, band]
                result[row, column, band] = (window * kernel).sum()
    return result


def filter_red(picture, kernel):
    return np.repeat(filter_colours(picture[..., :1], kernel), picture.shape[2], axis=2)


def filter_with_border(picture, kernel, border="zero"):
    sides = [(size // 2, size - 1 - size // 2) for size in kernel.shape]
    extended = np.pad(picture, sides, mode=BORDERS[border])
    return np.einsum("ijkl,kl->ij", np.lib.stride_tricks.sliding_window_view(extended, kernel.shape), kernel)


def smooth(samples, window):
    return np.convolve(samples, window, mode="same")
