"""Combinations of features that no other family asks: each case is one operation in one dtype.

The cases were built by ``covering`` and are kept as lines of a file, so that their ids stay as they are; what a new
feature or level makes missing is added behind them by ``python -m tests.mixed``.
"""

import json
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

from convformance.test_cases.building import built_case
from convformance.test_cases.case import Case

LINES = Path(__file__).with_name("mixed.jsonl")


@cache
def cases() -> tuple[Case, ...]:
    """Return the cases, in the order in which they were built."""
    return tuple(_read())


def _read() -> Iterator[Case]:
    for line in LINES.read_text(encoding="utf-8").splitlines():
        document: dict[str, Any] = json.loads(line)
        yield built_case({name: _frozen(value) for name, value in document.items()})


def _frozen(value: Any) -> Any:
    """Return lists as tuples."""
    return tuple(map(_frozen, value)) if isinstance(value, list) else value
