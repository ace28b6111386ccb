"""Arrays of numbers as a script writes them: literals, or a formula where they are long and follow one."""

from collections.abc import Iterator
from math import prod
from typing import Any

import numpy as np

from convformance.reference.arrays import Array, magnitudes, widened

LONGEST_LITERAL = 64  # numbers; a longer array is written by a formula if it follows one
_LARGEST_INTEGER = 2.0**53


def literal(array: Array) -> str:
    """Return ``array`` as nested lists: integers without a point, ``nan`` and ``inf`` by their names in ``math``."""
    return _text(widened(array).tolist())


def numbers_text(array: Array, axes: tuple[int, ...]) -> str:
    """Return an expression of the numbers of ``array`` with its axes in the order ``axes``."""
    if 0 < array.size <= LONGEST_LITERAL:
        return literal(array.transpose(axes))
    moved = "" if axes == tuple(range(array.ndim)) else f".transpose{axes}"
    for formula in _formulas(array):
        values: Array = eval(formula, {"np": np})
        if np.array_equal(values.astype(array.dtype), array, equal_nan=True):
            return f"{formula}{moved}"
    return literal(array.transpose(axes))


def _formulas(array: Array) -> Iterator[str]:
    """Yield what ``array`` may be: one number everywhere, 1, 2, 3 and so on, or a single 1."""
    shape, size = array.shape, prod(array.shape)
    yield f"np.full({shape}, {_text(widened(array).flat[0].item()) if size else 0})"
    yield f"np.arange(1, {size + 1}).reshape{shape}"
    yield f"1 * (np.arange({size}) == {np.argmax(magnitudes(widened(array)))}).reshape{shape}"


def _text(entry: Any) -> str:
    if isinstance(entry, list):
        return f"[{', '.join(map(_text, entry))}]"
    if isinstance(entry, complex):
        return _text(entry.real) if entry.imag == 0 else repr(entry)
    return str(int(entry)) if entry.is_integer() and abs(entry) < _LARGEST_INTEGER else repr(entry)
