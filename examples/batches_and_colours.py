"""Batches and colours: the gradient of a channels-last convolution is one more convolution, checked entry by entry.

Images are ``(2, 10, 11, 5)``, filters ``(2, 3, 5, 4)``. dx is the convolution of dy, padded by the kernel's size less
one on every side, with the filter mirrored on both of its spatial axes and its in and out channels swapped.
"""

import sys
from pathlib import Path
from typing import Any

import numpy as np

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))  # a clone needs no install

from convformance.adapters.layouts import from_canonical, to_canonical
from convformance.reference import Problem, conv, conv_input_grad
from convformance.reference.arrays import Array
from convformance.reference.differences import numerical_gradient
from examples import drawing
from examples.asking import first_answer, frameworks, out_folder, same_bits
from examples.scene import scene

IMAGES, FILTERS = "N*C", "*IO"  # channels last

# Differences between each pixel and its eight neighbours: zero where the image is flat. One filter serves each colour.
EDGES = np.array([[-1.0, -1, -1], [-1, 8, -1], [-1, -1, -1]])


def operands() -> tuple[Array, Array, Array]:
    """Return images, filters and random output weights dy, channels last, random integers in float64."""
    rng = np.random.default_rng(3)
    images, filters, dy = (rng.integers(-9, 10, shape) for shape in ((2, 10, 11, 5), (2, 3, 5, 4), (2, 9, 9, 4)))
    return images.astype(np.float64), filters.astype(np.float64), dy.astype(np.float64)


def convolved(images: Array, filters: Array) -> Array:
    """Return the convolution ``(N, OH, OW, O)`` without padding of ``(N, H, W, C)`` with ``(KH, KW, C, O)``."""
    return from_canonical(conv(to_canonical(images, IMAGES), to_canonical(filters, FILTERS)), IMAGES)


def padded(dy: Array, filters: Array) -> Array:
    """Return dy with the kernel's size less one zeros on every side of its spatial axes."""
    rows, columns = (size - 1 for size in filters.shape[:2])
    return np.pad(dy, ((0, 0), (rows, rows), (columns, columns), (0, 0)))


def turned(filters: Array) -> Array:
    """Return the filter mirrored on both spatial axes, in and out channels swapped: ``(KH, KW, O, C)``."""
    return np.flip(filters, axis=(0, 1)).swapaxes(2, 3)


def check_that_dx_is_a_convolution() -> Array:
    """Return dx: the convolution of the padded dy, which the reference and the numerical derivative give as well.

    The convolution is linear and the numbers are integers, so that central differences over steps of 1 leave no error.
    """
    images, filters, dy = operands()
    dx = convolved(padded(dy, filters), turned(filters))
    gradient = conv_input_grad(to_canonical(dy, IMAGES), to_canonical(filters, FILTERS), input_size=images.shape[1:3])
    same_bits("the reference's gradient", from_canonical(gradient, IMAGES), dx)
    derivative = numerical_gradient(lambda x: convolved(x, filters), images, dy, step=1.0)
    same_bits("the numerical derivative at every input entry", derivative, dx)
    return dx


def edge_problem(image: Array) -> Problem:
    """Return the edge detection on an image ``(1, 3, H, W)``: each colour by itself, zeros round it."""
    return Problem.of(input_size=image.shape[2:], kernel_size=3, padding=1, in_channels=3, out_channels=3, groups=3)


def check_that_everyone_finds_the_same_edges(image: Array) -> dict[str, Array]:
    """Return the edges by the reference and by each framework's first route: the same numbers, bit for bit."""
    filters = np.broadcast_to(EDGES, (3, 1, 3, 3)).astype(image.dtype)
    edges = {"reference": conv(image, filters, padding=1, groups=3)}
    for adapter in frameworks():
        for route, answer in first_answer(adapter, "conv", edge_problem(image), image, filters):
            same_bits(f"the edges by {adapter.name}", answer, edges["reference"])
            edges[f"{adapter.name}: {route}"] = answer
    return edges


def draw(dx: Array, edges: dict[str, Array], image: Array, out: Path) -> None:
    """Draw dy with its padding, dx beside it, and the edges as each framework finds them."""
    figure, axes = drawing.panels("Batches and colours: gradients and edges of many channels at once", 3, 4, (15, 9.6))
    _, filters, dy = operands()
    drawing.numbers(axes[0, 0], dy[1, :, :, 2], "dy: second image, third channel", unit="output weight")
    title = "the padded dy:\n1 row, 2 columns of zeros"
    drawing.numbers(axes[0, 1], padded(dy, filters)[1, :, :, 2], title, unit="output weight")
    drawing.outline(axes[0, 1], (1, 2), dy.shape[1:3])
    title = "the mirrored filter from the third\nto the fifth channel"
    drawing.numbers(axes[0, 2], turned(filters)[:, :, 2, 4], title, unit="weight")
    title = "dx: second image, fifth channel\n= the numerical derivative"
    drawing.image(axes[0, 3], dx[1, :, :, 4], title, unit="dx", colours=drawing.SIGNED)
    drawing.photograph(axes[1, 0], image[0], "an image, made of formulas")
    for panel in axes.flat[5 + len(edges) :]:
        panel.set_axis_off()
    scale: dict[str, Any] = {"unit": "|R| + |G| + |B|", "colours": drawing.ERRORS, "vmin": 0, "vmax": 1500}
    for panel, (name, answer) in zip(axes.flat[5:], edges.items(), strict=False):
        drawing.image(panel, np.abs(answer[0]).sum(axis=0), f"edges by\n{name}", **scale)
    drawing.save(figure, out, "batches_and_colours")


def main(out: Path) -> None:
    """State the claims, which are asserted, and draw them."""
    print("batches and colours: images (2, 10, 11, 5), filters (2, 3, 5, 4), channels last")
    dx = check_that_dx_is_a_convolution()
    entries = f"all {dx.size} input entries"
    print(f"  dx as a convolution of the padded dy equals the numerical derivative at {entries}, bit for bit")
    image = scene(120, 140)[None].astype(np.float32)
    edges = check_that_everyone_finds_the_same_edges(image)
    print(f"  the same edges, bit for bit, by {'; '.join(edges)}")
    draw(dx, edges, image, out)


if __name__ == "__main__":
    main(out_folder(__doc__))
