"""Scatter and flip: the gradient of a convolution in its input, three ways.

Each value of dy adds its weighted kernel to a zero-padded buffer. The interior of the buffer is what a forward
convolution of dy with the kernel rotated by 180 degrees gives; and for a dy of ones it is what central differences of
the summed output give.
"""

import sys
from pathlib import Path

import numpy as np

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))  # a clone needs no install

from convformance.reference import conv, conv_input_grad
from convformance.reference.arrays import Array
from convformance.reference.differences import numerical_gradient
from examples import drawing
from examples.asking import out_folder, same_bits

X = np.arange(1.0, 50.0).reshape(7, 7)
W = np.arange(1.0, 10.0).reshape(3, 3)
DY = np.random.default_rng(7).integers(-9, 10, (7, 7)).astype(np.float64)
PADDING = 1


def convolved(image: Array, kernel: Array) -> Array:
    """Return the forward convolution of one image ``(H, W)`` with one kernel, zeros round it."""
    result: Array = conv(image[None, None], kernel[None, None], padding=PADDING)[0, 0]
    return result


def scattered(dy: Array, kernel: Array, count: int | None = None) -> Array:
    """Return the padded buffer ``(H + 2, W + 2)`` after the first ``count`` values of dy added their kernels."""
    rows, columns = kernel.shape
    buffer = np.zeros(tuple(size + 2 * PADDING for size in dy.shape))
    for row, column in list(np.ndindex(dy.shape))[:count]:
        buffer[row : row + rows, column : column + columns] += dy[row, column] * kernel
    return buffer


def interior(buffer: Array) -> Array:
    """Return the buffer without its padding."""
    return buffer[PADDING:-PADDING, PADDING:-PADDING]


def check_that_scattering_is_a_flipped_convolution() -> Array:
    """Return dx: the buffer's interior, which a convolution with the rotated kernel and the reference give as well."""
    dx = interior(scattered(DY, W))
    same_bits("a convolution with the rotated kernel", convolved(DY, np.flip(W)), dx)
    gradient = conv_input_grad(DY[None, None], W[None, None], input_size=7, padding=PADDING)
    same_bits("the reference's gradient", gradient[0, 0], dx)
    return dx


def check_that_differences_are_the_gradient_of_ones() -> Array:
    """Return the gradient of the summed output, equal to its central differences: integers leave no error."""
    ones = np.ones_like(convolved(X, W))
    differences = numerical_gradient(lambda x: convolved(x, W), X, ones, step=1.0)
    same_bits("central differences of the summed output", differences, interior(scattered(ones, W)))
    return differences


def draw(dx: Array, differences: Array, out: Path) -> None:
    """Draw the forward pass, the buffer as it fills, and the three results."""
    title = "Scatter and flip: the gradient in the input is a convolution, kernel rotated"
    figure, axes = drawing.panels(title, 3, 3, (13, 11.5))
    drawing.numbers(axes[0, 0], X, "x, a ramp", colours=drawing.VALUES)
    drawing.numbers(axes[0, 1], W, "the kernel w, a ramp", unit="weight", colours=drawing.VALUES)
    drawing.numbers(axes[0, 2], convolved(X, W), "forward: conv(x, w), padding 1", colours=drawing.VALUES)
    for panel, count in zip(axes[1], (1, 11, 49), strict=True):
        buffer = scattered(DY, W, count)
        drawing.numbers(panel, buffer, f"scatter: {count} of the 49 values of dy", unit="sum of weighted kernels")
        drawing.outline(panel, (PADDING, PADDING), DY.shape)
    drawing.numbers(axes[2, 0], DY, "dy, what comes back to the output")
    drawing.numbers(axes[2, 1], dx, "flip: conv(dy, rotated w)\n= the framed interior above", unit="dx")
    title = "central differences of sum(y)\n= the gradient of ones"
    drawing.numbers(axes[2, 2], differences, title, unit="d sum(y) / dx", colours=drawing.VALUES)
    drawing.save(figure, out, "scatter_and_flip")


def main(out: Path) -> None:
    """State the claims, which are asserted, and draw them."""
    print("scatter and flip: 7x7 ramp, 3x3 ramp kernel, zero padding 1")
    dx = check_that_scattering_is_a_flipped_convolution()
    print("  the interior of the scatter buffer equals a convolution with the rotated kernel, bit for bit")
    differences = check_that_differences_are_the_gradient_of_ones()
    print("  central differences of the summed output equal the gradient of ones, bit for bit")
    draw(dx, differences, out)


if __name__ == "__main__":
    main(out_folder(__doc__))
