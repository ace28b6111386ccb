"""The arrays that an object keeps: its weights, its bias and their gradients, wherever in it they lie."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from math import prod
from types import FunctionType, ModuleType
from typing import Any

import numpy as np

from convformance.checking.arrays import innermost, on_host
from convformance.judging.formats import format_of
from convformance.reference.arrays import Array

_DEPTH = 5  # objects in objects, and dictionaries in them
_LONGEST = 64  # entries of a list that are looked into
# Names of arrays that have the shape of the weights and are something else.
_DERIVED = re.compile(r"^d(?!ata|epth)|^g_|grad|delta|cache|last|prev|moment|velocity|^[mv]_|_[mv]$", re.IGNORECASE)

# Names of what holds several such arrays, under the names of the weights themselves.
_COLLECTION = re.compile(r"^d?grad|gradients?$|cache", re.IGNORECASE)


@dataclass(frozen=True)
class Entry:
    """An array in an object: the way to it, each step an attribute or the key of a dictionary or list."""

    way: tuple[tuple[bool, Any], ...]

    @property
    def name(self) -> str:
        """The last name on the way to it."""
        return next((str(key) for _, key in reversed(self.way) if isinstance(key, str)), "")

    @property
    def names(self) -> tuple[str, ...]:
        """All names on the way to it, without underscores in front."""
        return tuple(key.lstrip("_") for _, key in self.way if isinstance(key, str))

    @property
    def derived(self) -> bool:
        """Whether a name says that it is a gradient or something else that training keeps."""
        inside = any(map(_COLLECTION.search, self.names))
        return inside or _DERIVED.search(self.name.lstrip("_")) is not None

    def value(self, root: Any) -> Any:
        """Return the array in ``root``."""
        for attribute, key in self.way:
            root = vars(root)[key] if attribute else root[key]
        return root

    def is_in(self, root: Any) -> bool:
        """Whether ``root`` has an array there."""
        try:
            return is_array(self.value(root))
        except (KeyError, IndexError, TypeError):
            return False

    def put(self, root: Any, new: Any) -> None:
        """Put ``new`` there as whatever lies there takes it: in place where something may look at the same memory."""
        current = self.value(root)
        if _same_array(current, new):
            current[...] = new
        elif callable(getattr(current, "assign", None)):
            current.assign(new)
        elif hasattr(current, "requires_grad"):
            current.data = new
        elif hasattr(current, "set_value"):
            current.set_value(new)
        else:
            self._bind(root, new.tolist() if isinstance(current, list) else new)

    def _bind(self, root: Any, new: Any) -> None:
        attribute, key = self.way[-1]
        owner = Entry(self.way[:-1]).value(root)
        if not attribute:
            owner[key] = new
        else:
            try:
                setattr(owner, key, new)
            except AttributeError:  # an object that nothing may be set in is our own here, and asked only once
                object.__setattr__(owner, key, new)


def _same_array(current: Any, new: Any) -> bool:
    arrays = isinstance(current, np.ndarray) and isinstance(new, np.ndarray)
    return arrays and current.shape == new.shape and current.dtype == new.dtype and current.flags.writeable


def shape_of(value: Any) -> tuple[int, ...]:
    """Return the shape of an array, or of nested lists."""
    return tuple(map(int, value.shape if hasattr(value, "shape") else np.shape(value)))


def dtype_of(name: str) -> Any:
    """Return the dtype of a format by its name."""
    return format_of(name).dtype


def numbers(value: Any) -> Array:
    """Return an array of any library as one of NumPy."""
    return np.asarray(on_host(value))


def entries(root: Any) -> Iterator[tuple[Entry, Any]]:
    """Yield every array in an object, those near its surface first."""
    level: list[tuple[Entry, Any]] = [(Entry(()), root)]
    seen: set[int] = set()
    for _ in range(_DEPTH):
        below: list[tuple[Entry, Any]] = []
        for entry, value in level:
            if id(value) in seen:
                continue
            seen.add(id(value))
            if entry.way and is_array(value):
                yield entry, value
            else:
                below += [(Entry((*entry.way, step)), inner) for step, inner in _inside(value)]
        level = below


def is_array(value: Any) -> bool:
    """Whether something is an array of numbers, or nested lists of them."""
    if isinstance(value, list):
        return isinstance(innermost(value), int | float) and value != [] and _is_regular(value)
    shaped = hasattr(value, "dtype") and not isinstance(value, type) and hasattr(value, "shape")
    return shaped and value.shape is not None and all(isinstance(size, int) for size in value.shape)


def _is_regular(value: list[Any]) -> bool:
    try:
        return bool(np.shape(value))
    except ValueError:
        return False


def _inside(value: Any) -> Iterator[tuple[tuple[bool, Any], Any]]:
    if isinstance(value, Mapping):
        yield from (((False, key), inner) for key, inner in value.items())
    elif isinstance(value, list):
        yield from (((False, index), inner) for index, inner in enumerate(value[:_LONGEST]))
    elif hasattr(value, "__dict__") and not isinstance(value, type | ModuleType | FunctionType):
        yield from (((True, name), inner) for name, inner in vars(value).items())


@dataclass(frozen=True)
class Matrix:
    """Filters kept as a matrix: a row for each output channel, which is their axis ``outputs``, or a column."""

    outputs: int
    by_column: bool

    def of(self, w: Any) -> Any:
        """Return the matrix of filters."""
        rows = _moved(w, self.outputs, 0).reshape((w.shape[self.outputs], -1))
        return rows.T if self.by_column else rows

    def shape(self, filters: tuple[int, ...]) -> tuple[int, ...]:
        """Return the matrix's shape for filters of that shape."""
        first = (filters[self.outputs], prod(filters) // max(filters[self.outputs], 1))
        return first[::-1] if self.by_column else first

    def back(self, matrix: Any, filters: tuple[int, ...]) -> Any:
        """Return the filters of that shape which a matrix is."""
        shape = (filters[self.outputs], *filters[: self.outputs], *filters[self.outputs + 1 :])
        rows = matrix.T if self.by_column else matrix
        return _moved(rows.reshape(shape), 0, self.outputs)


def _moved(array: Any, source: int, target: int) -> Any:
    """Return an array of any library with one axis moved."""
    axes = [axis for axis in range(len(array.shape)) if axis != source]
    axes.insert(target, source)
    return array.permute(axes) if hasattr(array, "permute") else array.transpose(axes)
