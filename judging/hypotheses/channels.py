"""Mistakes with channels, groups and memory layout."""

from collections.abc import Iterator
from dataclasses import replace
from functools import partial
from itertools import permutations, product
from typing import Any

import numpy as np

from convformance.judging.hypotheses.hypothesis import Array, Computation, Hypothesis, Prediction

_BLOCKS = (2, 4, 8, 16, 32)


def groups_ignored(asked: Computation) -> Iterator[Prediction]:
    """All is computed as one group, on the channels that the filters have."""
    problem = asked.problem
    if problem.groups == 1 or asked.gives == "bias":
        return
    inputs = problem.in_channels // problem.groups
    dense = replace(asked, problem=replace(problem, groups=1))
    narrow = replace(asked, problem=replace(problem, groups=1, in_channels=inputs))
    if asked.gives == "output":
        yield "the first channels for every group", narrow.mapped("input", lambda x: x[:, :inputs])
        yield (
            "every channel for every group",
            dense.mapped("filter", lambda w: np.tile(w, _times(w, 1, problem.groups))),
        )
    elif asked.gives == "input":
        yield "a result of one group", narrow
        yield "the first group holds all", narrow.mapped("input", partial(_filled, problem.in_channels))
        yield "every group holds all", narrow.mapped("input", lambda dx: np.tile(dx, _times(dx, 1, problem.groups)))
    else:
        yield "a result of all channels", dense
        yield "the first channels for every group", dense.mapped("filter", lambda dw: dw[:, :inputs])


def _times(array: Array, axis: int, count: int) -> tuple[int, ...]:
    """Return repetitions for ``np.tile``: ``count`` along ``axis``."""
    return tuple(count if at == axis else 1 for at in range(array.ndim))


def _filled(channels: int, array: Array) -> Array:
    return np.pad(array, [(0, channels - size if at == 1 else 0) for at, size in enumerate(array.shape)])


def first_group_for_all(asked: Computation) -> Iterator[Prediction]:
    """Every group is computed with an array of the first one."""
    problem = asked.problem
    if problem.groups == 1 or asked.gives == "bias":
        return
    for name in (*asked.reads, asked.gives):
        yield f"of the {name}", asked.mapped(name, partial(_first_group, problem.groups, int(name != "filter")))


