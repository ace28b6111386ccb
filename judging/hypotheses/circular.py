"""A convolution that wraps round, as a product of Fourier transforms of the data's own size does."""

from collections.abc import Iterator
from dataclasses import replace
from functools import partial
from itertools import product
from typing import Any

import numpy as np

from convformance.judging.hypotheses.hypothesis import Computation, Hypothesis, Prediction
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


HYPOTHESES = (Hypothesis.of("circular", circular),)
