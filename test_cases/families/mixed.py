"""Combinations of features that no other family asks: each case is one operation in one dtype.

The cases were built by ``covering`` and are kept as lines of a file, so that their ids stay as they are; what a new
feature or level makes missing is added behind them by ``python -m tests.mixed``.
"""

import json
from collections.abc import Collection, Iterator
from functools import cache
from pathlib import Path
from typing import Any

from convformance.test_cases.building import built_case
from convformance.test_cases.case import Case

LINES = Path(__file__).with_name("mixed.jsonl")


@cache
def cases() -> tuple[Case, ...]:
    """Return the cases, in the order in which they were built."""
    return tuple(map(built_case, _documents()))


def asked_of(rank: int, dtype: str, operations: Collection[str]) -> Iterator[Case]:
    """Yield the cases of that rank and dtype that ask one of the operations; the others are not built."""
    for document in _parsed():
        asks = len(document["input_size"]) == rank and dtype in document["dtypes"]
        if asks and not set(operations).isdisjoint(document["operations"]):
            yield built_case(_in_full(document))


def _documents() -> tuple[dict[str, Any], ...]:
    """Return what stands in the file, a line each, in full."""
    return tuple(map(_in_full, _parsed()))


@cache
def _parsed() -> tuple[dict[str, Any], ...]:
    return tuple(map(json.loads, LINES.read_text(encoding="utf-8").splitlines()))


def _in_full(document: dict[str, Any]) -> dict[str, Any]:
    """Return a line of the file with tuples, as a case has them."""
    return {name: _frozen(value) for name, value in document.items()}


def _frozen(value: Any) -> Any:
    """Return lists as tuples."""
    return tuple(map(_frozen, value)) if isinstance(value, list) else value
