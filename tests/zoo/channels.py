"""Channels: exchanged, in blocks with a rest, added up wrongly."""

from collections.abc import Callable

import numpy as np

from convformance.reference.problem import Problem
from convformance.test_cases.case import FILTER_GRADIENT, FORWARD, INPUT_GRADIENT
from tests.zoo import tap_loops
from tests.zoo.member import Array
from tests.zoo.mutants import Family, answer, filters, grouped, issue, large, misread, when

_member = Family("channels")


def _as_many(problem: Problem) -> bool:
    return problem.in_channels == problem.out_channels > 1 and not grouped(problem)


def _exchanged(w: Array, problem: Problem) -> Array:
    return w.swapaxes(0, 1)


def _full_blocks(size: int, axis: int) -> Callable[[Array], Array]:
    """Return what keeps the elements of whole blocks of ``size`` along ``axis`` and puts the rest to 0."""

    def kept(array: Array) -> Array:
        blocked = np.moveaxis(array.copy(), axis, 0)
        if len(blocked) > size:
            blocked[len(blocked) // size * size :] = 0
        return np.moveaxis(blocked, 0, axis)

    return kept


def _channels_in_fours(w: Array, problem: Problem) -> Array:
    return _full_blocks(4, 1)(w)


def _outputs_in_fours(w: Array, problem: Problem) -> Array:
    return _full_blocks(4, 0)(w)


def _result_in_eights(y: Array, problem: Problem) -> Array:
    return _full_blocks(8, 1)(y)


def _last_channel_zero(y: Array, problem: Problem) -> Array:
    y[:, -1:] = 0
    return y


def _second_as_first(y: Array, problem: Problem) -> Array:
    y[:, 1:2] = y[:, :1]
    return y


def _last_channel_of_group(w: Array, problem: Problem) -> Array:
    """The filter with its last channel alone, as when each channel overwrites the sum of those before it."""
    last = np.zeros_like(w)
    last[:, -1:] = w[:, -1:]
    return last


def _later_half(w: Array, problem: Problem) -> Array:
    later = w.copy()
    later[:, : w.shape[1] // 2] = 0
    return later


def _overwriting(problem: Problem) -> tap_loops.Add:
    return lambda sums, term: term


def _first_filter(w: Array, problem: Problem) -> Array:
    return np.concatenate([w[:1]] * len(w)) if len(w) else w


def _one_channel(problem: Problem) -> bool:
    return problem.in_channels == 1 and problem.out_channels > 1


def _colour(problem: Problem) -> bool:
    return problem.in_channels == 3


def _long(problem: Problem) -> bool:
    return problem.longest_sum("conv") >= 32 and not grouped(problem)


MEMBERS = (
    _member(
        "in-out-channels-swapped",
        "Reads the input channels of a filter as its output channels where there are as many.",
        FORWARD,
        when(_as_many, filters(_exchanged)),
        "in-out-channels-swapped",
    ),
    _member(
        "input-gradient-in-out-channels-swapped",
        "Does not exchange the filter's channels in the input gradient, which goes unnoticed where there are as many.",
        INPUT_GRADIENT,
        when(_as_many, filters(_exchanged)),
        "in-out-channels-swapped",
        "https://discuss.pytorch.org/t/is-f-conv-transpose2d-transpose-of-f-conv2d/47158",
    ),
    _member(
        "filter-gradient-in-out-channels-swapped",
        "Writes the filter gradient with its channels exchanged where there are as many.",
        FILTER_GRADIENT,
        when(_as_many, answer(_exchanged)),
        "in-out-channels-swapped",
        issue("nntrainer/nntrainer#705"),
    ),
    _member(
        "channels-beyond-blocks-of-four-ignored",
        "Adds up the input channels in blocks of 4 and drops the rest.",
        FORWARD,
        filters(_channels_in_fours),
        "channel-remainder-ignored",
        issue("pytorch/pytorch#21597"),
    ),
    _member(
        "input-gradient-channels-beyond-blocks-ignored",
        "Adds up the output channels in blocks of 4 in the input gradient and drops the rest.",
        INPUT_GRADIENT,
        when(lambda p: not grouped(p), filters(_outputs_in_fours)),
        "channel-remainder-ignored",
    ),
    _member(
        "result-channels-beyond-blocks-zero",
        "Writes the output channels in blocks of 8 and leaves the rest at 0.",
        (*FORWARD, *INPUT_GRADIENT),
        answer(_result_in_eights),
        "tail-only",
    ),
    _member(
        "colours-reversed",
        "Reads the three channels of an image in reverse order.",
        FORWARD,
        when(_colour, large(lambda x, p: x[:, ::-1])),
        "channels-reversed",
    ),
    _member(
        "last-channel-missing",
        "Leaves the last output channel at 0.",
        (*FORWARD, *INPUT_GRADIENT),
        answer(_last_channel_zero),
        "single-channel",
    ),
    _member(
        "second-channel-as-first",
        "Writes the first output channel into the second.",
        (*FORWARD, *INPUT_GRADIENT),
        answer(_second_as_first),
        "repeated",
    ),
    _member(
        "channels-overwritten",
        "Writes the sum of each input channel over that of the channel before.",
        FORWARD,
        filters(_last_channel_of_group),
        "overwritten-not-accumulated",
    ),
    _member(
        "taps-overwritten",
        "Writes the product of each tap over that of the tap before.",
        FORWARD,
        misread(add=_overwriting),
        "overwritten-not-accumulated",
    ),
    _member(
        "overlaps-overwritten",
        "Scatters the products of the input gradient over those that are already there.",
        INPUT_GRADIENT,
        misread(add=_overwriting),
        "overwritten-not-accumulated",
    ),
    _member(
        "split-sums-overwritten",
        "Splits a long sum into two halves and keeps the second.",
        FORWARD,
        when(_long, filters(_later_half)),
        "overwritten-not-accumulated",
        issue("jax-ml/jax#22855"),
    ),
    _member(
        "first-filter-for-one-channel",
        "Uses the first filter for every output channel when the input has one channel.",
        FORWARD,
        when(_one_channel, filters(_first_filter)),
        None,
        issue("pytorch/executorch#22952"),
    ),
    _member(
        "filter-gradient-channels-beyond-blocks-zero",
        "Writes the filter gradient for input channels in blocks of 4 and leaves the rest at 0.",
        FILTER_GRADIENT,
        answer(_channels_in_fours),
        "tail-only",
    ),
)
