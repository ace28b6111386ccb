"""Mistakes between the sides of an image: exchanged in the result, one used for both, or in a flat index."""

from collections.abc import Callable, Iterator
from dataclasses import replace
from functools import partial
from itertools import combinations
from math import prod
from operator import lt
from typing import Any

import numpy as np

from convformance.judging.axes import axis_names
from convformance.judging.hypotheses.hypothesis import Computation, Hypothesis, Prediction, no_padding, read_inside
from convformance.reference.arrays import Array
from convformance.reference.geometry import Pairs, Size, effective_kernel


def result_axes_swapped(asked: Computation) -> Iterator[Prediction]:
    """The spatial axes of the result are exchanged: its height stands where its width belongs.

    Make the result as (height, width) and write to it at [row, column]; a square image hides the mistake.
    """
    if asked.gives not in ("input", "output"):
        return
    wanted = asked.problem.result_shape(asked.operation)
    for first, second in combinations(range(2, asked.rank + 2), 2):
        swap = partial(np.swapaxes, axis1=first, axis2=second)
        shape = swap(np.empty(wanted)).shape
        names = axis_names(asked.rank)
        detail = f"{names[first - 2]} and {names[second - 2]}" if asked.rank > 2 else ""
        if asked.answer.shape == shape:
            yield detail, asked.changed(swap)
        if asked.answer.shape == shape != wanted:
            yield ", ".join(filter(None, (detail, "in shape only"))), asked.changed(partial(np.reshape, shape=shape))
        if asked.gives == "output" and asked.answer.shape == wanted != shape:
            of_view = _of_size(asked, shape[2:]).changed(swap)
            yield from read_inside(asked, ", ".join(filter(None, (detail, "of a view"))), of_view)


def result_rotated(asked: Computation) -> Iterator[Prediction]:
    """The result comes out turned by 180 degrees: its last element stands first.

    Correlate the image with the kernel, in this order: a correlation of the kernel with the image is the other way
    round.
    """
    if asked.gives in ("input", "output"):
        yield "", asked.changed(partial(np.flip, axis=tuple(range(2, asked.rank + 2))))


def side_for_both(asked: Computation) -> Iterator[Prediction]:
    """The size of one axis, of the input, the kernel or the result, is used for both axes.

    Take height and width each from its own axis, as in height, width = x.shape[-2:]; a square image and a square kernel
    hide the mistake.
    """
    problem = asked.problem
    if asked.gives == "bias" or asked.rank < 2 or min(problem.result_shape(asked.operation)) < 1:
        return
    if not _differ(problem.input_size) and not _differ(problem.kernel_size):
        return
    for axis, name in ((0, "height"), (asked.rank - 1, "width")):
        fewer = _without_taps(asked, axis)
        if fewer is not None:
            yield f"taps up to the kernel's {name}", fewer
        for size in _sizes(asked, axis):
            if _may_have(asked, size):
                yield f"a loop, or a size, up to the {name}", _of_size(asked, size)
                if fewer is not None:
                    yield f"loops up to the {name}", _of_size(fewer, size)
        if "input" in asked.reads and _differ(problem.input_size):
            yield f"a test for the border against the {name}", _bounded_by(asked, axis)


def _bounded_by(asked: Computation, axis: int) -> Computation:
    """Return the computation of an image that is taken to be as long as ``axis`` on all axes, padding as it was.

    What lies beyond the image on an axis is what follows in memory.
    """
    problem = asked.problem
    sides = (problem.input_size[axis],) * asked.rank
    pairs = tuple(
        (lo, hi + size - side) for (lo, hi), size, side in zip(problem.padding, problem.input_size, sides, strict=True)
    )
    bounded = asked.mapped("input", partial(_read_in_memory, sides))
    return replace(bounded, problem=replace(problem, input_size=sides, padding=pairs, symbol=None))


def _read_in_memory(sides: Size, array: Array) -> Array:
    """Return what a flat index finds at each place of an image of other sides; zeros beyond the last element."""
    numbers = np.append(array.ravel(), np.zeros(1, array.dtype))
    steps = [prod(array.shape[axis + 1 :]) for axis in range(array.ndim)]
    places = np.indices((*array.shape[:2], *sides))
    index = np.tensordot(steps, places, axes=1)
    read: Array = numbers[np.minimum(index, array.size)]
    return read


def _differ(sizes: Size) -> bool:
    return len(set(sizes)) > 1


def _without_taps(asked: Computation, axis: int) -> Computation | None:
    """Return the computation without the taps beyond the kernel's side along ``axis``, None where none is."""
    kernel = asked.problem.kernel_size
    if "filter" not in asked.reads or max(kernel) == kernel[axis]:
        return None
    inside: tuple[Any, ...] = (..., *(slice(kernel[axis]),) * asked.rank)
    return asked.mapped("filter", partial(_only_inside, inside))


def _only_inside(inside: tuple[Any, ...], array: Array) -> Array:
    only = np.zeros_like(array)
    only[inside] = array[inside]
    return only


