"""Mistakes with channels, groups and memory layout."""

from collections.abc import Iterator
from dataclasses import replace
from functools import partial
from itertools import permutations, product
from typing import Any

import numpy as np

from convformance.judging.axes import along_axis
from convformance.judging.hypotheses.hypothesis import Computation, Hypothesis, Prediction, before_bias
from convformance.reference.arrays import Array

_BLOCKS = (2, 4, 8, 16, 32)
_MOST_GROUPS = 8  # for each of which a computation is made


def groups_ignored(asked: Computation) -> Iterator[Prediction]:
    """The groups are left out: all filters work on the same channels.

    Let output channel o read the in_channels / groups channels of group o // (out_channels / groups), in every pass.
    """
    problem, groups = asked.problem, asked.problem.groups
    if groups == 1 or asked.gives == "bias":
        return
    inputs = problem.in_channels // groups
    dense = replace(asked, problem=replace(problem, groups=1))
    narrow = replace(asked, problem=replace(problem, groups=1, in_channels=inputs))
    if asked.gives == "output":
        yield "the first channels for every group", narrow.mapped("input", lambda x: x[:, :inputs])
        yield "every channel for every group", dense.mapped("filter", partial(_tiled, 1, groups))
    elif asked.gives == "input":
        yield "a result of one group", narrow
        yield "the first group holds all", narrow.mapped("input", partial(_filled, problem.in_channels))
        yield "every group holds all", narrow.mapped("input", partial(_tiled, 1, groups))
    else:
        yield "a result of all channels", dense
        yield "the first channels for every group", dense.mapped("filter", lambda dw: dw[:, :inputs])


def _tiled(axis: int, count: int, array: Array) -> Array:
    return np.tile(array, tuple(count if each == axis else 1 for each in range(array.ndim)))


def _filled(channels: int, array: Array) -> Array:
    return np.pad(array, [(0, channels - size if axis == 1 else 0) for axis, size in enumerate(array.shape)])


def first_group_for_all(asked: Computation) -> Iterator[Prediction]:
    """Every group is computed with what belongs to the first.

    Step through the filters and channels of the groups: those of group g start at g times the size of a group.
    """
    problem = asked.problem
    if problem.groups == 1 or asked.gives == "bias":
        return
    for name in (*asked.reads, asked.gives):
        yield f"of the {name}", asked.mapped(name, partial(_first_group, problem.groups, int(name != "filter")))


