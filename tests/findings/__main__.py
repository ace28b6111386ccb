"""``python -m tests.findings``: write docs/findings.md, look for scripts that are missing, say how many there are."""

import sys
from argparse import ArgumentParser, Namespace
from collections.abc import Sequence

from convformance.adapters.contract import MissingFramework
from tests.findings import page
from tests.findings.catalogue import Entry, entries
from tests.findings.searching import Searching


def main(arguments: Sequence[str] | None = None) -> int:
    """Do what the options say; return 0."""
    options = _options(arguments)
    if options.search:
        _search([entry for entry in entries() if _is_wanted(entry, options)])
    page.write()
    print(page.count())
    return 0


def _options(arguments: Sequence[str] | None) -> Namespace:
    parser = ArgumentParser(
        "python -m tests.findings", description="The catalogue of what was found: docs/findings.md."
    )
    parser.add_argument("--search", action="store_true", help="look for the scripts that are missing, which takes time")
    parser.add_argument("--again", action="store_true", help="look for those that are there, too")
    parser.add_argument("--only", action="append", default=[], metavar="TEXT", help="search those whose name holds it")
    return parser.parse_args(arguments)


def _is_wanted(entry: Entry, options: Namespace) -> bool:
    named = not options.only or any(text in entry.name for text in options.only)
    return named and (options.again or entry.script is None)


def _search(wanted: list[Entry]) -> None:
    """Look for scripts and write them down; what is there stays where none is found."""
    with Searching() as searching:
        for entry in wanted:
            try:
                text = searching.script_of(entry)
            except MissingFramework as error:
                print(f"{entry.name}: {error}", flush=True)
                continue
            print(f"{entry.name}: {len(text.splitlines()) if text else 'no script'}", flush=True)
            if text is not None:
                entry.path.parent.mkdir(parents=True, exist_ok=True)
                entry.path.write_text(text.rstrip() + "\n", encoding="utf-8")


if __name__ == "__main__":
    sys.exit(main())
