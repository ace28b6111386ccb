"""Layers as courses and repositories write them: right ones, and ones with a mistake each."""

from numbers import Number

import numpy as np


def _windows(x, size, stride):
    view = np.lib.stride_tricks.sliding_window_view(x, size, axis=(2, 3))
    return view[:, :, ::stride, ::stride]


class Conv2D:
    def __init__(self, in_channels, out_channels, kernel_size, stride=1, padding=0):
        self.kernel_size = (kernel_size, kernel_size) if isinstance(kernel_size, Number) else kernel_size
        self.stride, self.padding = stride, padding
        self.weights = np.random.randn(out_channels, in_channels, *self.kernel_size)
        self.bias = np.zeros(out_channels)
        self.grad_weights = self.grad_bias = None

    def forward(self, x):
        p = self.padding
        self.padded = np.pad(x, ((0, 0), (0, 0), (p, p), (p, p)))
        windows = _windows(self.padded, self.weights.shape[2:], self.stride)
        return np.einsum("nchwij,ocij->nohw", windows, self.weights) + self.bias[None, :, None, None]

    def backward(self, dout):
        (kh, kw), s, p = self.weights.shape[2:], self.stride, self.padding
        rows, columns = dout.shape[2:]
        windows = _windows(self.padded, (kh, kw), s)[:, :, :rows, :columns]
        self.grad_weights = np.einsum("nchwij,nohw->ocij", windows, dout)
        self.grad_bias = dout.sum(axis=(0, 2, 3))
        dx = np.zeros_like(self.padded)
        for i, j in np.ndindex(rows, columns):
            dx[:, :, i * s : i * s + kh, j * s : j * s + kw] += np.einsum(
                "no,ocij->ncij", dout[:, :, i, j], self.weights
            )
        return dx[:, :, p : dx.shape[2] - p, p : dx.shape[3] - p]


class Conv2DWithoutBias(Conv2D):
    def forward(self, x):
        return super().forward(x) - self.bias[None, :, None, None]


class Conv2DWithoutStride(Conv2D):
    def forward(self, x):
        p = self.padding
        windows = _windows(np.pad(x, ((0, 0), (0, 0), (p, p), (p, p))), self.weights.shape[2:], 1)
        return np.einsum("nchwij,ocij->nohw", windows, self.weights) + self.bias[None, :, None, None]


class Conv2DTurned(Conv2D):
    def forward(self, x):
        self.weights = self.weights[:, :, ::-1, ::-1]
        return super().forward(x)


class Conv2DNegative(Conv2D):
    def backward(self, dout):
        return -super().backward(dout)


class Conv2DTwice(Conv2D):
    def __init__(self, in_channels, out_channels, kernel_size):
        super().__init__(in_channels, out_channels, kernel_size)
        self.turned = self.weights[:, :, ::-1, ::-1].copy()


class WithWeights:
    """The weights are what it is built from."""

    def __init__(self, W, stride=1):
        self.W, self.stride = W, stride

    def forward(self, image):
        return np.einsum("nchwij,ocij->nohw", _windows(image, self.W.shape[2:], self.stride), self.W)


class FromMatrix:
    """The weights are a matrix with a column for each filter, as a product of matrices has them."""

    def __init__(self, n_in, n_out, ksize):
        self.size = ksize
        self.params = {"W": np.random.randn(n_in * ksize * ksize, n_out), "b": np.zeros((1, n_out))}

    def __call__(self, X):
        windows = _windows(X, (self.size, self.size), 1)
        n, c, h, w = windows.shape[:4]
        columns = windows.transpose(0, 2, 3, 1, 4, 5).reshape(n * h * w, c * self.size**2)
        return (columns @ self.params["W"] + self.params["b"]).reshape(n, h, w, -1).transpose(0, 3, 1, 2)

    def backward(self, dY, lr=0.1):
        raise NotImplementedError("training comes next week")


