"""Raw arguments in reports: how often each adapter refused one, answered it rightly, or did something else."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass

from convformance.judging.grades import ACCEPTED, CONFORMANT, CRASHED, ERROR, REFUSED, TIMED_OUT
from convformance.reports.record import Records

# What a report calls the grades of raw arguments, in the order of its columns.
COLUMNS = {
    REFUSED: "refused",
    CONFORMANT: "right",
    ACCEPTED: "silently accepted",
    CRASHED: "crash",
    TIMED_OUT: "hang",
    ERROR: "error",
}


@dataclass(frozen=True)
class ArgumentRow:
    """One argument as one adapter was asked it: ``counts`` has the verdicts by grade."""

    adapter: str
    argument: str
    counts: Mapping[str, int]

    def cells(self, grades: tuple[str, ...]) -> list[str]:
        """Return the counts of ``grades`` as a table shows them, nothing for none."""
        return [f"{self.counts.get(grade, 0):,}" if self.counts.get(grade) else "" for grade in grades]


def argument_rows(records: Records) -> list[ArgumentRow]:
    """Return a row for each adapter and each raw argument, in the order in which the cases have them."""
    arguments = {name: case.raw["argument"] for name, case in records.cases.items() if case.raw.get("argument")}
    counts: dict[tuple[str, str], Counter[str]] = {}
    order = list(dict.fromkeys(arguments.values()))
    for verdict in records.verdicts.values():
        if verdict.case in arguments:
            counts.setdefault((verdict.adapter, arguments[verdict.case]), Counter())[verdict.grade] += 1
    keys = sorted(counts, key=lambda key: (list(records.runs).index(key[0]), order.index(key[1])))
    return [ArgumentRow(*key, counts[key]) for key in keys]


def columns(rows: list[ArgumentRow]) -> tuple[str, ...]:
    """Return the grades that have a column: those that a run always has, and an error only where there is one."""
    return tuple(grade for grade in COLUMNS if grade != ERROR or any(row.counts.get(ERROR) for row in rows))


def markdown_table(rows: list[ArgumentRow]) -> list[str]:
    """Return the lines of a table in Markdown; adapters and arguments in it are names without markup."""
    grades = columns(rows)
    head = ["adapter", "argument", *(COLUMNS[grade] for grade in grades)]
    lines = [f"| {' | '.join(head)} |", f"|---|---|{'--:|' * len(grades)}"]
    return [*lines, *(f"| {' | '.join((row.adapter, row.argument, *row.cells(grades)))} |" for row in rows)]
