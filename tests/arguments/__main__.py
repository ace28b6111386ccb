"""Ask every built-in adapter all raw arguments, and write the table of docs/findings.md: python -m tests.arguments."""

import tempfile
from pathlib import Path

from convformance.adapters import discovery
from convformance.adapters.raw import raw_routes
from convformance.reports.arguments import argument_rows, markdown_table
from tests.arguments.asking import PAGE, asked, table_of


def main() -> None:
    rows = []
    for name in discovery.BUILT_IN:
        if raw_routes(discovery.load(name).adapter_class):
            with tempfile.TemporaryDirectory() as folder:
                _, records = asked(name, Path(folder))
                rows += argument_rows(records)
    write(markdown_table(rows))


def write(lines: list[str]) -> None:
    """Put the table in the place of the one that is there."""
    page = PAGE.read_text(encoding="utf-8")
    before = "\n".join(table_of(page))
    PAGE.write_text(page.replace(before, "\n".join(lines)), encoding="utf-8")


if __name__ == "__main__":
    main()
