"""The forms that a geometry argument is written in: a number, a tuple, pairs of numbers, or the name of a padding."""

from collections.abc import Sequence
from typing import Any

import numpy as np

from convformance.reference import geometry
from convformance.reference.geometry import Pairs, Size
from convformance.reference.problem import Problem

# OPEN: a number where all axes agree, else a tuple. UNREAD: a default in no form known here; it is left as it is.
NUMBER, TUPLE, PAIRS, SYMBOL, OPEN, UNREAD = "number", "tuple", "pairs", "symbol", "open", "unread"

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


def form_of(default: Any, rank: int) -> str:
    """Return the form that a default value shows; None shows none."""
    if default is None:
        return OPEN
    if isinstance(default, str):
        return SYMBOL if default.lower() in _SYMBOLS else UNREAD
    if isinstance(default, _INTEGER):
        return NUMBER
    if not isinstance(default, Sequence) or len(default) not in (rank, 2):
        return UNREAD
    if all(isinstance(entry, _INTEGER) for entry in default):
        return TUPLE if len(default) == rank else PAIRS
    pairs = all(isinstance(entry, Sequence) and len(entry) == 2 for entry in default)
    return PAIRS if pairs and len(default) == rank else UNREAD


def per_axis(form: str, sizes: Size) -> Any:
    """Return a number per axis as ``form`` writes it, or None where it cannot."""
    agree = len(set(sizes)) == 1
    if form == NUMBER or (form == OPEN and agree):
        return sizes[0] if agree else None
    return sizes if form in (TUPLE, OPEN) else None


def padding(form: str, problem: Problem, default: Any) -> Any:
    """Return the padding of ``problem`` as ``form`` writes it, or None where it cannot."""
    if form == SYMBOL:
        return _symbol(problem, str(default))
    if form == PAIRS:
        flat = default is not None and all(isinstance(entry, _INTEGER) for entry in default)  # of an only axis
        return problem.padding[0] if flat else problem.padding
    sides = tuple(lo for lo, hi in problem.padding if lo == hi)
    return per_axis(form, sides) if len(sides) == problem.rank else None


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
