"""Filters of images."""

import numpy as np


def filter2d(image, kernel):
    kh, kw = kernel.shape
    padded = np.pad(image, ((kh // 2, kh - 1 - kh // 2), (kw // 2, kw - 1 - kw // 2)), mode="reflect")
    result = np.zeros(image.shape)
    for i in range(image.shape[0]):
        for j in range(image.shape[1]):
            result[i, j] = np.sum(padded[i : i + kh, j : j + kw] * kernel)
    return result


def apply_kernel(img, kernel):
    """An image of unsigned bytes in, one out."""
    kh, kw = kernel.shape
    padded = np.pad(img.astype(np.float64), (((kh - 1) // 2, kh // 2), ((kw - 1) // 2, kw // 2)))
    out = np.zeros(img.shape)
    for i in range(img.shape[0]):
        for j in range(img.shape[1]):
            out[i, j] = (padded[i : i + kh, j : j + kw] * kernel).sum()
    return np.clip(np.round(out), 0, 255).astype(np.uint8)


def apply_kernel_wrapping(img, kernel):
    kh, kw = kernel.shape
    padded = np.pad(img, (((kh - 1) // 2, kh // 2), ((kw - 1) // 2, kw // 2))).astype(np.int64)
    out = np.zeros(img.shape, np.int64)
    for i in range(img.shape[0]):
        for j in range(img.shape[1]):
            out[i, j] = (padded[i : i + kh, j : j + kw] * kernel).sum()
    return out.astype(np.uint8)


def sobel_x(image):
    kernel = np.array([[-1, 0, 1], [-2, 0, 2], [-1, 0, 1]])
    h, w = image.shape
    out = np.zeros((h - 2, w - 2))
    for i in range(h - 2):
        for j in range(w - 2):
            out[i, j] = np.sum(image[i : i + 3, j : j + 3] * kernel)
    return out


def convolve_rgb(image, kernel):
    """Each colour by itself."""
    kh, kw = kernel.shape
    h, w, channels = image.shape
    out = np.zeros((h - kh + 1, w - kw + 1, channels))
    for c in range(channels):
        for i in range(out.shape[0]):
            for j in range(out.shape[1]):
                out[i, j, c] = np.sum(image[i : i + kh, j : j + kw, c] * kernel)
    return out


def convolve_rgb_grey(image, kernel):
    kh, kw = kernel.shape
    h, w, channels = image.shape
    out = np.zeros((h - kh + 1, w - kw + 1, channels))
    for i in range(out.shape[0]):
        for j in range(out.shape[1]):
            out[i, j, :] = np.sum(image[i : i + kh, j : j + kw] * kernel[:, :, None])
    return out


def same_odd(image, kernel):
    assert kernel.shape[0] % 2 == 1 and kernel.shape[1] % 2 == 1, "kernel sides must be odd"
    kh, kw = kernel.shape
    padded = np.pad(image, ((kh // 2, kh // 2), (kw // 2, kw // 2)))
    view = np.lib.stride_tricks.sliding_window_view(padded, kernel.shape)
    return (view * kernel).sum(axis=(-2, -1))


def same_odd_uncropped(image, kernel):
    """Borders stay as they were in the image."""
    assert kernel.shape[0] % 2 == 1 and kernel.shape[1] % 2 == 1, "kernel sides must be odd"
    kh, kw = kernel.shape
    out = image.copy()
    for i in range(kh // 2, image.shape[0] - kh // 2):
        for j in range(kw // 2, image.shape[1] - kw // 2):
            out[i, j] = (image[i - kh // 2 : i + kh // 2 + 1, j - kw // 2 : j + kw // 2 + 1] * kernel).sum()
    return out


def convolve_rgb_mean(image, kernel):
    kh, kw = kernel.shape
    h, w, channels = image.shape
    out = np.zeros((h - kh + 1, w - kw + 1, channels))
    for i in range(out.shape[0]):
        for j in range(out.shape[1]):
            out[i, j] = (image[i : i + kh, j : j + kw] * kernel[:, :, None]).sum(axis=(0, 1)).mean()
    return out


def filter_without_reset(src, dst, kernel):
    kh, kw = kernel.shape
    for i in range(src.shape[0]):
        total = 0.0
        for j in range(src.shape[1]):
            for a in range(kh):
                for b in range(kw):
                    y, x = i + a - (kh - 1) // 2, j + b - (kw - 1) // 2
                    if 0 <= y < src.shape[0] and 0 <= x < src.shape[1]:
                        total += src[y, x] * kernel[a, b]
            dst[i, j] = total
