"""How operands lie in memory: the layouts that a case may ask for, and what they demand of the numbers.

Each fill has a variant of a layout of its own, so that one question asks several: another operand and another axis
that is repeated, another stride for axes of size 1, the unreadable page before the operand or behind it.
"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from convformance.adapters import guarded
from convformance.reference.arrays import Array

# By fill: the operand that repeats its numbers, and the axis along which it does; None for all of them. Never both
# operands: the same product would be added again and again, and its roundings would not cancel.
_REPEATED: dict[str, tuple[int, int | None]] = {
    "int": (0, 0),
    "xwide": (1, 0),
    "wwide": (0, 1),
    "normal": (1, -1),
    "positive": (0, None),
    "range": (0, -1),  # along the first two axes its numbers differ by powers of two, so that sums are exact
}
_REPEATED_BIAS = ("wwide", "positive")
# By fill: the stride of axes of size 1, in elements. Nothing is ever read with it.
_ODD_STRIDES = {"int": 1, "xwide": 0, "wwide": 7, "normal": 2**20 + 1, "positive": 3, "range": 5}
_FIRST = ("xwide", "positive")  # fills whose guarded operands lie behind an unreadable page; the others lie before one
_ALIGNMENT = 64  # bytes: the widest vectors there are


@dataclass(frozen=True)
class Role:
    """Which operand an array is: its ``number`` (None for a bias) of so many ``operands`` of a fill."""

    fill: str
    number: int | None
    operands: int

    def repeated_axes(self, ndim: int) -> tuple[int, ...]:
        """Return the axes along which this operand repeats its numbers where it is expanded."""
        if self.number is None:
            return tuple(range(ndim)) if self.fill in _REPEATED_BIAS else ()
        number, axis = _REPEATED[self.fill]
        if self.number != min(number, self.operands - 1):
            return ()
        return tuple(range(ndim)) if axis is None and self.operands > 1 else ((-1 if axis is None else axis) % ndim,)


def lay_out(array: Array, memory: str, role: Role) -> Array:
    """Return ``array`` in memory as a case says."""
    laid_out: Array = _LAYOUTS[memory](array, role)
    return laid_out


def repeated(array: Array, memory: str, role: Role) -> Array:
    """Return ``array`` with the numbers that an expanded operand has: those in the middle of an axis all along it."""
    axes = role.repeated_axes(array.ndim) if memory == "expanded" else ()
    if not (axes and array.size):
        return array
    return np.array(np.broadcast_to(array[_middle(array, axes)], array.shape))


def is_odd(memory: str, shapes: tuple[tuple[int, ...], ...]) -> bool:
    """Whether operands of these shapes lie in any way unlike contiguous ones: ``ones`` wants an axis of size 1."""
    return memory != "contiguous" and (memory != "ones" or any(1 in shape for shape in shapes))


def _middle(array: Array, axes: tuple[int, ...]) -> tuple[slice, ...]:
    """Return the index of the middle of ``axes``, which are kept with a size of 1."""
    return tuple(
        slice(size // 2, size // 2 + 1) if axis in axes else slice(None) for axis, size in enumerate(array.shape)
    )


def _expanded(array: Array, axes: tuple[int, ...]) -> Array:
    """Return ``array`` with a stride of 0 along ``axes``: writable, as what is handed out has to be put back."""
    if not (axes and array.size):
        return np.ascontiguousarray(array)
    single = np.array(array[_middle(array, axes)], order="C")
    strides = tuple(0 if axis in axes else step for axis, step in enumerate(single.strides))
    return np.ndarray(array.shape, array.dtype, single, 0, strides)


def _unaligned(array: Array) -> Array:
    """Return ``array`` beginning one element behind where vectors do, NaN before and behind it."""
    elements = _ALIGNMENT // array.itemsize
    memory = np.full(array.size + 3 * elements, np.nan, array.dtype)
    first = -memory.ctypes.data % _ALIGNMENT // array.itemsize + 1
    view = memory[first : first + array.size].reshape(array.shape)
    view[...] = array
    return view


def _with_odd_strides(array: Array, stride: int) -> Array:
    """Return ``array`` with that stride, in elements, along every axis of size 1."""
    contiguous = np.array(array, order="C")
    pairs = zip(array.shape, contiguous.strides, strict=True)
    strides = tuple(stride * array.itemsize if size == 1 else step for size, step in pairs)
    return np.ndarray(array.shape, array.dtype, contiguous, 0, strides)


def _sliced(array: Array) -> Array:
    """Return ``array`` as every second element of a larger one along each axis."""
    larger = np.full([2 * size for size in array.shape], np.nan, array.dtype)  # NaN shows a neighbour that is read
    view = larger[(slice(None, None, 2),) * array.ndim]
    view[...] = array
    return view


def _permuted(array: Array) -> Array:
    """Return ``array`` with its channels last in memory."""
    return np.moveaxis(np.ascontiguousarray(np.moveaxis(array, 1, -1)), -1, 1) if array.ndim > 1 else array.copy()


_LAYOUTS: dict[str, Callable[[Array, Role], Array]] = {
    "contiguous": lambda array, role: np.ascontiguousarray(array),
    "sliced": lambda array, role: _sliced(array),
    "permuted": lambda array, role: _permuted(array),
    "expanded": lambda array, role: _expanded(array, role.repeated_axes(array.ndim)),
    "unaligned": lambda array, role: _unaligned(array),
    "ones": lambda array, role: _with_odd_strides(array, _ODD_STRIDES[role.fill]),
    "guarded": lambda array, role: guarded.guard(array, first=role.fill in _FIRST),
}
MEMORY = tuple(_LAYOUTS)
