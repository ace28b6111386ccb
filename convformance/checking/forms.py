"""The forms that a geometry argument is written in: a number, a tuple, pairs of numbers, or the name of a padding."""

from collections.abc import Sequence
from typing import Any

import numpy as np

from convformance.reference import geometry
from convformance.reference.geometry import Pairs, Size
from convformance.reference.problem import Problem

# SIDES: the two sides of every axis. CAPITALS: a symbol in capitals. ALL_AXES: a number for each axis of an array of
# images, 1 for the images and the channels.
NUMBER, TUPLE, LIST, PAIRS, SIDES, SYMBOL, CAPITALS = "number", "tuple", "list", "pairs", "sides", "symbol", "capitals"
ALL_AXES = "all axes"
# What an argument is given that no default shows: a number where all axes agree, else a tuple.
OPEN = (NUMBER, TUPLE)
# What may be tried where neither is taken.
OTHERS = (LIST, ALL_AXES)
OTHER_PADDINGS = (LIST, PAIRS, SYMBOL, CAPITALS)
# A bias as its axes are written, C for the channels and 1 for an axis beside them.
VECTOR, COLUMN, ROW = "C", "C1", "1C"

# The suite's name of each symbolic padding as functions write it.
_SYMBOLS = {"same": "same_upper", **{name: name for name in geometry.PADDING_SYMBOLS}}
_INTEGER = (int, np.integer)


def single_value(values: Sequence[int] | Sequence[tuple[int, int]]) -> int:
    """Return the number that is the same on every axis and side, for functions that take just one.

    Raises NotImplementedError, which refuses a question, where there is more than one.
    """
    numbers = set(np.ravel(values).tolist())
    if len(numbers) > 1:
        raise NotImplementedError(f"{values!r}: one number for all axes is taken here")
    return int(numbers.pop())


one = single_value  # its first name, which calls written with it still use


def even(padding: Pairs) -> Size:
    """Return the number that is the same on both sides of each axis, for functions that take ``(ph, pw)``.

    Raises NotImplementedError, which refuses a question, where the sides of an axis differ.
    """
    if any(lo != hi for lo, hi in padding):
        raise NotImplementedError(f"{padding!r}: the same padding on both sides of an axis is taken here")
    return tuple(lo for lo, _ in padding)


def forms_of(default: Any, rank: int) -> tuple[str, ...]:
    """Return the forms that a default value shows; None shows none, and nothing is known of one in another form."""
    if default is None:
        return OPEN
    if isinstance(default, str):
        return (SYMBOL,) if default.lower() in _SYMBOLS else ()
    if isinstance(default, _INTEGER) or _is_of_all_axes(default, rank):
        return (NUMBER if isinstance(default, _INTEGER) else ALL_AXES,)
    if not isinstance(default, Sequence) or len(default) not in (rank, 2):
        return ()
    if all(isinstance(entry, _INTEGER) for entry in default):
        return ((LIST if isinstance(default, list) else TUPLE) if len(default) == rank else PAIRS,)
    pairs = all(isinstance(entry, Sequence) and len(entry) == 2 for entry in default)
    return (PAIRS,) if pairs and len(default) == rank else ()


def _is_of_all_axes(default: Any, rank: int) -> bool:
    """Whether a default has a number for each axis of an array of images, and 1 for at least two of them."""
    is_long = isinstance(default, Sequence) and len(default) == rank + 2
    return is_long and all(isinstance(entry, _INTEGER) for entry in default) and list(default).count(1) > 1


def per_axis(forms: Sequence[str], sizes: Size, layout: str = "") -> Any:
    """Return a number per axis as the first of ``forms`` that can write it does, or None.

    ``layout`` is that of an array of images, where the numbers may be of all its axes.
    """
    written: dict[str, Any] = {TUPLE: sizes, LIST: list(sizes)}
    if len(set(sizes)) == 1:
        written[NUMBER] = sizes[0]
    if {"N", "C"} <= set(layout):
        by_axis = dict(zip(sorted(set(layout) - {"N", "C"}), sizes, strict=True))
        written[ALL_AXES] = [by_axis.get(letter, 1) for letter in layout]
    return next((written[form] for form in forms if form in written), None)


def padding(forms: Sequence[str], problem: Problem, default: Any) -> Any:
    """Return the padding of ``problem`` as the first of ``forms`` that can write it does, or None."""
    return next((value for form in forms if (value := _padding(form, problem, default)) is not None), None)


def _padding(form: str, problem: Problem, default: Any) -> Any:
    if form in (SYMBOL, CAPITALS):
        return _symbol(problem, "VALID" if form == CAPITALS else str(default))
    if form == SIDES:
        return problem.padding[0] if len(set(problem.padding)) == 1 else None
    if form == PAIRS:
        flat = isinstance(default, Sequence) and all(isinstance(entry, _INTEGER) for entry in default)
        return problem.padding[0] if flat else problem.padding  # flat: those of an only axis
    sides = tuple(lo for lo, hi in problem.padding if lo == hi)
    return per_axis((form,), sides) if len(sides) == problem.rank else None


def is_shape(form: str) -> bool:
    """Whether a form is that of the axes of a bias."""
    return set(form) <= {"C", "1"}


def bias_shape(form: str, channels: int) -> Size:
    """Return the shape of a bias whose axes are written as ``form``."""
    return tuple(channels if letter == "C" else 1 for letter in form)


def _symbol(problem: Problem, default: str) -> str | None:
    """Return the name of the padding, in capitals where the default is.

    Names that not every function with named paddings knows are asked only where the default shows them.
    """
    symbol = problem.symbol or (None if any(map(any, problem.padding)) else "valid")
    if symbol in (None, "same_lower") or (symbol == "full" and default.lower() != "full"):
        return None
    name = "same" if symbol == "same_upper" else symbol
    return name.upper() if name and default.isupper() else name


def canonical_padding(value: Any, rank: int) -> str | Pairs:
    """Return a padding that the user stated as a case has it: a symbol by its own name, or a pair per axis.

    Raises ValueError for anything else.
    """
    ones = (1,) * rank
    named = _SYMBOLS.get(value.lower(), value) if isinstance(value, str) else value
    pairs = geometry.resolve_padding(named, input_size=ones, kernel_size=ones, stride=ones, dilation=ones)
    return named if isinstance(named, str) else pairs
