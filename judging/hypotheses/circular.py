"""A convolution that wraps round, as a product of Fourier transforms of the data's own size does."""

from collections.abc import Iterator
from dataclasses import replace
from functools import partial
from itertools import product
from typing import Any

import numpy as np

from convformance.judging.hypotheses.hypothesis import Computation, Hypothesis, Prediction, no_padding
from convformance.judging.hypotheses.padding import padded_with
from convformance.reference.arrays import Array
from convformance.reference.borders import ZERO
from convformance.reference.geometry import Size
from convformance.reference.problem import Problem


def circular(asked: Computation) -> Iterator[Prediction]:
    """What lies at one end of the data is summed at the other: a circular convolution, as large as the data.

    Put zeros behind the data, at least as many as the kernel is long less one, before a Fourier transform; and crop the
    result to the windows that were asked for, those from the corner on where none reaches out of the data.
    """
    problem = asked.problem
    if asked.gives != "output" or problem.border != ZERO or 0 in problem.input_shape:
        return
    padded = [("", asked)]
    # A smaller part of it may hold no sum that wraps round: that is as well a turned kernel without a transform.
    is_all = asked.answer.shape[2:] == problem.padded_size
    if is_all and any(entry > 0 for pair in problem.padding for entry in pair):
        padded += [(", over the padded data", computation) for _, computation in padded_with("constant", asked)]
    aligned = []
    for (data, computation), (anchor, before), turned in product(padded, _ANCHORS.items(), (False, True)):
        detail = f"{anchor}{', the kernel turned' if turned else ''}{data}"
        aligned.append((detail, _wrapping(computation, before, turned=turned)))
    yield from aligned
    corners = [each for each in aligned if each[0].startswith((_FROM, _UP_TO))]
    for detail, computation in corners:
        if asked.answer.shape[2:] == computation.problem.output_size:
            for moved, shifts in _moves(computation.problem):
                yield f"{detail}{moved}", computation.changed(partial(_rolled, shifts))


def _moves(problem: Problem) -> Iterator[tuple[str, Size]]:
    """Yield how far results lie from where they begin, where the kernel or the result is moved by half of the data."""
    halves = [size // 2 for size in problem.input_size]
    # The first tap where a kernel lies in the middle of an array as large as the data; it moves a result either way.
    middles = [(size - taps) // 2 for size, taps in zip(problem.input_size, problem.kernel_size, strict=True)]
    yield ", halves exchanged", tuple(halves)
    for sign in (1, -1):
        yield ", the kernel in the middle of the data", tuple(sign * by for by in middles)
        both = tuple(half + sign * by for half, by in zip(halves, middles, strict=True))
        yield ", the kernel in the middle of the data, halves exchanged", both


def _rolled(shifts: Size, array: Array) -> Array:
    return np.roll(array, shifts, tuple(range(2, array.ndim)))


# How many of a window's elements before its first stand before the element that its result is written to.
_FROM, _UP_TO = "from the corner on", "up to the corner"
_ANCHORS = {
    _FROM: lambda extent: 0,
    _UP_TO: lambda extent: extent - 1,
    "in the middle of the kernel": lambda extent: (extent - 1) // 2,
    "in the middle of the kernel, the later of two": lambda extent: extent // 2,
}


def _wrapping(asked: Computation, before: Any, *, turned: bool) -> Computation:
    """Return the circular computation, of as much of the kernel as is not longer than the data."""
    problem = asked.problem
    axes = zip(problem.kernel_size, problem.input_size, problem.dilation, strict=True)
    kernel = tuple(max(1, min(taps, (size - 1) // dilation + 1)) for taps, size, dilation in axes)
    extents = tuple(d * (k - 1) + 1 for k, d in zip(kernel, problem.dilation, strict=True))
    pairs = tuple((before(extent), extent - 1 - before(extent)) for extent in extents)
    wraps = replace(problem, kernel_size=kernel, padding=pairs, border="wrap", symbol=None)
    return replace(asked.mapped("filter", partial(_cut, kernel, turned)), problem=wraps)


def _cut(kernel: tuple[int, ...], turned: bool, array: Array) -> Array:
    inside: tuple[Any, ...] = (..., *map(slice, kernel))
    shortened: Array = array[inside]
    return np.flip(shortened, tuple(range(2, array.ndim))) if turned else shortened


def length_not_said(asked: Computation) -> Iterator[Prediction]:
    """A transform of real numbers is inverted without its length: of an odd size the last axis comes out one short.

    Say the size of what comes out, as in irfft2(spectrum, s=shape): an even one is taken without it.
    """
    problem = asked.problem
    if asked.gives != "output" or problem.border != ZERO or {*problem.stride, *problem.dilation} != {1}:
        return
    if not all(np.isfinite(array).all() for array in asked.arrays):  # one NaN makes any transform NaN
        return
    reach = tuple(extent - 1 for extent in problem.effective_kernel)
    spectra = {"as large as the data": (0,) * asked.rank, "with zeros behind the data": reach}
    for base, (detail, more) in product(_with_own_padding(asked), spectra.items()):
        wrapping = _wrapping(_lengthened(base, more), _ANCHORS[_FROM], turned=False)
        *others, last = wrapping.problem.output_size
        for origin, moved, first in _crops(reach) if last % 2 else ():
            ends = (start + size for start, size in zip(first, asked.answer.shape[2:], strict=True))
            if all(end <= size for end, size in zip(ends, (*others, last - 1), strict=True)):
                inverted = partial(_inverted, moved, first, asked.answer.shape[2:])
                yield f"{detail}, {origin}", wrapping.changed(inverted)


def _with_own_padding(asked: Computation) -> list[Computation]:
    """Return the computation without padding on the data alone, and on padded data where padding is asked for."""
    bare = replace(asked, problem=replace(asked.problem, padding=no_padding(asked.rank), symbol=None))
    return [bare, *(computation for _, computation in padded_with("constant", asked))]


def _lengthened(asked: Computation, more: Size) -> Computation:
    """Return the computation with so many zeros behind the data."""
    sizes = tuple(size + by for size, by in zip(asked.problem.input_size, more, strict=True))
    width = ((0, 0), (0, 0), *((0, by) for by in more))
    longer = asked.mapped("input", partial(np.pad, pad_width=width))
    return replace(longer, problem=replace(asked.problem, input_size=sizes, symbol=None))


def _crops(reach: Size) -> Iterator[tuple[str, Size, Size]]:
    """Yield how far the results lie behind the corner where they are transformed back, and from where they are kept."""
    corner, middle = (0,) * len(reach), tuple(by // 2 for by in reach)
    yield _FROM, corner, corner
    yield _UP_TO, reach, reach
    yield "all of it", reach, corner
    yield "the middle of it", reach, middle


def _inverted(moved: Size, first: Size, sizes: Size, array: Array) -> Array:
    spectrum = np.fft.rfft(_rolled(moved, array))
    window: tuple[Any, ...] = (..., *(slice(start, start + size) for start, size in zip(first, sizes, strict=True)))
    inverted: Array = np.fft.irfft(spectrum)[window]
    return inverted


HYPOTHESES = (
    Hypothesis.of("circular", circular),
    Hypothesis.of("transform-length-not-said", length_not_said),
)
