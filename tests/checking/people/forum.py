"""Short pieces as they are asked about in forums."""

import numpy as np
from numpy.lib.stride_tricks import as_strided


def conv2d(a, f):
    s = f.shape + tuple(np.subtract(a.shape, f.shape) + 1)
    sub = as_strided(a, shape=s, strides=a.strides * 2)
    return np.einsum("ij,ijkl->kl", f, sub)


def conv2d_fft(image, kernel):
    shape = [i + k - 1 for i, k in zip(image.shape, kernel.shape)]
    product = np.fft.rfft2(image, shape) * np.fft.rfft2(kernel[::-1, ::-1], shape)
    full = np.fft.irfft2(product, shape)
    kh, kw = kernel.shape
    return full[kh - 1 : image.shape[0], kw - 1 : image.shape[1]]


def conv2d_fft_circular(image, kernel):
    product = np.fft.rfft2(image) * np.conj(np.fft.rfft2(kernel, image.shape))
    return np.fft.irfft2(product, image.shape)


def conv_lists(matrix, kernel):
    n, m = len(matrix), len(matrix[0])
    k, l = len(kernel), len(kernel[0])
    return [
        [sum(matrix[i + a][j + b] * kernel[a][b] for a in range(k) for b in range(l)) for j in range(m - l + 1)]
        for i in range(n - k + 1)
    ]


def conv_lists_square(matrix, kernel):
    n, k = len(matrix), len(kernel)
    return [
        [sum(matrix[i + a][j + b] * kernel[a][b] for a in range(k) for b in range(k)) for j in range(n - k + 1)]
        for i in range(n - k + 1)
    ]


def conv1d(signal, kernel, stride=1):
    n = (len(signal) - len(kernel)) // stride + 1
    return np.array([np.dot(signal[i * stride : i * stride + len(kernel)], kernel) for i in range(n)])


def conv1d_full(signal, kernel):
    out = np.zeros(len(signal) + len(kernel) - 1)
    for i, value in enumerate(signal):
        out[i : i + len(kernel)] += value * kernel
    return out


def causal_conv1d(x, w, dilation=1):
    """x: (batch, channels, time), w: (out, channels, k)."""
    k = w.shape[2]
    x = np.pad(x, ((0, 0), (0, 0), ((k - 1) * dilation, 0)))
    length = x.shape[2] - (k - 1) * dilation
    return sum(np.einsum("oc,bct->bot", w[:, :, i], x[:, :, i * dilation : i * dilation + length]) for i in range(k))


def causal_conv1d_forgetful(x, w, dilation=1):
    k = w.shape[2]
    x = np.pad(x, ((0, 0), (0, 0), (k - 1, 0)))
    length = x.shape[2] - (k - 1)
    x = np.pad(x, ((0, 0), (0, 0), (0, (k - 1) * (dilation - 1))))
    return sum(np.einsum("oc,bct->bot", w[:, :, i], x[:, :, i * dilation : i * dilation + length]) for i in range(k))


def grouped(x, weight, stride, padding, groups):
    x = np.pad(x, ((0, 0), (0, 0), (padding, padding), (padding, padding)))
    inputs, filters = np.split(x, groups, axis=1), np.split(weight, groups, axis=0)
    parts = []
    for a, b in zip(inputs, filters):
        view = np.lib.stride_tricks.sliding_window_view(a, b.shape[2:], axis=(2, 3))[:, :, ::stride, ::stride]
        parts.append(np.einsum("nchwij,ocij->nohw", view, b))
    return np.concatenate(parts, axis=1)


