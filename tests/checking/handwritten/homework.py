"""The exercise of a course: forward with a cache for backward."""

import numpy as np


def conv_forward(X, W, b, stride, pad):
    N, _, H, width = X.shape
    F, _, HH, WW = W.shape
    padded = np.pad(X, ((0, 0), (0, 0), (pad, pad), (pad, pad)))
    H_out = 1 + (H + 2 * pad - HH) // stride
    W_out = 1 + (width + 2 * pad - WW) // stride
    out = np.zeros((N, F, H_out, W_out))
    for n in range(N):
        for f in range(F):
            for i in range(H_out):
                for j in range(W_out):
                    window = padded[n, :, i * stride : i * stride + HH, j * stride : j * stride + WW]
                    out[n, f, i, j] = np.sum(window * W[f]) + b[f]
    return out, (X, W, b, stride, pad)


def conv_backward(dZ, cache):
    X, W, _, stride, pad = cache
    _, _, HH, WW = W.shape
    padded = np.pad(X, ((0, 0), (0, 0), (pad, pad), (pad, pad)))
    dX, dW = np.zeros_like(padded), np.zeros_like(W)
    for n, f, i, j in np.ndindex(dZ.shape):
        rows, columns = slice(i * stride, i * stride + HH), slice(j * stride, j * stride + WW)
        dX[n, :, rows, columns] += dZ[n, f, i, j] * W[f]
        dW[f] += dZ[n, f, i, j] * padded[n, :, rows, columns]
    inner = dX[:, :, pad : dX.shape[2] - pad, pad : dX.shape[3] - pad]
    return inner, dW, dZ.sum(axis=(0, 2, 3))


def conv_forward_params(x, w, b, conv_param):
    return conv_forward(x, w, b, conv_param["stride"], conv_param["pad"])
