"""The backward pass of a layer with stride, twice: the second one forgets the stride where it matters."""

import numpy as np


def backward(dout, x, w, stride=1):
    dx, dw = np.zeros_like(x), np.zeros_like(w)
    _, _, kh, kw = w.shape
    for n, o, i, j in np.ndindex(dout.shape):
        here = np.s_[i * stride : i * stride + kh, j * stride : j * stride + kw]
        dx[(n, slice(None), *here)] += dout[n, o, i, j] * w[o]
        dw[o] += dout[n, o, i, j] * x[(n, slice(None), *here)]
    return dx, dw, dout.sum((0, 2, 3))


def backward_unstrided(dout, x, w, stride=1):
    dx, dw = np.zeros_like(x), np.zeros_like(w)
    _, _, kh, kw = w.shape
    for n, o, i, j in np.ndindex(dout.shape):
        dx[n, :, i : i + kh, j : j + kw] += dout[n, o, i, j] * w[o]
        dw[o] += dout[n, o, i, j] * x[n, :, i : i + kh, j : j + kw]
    return dx, dw
