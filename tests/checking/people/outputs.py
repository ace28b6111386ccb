"""Functions that write into an array of the caller's."""


def convolve(src, kernel, dst):
    kh, kw = kernel.shape
    for y in range(dst.shape[0]):
        for x in range(dst.shape[1]):
            acc = 0.0
            for ky in range(kh):
                for kx in range(kw):
                    acc += src[y + ky, x + kx] * kernel[ky, kx]
            dst[y, x] = acc


def convolve_last_row(src, kernel, dst):
    kh, kw = kernel.shape
    for y in range(src.shape[0] - kh):
        for x in range(src.shape[1] - kw + 1):
            dst[y, x] = (src[y : y + kh, x : x + kw] * kernel).sum()


def convolve_added(src, kernel, dst):
    kh, kw = kernel.shape
    for y in range(dst.shape[0]):
        for x in range(dst.shape[1]):
            for ky in range(kh):
                for kx in range(kw):
                    dst[y, x] += src[y + ky, x + kx] * kernel[ky, kx]
