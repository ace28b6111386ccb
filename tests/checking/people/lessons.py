"""Layers of lessons: one image of one channel at a time, and gradients in a dictionary."""

import numpy as np


class FilterBank:
    """An image of two axes in, a channel for each filter out, behind the axes of the image."""

    def __init__(self, num_filters):
        self.filters = np.random.randn(num_filters, 3, 3) / 9

    def windows(self, image):
        for row in range(image.shape[0] - 2):
            for column in range(image.shape[1] - 2):
                yield (row, column), image[row : row + 3, column : column + 3]

    def forward(self, image):
        self.image = image
        maps = np.zeros((image.shape[0] - 2, image.shape[1] - 2, len(self.filters)))
        for position, window in self.windows(image):
            maps[position] = np.tensordot(self.filters, window, 2)
        return maps

    def backward(self, upstream):
        gradient = np.zeros_like(self.filters)
        for position, window in self.windows(self.image):
            gradient += upstream[position][:, None, None] * window
        return gradient


class Layer:
    """Parameters and gradients under the same names in two dictionaries."""

    def __init__(self, n_in, n_out, ksize=3, stride=1):
        self.params = {"W": np.random.randn(n_out, n_in, ksize, ksize), "b": np.zeros(n_out)}
        self.grads = {}
        self.stride = stride

    def patches(self, x):
        size, step = self.params["W"].shape[2], self.stride
        for i in range((x.shape[2] - size) // step + 1):
            for j in range((x.shape[3] - size) // step + 1):
                yield i, j, np.s_[:, :, i * step : i * step + size, j * step : j * step + size]

    def __call__(self, x):
        self.x, weights = x, self.params["W"]
        places = list(self.patches(x))
        y = np.zeros((len(x), len(weights), places[-1][0] + 1, places[-1][1] + 1))
        for i, j, patch in places:
            y[:, :, i, j] = np.einsum("ncij,ocij->no", x[patch], weights) + self.params["b"]
        return y

    def backward(self, dout):
        dx, dw = np.zeros_like(self.x), np.zeros_like(self.params["W"])
        for i, j, patch in self.patches(self.x):
            dw += np.einsum("no,ncij->ocij", dout[:, :, i, j], self.x[patch])
            dx[patch] += np.einsum("no,ocij->ncij", dout[:, :, i, j], self.params["W"])
        self.grads = {"W": dw, "b": dout.sum((0, 2, 3))}
        return dx


class LayerMean(Layer):
    def backward(self, dout):
        dx = super().backward(dout)
        self.grads["W"] = self.grads["W"] / len(dout)
        return dx