def grouped_interleaved(x, weight, stride, padding, groups):
    x = np.pad(x, ((0, 0), (0, 0), (padding, padding), (padding, padding)))
    parts = []
    for g in range(groups):
        a, b = x[:, g::groups], weight[g * (len(weight) // groups) : (g + 1) * (len(weight) // groups)]
        view = np.lib.stride_tricks.sliding_window_view(a, b.shape[2:], axis=(2, 3))[:, :, ::stride, ::stride]
        parts.append(np.einsum("nchwij,ocij->nohw", view, b))
    return np.concatenate(parts, axis=1)


def conv_transpose2d(x, w, stride=1, padding=0):
    n, c, h, width = x.shape
    _, o, kh, kw = w.shape
    out = np.zeros((n, o, (h - 1) * stride + kh, (width - 1) * stride + kw))
    for i in range(h):
        for j in range(width):
            out[:, :, i * stride : i * stride + kh, j * stride : j * stride + kw] += np.einsum(
                "nc,cokl->nokl", x[:, :, i, j], w
            )
    return out[:, :, padding : out.shape[2] - padding, padding : out.shape[3] - padding]


def conv_transpose2d_inserted(x, w, stride=1, padding=0):
    """By zeros between the elements and a convolution, with the kernel left as it is."""
    n, c, h, width = x.shape
    _, o, kh, kw = w.shape
    spread = np.zeros((n, c, (h - 1) * stride + 1, (width - 1) * stride + 1))
    spread[:, :, ::stride, ::stride] = x
    ph, pw = kh - 1 - padding, kw - 1 - padding
    if min(ph, pw) < 0:
        raise ValueError("the padding must be smaller than the kernel")
    spread = np.pad(spread, ((0, 0), (0, 0), (ph, ph), (pw, pw)))
    view = np.lib.stride_tricks.sliding_window_view(spread, (kh, kw), axis=(2, 3))
    return np.einsum("nchwij,coij->nohw", view, w)


def depthwise_conv2d(x, w, stride=1, padding=0):
    """x: (batch, channels, height, width), w: (channels, kh, kw)."""
    x = np.pad(x, ((0, 0), (0, 0), (padding, padding), (padding, padding)))
    c, kh, kw = w.shape
    h = (x.shape[2] - kh) // stride + 1
    wd = (x.shape[3] - kw) // stride + 1
    out = np.empty((x.shape[0], c, h, wd))
    for i in range(h):
        for j in range(wd):
            patch = x[:, :, i * stride : i * stride + kh, j * stride : j * stride + kw]
            out[:, :, i, j] = (patch * w).sum(axis=(2, 3))
    return out


def depthwise_conv2d_summed(x, w, stride=1, padding=0):
    x = np.pad(x, ((0, 0), (0, 0), (padding, padding), (padding, padding)))
    c, kh, kw = w.shape
    h = (x.shape[2] - kh) // stride + 1
    wd = (x.shape[3] - kw) // stride + 1
    out = np.empty((x.shape[0], c, h, wd))
    for i in range(h):
        for j in range(wd):
            patch = x[:, :, i * stride : i * stride + kh, j * stride : j * stride + kw]
            out[:, :, i, j] = (patch * w).sum(axis=(1, 2, 3))[:, None]
    return out


def conv3d(volume, kernel):
    d, h, w = np.subtract(volume.shape, kernel.shape) + 1
    out = np.zeros((d, h, w))
    for z in range(d):
        for y in range(h):
            for x in range(w):
                kz, ky, kx = kernel.shape
                out[z, y, x] = np.sum(volume[z : z + kz, y : y + ky, x : x + kx] * kernel)
    return out


def compute_dw(dout, x, kernel_size, stride=1):
    kh, kw = kernel_size
    dw = np.zeros((dout.shape[1], x.shape[1], kh, kw))
    for i in range(dout.shape[2]):
        for j in range(dout.shape[3]):
            patch = x[:, :, i * stride : i * stride + kh, j * stride : j * stride + kw]
            dw += np.einsum("no,ncij->ocij", dout[:, :, i, j], patch)
    return dw


def compute_dw_mean(dout, x, kernel_size, stride=1):
    return compute_dw(dout, x, kernel_size, stride) / len(x)


def strided_float32(x, w, stride=1):
    x, w = np.asarray(x, np.float32), np.asarray(w, np.float32)
    view = np.lib.stride_tricks.sliding_window_view(x, w.shape)[::stride, ::stride]
    return np.einsum("ijab,ab->ij", view, w)


def depthwise_one_filter(x, w):
    """Every channel with the filter of the first."""
    c, kh, kw = w.shape
    out = np.zeros((x.shape[0], c, x.shape[2] - kh + 1, x.shape[3] - kw + 1))
    for i in range(kh):
        for j in range(kw):
            out += w[0, i, j] * x[:, :, i : i + out.shape[2], j : j + out.shape[3]]
    return out


def depthwise_channels_last(x, k, stride=1):
    n, h, w, c = x.shape
    kh, kw, _ = k.shape
    rows, columns = (h - kh) // stride + 1, (w - kw) // stride + 1
    out = np.zeros((n, rows, columns, c))
    for i in range(kh):
        for j in range(kw):
            out += x[:, i : i + rows * stride : stride, j : j + columns * stride : stride] * k[i, j]
    return out


def depthwise_multiplied(x, k):
    """k: (channels, multiplier, kh, kw)."""
    c, m, kh, kw = k.shape
    view = np.lib.stride_tricks.sliding_window_view(x, (kh, kw), axis=(2, 3))
    y = np.einsum("nchwij,cmij->ncmhw", view, k)
    return y.reshape(len(x), c * m, *y.shape[3:])


def depthwise_multiplied_interleaved(x, k):
    c, m, kh, kw = k.shape
    view = np.lib.stride_tricks.sliding_window_view(x, (kh, kw), axis=(2, 3))
    y = np.einsum("nchwij,cmij->nmchw", view, k)
    return y.reshape(len(x), c * m, *y.shape[3:])


def causal_conv_in_time(x, w, dilation):
    """Of audio, x (B, T, C), with w (K, C, O)."""
    past = (len(w) - 1) * dilation
    padded = np.concatenate([np.zeros((x.shape[0], past, x.shape[2])), x], axis=1)
    return sum(padded[:, k * dilation : k * dilation + x.shape[1]] @ w[k] for k in range(len(w)))


def anticausal_conv1d(x, w, dilation):
    """Of audio, x (B, T, C), with w (K, C, O)."""
    future = (len(w) - 1) * dilation
    padded = np.concatenate([x, np.zeros((x.shape[0], future, x.shape[2]))], axis=1)
    return sum(padded[:, k * dilation : k * dilation + x.shape[1]] @ w[k] for k in range(len(w)))


def input_gradient_by_full_convolution(dy, w, pad=0):
    kh, kw = w.shape[2:]
    wide = np.pad(dy, ((0, 0), (0, 0), (kh - 1 - pad,) * 2, (kw - 1 - pad,) * 2))
    view = np.lib.stride_tricks.sliding_window_view(wide, (kh, kw), axis=(2, 3))
    return np.einsum("nohwij,ocij->nchw", view, w[:, :, ::-1, ::-1])


def conv2d_fft_wrapping_start(image, kernel):
    product = np.fft.fft2(image) * np.fft.fft2(kernel[::-1, ::-1], image.shape)
    kh, kw = kernel.shape
    return np.fft.ifft2(product).real[: image.shape[0] - kh + 1, : image.shape[1] - kw + 1]


def conv2d_fft_full_start(image, kernel):
    shape = [i + k - 1 for i, k in zip(image.shape, kernel.shape)]
    full = np.fft.ifft2(np.fft.fft2(image, shape) * np.fft.fft2(kernel[::-1, ::-1], shape)).real
    kh, kw = kernel.shape
    return full[: image.shape[0] - kh + 1, : image.shape[1] - kw + 1]


def conv2d_fft_turned(image, kernel):
    shape = [i + k - 1 for i, k in zip(image.shape, kernel.shape)]
    full = np.fft.ifft2(np.fft.fft2(image, shape) * np.fft.fft2(kernel, shape)).real
    kh, kw = kernel.shape
    return full[kh - 1 : image.shape[0], kw - 1 : image.shape[1]]


def conv2d_fft_centred(image, kernel):
    kh, kw = kernel.shape
    wide = np.zeros(image.shape)
    wide[:kh, :kw] = kernel
    wide = np.roll(wide, (-((kh - 1) // 2), -((kw - 1) // 2)), (0, 1))
    return np.fft.ifft2(np.fft.fft2(image) * np.fft.fft2(wide).conj()).real


def conv2d_fft_exchanged(image, kernel):
    """The kernel in the middle of an array of the image's size, and the halves of the result exchanged."""
    wide = np.zeros(image.shape)
    top, left = ((side - taps) // 2 for side, taps in zip(image.shape, kernel.shape))
    wide[top : top + kernel.shape[0], left : left + kernel.shape[1]] = kernel[::-1, ::-1]
    return np.fft.fftshift(np.fft.ifft2(np.fft.fft2(image) * np.fft.fft2(wide)).real)


def conv2d_fft_turned_at_the_corner(image, kernel):
    return np.fft.irfft2(np.fft.rfft2(image) * np.fft.rfft2(kernel, image.shape), image.shape)


def conv2d_fft_full_of_size(image, kernel):
    """The whole result, cropped to the size of the image from its corner."""
    shape = [i + k - 1 for i, k in zip(image.shape, kernel.shape)]
    full = np.fft.irfft2(np.fft.rfft2(image, shape) * np.fft.rfft2(kernel[::-1, ::-1], shape), shape)
    return full[: image.shape[0], : image.shape[1]]
