"""The fields of a run record's lines: what each may hold, and how an object of parsed JSON becomes a frozen value.

A field is declared with its check, ``Annotated[type, check]``. A check returns the value to keep, or raises Malformed.
"""

import base64
import binascii
import math
import re
import sys
from collections.abc import Callable, Hashable, Mapping, Sequence
from dataclasses import MISSING, Field, fields, is_dataclass
from functools import cache
from typing import Annotated, Any, TypeVar, cast, get_type_hints

from convformance.judging.grades import GRADES

MOST_NUMBERS, DEEPEST = 4096, 8
_PART = r"(nan|inf|\d+(\.\d+)?(e[+-]\d+)?)"
_COMPLEX = f"[+-]?{_PART}[+-]{_PART}j"

Check = Callable[[Any], Any]
L = TypeVar("L")


class Malformed(ValueError):
    """A line, or a field of it, that does not hold what its kind promises; the message says what."""


def as_text(value: Any) -> str:
    if not isinstance(value, str):
        raise Malformed("is no text")
    return value


def as_shared(value: Any) -> str:
    """Return text as one object however often a record repeats it, so that large records fit in memory."""
    return sys.intern(as_text(value))


def as_grade(value: Any) -> str:
    if value not in GRADES:
        raise Malformed(f"is no grade; allowed: {', '.join(GRADES)}")
    return as_shared(value)


def as_flag(value: Any) -> bool:
    if not isinstance(value, bool):
        raise Malformed("is neither true nor false")
    return value


def as_integer(value: Any) -> int:
    # In Python True is an integer; in a record it is none.
    if isinstance(value, bool) or not isinstance(value, int):
        raise Malformed("is no integer")
    return value


def as_count(value: Any) -> int:
    if as_integer(value) < 0:
        raise Malformed("is negative")
    return cast(int, value)


def as_number(value: Any) -> float:
    """Return ``value`` as a float; records write what JSON cannot as the texts nan, inf and -inf."""
    if value in ("nan", "inf", "-inf"):
        return float(value)
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise Malformed("is no number")
    try:
        return float(value)
    except OverflowError as error:
        raise Malformed("is beyond every float") from error


def listed(check: Check) -> Check:
    """Return the check of a list whose entries pass ``check``."""

    def entries(value: Any) -> tuple[Any, ...]:
        if not isinstance(value, list):
            raise Malformed("is no list")
        return tuple(check(entry) for entry in value)

    return entries


def mapped(check: Check) -> Check:
    """Return the check of an object whose values pass ``check``."""

    def entries(value: Any) -> dict[str, Any]:
        if not isinstance(value, dict):
            raise Malformed("is no object")
        return {as_text(name): check(entry) for name, entry in value.items()}

    return entries


def nullable(check: Check) -> Check:
    """Return ``check`` with null let through."""
    return lambda value: None if value is None else check(value)


def as_shown(value: Any) -> str:
    """Return ``value`` as text, whatever it is: an adapter may call its modes what it likes."""
    return value if isinstance(value, str) else str(value)


def as_pairs(value: Any) -> tuple[tuple[int, int], ...]:
    pairs = listed(as_size)(value)
    if any(len(pair) != 2 for pair in pairs):
        raise Malformed("holds an entry that is no pair")
    return cast(tuple[tuple[int, int], ...], pairs)


def as_padding(value: Any) -> tuple[tuple[int, int], ...] | str:
    """Return a padding: the name of a symbol, or (lo, hi) pairs."""
    return value if isinstance(value, str) else as_pairs(value)


def as_bytes(value: Any) -> bytes:
    """Return what ``value`` holds in base64."""
    try:
        return base64.b64decode(as_text(value), validate=True)
    except (binascii.Error, ValueError) as error:
        raise Malformed("is no base64") from error


def as_nested(value: Any) -> Any:
    """Return numbers in lists of lists, at most 4096 of them."""
    numbers = _numbers(value, DEEPEST)
    if numbers > MOST_NUMBERS:
        raise Malformed(f"holds {numbers} numbers; allowed: up to {MOST_NUMBERS}")
    return value


def _is_complex(value: Any) -> bool:
    """Whether ``value`` is a complex number as records write it, ``1-2j``."""
    return isinstance(value, str) and bool(re.fullmatch(_COMPLEX, value))


