"""The reference against ``scipy.signal`` where that applies: stride 1, no groups, and what slicing makes of it."""

import numpy as np
import pytest
from scipy import signal

from convformance import reference
from convformance.reference.arrays import Array
from tests.reference.generated import integers

# Input and kernel, one to three axes, the kernel no larger than the input.
SIZES = [((9,), (4,)), ((8,), (1,)), ((7, 6), (3, 2)), ((5, 8), (5, 1)), ((5, 4, 6), (2, 3, 2)), ((4, 3, 3), (1, 3, 2))]
# SciPy centres as if the odd element were at the start.
MODES = {"valid": "valid", "full": "full", "same": "same_lower"}


def correlate(x: Array, w: Array, mode: str) -> Array:
    """Return images ``(N, C, *spatial)`` correlated with filters ``(O, C, *kernel)``, summed over the channels."""
    return np.array(
        [[sum(map(lambda a, b: signal.correlate(a, b, mode, "direct"), image, f)) for f in w] for image in x]
    )


@pytest.mark.parametrize(("size", "kernel"), SIZES)
@pytest.mark.parametrize("mode", MODES)
def test_a_convolution_is_scipy_correlate_in_every_mode(
    size: tuple[int, ...], kernel: tuple[int, ...], mode: str
) -> None:
    x, w = integers((2, 3, *size), 1), integers((4, 3, *kernel), 2)
    np.testing.assert_array_equal(reference.conv(x, w, padding=MODES[mode]), correlate(x, w, mode))


@pytest.mark.parametrize(("size", "kernel"), SIZES)
def test_stride_is_slicing_dilation_is_zeros_in_the_filter_and_padding_is_zeros_round_the_input(
    size: tuple[int, ...], kernel: tuple[int, ...]
) -> None:
    rank = len(size)
    stride, dilation, padding = (2, 1, 3)[:rank], (3, 2, 2)[:rank], ((5, 6), (4, 2), (1, 3))[:rank]
    x, w = integers((2, 3, *size), 3), integers((4, 3, *kernel), 4)
    spread = np.zeros((4, 3, *(d * (k - 1) + 1 for k, d in zip(kernel, dilation, strict=True))), np.int64)
    spread[(..., *(slice(None, None, d) for d in dilation))] = w
    dense = correlate(np.pad(x, ((0, 0), (0, 0), *padding)), spread, "valid")
    strided = dense[(..., *(slice(None, None, s) for s in stride))]
    np.testing.assert_array_equal(reference.conv(x, w, stride=stride, padding=padding, dilation=dilation), strided)


@pytest.mark.parametrize(("size", "kernel"), SIZES)
def test_a_transposed_convolution_is_scipy_convolve_in_full_mode(
    size: tuple[int, ...], kernel: tuple[int, ...]
) -> None:
    x, w = integers((2, 4, *size), 5), integers((4, 3, *kernel), 6)
    full = [
        [sum(signal.convolve(a, f, "full", "direct") for a, f in zip(image, w[:, c], strict=True)) for c in range(3)]
        for image in x
    ]
    np.testing.assert_array_equal(reference.conv_transpose(x, w), np.array(full))


@pytest.mark.parametrize("mode", ["valid", "full"])
def test_a_plane_is_scipy_convolve2d_with_the_rotated_filter(mode: str) -> None:
    x, w = integers((7, 5), 7), integers((3, 2), 8)
    expected = signal.convolve2d(x, w[::-1, ::-1], mode)
    np.testing.assert_array_equal(reference.conv(x[None, None], w[None, None], padding=mode)[0, 0], expected)


def test_the_filter_gradient_of_one_image_and_channel_is_scipy_correlate_of_x_with_dy() -> None:
    x, dy = integers((9, 7), 9), integers((7, 6), 10)
    expected = signal.correlate(x, dy, "valid", "direct")
    np.testing.assert_array_equal(
        reference.conv_filter_grad(x[None, None], dy[None, None], kernel_size=(3, 2))[0, 0], expected
    )