def _first_group(groups: int, axis: int, array: Array) -> Array:
    first = array.take(range(array.shape[axis] // groups), axis)
    return np.tile(first, _times(array, axis, groups))


def groups_interleaved(asked: Computation) -> Iterator[Prediction]:
    """Channel c belongs to group c modulo groups, where groups are blocks of neighbours."""
    problem = asked.problem
    if problem.groups == 1 or asked.gives == "bias":
        return
    counts = {"input": problem.in_channels, "filter": problem.out_channels, "output": problem.out_channels}
    for inverse, chosen in product((False, True), _subsets(tuple(counts))):
        made = asked
        for name in chosen:
            made = _in_order(
                made, name, _interleaved(counts[name], problem.groups, inverse=inverse != (name == asked.gives))
            )
        yield f"{', '.join(chosen)}{' inversely' if inverse else ''}", made


def _subsets(names: tuple[str, ...]) -> list[tuple[str, ...]]:
    """Return the subsets of one, two and three names, the likeliest first."""
    given, kernel, taken = names
    return [(given,), (kernel, taken), names, (taken,), (kernel,), (given, taken), (given, kernel)]


def _interleaved(count: int, groups: int, *, inverse: bool) -> Array:
    shape = (groups, count // groups) if inverse else (count // groups, groups)
    return np.arange(count).reshape(shape).T.ravel()


def _in_order(made: Computation, name: str, order: Array) -> Computation:
    return made.mapped(name, lambda array: array.take(order, 0 if name == "filter" else 1))


def channel_remainder_ignored(asked: Computation) -> Iterator[Prediction]:
    """Of the channels that are summed the last ones are left out, beyond whole blocks or after the first."""
    if "filter" not in asked.reads:
        return
    problem = asked.problem
    axis = 1 if asked.gives == "output" else 0
    count = (problem.in_channels if axis else problem.out_channels) // problem.groups
    blocks = 1 if axis else problem.groups
    for kept in sorted({count - 1, 1, *(count // block * block for block in _BLOCKS)} - {0, count}, reverse=True):
        chosen = np.arange(count) < kept
        yield f"only the first {kept} of {count}", asked.mapped("filter", partial(_kept, axis, np.tile(chosen, blocks)))
    if count > 1:
        yield "the first one", asked.mapped("filter", partial(_kept, axis, np.tile(np.arange(count) > 0, blocks)))


def _kept(axis: int, chosen: Array, kernel: Array) -> Array:
    """Return the filter with the channels that are not ``chosen`` set to 0."""
    return kernel * chosen.reshape(tuple(-1 if at == axis else 1 for at in range(kernel.ndim)))


def layout_misread(asked: Computation) -> Iterator[Prediction]:
    """The elements of an array are read, or the result's written, in the memory order of another layout."""
    if asked.gives == "bias":
        return
    result_orders = list(permutations(range(asked.rank + 2))) if asked.rank <= 2 else _usual_orders(asked.rank)
    for order in result_orders if _same_numbers(asked.result, asked.answer) else ():
        yield f"the result has the axes {_letters(order)}", asked.mapped(asked.gives, partial(np.transpose, axes=order))
        yield f"the result as if {_letters(order)}", asked.mapped(asked.gives, partial(_reread, order))
        yield f"the result as if written {_letters(order)}", asked.mapped(asked.gives, partial(_rewritten, order))
    for name, order in product(asked.reads, _usual_orders(asked.rank)):
        yield f"the {name} as if {_letters(order)}", asked.mapped(name, partial(_reread, order))
        yield f"the {name} as if written {_letters(order)}", asked.mapped(name, partial(_rewritten, order))


def _same_numbers(one: Array, other: Array) -> bool:
    """Whether two arrays hold the same numbers in some order, roundings to 8 digits aside."""
    return one.size == other.size and np.allclose(np.sort(one, None), np.sort(other, None), rtol=2.0**-7, atol=0.0)


def _usual_orders(rank: int) -> list[tuple[int, ...]]:
    """Return the orders of axes of known layouts: channels last, batch last, filters by taps first, exchanged pairs."""
    space = tuple(range(2, rank + 2))
    last, by_taps, by_taps_out = (0, *space, 1), (*space, 1, 0), (*space, 0, 1)
    exchanged, reversed_space, batch_last = (1, 0, *space), (0, 1, *space[::-1]), (1, *space, 0)
    with_first, columns_first = (0, 2, 1, *space[1:]), (0, *space[::-1], 1)
    all_reversed = (*space[::-1], 1, 0)
    orders = (
        last,
        exchanged,
        by_taps,
        by_taps_out,
        batch_last,
        reversed_space,
        with_first,
        columns_first,
        all_reversed,
    )
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
    Hypothesis(
        "groups-ignored",
        "The groups are left out: all filters work on the same channels.",
        "Let output channel o read the in_channels / groups channels of group o // (out_channels / groups), in every pass.",
        groups_ignored,
        ("groups > 1",),
    ),
    Hypothesis(
        "groups-interleaved",
        "Channels are dealt out to the groups in turn, where a group is a block of neighbouring channels.",
        "Group g holds input channels g * in_channels / groups and the ones that follow, and output channels likewise.",
        groups_interleaved,
        ("groups > 1", "in_channels > groups"),
    ),
    Hypothesis(
        "first-group-for-all",
        "Every group is computed with what belongs to the first.",
        "Step through the filters and channels of the groups: those of group g start at g times the size of a group.",
        first_group_for_all,
        ("groups > 1",),
    ),
    Hypothesis(
        "layout-misread",
        "An array's elements are taken in the order of another memory layout.",
        "Move axes with a transpose, not with a reshape, and name the layout wherever an array changes hands.",
        layout_misread,
    ),
    Hypothesis(
        "channel-remainder-ignored",
        "Some of the channels that are summed are left out.",
        "Take what is left over after whole blocks of channels, and let the loop run to the last one.",
        channel_remainder_ignored,
        ("channels > 1",),
    ),
)
