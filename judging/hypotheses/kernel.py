"""Mistakes with the kernel: its taps rotated, transposed, left out, or its channels in each other's place."""

from collections.abc import Iterator
from dataclasses import replace
from functools import partial
from itertools import combinations
from typing import Any

import numpy as np

from convformance.judging.axes import axis_names
from convformance.judging.hypotheses.hypothesis import (
    Computation,
    Hypothesis,
    Prediction,
    of_wanted_size,
    read_inside,
    with_geometry,
)
from convformance.reference.arrays import Array

_ALL = (slice(None),)
_WITH_PADDING = "the sides of the padding exchanged with it"
_COUNTS = (4, 8, 16, 32, 64)  # taps to a block, of which a kernel may lose what is left over


def _rotated(kernel: Array) -> Array:
    return np.flip(kernel, tuple(range(2, kernel.ndim)))


def kernel_rotated(asked: Computation) -> Iterator[Prediction]:
    """The kernel is turned by 180 degrees: a true convolution where a cross-correlation is meant, or a gradient that
    turns it once too often or not at all.

    Read tap t at position + t * dilation without turning the kernel; in an input gradient written as a convolution turn
    it on all spatial axes, in one that scatters do not.
    """
    if "filter" not in asked.reads:
        return
    rotated = asked.mapped("filter", _rotated)
    yield "", rotated
    sides = tuple((hi, lo) for lo, hi in asked.problem.padding)
    if sides != asked.problem.padding:  # NumPy's and SciPy's mode="same" is centred so
        yield from ((_WITH_PADDING, changed) for _, changed in with_geometry(rotated, padding=sides))


def gradient_rotated(asked: Computation) -> Iterator[Prediction]:
    """The filter gradient comes out turned by 180 degrees.

    Correlate the input with the output's gradient, in this order; neither is to be turned.
    """
    if asked.gives == "filter":
        yield "", asked.mapped("filter", _rotated)


def kernel_flipped_on_one_axis(asked: Computation) -> Iterator[Prediction]:
    """The kernel is turned round along some of its axes and not along others.

    Turn the kernel on all spatial axes where it has to be turned, and on none elsewhere.
    """
    if asked.gives == "bias":
        return
    for count in range(1, asked.rank):
        for axes in combinations(range(asked.rank), count):
            names = ", ".join(axis_names(asked.rank)[axis] for axis in axes)
            yield f"along {names}", asked.mapped("filter", partial(np.flip, axis=[axis + 2 for axis in axes]))


def kernel_axes_swapped(asked: Computation) -> Iterator[Prediction]:
    """The spatial axes of the kernel are exchanged: it is read, or its gradient given, transposed.

    Keep the order of the kernel's spatial axes the same as that of the data; a square kernel hides the mistake.
    """
    if asked.gives == "bias":
        return
    for first, second in combinations(range(asked.rank), 2):
        detail = f"{axis_names(asked.rank)[first]} and {axis_names(asked.rank)[second]}" if asked.rank > 2 else ""
        swapped = asked.mapped("filter", partial(np.swapaxes, axis1=first + 2, axis2=second + 2))
        kernel = list(asked.problem.kernel_size)
        kernel[first], kernel[second] = kernel[second], kernel[first]
        if asked.gives == "filter" or tuple(kernel) == asked.problem.kernel_size:
            yield detail, swapped
        else:
            yield from with_geometry(swapped, detail, kernel_size=tuple(kernel))
            of_view = replace(swapped, problem=of_wanted_size(asked, kernel_size=tuple(kernel)))
            yield from read_inside(asked, ", ".join(filter(None, (detail, "of a view"))), of_view)


def _swapped_within(groups: int, kernel: Array) -> Array:
    """Return the filter with its input and output channels exchanged within each group."""
    blocks = kernel.reshape(groups, kernel.shape[0] // groups, *kernel.shape[1:]).swapaxes(1, 2)
    return blocks.reshape(-1, *blocks.shape[2:])


def in_out_channels_swapped(asked: Computation) -> Iterator[Prediction]:
    """Input and output channels of the filter are exchanged.

    Take the filter as (out, in, ...); exchange the two exactly once in a gradient, and not where it is only shared with
    one.
    """
    problem = asked.problem
    outputs, inputs = problem.out_channels // problem.groups, problem.in_channels // problem.groups
    if asked.gives == "filter":
        yield "", asked.mapped("filter", lambda kernel: kernel.swapaxes(0, 1))
    if asked.gives == "filter" or ("filter" in asked.reads and outputs == inputs):
        yield "", asked.mapped("filter", partial(_swapped_within, problem.groups))


def taps_missing(asked: Computation) -> Iterator[Prediction]:
    """Some taps of the kernel are not summed.

    Let the loops over the taps run from the first to the last, and take what is left over after whole blocks.
    """
    if "filter" not in asked.reads:
        return
    for axis, (name, size) in enumerate(zip(axis_names(asked.rank), asked.problem.kernel_size, strict=True), 2):
        counts = {size - 1, *(count for count in _COUNTS if count < size)} - {0}
        for count in sorted(counts, reverse=True):
            yield f"after {count} along {name}", _without_taps(asked, *_ALL * axis, slice(count, None))
        yield f"the first along {name}", _without_taps(asked, *_ALL * axis, 0)
    for corner, label in ((0, "first"), (-1, "last")):
        yield f"the {label} one", _without_taps(asked, *_ALL * 2, *(corner,) * asked.rank)
        yield f"the {label} of one channel", _without_taps(asked, *_ALL, corner, *(corner,) * asked.rank)


def _without_taps(asked: Computation, *index: Any) -> Computation:
    def zeroed(kernel: Array) -> Array:
        lacking = kernel.copy()
        lacking[index] = 0
        return lacking

    return asked.mapped("filter", zeroed)


def channels_reversed(asked: Computation) -> Iterator[Prediction]:
    """The channels of the filter are in reverse order.

    Reverse the spatial axes only when turning a kernel: name them, as in w[:, :, ::-1, ::-1].
    """
    if asked.gives != "bias":
        yield "input channels", asked.mapped("filter", lambda kernel: kernel[:, ::-1])
        yield "output channels", asked.mapped("filter", lambda kernel: kernel[::-1])


_READ, _GRADIENT = "the filter is read", "the filter's gradient is asked for"

HYPOTHESES = (
    Hypothesis.of("kernel-rotated", kernel_rotated, "kernel > 1", _READ, pair_rank=1),
    Hypothesis.of("gradient-rotated", gradient_rotated, "kernel > 1", _GRADIENT, pair_rank=2),
    Hypothesis.of("kernel-axes-swapped", kernel_axes_swapped, "kernel > 1", pair_rank=4),
    Hypothesis.of("in-out-channels-swapped", in_out_channels_swapped, "in_channels > groups", pair_rank=3),
    Hypothesis.of("kernel-flipped-on-one-axis", kernel_flipped_on_one_axis, "kernel > 1"),
    Hypothesis.of("channels-reversed", channels_reversed, "channels > 1"),
    Hypothesis.of("taps-missing", taps_missing),
)
