"""Filtering as the signal-processing book has it: the kernel is turned."""

import numpy as np


def conv2d(image, kernel):
    kernel = np.flipud(np.fliplr(kernel))
    height, width = kernel.shape
    rows, columns = image.shape[0] - height + 1, image.shape[1] - width + 1
    result = np.zeros((rows, columns))
    for i in range(rows):
        for j in range(columns):
            result[i, j] = (image[i : i + height, j : j + width] * kernel).sum()
    return result
