"""A record whose every text tries to break out of the page it is shown on."""

from collections.abc import Iterator
from pathlib import Path
from random import Random
from typing import Any

from convformance.reports.record import Writer
from tests.reports.synthetic import KNOWN, Line, case_line, diagnosis_line, run_line, smallest, verdict_line, wrong

PAYLOAD = (
    "\"'><script>alert(1)</script><img src=x onerror=alert(2)>{{ 7 * 7 }}{% raw %}</style></title>`a|b`\u202e&lt;\n# x"
)
OURS = ("kind", "grade", "grades", "documented", "cells", "link", "source", "padding")
NUMBERS = ("nan", "inf", "-inf")
BAD_LINKS = ("javascript:alert(4)", "data:text/html,<script>alert(4)</script>", "http://a b/", "//example.com")


def hostile(value: Any, name: str = "") -> Any:
    """Return ``value`` with the payload behind every text, and behind every key that an adapter is free to choose."""
    if isinstance(value, dict):
        free = PAYLOAD if name in ("mode", "routes") else ""
        return {key + free: entry if key in OURS else hostile(entry, key) for key, entry in value.items()}
    if isinstance(value, list):
        return [hostile(entry, name) for entry in value]
    return value + PAYLOAD if isinstance(value, str) and value not in NUMBERS else value


def lines() -> list[Line]:
    """Return lines of every kind, all hostile."""
    case = case_line("regression", 3, source="javascript:alert(3)", memory="sliced", special="nan-data")
    known = [{**KNOWN, "name": f"known {link}", "link": link, "versions": ["2.1", "2.9"]} for link in BAD_LINKS]
    key = ("torch", "conv", "F.conv", case["id"])
    kinds = [
        run_line("torch", asked=9, routes={"conv": ["F.conv"]}, known=known),
        {"kind": "missing", "adapter": "jax", "reason": "jax is not installed"},
        case,
        wrong(
            *key, "float16", Random(1), diagnosis=["exchanged sides"], smallest=smallest(got=None, error="no answer")
        ),
        wrong("torch", "conv", "F.conv", "undescribed", "float64", Random(2), accumulator="float16"),
        *(
            verdict_line(*key, f"known{number}", known=entry["name"], finding=False)
            for number, entry in enumerate(known)
        ),
        verdict_line(*key, "float32", "refused", message="no such thing"),
        verdict_line(*key, "listed", "error", expected="own", finding=False),
        verdict_line(*key, "unseen", "crashed", new=True, message="never seen"),
        diagnosis_line(*key[:3], "exchanged sides", 2, 2),
    ]
    counts = {"matched": 3, "diverged": 0, "stale": True, "message": "it is gone"}
    declared = [
        {"kind": "divergence", "adapter": "torch", "name": known[0]["name"], **counts},
        {"kind": "expectation", "adapter": "torch", "name": "own", "reason": "ours", "link": BAD_LINKS[0], **counts},
    ]
    return [hostile(line) for line in [*kinds, *declared]]


def texts(value: Any, name: str = "") -> Iterator[tuple[str, str]]:
    """Yield every hostile text below ``value`` with the name of its field."""
    if isinstance(value, dict):
        for key, entry in value.items():
            yield from texts(entry, key)
    elif isinstance(value, list):
        for entry in value:
            yield from texts(entry, name)
    elif isinstance(value, str) and value.endswith(PAYLOAD):
        yield name, value


def write(path: Path) -> Path:
    """Write the hostile record, then lines that are no record's, and return ``path``."""
    with Writer(path) as writer:
        for line in lines():
            writer.write(line)
    with path.open("a") as file:
        file.write('{"kind": "<script>alert(5)</script>"}\n<script>alert(6)</script>\n')
    return path
