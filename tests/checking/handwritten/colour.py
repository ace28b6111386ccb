"""A colour image and one filter of as many channels: the result has none."""

import numpy as np


def apply_filter(picture, mask):
    height, width, _ = mask.shape
    result = np.empty((picture.shape[0] - height + 1, picture.shape[1] - width + 1))
    for row, column in np.ndindex(*result.shape):
        result[row, column] = np.vdot(picture[row : row + height, column : column + width], mask)
    return result
