"""What a job of continuous integration shows of a run: the summary on its page, and an annotation for each cause."""

import os
from collections.abc import Iterator
from pathlib import Path

from convformance.reports import record
from convformance.reports.causes import Cause, causes
from convformance.reports.formatting import operations_in_order, plural, shorten, visible
from convformance.reports.record import Records

MOST_ANNOTATIONS = 10
_LONGEST = 1000


def publish(recorded: Path, summary: Path, *, expected: Path | None = None) -> None:
    """Tell GitHub what a run came to: the summary for the page of the step, and annotations among what it prints.

    Elsewhere, where GitHub's variables are not set, this does nothing.
    """
    page = os.environ.get("GITHUB_STEP_SUMMARY")
    if page and summary.is_file():
        with Path(page).open("a", encoding="utf-8") as steps:
            steps.write(summary.read_text(encoding="utf-8") + "\n")
    if os.environ.get("GITHUB_ACTIONS") == "true" and recorded.is_file():
        print(*annotations(record.read([recorded]), expected), sep="\n", flush=True)


def annotations(records: Records, expected: Path | None = None) -> list[str]:
    """Return a workflow command for each of the first ten causes and stale entries, then how many more there are."""
    commands = list(_commands(records, expected))
    left = len(commands) - MOST_ANNOTATIONS
    more = [f"and {left:,} more: the summary and report.html have them all"] if left > 0 else []
    return [*commands[:MOST_ANNOTATIONS], *more]


def _commands(records: Records, expected: Path | None) -> Iterator[str]:
    if not records.complete:
        yield error("not complete", "the run did not reach its end")
    for cause in causes(records):
        yield error(f"{cause.adapter}: {cause.name}", _sentence(cause))
    for stale in records.stale:
        yield error(f"stale {stale.title}", stale.message, file=str(expected or ""))


def _sentence(cause: Cause) -> str:
    """Return how many findings a cause has, how many of them are new, where, and one of them."""
    first, new = cause.verdicts[0], sum(verdict.new for verdict in cause.verdicts)
    counts = plural(len(cause.verdicts), "finding") + (f", {new:,} of them new" if new else "")
    operations = ", ".join(operations_in_order({verdict.op for verdict in cause.verdicts}))
    return f"{counts}, in {operations}; such as {' '.join(first.key[1:])}: {first.message}"


def error(title: str, message: str, *, file: str = "") -> str:
    """Return the command with which GitHub annotates an error; nothing in the texts ends it early or adds to it."""
    names = {"file": file, "title": title}
    properties = ",".join(f"{name}={_property(text)}" for name, text in names.items() if text)
    return f"::error {properties}::{_data(message)}"


def _data(text: str) -> str:
    """Return a text as a command carries it."""
    escapes = {"%": "%25", "\r": "%0D", "\n": "%0A"}
    return "".join(escapes.get(character, character) for character in _printed(text))


def _property(text: str) -> str:
    return _data(text).replace(":", "%3A").replace(",", "%2C")


def _printed(text: str) -> str:
    return shorten(visible(text), _LONGEST)
