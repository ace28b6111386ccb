"""Functions of single planes that differ only in how they want to be called, right ones and wrong ones."""

from types import SimpleNamespace

import numpy as np


def valid(plane, taps):
    return np.einsum("ijab,ab->ij", np.lib.stride_tricks.sliding_window_view(plane, taps.shape), taps)


def formula(f, g):
    return valid(f, g)


def letters(f, k):
    return valid(f, k)


def turned_letters(f, k):
    return valid(f, k[::-1, ::-1])


def impulse(signal, h):
    return np.array([(signal[i : i + len(h)] * h).sum() for i in range(len(signal) - len(h) + 1)])


def long_names(padded_image, kernel_matrix):
    return valid(padded_image, kernel_matrix)


def of_axes(x, w, stride_h=1, stride_w=1):
    return valid(x, w)[::stride_h, ::stride_w]


def of_axes_swapped(x, w, stride_h=1, stride_w=1):
    return valid(x, w)[::stride_w, ::stride_h]


def of_sides(img, kernel, pad_top, pad_bottom, pad_left, pad_right):
    return valid(np.pad(img, ((pad_top, pad_bottom), (pad_left, pad_right))), kernel)


def of_sides_mixed(img, kernel, pad_top, pad_bottom, pad_left, pad_right):
    return valid(np.pad(img, ((pad_top, pad_left), (pad_bottom, pad_right))), kernel)


def short_letters(x, w, sh, sw, ph, pw):
    return valid(np.pad(x, ((ph, ph), (pw, pw))), w)[::sh, ::sw]


def loops(src, dst, kernel, height, width, kh, kw):
    for i in range(height - kh + 1):
        for j in range(width - kw + 1):
            dst[i, j] = (src[i : i + kh, j : j + kw] * kernel).sum()


def loops_short(src, dst, kernel, height, width, kh, kw):
    for i in range(height - kh):
        for j in range(width - kw + 1):
            dst[i, j] = (src[i : i + kh, j : j + kw] * kernel).sum()


def adds_up(x, w, result):
    for i, j in np.ndindex(result.shape):
        for a, b in np.ndindex(w.shape):
            result[i, j] += x[i + a, j + b] * w[a, b]


def bound_anew(x, w, out):
    out = valid(x, w)  # noqa: F841


def returned_too(x, w, out):
    out[...] = valid(x, w)
    return out


def lists(x, w, strides):
    strides.reverse()
    columns, rows = strides
    return valid(x, w)[::rows, ::columns]


def pairs(x, w, padding):
    (top, bottom), (left, right) = padding
    return valid(np.pad(x, ((top, bottom), (left, right))), w)


def sides_of_all(x, w, pad):
    return valid(np.pad(x, pad), w)


def names_of_padding(x, w, padding):
    if padding == "SAME":
        rows, columns = w.shape
        x = np.pad(x, (((rows - 1) // 2, rows // 2), ((columns - 1) // 2, columns // 2)))
    elif padding != "VALID":
        raise ValueError(padding)
    return valid(x, w)


def options(x, w, options):
    return valid(np.pad(x, options.padding), w)[:: options.stride, :: options.stride]


def handed_on(x, w, conv_param):
    return options(x, w, _namespace(conv_param))


def _namespace(parameters):
    return SimpleNamespace(stride=parameters["stride"], padding=parameters["pad"])


def mixed(image, filters, dilation, stride):
    rows, columns = ((size - 1) * dilation + 1 for size in filters.shape)
    view = np.lib.stride_tricks.sliding_window_view(image, (rows, columns))
    return np.einsum("ijab,ab->ij", view[:: stride[0], :: stride[1], ::dilation, ::dilation], filters)


def unknown(x, w, gain=1.0):
    return valid(x, w)


def mystery(x, w, flavour, stride_h=1):
    return valid(x, w)[::stride_h]


def mystery_backward(dy, x, flavour):
    rows, columns = (large - small + 1 for large, small in zip(x.shape, dy.shape, strict=True))
    dw = np.zeros((rows, columns))
    for a, b in np.ndindex(dw.shape):
        dw[a, b] = (x[a : a + len(dy), b : b + dy.shape[1]] * dy).sum()
    return dw