def _numbers(value: Any, depth: int) -> int:
    if not isinstance(value, list):
        if not _is_complex(value):
            as_number(value)
        return 1
    if not depth:
        raise Malformed(f"is nested too deeply; allowed: lists in lists, {DEEPEST} deep")
    return sum(_numbers(entry, depth - 1) for entry in value)


as_size: Check = listed(as_integer)
as_texts: Check = listed(as_shared)

Text = Annotated[str, as_text]
Shared = Annotated[str, as_shared]
Texts = Annotated[tuple[str, ...], as_texts]
Grade = Annotated[str, as_grade]
Flag = Annotated[bool, as_flag]
Integer = Annotated[int, as_integer]
Count = Annotated[int, as_count]
Number = Annotated[float, as_number]
Size = Annotated[tuple[int, ...], as_size]
Pairs = Annotated[tuple[tuple[int, int], ...], as_pairs]
PerAxis = Annotated[tuple[tuple[int, int], ...] | str, as_padding]
Cells = Annotated[bytes, as_bytes]
MaybeText = Annotated[str | None, nullable(as_text)]
MaybeShared = Annotated[str | None, nullable(as_shared)]
MaybeTexts = Annotated[tuple[str, ...] | None, nullable(as_texts)]
MaybeGrade = Annotated[str | None, nullable(as_grade)]
MaybeNumber = Annotated[float | None, nullable(as_number)]
MaybeNested = Annotated[Any, nullable(as_nested)]
Operands = Annotated[Mapping[str, Any], mapped(as_nested)]
Mode = Annotated[Mapping[str, str], mapped(as_shown)]
Counts = Annotated[Mapping[str, int], mapped(as_count)]
Routes = Annotated[Mapping[str, tuple[str, ...]], mapped(as_texts)]


def nested(kind: type[L]) -> Check:
    """Return the check of an object that holds the fields of ``kind``, all of them sound."""

    def entry(value: Any) -> L:
        notes: list[str] = []
        parsed = parse(kind, value, notes)
        if notes:
            raise Malformed("; ".join(notes))
        return parsed

    return entry


def parse(kind: type[L], value: Any, notes: list[str]) -> L:
    """Return the JSON object ``value`` as a ``kind``; fields it does not know are left alone.

    What was bad but could be done without goes to ``notes``. Raises Malformed for what could not.
    """
    if not isinstance(value, dict):
        raise Malformed("is no object")
    values: dict[str, Any] = {}
    for declared, check in _fields(cast(Hashable, kind)):
        if declared.name in value:
            _take(declared, check, value[declared.name], values, notes)
        elif _required(declared):
            raise Malformed(f"{declared.name} is missing")
    return kind(**values)


def _take(declared: Field[Any], check: Check, value: Any, values: dict[str, Any], notes: list[str]) -> None:
    try:
        values[declared.name] = check(value)
    except Malformed as error:
        message = f"{declared.name} {error}: {excerpt(value)}"
        if _required(declared):
            raise Malformed(message) from error
        notes.append(message)


def _required(declared: Field[Any]) -> bool:
    return declared.default is MISSING and declared.default_factory is MISSING


@cache
def _fields(kind: Hashable) -> Sequence[tuple[Field[Any], Check]]:
    """Return the fields of a kind, each with the check its annotation names."""
    hints = get_type_hints(kind, include_extras=True)
    return tuple((declared, hints[declared.name].__metadata__[0]) for declared in fields(cast(Any, kind)))


def to_jsonable(value: Any) -> Any:
    """Return ``value`` as JSON can hold it: fields by name, bytes in base64, numbers that are not finite as text."""
    if isinstance(value, float):
        return float(value) if math.isfinite(value) else str(float(value))
    if isinstance(value, list | tuple):
        return [to_jsonable(entry) for entry in value]
    if isinstance(value, bytes):
        return base64.b64encode(value).decode()
    if is_dataclass(value):
        value = {declared.name: getattr(value, declared.name) for declared in fields(value)}
    if isinstance(value, Mapping):
        return {str(name): to_jsonable(entry) for name, entry in value.items()}
    return to_jsonable(value.item()) if hasattr(value, "item") else value


def excerpt(value: object, length: int = 60) -> str:
    """Return the beginning of ``value`` as Python writes it, for messages."""
    try:
        written = repr(value[: 2 * length] if isinstance(value, str) else value)
    except RecursionError:
        written = "lists or objects nested too deeply"
    return written if len(written) <= length else written[: length - 1] + "…"
