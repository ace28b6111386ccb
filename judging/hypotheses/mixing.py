"""Mistakes in which results run into each other, or batch and channels are treated like the axes of space."""

from collections.abc import Iterator
from dataclasses import replace
from functools import partial
from itertools import product
from typing import Any

import numpy as np

from convformance.judging.hypotheses.hypothesis import Computation, Hypothesis, Prediction, before_bias
from convformance.reference.arrays import Array


def results_summed(asked: Computation) -> Iterator[Prediction]:
    """Results that each stand for themselves are added up, or their mean is taken.

    Sum over the taps, and over the channels of a group: not over an axis that the result has.
    """
    axes = {"over the filters": 0} if asked.gives == "filter" else {"over the channels": 1, "over the batch": 0}
    for (detail, axis), (form, total) in product(axes.items() if asked.gives != "bias" else (), _TOTALS.items()):
        if asked.result.shape[axis] < 2:
            continue
        rounded = replace(asked, rounded=True) if form == "mean" else asked
        for form_of_axis, repeated in (("in each place", True), ("once", False)):
            summed = partial(_summed, total, axis, repeated, asked.answer.shape)
            yield f"{form} {detail}, {form_of_axis}", before_bias(rounded, summed)


_TOTALS = {"sum": np.sum, "mean": np.mean}


def _summed(total: Any, axis: int, repeated: bool, shape: tuple[int, ...], array: Array) -> Array:
    """Return the total along ``axis``, in each place of it or once; once without the axis, where ``shape`` has none."""
    value: Array = total(array, axis=axis, keepdims=True)
    if repeated:
        return np.broadcast_to(value, array.shape)
    return value.squeeze(axis) if len(shape) < array.ndim else value


def sum_not_reset(asked: Computation) -> Iterator[Prediction]:
    """A sum goes on from one result to the next: each holds those before it, too.

    Set the sum to zero before each result, inside all loops over results.
    """
    if asked.gives == "bias" or asked.answer.shape != asked.result.shape:
        return
    space = tuple(range(2, asked.rank + 2))
    orders: dict[str, tuple[int, ...]] = {
        "along a row": space[-1:],
        "over the positions": space,
        "over channels and positions": (1, *space),
        "over everything": (0, 1, *space),
        "over the channels": (1,),
        "over positions and channels": (*space, 1),
        "over everything, channels last": (0, *space, 1),
    }
    for detail, order in orders.items():
        yield detail, before_bias(asked, partial(_running, order))


def _running(order: tuple[int, ...], array: Array) -> Array:
    """Return the running sums over axes, the last of which runs fastest."""
    moved = np.moveaxis(array, order, range(-len(order), 0))
    sums = moved.reshape(*moved.shape[: array.ndim - len(order)], -1).cumsum(axis=-1).reshape(moved.shape)
    return np.moveaxis(sums, range(-len(order), 0), order)


def other_axes_padded(asked: Computation) -> Iterator[Prediction]:
    """The batch or the channels are padded like the spatial axes, so that each is computed from one before it.

    Pad the spatial axes alone: np.pad takes a pair for each axis, (0, 0) for batch and channels.
    """
    if "input" not in asked.reads:
        return
    for lo in dict.fromkeys(lo for lo, _ in asked.problem.padding if lo > 0):
        for detail, axes in (("the batch", (0,)), ("the channels", (1,)), ("batch and channels", (0, 1))):
            yield f"{detail}, by {lo}", asked.mapped("input", partial(_delayed, lo, axes))


def _delayed(by: int, axes: tuple[int, ...], array: Array) -> Array:
    for axis in axes:
        width = [(by, 0) if each == axis else (0, 0) for each in range(array.ndim)]
        array = np.pad(array, width).take(range(array.shape[axis]), axis)
    return array


HYPOTHESES = (
    Hypothesis.of("results-summed", results_summed, pair_rank=29),
    Hypothesis.of("sum-not-reset", sum_not_reset),
    Hypothesis.of("other-axes-padded", other_axes_padded, "padding"),
)