def _sizes(asked: Computation, axis: int) -> list[Size]:
    """Return the sizes of the result that follow where the input, the kernel or the result is as long as ``axis``."""
    problem = asked.problem
    result = problem.result_shape(asked.operation)[2:]
    sizes = [(result[axis],) * asked.rank]
    extents, stride = problem.effective_kernel, problem.stride
    shared = (extents[axis],) * asked.rank
    pads = [lo + hi for lo, hi in problem.padding]
    if asked.gives == "output":
        inputs = ((problem.input_size, shared), ((problem.input_size[axis],) * asked.rank, extents))
        sizes += [
            tuple((i + pad - e) // s + 1 for i, pad, e, s in zip(sides, pads, spans, stride, strict=True))
            for sides, spans in inputs
        ]
    elif asked.gives == "input":
        outputs = ((problem.output_size, shared), ((problem.output_size[axis],) * asked.rank, extents))
        sizes += [
            tuple((o - 1) * s + e - pad for o, s, e, pad in zip(sides, stride, spans, pads, strict=True))
            for sides, spans in outputs
        ]
    return [size for size in dict.fromkeys(sizes) if size != result and min(size) > 0]


def _may_have(asked: Computation, size: Size) -> bool:
    """Whether the answer has that size, or the size asked for with zeros beyond it."""
    answer, wanted = asked.answer, asked.problem.result_shape(asked.operation)
    if answer.shape != wanted:
        return bool(answer.shape == (*wanted[:2], *size))
    inside: tuple[Any, ...] = (..., *map(slice, size))
    beyond = answer.copy()
    beyond[inside] = 0
    return any(map(lt, size, wanted[2:])) and not np.any(beyond).item()


def _of_size(asked: Computation, size: Size) -> Computation:
    """Return the computation of a result of that spatial size."""
    problem = asked.problem
    name = {"output": "", "input": "input_size", "filter": "kernel_size"}[asked.gives]
    resized: dict[str, Any] = {name: size} if name else {}
    inputs, kernel = resized.get("input_size", problem.input_size), resized.get("kernel_size", problem.kernel_size)
    outputs = problem.output_size if name else size
    axes = zip(
        inputs, outputs, effective_kernel(kernel, problem.dilation), problem.stride, problem.padding, strict=True
    )
    pairs = tuple((lo, (o - 1) * s + e - lo - i) for i, o, e, s, (lo, _) in axes)
    return replace(asked, problem=replace(problem, **resized, padding=pairs, symbol=None))


def flat_index_of_other_side(asked: Computation) -> Iterator[Prediction]:
    """A flat index is made, or split, with the height in place of the width.

    Element (row, column) lies at row * width + column: index // width is its row, and index % width its column. A
    square image hides the mistake.
    """
    if asked.gives == "bias" or asked.rank != 2:
        return
    for name in asked.reads:
        if _differ(_shape_of(asked, name)[2:]):
            yield f"of the {name}", asked.mapped(name, partial(_moved, _made_with_height, False))
    if "input" in asked.reads and any(map(any, asked.problem.padding)):
        unpadded = replace(asked.problem, input_size=asked.problem.padded_size, padding=no_padding(2), symbol=None)
        for order, detail in (((0, 1, 2, 3), ""), ((0, 2, 3, 1), ", channels last")):
            padded = asked.mapped("input", partial(_with_old_strides, asked.problem.padding, order))
            yield f"the strides of the data before it is padded{detail}", replace(padded, problem=unpadded)
    if asked.answer.shape == asked.result.shape and _differ(asked.result.shape[2:]):
        for index_of, writes in ((_made_with_height, True), (_split_by_height, False), (_split_by_height, True)):
            change = partial(_moved, index_of, writes)
            if _may_be(asked, change):
                yield "of the result", asked.changed(change)


def _with_old_strides(pairs: Pairs, order: tuple[int, ...], array: Array) -> Array:
    """Return the padded array as a view with the strides that the array had: rows are taken to be shorter."""
    width: Any = [(0, 0), (0, 0), *pairs]
    old, wide = (np.ascontiguousarray(each.transpose(order)) for each in (array, np.pad(array, width)))
    view = np.lib.stride_tricks.as_strided(wide, wide.shape, old.strides, writeable=False)
    return view.transpose(tuple(order.index(axis) for axis in range(array.ndim)))


def _shape_of(asked: Computation, name: str) -> tuple[int, ...]:
    shape: tuple[int, ...] = getattr(asked.problem, f"{name}_shape")
    return shape


def _may_be(asked: Computation, change: Callable[[Array], Array]) -> bool:
    """Whether the elements that ``change`` leaves where they are, are right in the answer."""
    shape = asked.result.shape[2:]
    probe = np.arange(1.0, prod(shape) + 1).reshape(1, 1, *shape)
    same = (change(probe) == probe)[0, 0]
    return bool(np.array_equal(asked.answer[..., same], asked.result[..., same], equal_nan=True))


def _made_with_height(height: int, width: int) -> Array:
    """Return row * height + column of each element, beyond the last element where that is no element."""
    return np.add.outer(np.arange(height) * height, np.arange(width)).ravel()


def _split_by_height(height: int, width: int) -> Array:
    """Return where element (index // height, index % height) lies, beyond the last element where there is none."""
    rows, columns = np.divmod(np.arange(height * width), height)
    return np.where(columns < width, rows * width + columns, height * width)


def _moved(index_of: Callable[[int, int], Array], writes: bool, array: Array) -> Array:
    """Return what is read at, or written to, these places of each plane; beyond it lie zeros, or it is dropped."""
    planes = array.reshape(*array.shape[:2], -1)
    index = index_of(*array.shape[2:])
    inside = index < planes.shape[-1]
    moved = np.zeros_like(planes)
    if writes:
        moved[..., index[inside]] = planes[..., inside]
    else:
        moved[..., inside] = planes[..., index[inside]]
    return moved.reshape(array.shape)


HYPOTHESES = (
    Hypothesis.of("side-for-both", side_for_both, "sides differ"),
    Hypothesis.of("flat-index-of-other-side", flat_index_of_other_side),
)
# Among the plainest: they are seen at once.
SWAPPED = (
    Hypothesis.of("result-axes-swapped", result_axes_swapped),
    Hypothesis.of("result-rotated", result_rotated),
)
