"""Writes figures into the documentation: ``python -m benchmarks.page [--reference|--suite|--oracle FILE ...] ...``.

Each table of docs/performance.md that figures are given for replaces the one between its comments, ``<!-- name -->``
and ``<!-- /name -->``; the others stay.
"""

import argparse
import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

from benchmarks import oracle, reference, suite

PAGE = Path(__file__).resolve().parents[1] / "docs" / "performance.md"
TABLES: dict[str, Callable[[list[dict[str, Any]]], str]] = {
    "reference": reference.table,
    "suite": suite.table,
    "oracle": oracle.table,
}


def main(arguments: list[str] | None = None) -> None:
    """Rewrite the page with the tables of the files given."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.page", description=__doc__)
    for name in TABLES:
        parser.add_argument(
            f"--{name}", type=Path, nargs="+", default=[], help=f"figures that benchmarks.{name} wrote with --json"
        )
    chosen = vars(parser.parse_args(arguments))
    text = PAGE.read_text(encoding="utf-8")
    for name, table in TABLES.items():
        records = [record for file in chosen[name] for record in json.loads(file.read_text(encoding="utf-8"))]
        if records:
            text = replaced(text, name, table(records))
    PAGE.write_text(text, encoding="utf-8")


def replaced(text: str, name: str, table: str) -> str:
    """Return ``text`` with ``table`` between the comments of that name; raises ValueError where they are missing."""
    comments = re.compile(rf"(<!-- {name} -->\n).*?(\n<!-- /{name} -->)", re.DOTALL)
    if not comments.search(text):
        raise ValueError(f"{PAGE.name} has no place for the table {name!r}: <!-- {name} --> and <!-- /{name} -->")
    return comments.sub(lambda match: f"{match[1]}\n{table.strip()}\n{match[2]}", text)


if __name__ == "__main__":
    main()