def _first_group(groups: int, axis: int, array: Array) -> Array:
    return _tiled(axis, groups, array.take(range(array.shape[axis] // groups), axis))


def groups_exchanged(asked: Computation) -> Iterator[Prediction]:
    """A group holds the result of another one, or is computed with another one's filters or channels.

    Use the same index of the group for input, filter and output.
    """
    problem = asked.problem
    if problem.groups == 1 or asked.gives == "bias":
        return
    for name in (asked.gives, *asked.reads):
        axis = int(name != "filter")
        groups = np.arange(problem.groups)
        orders = {"by one": np.roll(groups, 1), "by one backwards": np.roll(groups, -1), "in reverse": groups[::-1]}
        for detail, order in list(orders.items())[: 1 if problem.groups == 2 else None]:
            yield f"{detail}, of the {name}", asked.mapped(name, partial(_groups_in_order, order, axis))


def _groups_in_order(order: Array, axis: int, array: Array) -> Array:
    size = array.shape[axis] // len(order)
    reordered: Array = array.take(np.add.outer(order * size, np.arange(size)).ravel(), axis)
    return reordered


def another_group(asked: Computation) -> Iterator[Prediction]:
    """Some groups hold the result of another group, or are computed with another group's filters or channels.

    Look at the offsets of each group, the first and the last one too: all of them must count the same group.
    """
    groups = asked.problem.groups
    if not 1 < groups <= _MOST_GROUPS or asked.gives == "bias" or asked.answer.shape != asked.result.shape:
        return
    for name in (asked.gives, *asked.reads):
        sources = _sources(asked, name)
        if sources is not None and sources != list(range(groups)):
            changes = (f"{group} holds {source}" for group, source in enumerate(sources) if group != source)
            order = np.array(sources)
            detail = f"of the {name}: group {', '.join(changes)}"
            yield detail, asked.mapped(name, partial(_groups_in_order, order, int(name != "filter")))


def _sources(asked: Computation, name: str) -> list[int] | None:
    """Return, for each group, the one whose part of that array explains its answer; None where there is none."""
    groups, axis = asked.problem.groups, int(asked.gives != "filter")
    answer = np.split(asked.answer, groups, axis)
    sources: list[int | None] = [None] * groups
    for shift in range(groups):
        order = (np.arange(groups) + shift) % groups
        shifted = asked.mapped(name, partial(_groups_in_order, order, int(name != "filter"))).result
        for group, part in enumerate(np.split(shifted, groups, axis)):
            if sources[group] is None and np.allclose(answer[group], part, rtol=2.0**-7, atol=0.0):
                sources[group] = int(order[group])
    return None if None in sources else [source for source in sources if source is not None]


def groups_interleaved(asked: Computation) -> Iterator[Prediction]:
    """Channels are dealt out to the groups in turn, where a group is a block of neighbouring channels.

    Group g holds input channels g * in_channels / groups and the ones that follow, and output channels likewise.
    """
    problem = asked.problem
    if problem.groups == 1 or asked.gives == "bias":
        return
    counts = {"input": problem.in_channels, "filter": problem.out_channels, "output": problem.out_channels}
    for inverse, names in product((False, True), _subsets(*counts)):
        dealt = asked
        for name in names:
            order = _interleaved(counts[name], problem.groups, inverse=inverse != (name == asked.gives))
            dealt = _in_order(dealt, name, order)
        yield f"{', '.join(names)}{' inversely' if inverse else ''}", dealt


def _subsets(first: str, kernel: str, last: str) -> list[tuple[str, ...]]:
    """Return the subsets of one, two and three names, the likeliest first."""
    return [(first,), (kernel, last), (first, kernel, last), (last,), (kernel,), (first, last), (first, kernel)]


def _interleaved(count: int, groups: int, *, inverse: bool) -> Array:
    shape = (groups, count // groups) if inverse else (count // groups, groups)
    return np.arange(count).reshape(shape).T.ravel()


def _in_order(computation: Computation, name: str, order: Array) -> Computation:
    return computation.mapped(name, lambda array: array.take(order, 0 if name == "filter" else 1))


def groups_summed(asked: Computation) -> Iterator[Prediction]:
    """The results of the groups are added up, or their mean is taken: of a depthwise filter those of all channels.

    Let every group, with a depthwise filter every channel, keep its own result: sum over its taps alone,
    (patch * w).sum(axis=(-2, -1)).
    """
    groups = asked.problem.groups
    if groups == 1 or asked.gives not in ("output", "filter"):  # an input's gradient has its groups ignored so
        return
    axis = int(asked.gives == "output")
    for (form, total), count in product(_TOTALS.items(), (groups, 1)):
        summed = partial(_total_of_groups, total, axis, groups, count, asked.answer.ndim)
        detail = f"{form} {'in the place of each' if count > 1 else 'once'}"
        yield detail, before_bias(replace(asked, rounded=True) if form == "mean" else asked, summed)


_TOTALS = {"sum": np.sum, "mean": np.mean}


def _total_of_groups(total: Any, axis: int, groups: int, count: int, rank: int, array: Array) -> Array:
    """Return the total of the groups, that often along their axis; a single one without it in an array of that rank."""
    blocks = array.reshape(*array.shape[:axis], groups, -1, *array.shape[axis + 1 :])
    value: Array = total(blocks, axis=axis)
    if count == 1 and value.shape[axis] == 1 and rank == array.ndim - 1:
        return value.squeeze(axis)
    return _tiled(axis, count, value)


def channels_summed_first(asked: Computation) -> Iterator[Prediction]:
    """The channels of the input are added up before they are multiplied with the filter: all meet the same taps.

    Multiply each channel with its own part of the filter, w[o, c], and add up the products.
    """
    problem = asked.problem
    inputs = problem.in_channels // problem.groups
    if asked.gives == "bias" or inputs < 2:
        return
    summed = asked.mapped("input", partial(_summed_in_groups, problem.groups))
    yield "", summed
    if "filter" in asked.reads:
        first = along_axis(np.arange(inputs) == 0, 1, asked.rank + 2)
        yield "with the first channel's taps", summed.mapped("filter", partial(np.multiply, first))


def _summed_in_groups(groups: int, array: Array) -> Array:
    """Return the array with the sum over the channels of its group in place of each channel."""
    blocks = array.reshape(len(array), groups, -1, *array.shape[2:])
    return np.repeat(blocks.sum(axis=2), blocks.shape[2], axis=1)


def channel_remainder_ignored(asked: Computation) -> Iterator[Prediction]:
    """Some of the channels that are summed are left out.

    Take what is left over after whole blocks of channels, and let the loop run to the last one.
    """
    if "filter" not in asked.reads:
        return
    problem = asked.problem
    axis = 1 if asked.gives == "output" else 0
    count = (problem.in_channels if axis else problem.out_channels) // problem.groups
    blocks = 1 if axis else problem.groups
    channels = np.tile(np.arange(count), blocks)
    for first in sorted({count - 1, 1, *(count // block * block for block in _BLOCKS)} - {0, count}, reverse=True):
        yield f"only the first {first} of {count}", asked.mapped("filter", partial(_masked, axis, channels < first))
    if count > 1:
        yield "the first one", asked.mapped("filter", partial(_masked, axis, channels > 0))


def _masked(axis: int, mask: Array, kernel: Array) -> Array:
    """Return the filter with the channels that are not in ``mask`` set to 0."""
    return kernel * along_axis(mask, axis, kernel.ndim)


def layout_misread(asked: Computation) -> Iterator[Prediction]:
    """An array's elements are taken in the order of another memory layout.

    Move axes with a transpose, not with a reshape, and name the layout wherever an array changes hands.
    """
    if asked.gives == "bias":
        return
    result_orders = list(permutations(range(asked.rank + 2))) if asked.rank <= 2 else _usual_orders(asked.rank)
    for order in result_orders if _same_numbers(asked.result, asked.answer) else ():
        yield f"the result has the axes {_letters(order)}", asked.changed(partial(np.transpose, axes=order))
        yield f"the result as if {_letters(order)}", asked.changed(partial(_reread, order))
        yield f"the result as if written {_letters(order)}", asked.changed(partial(_rewritten, order))
    for name, order in product(asked.reads, _usual_orders(asked.rank)):
        yield f"the {name} as if {_letters(order)}", asked.mapped(name, partial(_reread, order))
        yield f"the {name} as if written {_letters(order)}", asked.mapped(name, partial(_rewritten, order))


def _same_numbers(array: Array, other: Array) -> bool:
    """Whether two arrays hold the same numbers in some order, roundings to 8 digits aside."""
    if array.size != other.size:
        return False
    return np.allclose(np.sort(array, None), np.sort(other, None), rtol=2.0**-7, atol=0.0)


def _usual_orders(rank: int) -> list[tuple[int, ...]]:
    """Return the orders of axes of known layouts: channels last, batch last, filters by taps first, exchanged pairs."""
    space = tuple(range(2, rank + 2))
    last, by_taps, by_taps_out = (0, *space, 1), (*space, 1, 0), (*space, 0, 1)
    exchanged, reversed_space, batch_last = (1, 0, *space), (0, 1, *space[::-1]), (1, *space, 0)
    with_first, columns_first, all_reversed = (0, 2, 1, *space[1:]), (0, *space[::-1], 1), (*space[::-1], 1, 0)
    filters_and_batch = (exchanged, by_taps, by_taps_out, batch_last)
    orders = (last, *filters_and_batch, reversed_space, with_first, columns_first, all_reversed)
    return [order for order in dict.fromkeys(orders) if order != tuple(range(rank + 2))]


def _letters(order: tuple[int, ...]) -> str:
    return "(" + ", ".join(map(str, order)) + ")"


def _reread(order: tuple[int, ...], array: Array) -> Array:
    """Return the elements in the memory order of the permuted array, in the shape of the array."""
    return array.transpose(order).reshape(array.shape)


def _rewritten(order: tuple[int, ...], array: Array) -> Array:
    """Return the elements as they are in memory, taken for those of the permuted array."""
    inverse: Any = np.argsort(order)
    return array.reshape([array.shape[axis] for axis in order]).transpose(inverse)


HYPOTHESES = (
    Hypothesis.of("groups-ignored", groups_ignored, "groups > 1", pair_rank=5),
    Hypothesis.of("groups-interleaved", groups_interleaved, "groups > 1", "in_channels > groups"),
    Hypothesis.of("first-group-for-all", first_group_for_all, "groups > 1"),
    Hypothesis.of("groups-exchanged", groups_exchanged, "groups > 1"),
    Hypothesis.of("another-group", another_group, "groups > 1"),
    Hypothesis.of("groups-summed", groups_summed, "groups > 1", pair_rank=28),
    Hypothesis.of("channels-summed-first", channels_summed_first, "in_channels > groups"),
    Hypothesis.of("layout-misread", layout_misread, pair_rank=27),
    Hypothesis.of("channel-remainder-ignored", channel_remainder_ignored, "channels > 1"),
)
