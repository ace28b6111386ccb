"""A number for each axis and side."""

import numpy as np


def conv2d(img, ker, sh=1, sw=1, ph=0, pw=0):
    img = np.pad(img, ((ph, ph), (pw, pw)))
    view = np.lib.stride_tricks.sliding_window_view(img, ker.shape)[::sh, ::sw]
    return (view * ker).sum(axis=(2, 3))


def conv2d_sides(x, w, pad_top, pad_bottom, pad_left, pad_right, stride_y, stride_x):
    x = np.pad(x, ((0, 0), (0, 0), (pad_top, pad_bottom), (pad_left, pad_right)))
    view = np.lib.stride_tricks.sliding_window_view(x, w.shape[2:], axis=(2, 3))
    return np.einsum("nchwij,ocij->nohw", view[:, :, ::stride_y, ::stride_x], w)


def conv2d_sides_mixed(x, w, pad_top, pad_bottom, pad_left, pad_right, stride_y, stride_x):
    x = np.pad(x, ((0, 0), (0, 0), (pad_top, pad_left), (pad_bottom, pad_right)))
    view = np.lib.stride_tricks.sliding_window_view(x, w.shape[2:], axis=(2, 3))
    return np.einsum("nchwij,ocij->nohw", view[:, :, ::stride_y, ::stride_x], w)
