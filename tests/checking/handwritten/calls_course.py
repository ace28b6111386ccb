"""Pairs of a course: channels last, square kernels, a bias with four axes, parameters in a dictionary, a cache."""

import numpy as np


def zero_pad(images, pad):
    return np.pad(images, ((0, 0), (pad, pad), (pad, pad), (0, 0)))


def conv_forward(A_prev, W, b, hparameters):
    m, n_H_prev, n_W_prev, _n_C_prev = A_prev.shape
    f, f, _n_C_prev, n_C = W.shape  # noqa: PLW0128
    stride, pad = hparameters["stride"], hparameters["pad"]
    n_H, n_W = (n_H_prev - f + 2 * pad) // stride + 1, (n_W_prev - f + 2 * pad) // stride + 1
    Z = np.zeros((m, n_H, n_W, n_C))
    padded = zero_pad(A_prev, pad)
    for i, h, w, c in np.ndindex(Z.shape):
        window = padded[i, h * stride : h * stride + f, w * stride : w * stride + f]
        Z[i, h, w, c] = np.sum(window * W[..., c]) + float(b[0, 0, 0, c])
    return Z, (A_prev, W, b, hparameters)


def conv_backward(dZ, cache):
    A_prev, W, _b, hparameters = cache
    return _backward(dZ, A_prev, W, hparameters, hparameters["stride"])


def conv_backward_unstrided(dZ, cache):
    A_prev, W, _b, hparameters = cache
    return _backward(dZ, A_prev, W, hparameters, 1)


def _backward(dZ, A_prev, W, hparameters, step):
    pad, stride = hparameters["pad"], hparameters["stride"]
    f, f, _, n_C = W.shape  # noqa: PLW0128
    padded = zero_pad(A_prev, pad)
    dA, dW, db = np.zeros_like(padded), np.zeros_like(W), np.zeros((1, 1, 1, n_C))
    for i, h, w, c in np.ndindex(dZ.shape):
        dA[i, h * step : h * step + f, w * step : w * step + f] += W[..., c] * dZ[i, h, w, c]
        rows, columns = slice(h * stride, h * stride + f), slice(w * stride, w * stride + f)
        dW[..., c] += padded[i, rows, columns] * dZ[i, h, w, c]
        db[..., c] += dZ[i, h, w, c]
    rows, columns = dA.shape[1] - pad, dA.shape[2] - pad
    dA_prev = dA[:, pad:rows, pad:columns]
    return dA_prev, dW, db
