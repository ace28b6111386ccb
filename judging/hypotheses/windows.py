"""Mistakes with windows and columns: which element of the input a tap meets, at which position.

They are computed from the index map itself: for each spatial axis an array of the input element that tap t of position
p meets, -1 for none.
"""

from collections.abc import Iterator
from dataclasses import replace
from functools import partial
from typing import Any

import numpy as np

from convformance.judging.axes import along_axis
from convformance.judging.hypotheses.hypothesis import (
    Computation,
    Hypothesis,
    Prediction,
    no_padding,
    with_geometry,
)
from convformance.reference.arrays import Array
from convformance.reference.geometry import Size
from convformance.reference.problem import Problem

IndexMap = tuple[Array, ...]  # (outputs, taps) of each spatial axis


def _right_map(asked: Computation) -> IndexMap:
    """Return where each tap of each position reads, or writes: below 0 or beyond the input where it meets padding."""
    problem = asked.problem
    axes = zip(problem.output_size, problem.kernel_size, problem.stride, problem.dilation, problem.padding, strict=True)
    return tuple(np.arange(o)[:, None] * s + np.arange(k) * d - lo for o, k, s, d, (lo, _) in axes)


def _gathered(asked: Computation, index_map: IndexMap) -> Computation:
    """Return the computation under another index map: windows cut out, or added back, one beside the other."""
    problem, ones = asked.problem, (1,) * asked.rank
    kernel: Size = tuple(index.shape[1] for index in index_map)
    sizes: Size = tuple(index.size for index in index_map)
    geometry: dict[str, Any] = {"input_size": sizes, "kernel_size": kernel, "stride": kernel, "dilation": ones}
    windows = replace(problem, **geometry, padding=no_padding(asked.rank), symbol=None)
    inside = [
        np.where((index >= 0) & (index < size), index, -1).ravel()
        for index, size in zip(index_map, problem.input_size, strict=True)
    ]
    if asked.gives == "input":
        added = partial(_added_back, inside, problem.input_size)
        return replace(asked, problem=windows, changes=(added, *asked.changes))
    return replace(asked.mapped("input", partial(_cut_out, inside)), problem=windows)


def _cut_out(indices: list[Array], array: Array) -> Array:
    for axis, index in enumerate(indices, 2):
        array = array.take(index, axis, mode="clip") * along_axis(index >= 0, axis, array.ndim)
    return array


def _added_back(indices: list[Array], sizes: Size, array: Array) -> Array:
    for axis, (index, size) in enumerate(zip(indices, sizes, strict=True), 2):
        goes_to = (index[:, None] == np.arange(size)).astype(array.dtype)
        array = np.moveaxis(np.tensordot(array, goes_to, (axis, 0)), -1, axis)
    return array


def window_clamped(asked: Computation) -> Iterator[Prediction]:
    """A window that begins before the data, or ends behind it, is moved into it, so that its taps meet other elements.

    Cut the kernel as the window is cut: of a window that begins 2 before the data the first 2 taps are left out. Or pad
    the data with zeros first.
    """
    if asked.gives == "bias" or not any(map(any, asked.problem.padding)) or min(asked.problem.output_size) < 1:
        return
    right = _right_map(asked)
    sizes = asked.problem.input_size
    for detail, moved in (
        ("at the start: max(position - padding, 0)", _moved_in(right, sizes, ends=False)),
        ("at both ends", _moved_in(right, sizes, ends=True)),
        ("cut at the start, its taps counted from there", _cut_at_start(right)),
        ("cut at the end, its taps counted back from there", _cut_at_end(right, sizes)),
    ):
        if _may_be(asked, right, moved):
            yield detail, _gathered(asked, moved)


def _moved_in(right: IndexMap, sizes: Size, *, ends: bool) -> IndexMap:
    moved = []
    for index, size in zip(right, sizes, strict=True):
        start, extent = index[:, :1], index[:1, -1:] - index[:1, :1]
        latest = np.maximum(size - 1 - extent, 0)
        start_inside = np.maximum(np.minimum(start, latest) if ends else start, 0)
        moved.append(index - start + start_inside)
    return tuple(moved)


def _cut_at_start(right: IndexMap) -> IndexMap:
    moved = (index - np.minimum(index[:, :1], 0) for index in right)
    return tuple(np.where(there <= index[:, -1:], there, -1) for there, index in zip(moved, right, strict=True))


