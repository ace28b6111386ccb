"""Verdicts made small for a page: a column of numbers for each field, scripts as numbers of lines, gzip, base64."""

import base64
import gzip
import json
import math
from collections.abc import Iterable, Iterator
from typing import Any

from convformance.judging.grades import GRADES
from convformance.reports.fields import to_jsonable
from convformance.reports.formatting import shorten, visible
from convformance.reports.lines import KEY, Verdict

LONGEST_TEXT = 2000
NOT_FINITE = -1
FINDING, EXACT, NEW = 1, 2, 4


def packed(value: Any) -> str:
    """Return ``value`` as JSON, compressed, in base64; the same value always gives the same text."""
    written = json.dumps(value, ensure_ascii=True, allow_nan=False, separators=(",", ":"))
    return base64.b64encode(gzip.compress(written.encode("ascii"), 9, mtime=0)).decode("ascii")


class Vocabulary:
    """Numbers names in the order in which they come."""

    def __init__(self, known: Iterable[str] = ()) -> None:
        self._numbers: dict[str, int] = {}
        for name in known:
            self.number(name)

    def number(self, name: str) -> int:
        """Return the number of ``name``, a new one where it is new."""
        return self._numbers.setdefault(name, len(self._numbers))

    def __contains__(self, name: str) -> bool:
        return name in self._numbers

    def __iter__(self) -> Iterator[str]:
        return iter(self._numbers)

    @property
    def names(self) -> list[str]:
        """The names by number, each as a page may show it."""
        return [shorten(visible(name), LONGEST_TEXT) for name in self]


def rounded(value: float, digits: int) -> float | int:
    """Return ``value`` to so many significant digits, as an integer where it is one."""
    short = float(f"{value:.{digits}g}")
    return int(short) if short.is_integer() else short


def share(error: float | None) -> float | int | None:
    """Return a share of the bound to three digits; -1 stands for one that is not finite."""
    if error is None:
        return None
    return rounded(error, 3) if math.isfinite(error) else NOT_FINITE


class Columns:
    """The columns of some verdicts: the names of each field by number, and per verdict one number a field.

    OPTIONAL fields have the empty name, number 0, where a verdict has none; several diagnoses of one verdict are one
    name, with commas. ``error`` is in units of the bound, ``seconds`` in microseconds.
    """

    REQUIRED = (*KEY, "grade")
    OPTIONAL = ("message", "accumulator", "known", "documented", "expected", "diagnosis")

    def __init__(self, **known: Iterable[str]) -> None:
        """Number the ``known`` names of some fields first, in their order."""
        first = {"grade": GRADES, **dict.fromkeys(self.OPTIONAL, ("",)), "documented": ("", *GRADES), **known}
        names = (*self.REQUIRED, *self.OPTIONAL)
        self.vocabularies = {name: Vocabulary(first.get(name, ())) for name in names}
        self.columns: dict[str, list[Any]] = {name: [] for name in (*names, "error", "seconds", "flags")}

    def add(self, verdict: Verdict) -> None:
        """Append one verdict."""
        for name, vocabulary in self.vocabularies.items():
            text = ", ".join(verdict.diagnosis) if name == "diagnosis" else getattr(verdict, name)
            self.columns[name].append(vocabulary.number(text or ""))
        self.columns["error"].append(share(verdict.error))
        self.columns["seconds"].append(_microseconds(verdict.seconds))
        self.columns["flags"].append(FINDING * verdict.finding + EXACT * verdict.exact + NEW * verdict.new)

    def to_json(self) -> dict[str, Any]:
        """Return names and columns as the page's script reads them."""
        names = {field: vocabulary.names for field, vocabulary in self.vocabularies.items()}
        return {"names": names, "columns": self.columns}


def _microseconds(seconds: float) -> float | int:
    return rounded(seconds * 1e6, 2) if math.isfinite(seconds) else 0


class Scripts:
    """Scripts that share most of their lines, each as the numbers of its lines."""

    def __init__(self) -> None:
        self._lines = Vocabulary()

    def size(self, script: str) -> int:
        """Return how many characters the script would add, with two for the number of a line."""
        lines = script.split("\n")
        return 2 * len(lines) + sum(len(line) for line in set(lines) if line not in self._lines)

    def add(self, script: str) -> list[int]:
        """Return the numbers of the script's lines."""
        return [self._lines.number(line) for line in script.split("\n")]

    @property
    def lines(self) -> list[str]:
        """The lines by number, whole."""
        return [visible(line) for line in self._lines]


def shown(value: Any) -> Any:
    """Return ``value`` as JSON can hold it, with every text as a page may show it."""
    return _with_visible_texts(to_jsonable(value))


def _with_visible_texts(value: Any) -> Any:
    if isinstance(value, str):
        return shorten(visible(value), LONGEST_TEXT)
    if isinstance(value, dict):
        return {_with_visible_texts(name): _with_visible_texts(entry) for name, entry in value.items()}
    return [_with_visible_texts(entry) for entry in value] if isinstance(value, list) else value
