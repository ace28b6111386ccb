"""Convolutions whose padding repeats the data, as image code, audio code and layers write them; some are wrong."""

import numpy as np

from convformance.reference.arrays import Array


def _windows(padded: Array, shape: tuple[int, ...]) -> Array:
    return np.lib.stride_tricks.sliding_window_view(padded, shape, axis=tuple(range(-len(shape), 0)))


def _halves(size: int) -> tuple[int, int]:
    return (size - 1) // 2, size // 2


def _filtered(image: Array, kernel: Array, mode: str) -> Array:
    padded = np.pad(image, [_halves(size) for size in kernel.shape], mode)  # type: ignore[call-overload]
    y: Array = np.einsum("ijab,ab->ij", _windows(padded, kernel.shape), kernel)
    return y


def mirrored(image: Array, kernel: Array) -> Array:
    """Reflect without the edge."""
    return _filtered(image, kernel, "reflect")


def replicated(image: Array, kernel: Array) -> Array:
    """Repeat the edge."""
    return _filtered(image, kernel, "edge")


def half_mirrored(image: Array, kernel: Array) -> Array:
    """Reflect with the edge."""
    return _filtered(image, kernel, "symmetric")


def with_zeros(image: Array, kernel: Array) -> Array:
    """Put zeros there."""
    return _filtered(image, kernel, "constant")


def spectral(image: Array, kernel: Array) -> Array:
    """Correlate round the torus by rolling the image; exact, as nothing is transformed."""
    y = np.zeros_like(image)
    (top, _), (left, _) = map(_halves, kernel.shape)
    for i, j in np.ndindex(*kernel.shape):
        y += kernel[i, j] * np.roll(image, (top - i, left - j), (0, 1))
    return y


def centred_behind(image: Array, kernel: Array) -> Array:
    """Centre an even kernel on its second element, as many filters of images do, the edge repeated."""
    padded = np.pad(image, [(size // 2, (size - 1) // 2) for size in kernel.shape], "edge")
    y: Array = np.einsum("ijab,ab->ij", _windows(padded, kernel.shape), kernel)
    return y


def by_mode(image: Array, kernel: Array, mode: str = "nearest") -> Array:
    """Take the border by another library's name."""
    return _filtered(image, kernel, {"nearest": "edge", "mirror": "reflect", "wrap": "wrap"}[mode])


def layer(
    x: Array, w: Array, b: Array | None = None, stride: int = 1, padding: int = 0, padding_mode: str = "zeros"
) -> Array:
    """Convolve as a layer with a padding and its mode does."""
    mode = {"zeros": "constant", "circular": "wrap", "replicate": "edge", "reflect": "reflect"}[padding_mode]
    padded = np.pad(x, ((0, 0), (0, 0), (padding, padding), (padding, padding)), mode)  # type: ignore[call-overload]
    views = _windows(padded, w.shape[2:])[:, :, ::stride, ::stride]
    y: Array = np.einsum("nchwij,ocij->nohw", views, w)
    return y if b is None else y + b[:, None, None]


def layer_backward(dout: Array, x: Array, w: Array, pad: int = 1) -> tuple[Array, Array]:
    """Return both gradients of a layer with a circular padding: what falls outside comes back at the other end."""
    dpadded, dw = _padded_gradients(dout, x, w, pad)
    dx = np.zeros_like(x)
    height, width = x.shape[2:]
    for i, j in np.ndindex(*dpadded.shape[2:]):
        dx[:, :, (i - pad) % height, (j - pad) % width] += dpadded[:, :, i, j]
    return dx, dw


def layer_backward_cropped(dout: Array, x: Array, w: Array, pad: int = 1) -> tuple[Array, Array]:
    """Do the same, but throw the gradient of the padding away."""
    dpadded, dw = _padded_gradients(dout, x, w, pad)
    return dpadded[:, :, pad : pad + x.shape[2], pad : pad + x.shape[3]], dw


def _padded_gradients(dout: Array, x: Array, w: Array, pad: int) -> tuple[Array, Array]:
    padded = np.pad(x, ((0, 0), (0, 0), (pad, pad), (pad, pad)), "wrap")
    dpadded, dw = np.zeros_like(padded), np.zeros_like(w)
    height, width = w.shape[2:]
    for i, j in np.ndindex(*dout.shape[2:]):
        dpadded[:, :, i : i + height, j : j + width] += np.einsum("no,ochw->nchw", dout[:, :, i, j], w)
        dw += np.einsum("no,nchw->ochw", dout[:, :, i, j], padded[:, :, i : i + height, j : j + width])
    return dpadded, dw


def temporal(x: Array, w: Array, dilation: int = 1) -> Array:
    """Convolve so that no output sees what comes later."""
    reach = dilation * (w.shape[2] - 1)
    padded = np.pad(x, ((0, 0), (0, 0), (reach, 0)))
    y: Array = np.einsum("nclk,ock->nol", _windows(padded, (reach + 1,))[..., ::dilation], w)
    return y


def temporal_without_dilation(x: Array, w: Array, dilation: int = 1) -> Array:
    """Do the same with the padding of an undilated kernel, cut to size."""
    reach = dilation * (w.shape[2] - 1)
    padded = np.pad(x, ((0, 0), (0, 0), (w.shape[2] - 1, reach)))
    y: Array = np.einsum("nclk,ock->nol", _windows(padded, (reach + 1,))[..., ::dilation], w)
    return y[..., : x.shape[2]]


def temporal_seeing_the_future(x: Array, w: Array, dilation: int = 1) -> Array:
    """Pad both sides alike where causal padding is meant."""
    reach = dilation * (w.shape[2] - 1)
    padded = np.pad(x, ((0, 0), (0, 0), (reach // 2, reach - reach // 2)))
    y: Array = np.einsum("nclk,ock->nol", _windows(padded, (reach + 1,))[..., ::dilation], w)
    return y
