"""What the page's script reads: verdicts in columns, cases, the evidence of what is not conformant, and the groups."""

import base64
import json
from collections.abc import Iterable, Sequence
from dataclasses import fields, replace
from itertools import chain
from typing import Any

from convformance.judging import grades
from convformance.reference import operation
from convformance.reports import features, picture
from convformance.reports.compare import Change, Comparison
from convformance.reports.formatting import case_parameters, describe_case, safe_link, severity
from convformance.reports.lines import CaseLine, Key, Verdict
from convformance.reports.model import Report, in_turn
from convformance.reports.packing import Columns, Scripts, shown

MOST_EVIDENCE = 20_000
MOST_BYTES = 4_000_000
LONGEST_SCRIPT = 200_000
LONGEST_SMALLEST = 20_000
MOST_CHANNELS = 64
CHANGES = ("unchanged", "added", "worse", "better")

# The fields of a case that the script does not read, or reads in another form.
_NOT_SENT = ("id", "operations", "dtypes", "padding", "padding_pairs", "bias", "source", "seed")


def payload(report: Report, comparison: Comparison | None = None) -> dict[str, Any]:
    """Return everything the script shows, in what JSON can hold."""
    columns = Columns(adapter=report.records.runs, op=report.operations, dtype=report.dtypes, case=report.records.cases)
    verdicts = _sorted(report, columns)
    rows = {verdict.key: row for row, verdict in enumerate(verdicts)}
    for verdict in verdicts:
        columns.add(verdict)
    # What the page names has its evidence first, and of every group something before much of any.
    evidence = Evidence(rows)
    groups = [*(group.verdicts for group in report.findings), *(entry.verdicts for entry in report.known)]
    groups += [entry.verdicts for entry in report.expected]
    evidence.take(cause.representative for cause in report.causes)
    evidence.take(in_turn(groups))
    evidence.take(verdict for verdict in verdicts if verdict.grade not in grades.CLEAN)
    return {
        **columns.to_json(),
        **evidence.to_json(),
        "cases": _cases(report, columns),
        "features": [feature.name for feature in features.FEATURES if feature.of_cases],
        "parameters": [name for name, _ in case_parameters(CaseLine(id="", operations=(), dtypes=()))],
        "severity": [severity(grade) for grade in columns.vocabularies["grade"].names],
        "tones": {grade.name: grade.tone for grade in grades.TABLE},
        "results": [_result(op) for op in columns.vocabularies["op"]],
        "palette": picture.PALETTE,
        "findings": [[rows[verdict.key] for verdict in group.verdicts] for group in report.findings],
        "known": [[rows[verdict.key] for verdict in entry.verdicts] for entry in report.known],
        "expected": [[rows[verdict.key] for verdict in entry.verdicts] for entry in report.expected],
        "comparison": None if comparison is None else _comparison(comparison, verdicts, rows),
    }


def _result(op: str) -> str:
    """Return which array of the convolution an operation gives; nothing for one that this version does not know."""
    return operation.BY_NAME[op].result if op in operation.BY_NAME else ""


def _sorted(report: Report, columns: Columns) -> list[Verdict]:
    """Return the verdicts by adapter, operation, route and dtype, where columns have long runs of one number."""
    number = {name: columns.vocabularies[name].number for name in ("adapter", "op", "dtype")}
    blocks: dict[tuple[str, str, str, str], list[Verdict]] = {}
    for verdict in report.records.verdicts.values():
        blocks.setdefault((verdict.adapter, verdict.op, verdict.route, verdict.dtype), []).append(verdict)

    def order(block: tuple[str, str, str, str]) -> tuple[int, int, str, int]:
        adapter, op, route, dtype = block
        return number["adapter"](adapter), number["op"](op), route, number["dtype"](dtype)

    return list(chain.from_iterable(blocks[block] for block in sorted(blocks, key=order)))