class Single:
    """One image, a bias for each position, and weights that the backward pass moves by their gradient."""

    def __init__(self, input_shape, kernel_size, depth):
        channels, height, width = input_shape
        self.input_shape = input_shape
        self.kernels = np.random.randn(depth, channels, kernel_size, kernel_size)
        self.biases = np.random.randn(depth, height - kernel_size + 1, width - kernel_size + 1)

    def forward(self, image):
        self.image = image
        return np.einsum("chwij,ocij->ohw", self._view(image), self.kernels) + self.biases

    def _view(self, image):
        return np.lib.stride_tricks.sliding_window_view(image, self.kernels.shape[2:], axis=(1, 2))

    def backward(self, output_gradient, learning_rate):
        k = self.kernels.shape[2] - 1
        padded = np.pad(output_gradient, ((0, 0), (k, k), (k, k)))
        dx = np.einsum("ohwij,ocij->chw", self._view(padded), self.kernels[:, :, ::-1, ::-1])
        self.kernels -= learning_rate * np.einsum("chwij,ohw->ocij", self._view(self.image), output_gradient)
        self.biases -= learning_rate * output_gradient
        return dx


class Digits:
    """A first layer for grey images: it keeps filters of 3 by 3, and nothing has input channels."""

    def __init__(self, num_filters):
        self.filters = np.random.randn(num_filters, 3, 3) / 9

    def forward(self, image):
        windows = np.lib.stride_tricks.sliding_window_view(image, (3, 3))
        return np.einsum("hwij,oij->hwo", windows, self.filters)


class Lazy:
    """The weights come with the first input."""

    def __init__(self, filters, kernel_size, activation="relu"):
        self.filters, self.kernel_size, self.activation, self.kernel = filters, kernel_size, activation, None

    def call(self, x):
        if self.kernel is None:
            self.kernel = np.random.randn(*self.kernel_size, x.shape[-1], self.filters)
        windows = np.lib.stride_tricks.sliding_window_view(x, self.kernel_size, axis=(1, 2))
        y = np.einsum("nhwcij,ijco->nhwo", windows, self.kernel)
        return np.maximum(y, 0) if self.activation == "relu" else y


class Scheme:
    def __init__(self, in_channels, out_channels, kernel_size, scheme):
        if scheme != "he":
            raise ValueError(f"no scheme {scheme}")
        self.weight = np.random.randn(out_channels, in_channels, *kernel_size)

    def forward(self, x):
        return np.einsum("nchwij,ocij->nohw", _windows(x, self.weight.shape[2:], 1), self.weight)


class Offset(Scheme):
    def __init__(self, in_channels, out_channels, kernel_size):
        super().__init__(in_channels, out_channels, kernel_size, "he")
        self.level = np.random.randn(out_channels)

    def forward(self, x):
        return super().forward(x) + self.level[:, None, None]


class Transposed:
    def __init__(self, in_channels, out_channels, kernel_size, stride=1):
        self.W1, self.stride = np.random.randn(in_channels, out_channels, *kernel_size), stride
        self.b1 = np.random.randn(out_channels)

    def forward(self, x):
        self.x, s = x, self.stride
        (kh, kw), (h, w) = self.W1.shape[2:], x.shape[2:]
        y = np.zeros((len(x), self.W1.shape[1], (h - 1) * s + kh, (w - 1) * s + kw))
        for i, j in np.ndindex(h, w):
            y[:, :, i * s : i * s + kh, j * s : j * s + kw] += np.einsum("nc,coij->noij", x[:, :, i, j], self.W1)
        return y + self.b1[:, None, None]

    def backward(self, dy):
        windows = _windows(dy, self.W1.shape[2:], self.stride)[:, :, : self.x.shape[2], : self.x.shape[3]]
        self.dW1 = np.einsum("nchw,nohwij->coij", self.x, windows)
        return np.einsum("nohwij,coij->nchw", windows, self.W1)


class Listed:
    def __init__(self, w):
        self.w = w

    def forward(self, x):
        return np.einsum("nchwij,ocij->nohw", _windows(as_array(x), self.w.shape[2:], 1), self.w)


def as_array(values):
    return np.asarray(values)


strided = Conv2D(3, 4, (3, 2), stride=2, padding=1)
