"""Deconvolution with averaged overlap: from features back to an image, each pixel the mean of the windows over it.

96x55x55 features through 96x3x11x11 filters at stride 4 make a 3x227x227 image. The sum over windows is a transposed
convolution; how many windows cover a pixel is a transposed convolution of ones; their quotient is the mean, without a
loop over pixels.
"""

import sys
import time
from pathlib import Path
from typing import NamedTuple

import numpy as np
from matplotlib.axes import Axes

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))  # a clone needs no install

from convformance.reference import Problem, conv, conv_transpose
from convformance.reference.arrays import Array
from convformance.reference.geometry import Padding
from examples import drawing
from examples.asking import out_folder, same_bits
from examples.scene import scene

KERNEL, STRIDE = 11, 4
CENTRE = 128.0  # grey: what is subtracted from an image before and added after


class Timed(NamedTuple):
    """The seconds of both ways on the same numbers in one run."""

    ours: float
    loops: float


def overlap(features: Array, kernel_size: tuple[int, ...], stride: int) -> Array:
    """Return how many windows cover each pixel, ``(1, 1, *large)``."""
    ones = np.ones((1, 1, *features.shape[2:]), features.dtype)
    return conv_transpose(ones, np.ones((1, 1, *kernel_size), features.dtype), stride=stride)


def averaged(features: Array, filters: Array, stride: int) -> Array:
    """Return the image ``(N, C, *large)`` of features ``(N, F, *small)`` through filters ``(F, C, *kernel)``.

    Overlaps are averaged. Every pixel must lie below some window, as it does where the stride does not exceed the
    kernel.
    """
    return conv_transpose(features, filters, stride=stride) / overlap(features, filters.shape[2:], stride)


def averaged_by_loops(features: Array, filters: Array, stride: int) -> Array:
    """Return the same by loops over every feature and position: add its weighted filter, count, divide."""
    channels, rows, columns = filters.shape[1:]
    height = (features.shape[2] - 1) * stride + rows
    width = (features.shape[3] - 1) * stride + columns
    total = np.zeros((features.shape[0], channels, height, width), features.dtype)
    count = np.zeros((height, width), features.dtype)
    for row, column in np.ndindex(features.shape[2:]):
        window = np.s_[stride * row : stride * row + rows, stride * column : stride * column + columns]
        count[window] += 1
        for image, feature in np.ndindex(features.shape[:2]):
            total[image, :, *window] += features[image, feature, row, column] * filters[feature]
    return total / count


def forward(x: Array, w: Array, bias: Array, *, stride: int, padding: Padding = 0, sizes: str = "refuse") -> Array:
    """Return the convolution with a bias, for any stride and padding.

    ``sizes`` says what becomes of rows and columns that no window reads because the stride does not divide: ``floor``
    leaves them out, ``refuse`` raises ValueError.
    """
    if sizes not in ("floor", "refuse"):
        raise ValueError(f"sizes={sizes!r}; allowed: floor, refuse")
    problem = Problem.of(input_size=x.shape[2:], kernel_size=w.shape[2:], stride=stride, padding=padding)
    if sizes == "refuse" and any(problem.output_padding):
        unread = f"leaves {problem.output_padding} rows and columns unread"
        raise ValueError(f"stride={stride} {unread}; allowed: a stride that divides")
    return conv(x, w, bias=bias, stride=stride, padding=padding)


def random_integers(*shapes: tuple[int, ...]) -> list[Array]:
    """Return random integers from -9 to 9, one float64 array for each shape: sums of them are exact in any order."""
    rng = np.random.default_rng(5)
    return [rng.integers(-9, 10, shape).astype(np.float64) for shape in shapes]


def check_that_it_equals_the_loops() -> None:
    """Compare with the loops on a small size, with two images and a kernel that is not square."""
    features, filters = random_integers((2, 4, 5, 7), (4, 3, 3, 5))
    for stride in (1, 2, 3):  # windows that overlap, and windows that touch
        same_bits(f"stride {stride}", averaged(features, filters, stride), averaged_by_loops(features, filters, stride))


def check_that_it_is_faster_than_the_loops() -> Timed:
    """Return the seconds of both at full size, where they give the same bits and the loops take longer."""
    features, filters = random_integers((1, 96, 55, 55), (96, 3, KERNEL, KERNEL))
    started = time.perf_counter()
    image = averaged(features, filters, STRIDE)
    between = time.perf_counter()
    same_bits("the full size", image, averaged_by_loops(features, filters, STRIDE))
    timed = Timed(between - started, time.perf_counter() - between)
    assert image.shape == (1, 3, 227, 227)
    assert timed.loops > timed.ours, f"the loops take {timed.loops:.3g} s, this {timed.ours:.3g} s"
    return timed