class Evidence:
    """What the record holds of answers that are not conformant.

    Of the first 20,000 that are the numbers, and while there is room the error map, the script and the smallest failing
    case.
    """

    def __init__(self, rows: dict[Key, int]) -> None:
        self.rows = rows
        self.room = MOST_BYTES
        self.scripts = Scripts()
        self.by_row: dict[int, dict[str, Any]] = {}

    def take(self, verdicts: Iterable[Verdict]) -> None:
        """Take what there is room for, of the first verdicts first."""
        for verdict in verdicts:
            row = self.rows[verdict.key]
            if row not in self.by_row and len(self.by_row) < MOST_EVIDENCE:
                self.by_row[row] = {**_numbers(verdict), **self._large(verdict)}

    def _large(self, verdict: Verdict) -> dict[str, Any]:
        script = verdict.script or ""
        large = _map(verdict) | _smallest(verdict)
        size = len(json.dumps(large)) + (self.scripts.size(script) if len(script) <= LONGEST_SCRIPT else 0)
        if size > self.room:
            return {"left": sorted([*large, *(["script"] if script else [])])}
        self.room -= size
        if len(script) > LONGEST_SCRIPT:
            return {**large, "left": ["script"]}
        run = {"run": verdict.script_run.text} if verdict.script_run else {}
        return {**large, **({"script": self.scripts.add(script), **run} if script else {})}

    def to_json(self) -> dict[str, Any]:
        """Return the evidence by row, and the lines of the scripts."""
        return {"evidence": self.by_row, "lines": self.scripts.lines}


def _numbers(verdict: Verdict) -> dict[str, Any]:
    spread = verdict.spread and replace(verdict.spread, channels=verdict.spread.channels[:MOST_CHANNELS])
    numbers = {"worst": verdict.worst, "spread": spread, "bias": verdict.bias}
    return {name: shown(value) for name, value in numbers.items() if value is not None}


def _map(verdict: Verdict) -> dict[str, Any]:
    if verdict.map is None:
        return {}
    plane = verdict.map
    cells = base64.b64encode(plane.cells).decode("ascii")
    return {"map": {"shape": plane.shape, "index": plane.index, "axes": shown(plane.axes), "cells": cells}}


def _smallest(verdict: Verdict) -> dict[str, Any]:
    if verdict.smallest is None:
        return {}
    smallest = shown(verdict.smallest)
    return {"smallest": smallest} if len(repr(smallest)) <= LONGEST_SMALLEST else {}


def _cases(report: Report, columns: Columns) -> list[dict[str, Any]]:
    """Return the cases by number; one that no record describes has nothing but its id."""
    numbers = {feature.name: number for number, feature in enumerate(f for f in features.FEATURES if f.of_cases)}
    cases = (report.records.cases.get(name) for name in columns.vocabularies["case"])
    return [_case(case, numbers) if case else {} for case in cases]


def _case(case: CaseLine, numbers: dict[str, int]) -> dict[str, Any]:
    return {
        **{each.name: shown(getattr(case, each.name)) for each in fields(case) if each.name not in _NOT_SENT},
        "padding": case.padding_pairs,
        "features": [numbers[feature.name] for feature in features.features_of(case)],
        "sentence": shown(describe_case(case)),
        "values": [shown(value) for _, value in case_parameters(case)],
        "source": shown(safe_link(case.source)),
        "from": shown(case.source),
    }


def _comparison(comparison: Comparison, verdicts: Sequence[Verdict], rows: dict[Key, int]) -> dict[str, Any]:
    """Return for each row what became of it and its earlier grade, and the rows of each group of changes."""
    changes = {change.after.key: change for group in comparison.changed for change in group.changes}
    added = {verdict.key for side in comparison.added for verdict in side.verdicts}
    return {
        "changes": CHANGES,
        "change": [CHANGES.index(_became(verdict.key, changes, added)) for verdict in verdicts],
        "before": {rows[key]: change.before.grade for key, change in changes.items()},
        "changed": [[rows[change.after.key] for change in group.changes] for group in comparison.changed],
        "added": [[rows[verdict.key] for verdict in side.verdicts] for side in comparison.added],
        "removed": [
            [[shown(verdict.case), shown(verdict.dtype), verdict.grade] for verdict in side.verdicts]
            for side in comparison.removed
        ],
    }


def _became(key: Key, changes: dict[Key, Change], added: set[Key]) -> str:
    if key in added:
        return "added"
    change = changes.get(key)
    return "unchanged" if change is None else "worse" if change.worse else "better"
