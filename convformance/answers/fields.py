"""What is found out about one answer: whether its difference is rounding, and what explains it."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from math import isfinite
from typing import Any

from convformance.judging.diagnosis import explained
from convformance.judging.hypotheses.hypothesis import Match

SCHEMA = "convformance-explain/1"


@dataclass(frozen=True)
class ExplanationFields:
    """What explains one answer.

    ``ok``: its difference from the truth is rounding, as accurate as was asked for. ``grade``: the strictest bound that
    it keeps, low-precision where narrower arithmetic explains it, or wrong. ``share``: the largest error in units of
    what is allowed, None where there is nothing to compare. ``explains``: narrower arithmetic or the named mistakes,
    the likeliest first, with ``explained_share``, the share of the bound that is used against that arithmetic.
    ``accumulator``: the finest format of sums that explains the errors. ``worst`` and ``spread`` say where errors lie;
    ``suggestions`` are settings in which an answer of another shape fits. ``asked`` says what was judged.
    """

    ok: bool
    grade: str
    asked: str
    message: str
    share: float | None = None
    allowed: str = ""
    accumulator: str | None = None
    explains: Sequence[Match] = ()
    explained_share: float | None = None
    worst: Mapping[str, Any] | None = None
    spread: Mapping[str, Any] | None = None
    suggestions: Sequence[Mapping[str, Any]] = ()
    remarks: Sequence[str] = field(default_factory=tuple)

    def to_dict(self) -> dict[str, Any]:
        """Return everything as JSON types; infinite and undefined numbers are text."""
        document = {**asdict(self), "explains": [_named(match) for match in self.explains]}
        return {"schema": SCHEMA, **_jsonable(document)}


def _named(match: Match) -> dict[str, str]:
    entry = explained(match.name)
    return {
        "name": match.name,
        "detail": match.detail,
        "explanation": entry.explanation,
        "remedy": entry.remedy,
    }


def _jsonable(value: Any) -> Any:
    """Return a value with tuples as lists, and numbers that JSON has none for as text."""
    if isinstance(value, Mapping):
        return {name: _jsonable(entry) for name, entry in value.items()}
    if isinstance(value, list | tuple):
        return [_jsonable(entry) for entry in value]
    if isinstance(value, float) and not isfinite(value):
        return str(value)
    return value
