"""Batch, channels, stride, padding, dilation and groups; the second function mixes the groups up."""

import numpy as np


def conv2d(input, weight, bias=None, stride=(1, 1), padding=(0, 0), dilation=(1, 1), groups=1):  # noqa: A002
    n, _, h, w = input.shape
    o, i, kh, kw = weight.shape
    x = np.pad(input, ((0, 0), (0, 0), (padding[0],) * 2, (padding[1],) * 2))
    rows = (h + 2 * padding[0] - dilation[0] * (kh - 1) - 1) // stride[0] + 1
    columns = (w + 2 * padding[1] - dilation[1] * (kw - 1) - 1) // stride[1] + 1
    y = np.zeros((n, groups, o // groups, rows, columns))
    x = x.reshape(n, groups, i, *x.shape[2:])
    k = weight.reshape(groups, o // groups, i, kh, kw)
    for a in range(kh):
        for b in range(kw):
            top, left = a * dilation[0], b * dilation[1]
            part = x[..., top : top + rows * stride[0] : stride[0], left : left + columns * stride[1] : stride[1]]
            y += np.einsum("ngihw,goi->ngohw", part[..., :rows, :columns], k[..., a, b])
    y = y.reshape(n, o, rows, columns)
    return y if bias is None else y + bias[:, None, None]


def conv2d_interleaved(input, weight, stride=1, groups=1):  # noqa: A002
    n, c, h, w = input.shape
    x = input.reshape(n, c // groups, groups, h, w).swapaxes(1, 2).reshape(n, c, h, w)
    return conv2d(x, weight, stride=(stride, stride), groups=groups)
