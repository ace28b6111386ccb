"""Layers of networks written from scratch."""

import numpy as np


class Conv2D:
    def __init__(self, in_channels, out_channels, kernel_size, stride=1, padding=0):
        self.in_channels, self.out_channels = in_channels, out_channels
        self.kernel_size, self.stride, self.padding = kernel_size, stride, padding
        scale = np.sqrt(2.0 / (in_channels * kernel_size * kernel_size))
        self.weights = np.random.randn(out_channels, in_channels, kernel_size, kernel_size) * scale
        self.biases = np.zeros(out_channels)

    def forward(self, x):
        self.x = x
        p, s, k = self.padding, self.stride, self.kernel_size
        self.x_pad = np.pad(x, ((0, 0), (0, 0), (p, p), (p, p)))
        h = (self.x_pad.shape[2] - k) // s + 1
        w = (self.x_pad.shape[3] - k) // s + 1
        out = np.zeros((x.shape[0], self.out_channels, h, w))
        for i in range(h):
            for j in range(w):
                patch = self.x_pad[:, :, i * s : i * s + k, j * s : j * s + k]
                out[:, :, i, j] = np.tensordot(patch, self.weights, axes=([1, 2, 3], [1, 2, 3])) + self.biases
        return out

    def backward(self, grad):
        p, s, k = self.padding, self.stride, self.kernel_size
        self.grad_weights, self.grad_biases = np.zeros_like(self.weights), grad.sum(axis=(0, 2, 3))
        dx = np.zeros_like(self.x_pad)
        for i in range(grad.shape[2]):
            for j in range(grad.shape[3]):
                patch = self.x_pad[:, :, i * s : i * s + k, j * s : j * s + k]
                self.grad_weights += np.tensordot(grad[:, :, i, j], patch, axes=(0, 0))
                dx[:, :, i * s : i * s + k, j * s : j * s + k] += np.tensordot(
                    grad[:, :, i, j], self.weights, axes=(1, 0)
                )
        return dx[:, :, p : p + self.x.shape[2], p : p + self.x.shape[3]]


class Conv2DUnpadded(Conv2D):
    """Its backward pass returns the gradient of the padded input."""

    def backward(self, grad):
        p = self.padding
        super().backward(grad)
        s, k = self.stride, self.kernel_size
        dx = np.zeros_like(self.x_pad)
        for i in range(grad.shape[2]):
            for j in range(grad.shape[3]):
                dx[:, :, i * s : i * s + k, j * s : j * s + k] += np.tensordot(
                    grad[:, :, i, j], self.weights, axes=(1, 0)
                )
        return dx[:, :, : dx.shape[2] - 2 * p, : dx.shape[3] - 2 * p]


class Conv:
    """Weights are handed in."""

    def __init__(self, W, b, stride=1, pad=0):
        self.W, self.b, self.stride, self.pad = W, b, stride, pad

    def __call__(self, x):
        x = np.pad(x, ((0, 0), (0, 0), (self.pad,) * 2, (self.pad,) * 2))
        view = np.lib.stride_tricks.sliding_window_view(x, self.W.shape[2:], axis=(2, 3))
        view = view[:, :, :: self.stride, :: self.stride]
        return np.einsum("nchwij,ocij->nohw", view, self.W) + self.b[:, None, None]


class ConvSidesExchanged(Conv):
    def __call__(self, x):
        x = np.pad(x, ((0, 0), (0, 0), (self.pad,) * 2, (self.pad,) * 2))
        view = np.lib.stride_tricks.sliding_window_view(x, self.W.shape[:1:-1], axis=(2, 3))
        view = view[:, :, :: self.stride, :: self.stride]
        return np.einsum("nchwij,ocji->nohw", view, self.W) + self.b[:, None, None]
