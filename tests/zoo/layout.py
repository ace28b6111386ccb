"""Layouts: memory read in another order than it was written."""

from collections.abc import Sequence

import numpy as np

from convformance.adapters.guarded import is_guarded
from convformance.reference.problem import Problem
from convformance.test_cases.case import FILTER_GRADIENT, FORWARD, INPUT_GRADIENT
from tests.zoo.member import Array
from tests.zoo.mutants import Family, answer, data, filters, issue, large, when

_member = Family("layout")
_VECTOR = 16  # bytes: where NumPy's own arrays begin


def _read_as(array: Array, order: Sequence[int]) -> Array:
    """Return the memory of ``array`` read as if its axes had been written in ``order``."""
    sizes = [array.shape[axis] for axis in order]
    return np.ascontiguousarray(array).reshape(sizes).transpose(np.argsort(order))


def _written_as(array: Array, order: Sequence[int]) -> Array:
    """Return ``array`` with its axes written in ``order`` into memory that is then taken for what it should be."""
    return np.ascontiguousarray(array.transpose(order)).reshape(array.shape)


def _channels_last(array: Array) -> tuple[int, ...]:
    return (0, *range(2, array.ndim), 1)


def _filter_last(w: Array) -> tuple[int, ...]:
    """Kernel, input channels, output channels."""
    return (*range(2, w.ndim), 1, 0)


def _inputs_last(w: Array, problem: Problem) -> Array:
    """Written as kernel, input channels, output channels; read as kernel, output channels, input channels."""
    memory = np.ascontiguousarray(w.transpose(_filter_last(w)))
    return memory.reshape(*w.shape[2:], *w.shape[:2]).transpose((w.ndim - 2, w.ndim - 1, *range(w.ndim - 2)))


def _images_by_channel(y: Array, problem: Problem) -> Array:
    return _written_as(y, (1, 0, *range(2, y.ndim)))


def _first_read(x: Array, problem: Problem) -> Array:
    return _read_as(x, _channels_last(x))


def _columns_first(x: Array, problem: Problem) -> Array:
    return x.ravel().reshape(x.shape, order="F")


def _as_many_rows_as_channels(problem: Problem) -> bool:
    return problem.in_channels == problem.input_size[0] > 1


def _as_many_images_as_channels(problem: Problem) -> bool:
    return problem.batch == problem.in_channels > 1


def _memory_of(array: Array, problem: Problem) -> Array:
    """Return the first elements of the memory that ``array`` is a view of."""
    return _owner(array).ravel(order="K")[: array.size].reshape(array.shape)


def _read_on(array: Array, problem: Problem) -> Array:
    """Return what lies one after the other in the memory of an array that repeats numbers by a stride of 0."""
    if not any(size > 1 and step == 0 for size, step in zip(array.shape, array.strides, strict=True)):
        return array
    return np.resize(_owner(array).ravel(order="K"), array.shape)


def _from_aligned(array: Array, problem: Problem) -> Array:
    """Return the memory of ``array`` from the last address before it at which vectors begin."""
    ahead, owner = array.ctypes.data % _VECTOR // array.itemsize, _owner(array)
    first = (array.ctypes.data - owner.ctypes.data) // array.itemsize - ahead
    if ahead == 0 or first < 0 or not array.flags.c_contiguous or owner.dtype != array.dtype:
        return array
    return owner.ravel()[first : first + array.size].reshape(array.shape)


