"""Names that hold other words: Winograd is no gradient; axes of filters that are named by ci and co, or by nothing."""

import numpy as np

_G = np.array([[1, 0, 0], [0.5, 0.5, 0.5], [0.5, -0.5, 0.5], [0, 0, 1]])
_B = np.array([[1, 0, -1, 0], [0, 1, 1, 0], [0, -1, 1, 0], [0, 1, 0, -1]])
_A = np.array([[1, 1, 1, 0], [0, 1, -1, -1]])


def winograd_3x3(x, w):
    if w.shape[2:] != (3, 3):
        raise NotImplementedError("only kernels of 3 x 3")
    height, width = x.shape[2] - 2, x.shape[3] - 2
    x = np.pad(x, ((0, 0), (0, 0), (0, height % 2), (0, width % 2)))
    kernels = np.einsum("ij,ocjk,lk->ocil", _G, w, _G)
    y = np.zeros((x.shape[0], w.shape[0], x.shape[2] - 2, x.shape[3] - 2))
    for i in range(0, height, 2):
        for j in range(0, width, 2):
            tile = np.einsum("ij,ncjk,lk->ncil", _B, x[:, :, i : i + 4, j : j + 4], _B)
            products = np.einsum("ncij,ocij->noij", tile, kernels)
            y[:, :, i : i + 2, j : j + 2] = np.einsum("ij,nojk,lk->noil", _A, products, _A)
    return y[:, :, :height, :width]


def conv_transpose(x, weight, stride=1, padding=0):
    n, _, h, w = x.shape
    ci, co, kh, kw = weight.shape
    full = np.zeros((n, co, (h - 1) * stride + kh, (w - 1) * stride + kw))
    for i in range(h):
        for j in range(w):
            part = np.tensordot(x[:, :, i, j], weight, 1)
            full[:, :, i * stride : i * stride + kh, j * stride : j * stride + kw] += part
    return full[:, :, padding : full.shape[2] - padding, padding : full.shape[3] - padding]


def conv_transpose_of_letters(x, weight, stride=1):
    n, a, h, w = x.shape
    p, q, s, t = weight.shape
    full = np.zeros((n, q, (h - 1) * stride + s, (w - 1) * stride + t))
    for i in range(h):
        for j in range(w):
            part = np.tensordot(x[:, :, i, j], weight, 1)
            full[:, :, i * stride : i * stride + s, j * stride : j * stride + t] += part
    return full


def conv_transpose_turned(x, weight, stride=1):
    return conv_transpose(x, weight[:, :, ::-1, ::-1], stride)
