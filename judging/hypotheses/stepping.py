"""Mistakes with stride and dilation: left out, given to the wrong axis, off by one, taken for each other."""

from collections.abc import Iterator
from dataclasses import replace
from functools import partial
from itertools import permutations, product
from typing import Any

from convformance.judging.axes import axis_names
from convformance.judging.hypotheses.hypothesis import (
    Computation,
    Hypothesis,
    Prediction,
    of_wanted_size,
    read_inside,
    with_axis,
    with_geometry,
)


def ignored(name: str, asked: Computation) -> Iterator[Prediction]:
    """Yield 1 for the parameter of that name, on every axis or on one."""
    values = getattr(asked.problem, name)
    yield from with_geometry(asked, "", **{name: (1,) * asked.rank})
    if sum(value != 1 for value in values) > 1:
        for axis, letter in enumerate(axis_names(asked.rank)):
            yield from with_geometry(asked, f"along {letter}", **{name: with_axis(values, axis, 1)})


def axes_swapped(name: str, asked: Computation) -> Iterator[Prediction]:
    """Yield the parameter of that name given to the axes in another order."""
    values = getattr(asked.problem, name)
    for order in permutations(range(asked.rank)):
        detail = " ".join(axis_names(asked.rank)[axis] for axis in order) if asked.rank > 2 else ""
        exchanged = {name: tuple(values[axis] for axis in order)}
        yield from with_geometry(asked, detail, **exchanged)
        if name == "stride" and exchanged[name] != values:
            of_view = replace(asked, problem=of_wanted_size(asked, **exchanged))
            yield from read_inside(asked, ", ".join(filter(None, (detail, "of a view"))), of_view)


def one_axis_for_both(axis: int, asked: Computation) -> Iterator[Prediction]:
    """Yield what a parameter is on one axis, the first or the last, for every axis; one parameter, or all of them."""
    problem = asked.problem
    shared = {name: (getattr(problem, name)[axis],) * asked.rank for name in ("stride", "dilation", "padding")}
    for name, values in shared.items():
        yield from with_geometry(asked, name, **{name: values})
    yield from with_geometry(asked, "stride, dilation and padding", **shared)
    yield from _padding_of_kernel_side(axis, asked)


def _padding_of_kernel_side(axis: int, asked: Computation) -> Iterator[Prediction]:
    """Yield the symbolic padding of every axis worked out from the kernel's side along one axis."""
    problem = asked.problem
    if problem.symbol in (None, "valid") or asked.rank < 2:
        return
    for extent in dict.fromkeys((problem.kernel_size[axis], problem.effective_kernel[axis])):
        total = extent - 1
        full = [(total, total)] if problem.symbol == "full" else []
        half = [
            (total // 2, total // 2),
            (extent // 2, extent // 2),
            (total // 2, extent // 2),
            (extent // 2, total // 2),
        ]
        for pair in dict.fromkeys(full or half):
            yield from with_geometry(asked, "the padding from the kernel's side", padding=(pair,) * asked.rank)


def miscounted(name: str, asked: Computation) -> Iterator[Prediction]:
    """Yield the parameter of that name one too large or one too small, on every axis or where it is above 1."""
    values: tuple[int, ...] = getattr(asked.problem, name)
    for step, detail in ((1, "one too large"), (-1, "one too small")):
        yield from with_geometry(asked, detail, **{name: tuple(max(1, value + step) for value in values)})
        above = tuple(value + step if value > 1 else value for value in values)
        yield from with_geometry(asked, detail, **{name: above})


def another(name: str, asked: Computation) -> Iterator[Prediction]:
    """Yield another number up to 4 for the parameter of that name."""
    values = getattr(asked.problem, name)
    for others in product(range(1, 5), repeat=min(asked.rank, 2)):
        if asked.rank <= 2:
            yield from with_geometry(asked, f"{_times(others)} for {_times(values)}", **{name: others})


def _times(values: tuple[Any, ...]) -> str:
    return " x ".join(map(str, values))


def stride_dilation_swapped(asked: Computation) -> Iterator[Prediction]:
    """Stride and dilation are taken for each other.

    Step between outputs by the stride and between taps by the dilation; a filter gradient computed as a convolution
    exchanges them once.
    """
    yield from with_geometry(asked, stride=asked.problem.dilation, dilation=asked.problem.stride)


_EACH_AXIS = "Use the stride, dilation and padding of each axis on that axis."

HYPOTHESES = (
    Hypothesis(
        "stride-ignored",
        "The stride is left out: the kernel moves by 1.",
        "Multiply the output position by the stride in every pass: "
        "read, or scatter to, position * stride + tap * dilation.",
        partial(ignored, "stride"),
        ("stride > 1",),
        pair_rank=6,
    ),
    Hypothesis(
        "stride-axes-swapped",
        "The strides are given to each other's axes.",
        "Keep the strides in the order of the spatial axes, (H, W).",
        partial(axes_swapped, "stride"),
        ("stride differs by axis",),
        pair_rank=11,
    ),
    Hypothesis(
        "dilation-ignored",
        "The dilation is left out: the taps lie side by side.",
        "Multiply the tap by the dilation in every pass, and let the kernel span dilation * (kernel - 1) + 1.",
        partial(ignored, "dilation"),
        ("dilation > 1",),
        pair_rank=7,
    ),
    Hypothesis(
        "dilation-axes-swapped",
        "The dilations are given to each other's axes.",
        "Keep the dilations in the order of the spatial axes, (H, W).",
        partial(axes_swapped, "dilation"),
        ("dilation differs by axis",),
        pair_rank=12,
    ),
    Hypothesis(
        "first-axis-for-both",
        "A parameter of the first axis is used on every axis.",
        _EACH_AXIS,
        partial(one_axis_for_both, 0),
        ("a parameter differs by axis",),
    ),
    Hypothesis(
        "last-axis-for-both",
        "A parameter of the last axis is used on every axis.",
        _EACH_AXIS,
        partial(one_axis_for_both, -1),
        ("a parameter differs by axis",),
    ),
    Hypothesis.of("stride-dilation-swapped", stride_dilation_swapped, "stride or dilation > 1"),
    Hypothesis(
        "stride-off-by-one",
        "The stride is one too large or one too small.",
        "Step from output to output by exactly the stride.",
        partial(miscounted, "stride"),
    ),
    Hypothesis(
        "dilation-off-by-one",
        "The dilation is one too large or one too small: it counts the gaps, or the steps, where the other is meant.",
        "Take dilation 1 for taps side by side: dilation - 1 elements lie between two taps.",
        partial(miscounted, "dilation"),
    ),
)

# Tried after everything that has a plainer reason.
GENERAL = (
    Hypothesis(
        "another-stride",
        "The kernel moves by another stride than asked for.",
        "Follow where the stride comes from; some step of the way changes it.",
        partial(another, "stride"),
    ),
    Hypothesis(
        "another-dilation",
        "The taps lie further apart, or closer, than asked for.",
        "Follow where the dilation comes from; some step of the way changes it.",
        partial(another, "dilation"),
    ),
)