def check_that_the_forward_refuses_or_floors() -> None:
    """Ask a size that the stride divides, and one that it does not: refused by default, floored when asked."""
    x, w, bias = random_integers((2, 3, 11, 12), (4, 3, 3, 2), (4,))
    divides, leaves = ((1, 1), (2, 0)), ((2, 0), (2, 2))
    divided = forward(x, w, bias, stride=2, padding=divides)
    same_bits("a size that divides", divided, by_loops(x, w, bias, 2, divides))
    floored = forward(x, w, bias, stride=3, padding=leaves, sizes="floor")
    same_bits("a size that is floored", floored, by_loops(x, w, bias, 3, leaves))
    assert (divided.shape, floored.shape) == ((2, 4, 6, 7), (2, 4, 4, 5))
    message = ""
    try:
        forward(x, w, bias, stride=3, padding=leaves)
    except ValueError as refusal:
        message = str(refusal)
    assert "leaves (1, 2) rows and columns unread" in message, "a size that does not divide was not refused"


def by_loops(x: Array, w: Array, bias: Array, stride: int, padding: tuple[tuple[int, int], ...]) -> Array:
    """Return the convolution by a loop over every position of the window, the first axis first."""
    x = np.pad(x, ((0, 0), (0, 0), *padding))
    starts = [range(0, size - kernel + 1, stride) for size, kernel in zip(x.shape[2:], w.shape[2:], strict=True)]
    y = np.zeros((x.shape[0], w.shape[0], *map(len, starts)))
    for row, top in enumerate(starts[0]):
        for column, left in enumerate(starts[1]):
            window = x[:, :, top : top + w.shape[2], left : left + w.shape[3]]
            y[:, :, row, column] = np.einsum("nchw,fchw->nf", window, w) + bias
    return y


def waves() -> Array:
    """Return 96 orthonormal filters ``(96, 3, 11, 11)``: the 32 smoothest cosine waves in each colour."""
    angles = (np.arange(KERNEL) + 0.5) * np.pi / KERNEL
    line = np.cos(np.outer(np.arange(KERNEL), angles)) * np.sqrt(2 / KERNEL)
    line[0] /= np.sqrt(2)
    smoothest = sorted(np.ndindex(KERNEL, KERNEL), key=lambda pair: (pair[0] ** 2 + pair[1] ** 2, pair))[:32]
    plane = np.array([np.outer(line[down], line[across]) for down, across in smoothest])
    coloured: Array = np.einsum("fhw,oc->fochw", plane, np.eye(3))
    return coloured.reshape(-1, 3, KERNEL, KERNEL)


def draw(timed: Timed, out: Path) -> None:
    """Draw an image, its sum of windows, how many there are, the mean, and the time it took beside the loops'."""
    image, filters = scene(227, 227)[None], waves()
    features = conv(image - CENTRE, filters, stride=STRIDE)
    total = conv_transpose(features, filters, stride=STRIDE)
    count = overlap(features, filters.shape[2:], STRIDE)
    title = "Deconvolution with averaged overlap: 96x55x55 features back to 3x227x227"
    figure, axes = drawing.panels(title, 2, 3, (15, 9.4))
    drawing.photograph(axes[0, 0], image[0], "the image, 3x227x227")
    drawing.image(axes[0, 1], features[0, 3], "one of its 96 features, 55x55", unit="feature", colours=drawing.SIGNED)
    drawing.image(axes[0, 2], count[0, 0], "how many windows cover a pixel", unit="windows")
    title = "the sum of windows, scaled:\na grid, and grey borders"
    drawing.photograph(axes[1, 0], total[0] / count.max() + CENTRE, title)
    title = "the mean of windows:\nthe image, but for its finest detail"
    drawing.photograph(axes[1, 1], (total / count)[0] + CENTRE, title)
    _draw_times(axes[1, 2], timed)
    drawing.save(figure, out, "averaged_overlap")


def _draw_times(panel: Axes, timed: Timed) -> None:
    names, seconds = ["transposed\nconvolution", "loops"], [timed.ours, timed.loops]
    bars = panel.barh(names, seconds, color=[drawing.BLUE, drawing.ORANGE])
    panel.bar_label(bars, fmt="%.3g s", padding=4)
    panel.set_xlim(0, 1.25 * timed.loops)
    title = f"the same bits, {timed.loops / timed.ours:.0f} times as fast"
    drawing.label_axes(panel, title, across="seconds, in one run", up="")


def main(out: Path) -> None:
    """State the claims, which are asserted, and draw them."""
    print("deconvolution with averaged overlap: 96x55x55 features, 96x3x11x11 filters, stride 4")
    check_that_it_equals_the_loops()
    print("  equal to the brute-force loops on a small size, bit for bit")
    timed = check_that_it_is_faster_than_the_loops()
    times = timed.loops / timed.ours
    print(f"  at full size equal too: {timed.ours:.3g} s, the loops {timed.loops:.3g} s, {times:.0f} times as long")
    check_that_the_forward_refuses_or_floors()
    print("  forward with a bias: a size that the stride does not divide is refused, or floored when asked")
    draw(timed, out)


if __name__ == "__main__":
    main(out_folder(__doc__))
