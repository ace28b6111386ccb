"""Mistakes with the kernel: its taps rotated, transposed, left out, or its channels in each other's place."""

from collections.abc import Iterator
from functools import partial
from itertools import combinations
from typing import Any

import numpy as np

from convformance.judging.hypotheses.hypothesis import Array, Computation, Hypothesis, Prediction, axis_names, reposed

_ALL = (slice(None),)
_COUNTS = (4, 8, 16, 32, 64)  # taps to a block, of which a kernel may lose what is left over


def _spatial(array: Array) -> tuple[int, ...]:
    return tuple(range(2, array.ndim))


def _rotated(kernel: Array) -> Array:
    return np.flip(kernel, _spatial(kernel))


def kernel_rotated(asked: Computation) -> Iterator[Prediction]:
    """The filter that is read is turned by 180 degrees."""
    if "filter" in asked.reads:
        yield "", asked.mapped("filter", _rotated)


def gradient_rotated(asked: Computation) -> Iterator[Prediction]:
    """The filter gradient is turned by 180 degrees."""
    if asked.gives == "filter":
        yield "", asked.mapped("filter", _rotated)


def kernel_flipped_on_one_axis(asked: Computation) -> Iterator[Prediction]:
    """The filter, read or given, is turned round along some of its axes."""
    if asked.gives == "bias":
        return
    for count in range(1, asked.rank):
        for axes in combinations(range(asked.rank), count):
            names = ", ".join(axis_names(asked.rank)[axis] for axis in axes)
            yield f"along {names}", asked.mapped("filter", partial(np.flip, axis=[axis + 2 for axis in axes]))


def kernel_axes_swapped(asked: Computation) -> Iterator[Prediction]:
    """Two axes of the filter, read or given, stand in each other's place."""
    if asked.gives == "bias":
        return
    for one, other in combinations(range(asked.rank), 2):
        detail = f"{axis_names(asked.rank)[one]} and {axis_names(asked.rank)[other]}" if asked.rank > 2 else ""
        swapped = asked.mapped("filter", partial(np.swapaxes, axis1=one + 2, axis2=other + 2))
        kernel = list(asked.problem.kernel_size)
        kernel[one], kernel[other] = kernel[other], kernel[one]
        if asked.gives == "filter" or tuple(kernel) == asked.problem.kernel_size:
            yield detail, swapped
        else:
            yield from reposed(swapped, detail, kernel_size=tuple(kernel))


def _swapped_within(groups: int, kernel: Array) -> Array:
    """Return the filter with its input and output channels exchanged within each group."""
    blocks = kernel.reshape(groups, kernel.shape[0] // groups, *kernel.shape[1:]).swapaxes(1, 2)
    return blocks.reshape(-1, *blocks.shape[2:])


def in_out_channels_swapped(asked: Computation) -> Iterator[Prediction]:
    """The first two axes of the filter, read or given, stand in each other's place."""
    problem = asked.problem
    outputs, inputs = problem.out_channels // problem.groups, problem.in_channels // problem.groups
    if asked.gives == "filter":
        yield "", asked.mapped("filter", lambda kernel: kernel.swapaxes(0, 1))
    if asked.gives == "filter" or ("filter" in asked.reads and outputs == inputs):
        yield "", asked.mapped("filter", partial(_swapped_within, problem.groups))


def taps_missing(asked: Computation) -> Iterator[Prediction]:
    """Some taps are not summed: the first or last along an axis, those of an odd count, one alone, all behind a number of them."""
    if "filter" not in asked.reads:
        return
    kernel = asked.problem.kernel_size
    for axis, (name, size) in enumerate(zip(axis_names(asked.rank), kernel, strict=True), 2):
        counts = {size - 1, *(count for count in _COUNTS if count < size)} - {0}
        for kept in sorted(counts, reverse=True):
            yield (
                f"after {kept} along {name}",
                asked.mapped("filter", partial(_set_to_zero, (*_ALL * axis, slice(kept, None)))),
            )
        yield f"the first along {name}", asked.mapped("filter", partial(_set_to_zero, (*_ALL * axis, 0)))
    for corner, words in ((0, "first"), (-1, "last")):
        place = (corner,) * asked.rank
        yield f"the {words} one", asked.mapped("filter", partial(_set_to_zero, (*_ALL * 2, *place)))
        yield f"the {words} of one channel", asked.mapped("filter", partial(_set_to_zero, (*_ALL, corner, *place)))


def _set_to_zero(place: tuple[Any, ...], kernel: Array) -> Array:
    lacking = kernel.copy()
    lacking[place] = 0
    return lacking


def channels_reversed(asked: Computation) -> Iterator[Prediction]:
    """The channels of the filter, read or given, are in reverse order."""
    if asked.gives != "bias":
        yield "input channels", asked.mapped("filter", lambda kernel: kernel[:, ::-1])
        yield "output channels", asked.mapped("filter", lambda kernel: kernel[::-1])


HYPOTHESES = (
    Hypothesis(
        "kernel-rotated",
        "The kernel is turned by 180 degrees: a true convolution where a cross-correlation is meant, or a gradient that turns it "
        "once too often or not at all.",
        "Read tap t at position + t * dilation without turning the kernel; in an input gradient written as a convolution turn it "
        "on all spatial axes, in one that scatters do not.",
        kernel_rotated,
        ("kernel > 1", "the filter is read"),
    ),
    Hypothesis(
        "gradient-rotated",
        "The filter gradient comes out turned by 180 degrees.",
        "Correlate the input with the output's gradient, in this order; neither is to be turned.",
        gradient_rotated,
        ("kernel > 1", "the filter's gradient is asked for"),
    ),
    Hypothesis(
        "kernel-axes-swapped",
        "The spatial axes of the kernel are exchanged: it is read, or its gradient given, transposed.",
        "Keep the order of the kernel's spatial axes the same as that of the data; a square kernel hides the mistake.",
        kernel_axes_swapped,
        ("kernel > 1",),
    ),
    Hypothesis(
        "in-out-channels-swapped",
        "Input and output channels of the filter are exchanged.",
        "Take the filter as (out, in, ...); exchange the two exactly once in a gradient, and not where it is only shared with one.",
        in_out_channels_swapped,
        ("in_channels > groups",),
    ),
    Hypothesis(
        "kernel-flipped-on-one-axis",
        "The kernel is turned round along some of its axes and not along others.",
        "Turn the kernel on all spatial axes where it has to be turned, and on none elsewhere.",
        kernel_flipped_on_one_axis,
        ("kernel > 1",),
    ),
    Hypothesis(
        "channels-reversed",
        "The channels of the filter are in reverse order.",
        "Reverse the spatial axes only when turning a kernel: name them, as in w[:, :, ::-1, ::-1].",
        channels_reversed,
        ("channels > 1",),
    ),
    Hypothesis(
        "taps-missing",
        "Some taps of the kernel are not summed.",
        "Let the loops over the taps run from the first to the last, and take what is left over after whole blocks.",
        taps_missing,
    ),
)
