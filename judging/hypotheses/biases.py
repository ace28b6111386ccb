"""Mistakes with the bias: left out, multiplied, of another channel, along another axis, in some elements only."""

from collections.abc import Iterator
from dataclasses import replace
from functools import partial

import numpy as np

from convformance.judging.axes import along_axis
from convformance.judging.hypotheses.hypothesis import Computation, Hypothesis, Prediction
from convformance.judging.hypotheses.numbers import named_numbers
from convformance.reference.arrays import Array


def bias_missing(asked: Computation) -> Iterator[Prediction]:
    """The bias is not added, or to some elements only.

    Add bias[o] to every element of output channel o; an adapter hands on the bias that it is given.
    """
    if asked.bias is None:
        return
    yield "", replace(asked, bias=None)
    with_it = asked.result
    if len(with_it) > 1:
        for detail, images in (("but to the first image", slice(1, None)), ("but to the last image", slice(None, -1))):
            yield detail, replace(asked, bias=None).changed(partial(_elsewhere, with_it, images))
    empty = np.broadcast_to(asked.counts == 0, with_it.shape)
    if empty.any() and not empty.all():
        yield "where nothing else is summed", asked.changed(lambda y: np.where(empty, 0.0, y))


def _elsewhere(with_it: Array, images: slice, without: Array) -> Array:
    """Return ``without`` in those images and ``with_it`` in the others."""
    mixed = with_it.copy()
    mixed[images] = without[images]
    return mixed


def bias_twice(asked: Computation) -> Iterator[Prediction]:
    """The bias is added twice.

    Add the bias in one place: by the framework, or to its result.
    """
    if asked.bias is not None:
        yield "", replace(asked, bias=2 * asked.bias)


def bias_repeated(asked: Computation) -> Iterator[Prediction]:
    """The bias is added once for every term of a sum, divided by a number of terms, or subtracted.

    Add the bias once, after the sum over channels and taps.
    """
    if asked.bias is None:
        return
    yield "subtracted", replace(asked, bias=-asked.bias)
    counts = asked.counts
    if counts.size and counts.min() < counts.max():
        repeated = along_axis(asked.bias, 1, asked.rank + 2) * counts
        yield "for every product", replace(asked, bias=None).changed(partial(np.add, repeated))
    for name, number in named_numbers(asked):
        yield f"{number} times = {name}", replace(asked, bias=number * asked.bias)
    for name, number in named_numbers(asked):
        yield f"divided by {number} = {name}", replace(asked, bias=asked.bias / number, rounded=True)


def bias_on_wrong_axis(asked: Computation) -> Iterator[Prediction]:
    """The bias runs along another axis than the channels.

    Give the bias the shape (1, channels, 1, ...) before it is added: alone it runs along the last axis.
    """
    if asked.bias is None or not asked.bias.size:
        return
    without, shape = replace(asked, bias=None), asked.problem.result_shape(asked.operation)
    for axis, size in enumerate(shape):
        if axis != 1:
            repeated = along_axis(np.resize(asked.bias, size), axis, asked.rank + 2)
            yield f"axis {axis}", without.changed(partial(np.add, repeated))
    in_turns = np.resize(asked.bias, int(np.prod(shape))).reshape(shape)
    yield "in turns, as elements lie in memory", without.changed(partial(np.add, in_turns))


def bias_misread(asked: Computation) -> Iterator[Prediction]:
    """The channels get the biases of other channels.

    Read bias[o] for output channel o, whatever the order in which groups and channels are computed.
    """
    if asked.bias is None or len(asked.bias) < 2:
        return
    for detail, order in _orders(asked):
        if not np.array_equal(asked.bias[order], asked.bias):
            yield detail, replace(asked, bias=asked.bias[order])


def _orders(asked: Computation) -> Iterator[tuple[str, Array]]:
    """Yield, for each channel, the index of the bias that it may get."""
    assert asked.bias is not None
    channels, groups = np.arange(len(asked.bias)), asked.problem.groups
    yield "that of the first for all", np.zeros_like(channels)
    yield "in reverse order", channels[::-1]
    yield "of the next", np.roll(channels, -1)
    yield "of the one before", np.roll(channels, 1)
    if 1 < groups < len(channels) and not len(channels) % groups:
        yield "that of the first group for all", channels % (len(channels) // groups)
        yield "one a group", channels // (len(channels) // groups)
        yield "groups interleaved", channels.reshape(groups, -1).T.reshape(-1)
        yield "interleaved for groups", channels.reshape(-1, groups).T.reshape(-1)
    if asked.answer.shape == asked.result.shape and asked.answer.size and np.isfinite(asked.answer).all():
        order = _seen_order(asked, asked.bias)
        yield f"those of channels {', '.join(map(str, order))}", order


def _seen_order(asked: Computation, bias: Array) -> Array:
    """Return which bias each channel shows where least is rounded: its own, or else the nearest one."""
    without = _by_channel(replace(asked, bias=None).result)
    column = np.argmin(np.abs(without), axis=1)[:, None]
    added = np.take_along_axis(_by_channel(asked.answer) - without, column, axis=1)[:, 0]
    distance = np.abs(bias[None, :] - added[:, None])
    own = np.diagonal(distance) <= distance.min(axis=1)
    nearest: Array = np.where(own, np.arange(len(bias)), distance.argmin(axis=1))
    return nearest


def _by_channel(array: Array) -> Array:
    return np.moveaxis(array, 1, 0).reshape(array.shape[1], -1)


HYPOTHESES = (
    Hypothesis.of("bias-missing", bias_missing, "bias", pair_rank=14),
    Hypothesis.of("bias-twice", bias_twice, "bias", pair_rank=20),
    Hypothesis.of("bias-repeated", bias_repeated, "bias"),
    Hypothesis.of("bias-on-wrong-axis", bias_on_wrong_axis, "bias"),
    Hypothesis.of("bias-misread", bias_misread, "bias"),
)