def _rows_by_strides(array: Array, problem: Problem) -> Array:
    """Return an image without the rows that do not fit between two channels, of which there is a single one."""
    if array.ndim < 3 or array.shape[1] != 1 or not array.size:
        return array
    rows = array.copy()
    rows[:, :, abs(array.strides[1] // array.strides[2] or array.shape[2]) :] = 0
    return rows


def _owner(array: Array) -> Array:
    """Return the array whose memory ``array`` is a view of; a guarded one fills the pages that may be read."""
    owner = array
    while isinstance(owner.base, np.ndarray) and not is_guarded(array):
        owner = owner.base
    return owner


MEMBERS = (
    _member(
        "images-by-channel",
        "Reshapes a result whose first axis is the channels to one whose first axis is the images.",
        FORWARD,
        answer(_images_by_channel),
        "layout-misread",
        issue("ggml-org/ggml#737"),
    ),
    _member(
        "result-channels-last",
        "Reshapes a channels-last result where it should transpose it.",
        FORWARD,
        answer(lambda y, p: _written_as(y, _channels_last(y))),
        "layout-misread",
        "https://henrysky.github.io/blog/2023-10-23-keras-torch",
    ),
    _member(
        "input-read-as-channels-last",
        "Reads a channels-first input as a channels-last one.",
        FORWARD,
        data(_first_read),
        "layout-misread",
    ),
    _member(
        "input-gradient-channels-last",
        "Reshapes a channels-last input gradient where it should transpose it.",
        INPUT_GRADIENT,
        answer(lambda dx, p: _written_as(dx, _channels_last(dx))),
        "layout-misread",
    ),
    _member(
        "filter-read-as-channels-last",
        "Reads a filter whose output channels come first as one whose output channels come last.",
        FORWARD,
        filters(lambda w, p: _read_as(w, _filter_last(w))),
        "layout-misread",
    ),
    _member(
        "filter-inputs-read-last",
        "Reads a filter of kernel, input and output channels as one of kernel, output and input channels.",
        FORWARD,
        filters(_inputs_last),
        "layout-misread",
    ),
    _member(
        "filter-gradient-reshaped",
        "Reshapes a filter gradient whose input channels come first where it should transpose it.",
        FILTER_GRADIENT,
        answer(_images_by_channel),
        "layout-misread",
    ),
    _member(
        "input-read-by-columns",
        "Reads the memory of the input with its first axis running fastest.",
        FORWARD,
        data(_columns_first),
        "layout-misread",
    ),
    _member(
        "rows-and-channels-exchanged",
        "Exchanges channels and rows of the input where there are as many.",
        FORWARD,
        when(_as_many_rows_as_channels, large(lambda x, p: x.swapaxes(1, 2))),
        "layout-misread",
    ),
    _member(
        "images-and-channels-exchanged",
        "Exchanges images and channels of the input where there are as many.",
        FORWARD,
        when(_as_many_images_as_channels, large(lambda x, p: x.swapaxes(0, 1))),
        "layout-misread",
    ),
    _member(
        "volume-read-as-channels-last",
        "Takes a contiguous channels-first volume for a channels-last one.",
        FORWARD,
        when(lambda p: p.rank == 3, data(_first_read)),
        "layout-misread",
        issue("pytorch/pytorch#197114"),
    ),
    _member(
        "filter-view-read-from-start",
        "Reads a filter that is a view from the memory it is a view of, without its strides.",
        FORWARD,
        filters(_memory_of),
        None,
        issue("pytorch/pytorch#192212"),
    ),
    _member(
        "input-view-read-from-start",
        "Reads data that is a view from the memory it is a view of, without its strides.",
        (*FORWARD, *INPUT_GRADIENT, *FILTER_GRADIENT),
        data(_memory_of),
    ),
    _member(
        "repeated-numbers-read-on",
        "Takes data that repeats numbers by a stride of 0 for a contiguous array.",
        (*FORWARD, *INPUT_GRADIENT, *FILTER_GRADIENT),
        data(_read_on),
        None,
        issue("pytorch/pytorch#78247"),
    ),
    _member(
        "vectors-from-aligned-memory",
        "Reads data from the last address before it at which vectors begin.",
        FORWARD,
        data(_from_aligned),
    ),
    _member(
        "rows-by-strides",
        "Counts the rows of an image by the strides of its channels, of which a single one may have any.",
        FORWARD,
        data(_rows_by_strides),
        None,
        issue("pytorch/pytorch#195394"),
    ),
)