def _cut_at_end(right: IndexMap, sizes: Size) -> IndexMap:
    moved = []
    for index, size in zip(right, sizes, strict=True):
        beyond = np.maximum(index[:, -1:] - (size - 1), 0)
        moved.append(np.where(index - beyond >= index[:, :1], index - beyond, -1))
    return tuple(moved)


def _may_be(asked: Computation, right: IndexMap, moved: IndexMap) -> bool:
    """Whether the answer can come of ``moved``, which is another map; looks at where a forward result is wrong."""
    same = [np.array_equal(*pair) for pair in zip(right, moved, strict=True)]
    if all(same) or asked.answer.shape != asked.result.shape:
        return False
    if asked.gives != "output":
        return True
    untouched: Any = np.ix_(*((old == new).all(axis=1) for old, new in zip(right, moved, strict=True)))
    return bool(np.array_equal(asked.answer[(..., *untouched)], asked.result[(..., *untouched)], equal_nan=True))


def columns_misplaced(asked: Computation) -> Iterator[Prediction]:
    """The columns of the windows are taken from, or added to, other places than position * stride + tap * dilation.

    Take or add tap t of position p at p * stride + t * dilation, with each factor once: where the loop already runs
    over range(0, size, stride), the position is not multiplied again.
    """
    problem = asked.problem
    if asked.gives == "bias":
        return
    stride, kernel, dilation = problem.stride, problem.kernel_size, problem.dilation
    if max(stride) > 1:
        squared = tuple(step * step for step in stride)
        yield from with_geometry(asked, "position * stride * stride", stride=squared)
        both = tuple(s * d for s, d in zip(stride, dilation, strict=True))
        yield from with_geometry(asked, "(position + tap * dilation) * stride", dilation=both)
    yield from with_geometry(asked, "position * kernel, windows side by side", stride=kernel)
    if asked.gives == "output" and max(stride) > 1 and asked.answer.shape == asked.result.shape:
        yield "written to position * stride", asked.changed(partial(_written_apart, stride))


def _written_apart(stride: Size, array: Array) -> Array:
    spaced = np.zeros_like(array)
    into: tuple[Any, ...] = (..., *(slice(None, None, step) for step in stride))
    counts: tuple[Any, ...] = (..., *(slice(size) for size in spaced[into].shape[2:]))
    spaced[into] = array[counts]
    return spaced


def zeros_inserted_wrongly(asked: Computation) -> Iterator[Prediction]:
    """The output's gradient is spread by the stride in another way than with stride - 1 zeros between its elements.

    Spread it as wide = zeros((size - 1) * stride + 1); wide[::stride] = dy: zeros lie between the elements only, and no
    element is repeated.
    """
    problem = asked.problem
    if "output" not in asked.reads or asked.gives == "bias" or max(problem.stride) == 1:
        return
    if min(problem.output_size) < 1 or min(problem.input_size) < 1:
        return
    if asked.gives == "input" and asked.answer.shape != asked.result.shape and min(problem.output_padding) >= 0:
        axes = zip(problem.input_size, problem.output_padding, problem.stride, strict=True)
        sizes = tuple(size - rest + step - 1 for size, rest, step in axes)
        longer = replace(problem, input_size=sizes, symbol=None)
        yield "zeros behind the last element, too", replace(asked, problem=longer)
    repeated = asked.mapped("output", partial(_repeated, problem.stride))
    yield "each element repeated", replace(repeated, problem=_of_stride_1(asked))


def _of_stride_1(asked: Computation) -> Problem:
    """Return the problem of an output that is as wide as ``stride`` of the one asked for, its other sizes the same."""
    problem = asked.problem
    axes = zip(problem.input_size, problem.output_size, problem.stride, problem.effective_kernel, strict=True)
    reached = [(o * s - 1) + e - i for i, o, s, e in axes]
    pairs = tuple((lo, total - lo) for total, (lo, _) in zip(reached, problem.padding, strict=True))
    return replace(problem, stride=(1,) * asked.rank, padding=pairs, symbol=None)


def _repeated(counts: Size, array: Array) -> Array:
    for axis, count in enumerate(counts, 2):
        array = np.repeat(array, count, axis=axis)
    return array


HYPOTHESES = (
    Hypothesis.of("columns-misplaced", columns_misplaced),
    Hypothesis.of("zeros-inserted-wrongly", zeros_inserted_wrongly, "stride > 1"),
    Hypothesis.of("window-clamped", window_clamped, "padding"),
)
