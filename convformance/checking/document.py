"""The result as JSON for programs: its schema is published as ``docs/check.schema.json``, names and ids are stable."""

import platform
import sys
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from typing import Any

import numpy as np

from convformance.checking.findings import FAST, FORM, NOTHING, PARTIAL, RIGHT, WRONG, Findings
from convformance.checking.headline import headline
from convformance.judging.diagnosis import UNEXPLAINED
from convformance.processes import machine
from convformance.reports.fields import to_jsonable

Document = dict[str, Any]

NAME, VERSION = "convformance-check", 1
USAGE = "usage-error"
# Right; findings; cannot be asked; right where it answers. 3 is a run that broke, as everywhere.
STATUSES = {RIGHT: 0, FAST: 0, FORM: 1, WRONG: 1, NOTHING: 2, USAGE: 2, PARTIAL: 4}


def document(findings: Findings) -> Document:
    """Return all that a check found as JSON types; numbers that are not finite are the texts nan, inf and -inf."""
    every: Document = {
        **_head(findings.verdict),
        "function": findings.name,
        "operations": list(findings.operations),
        "ok": findings.ok,
        "headline": headline(findings),
        "counts": _counts(findings),
        "asked": findings.asked,
        "not_asked": list(findings.not_asked),
        "diagnoses": list(_diagnoses(findings)),
        "refusals": [asdict(each) for each in findings.refusals],
        "form": [asdict(each) for each in findings.form],
        "smallest_cases": [_case(name, case) for name, case in findings.smallest_cases.items()],
        "remarks": list(findings.remarks),
        "hints": list(findings.hints),
        "questions": [each.to_json() for each in findings.verdicts],
        "environment": _environment(),
    }
    jsonable: Document = to_jsonable(every)
    return jsonable


def usage_document(message: str, *, command: str = "", error: Mapping[str, Any] | None = None) -> Document:
    """Return what is said where nothing could be asked: why, and the command line or the options to try."""
    own = {"causes": [], "errors": {}, "options": {}, **(error or {})}
    jsonable: Document = to_jsonable({**_head(USAGE), "ok": False, "message": message, "command": command, **own})
    return jsonable


def _head(verdict: str) -> Document:
    return {"schema": NAME, "version": VERSION, "verdict": verdict, "exit_status": STATUSES[verdict]}


def _counts(findings: Findings) -> Document:
    wrong = sum(each.is_wrong for each in findings.verdicts)
    return {
        "questions": len(findings.verdicts),
        "answered": findings.answered,
        "right": findings.answered - wrong,
        "wrong": wrong,
        "refused": findings.refused,
        "findings": len(findings.wrong()),
        "without_time": findings.unasked,
    }


def _diagnoses(findings: Findings) -> Sequence[Document]:
    """Return the diagnoses of all operations; ``condition`` is where a mistake is made, or where errors lie."""
    result = []
    for operation, entries in findings.diagnoses.items():
        for each in entries:
            fields = {
                name: getattr(each, name) for name in ("name", "detail", "explanation", "remedy", "explains", "of")
            }
            known = each.name != UNEXPLAINED
            result.append({"operation": operation, **fields, "condition": each.where, "known": known})
    return result


def _case(operation: str, case: Mapping[str, Any]) -> Document:
    """Return a smallest case; ``answer`` is null where the call raised, ``difference`` where shapes differ."""
    return {
        "operation": operation,
        "call": case["call"],
        "problem": case["problem"],
        "operands": case["operands"],
        "answer": case["got"],
        "truth": case["want"],
        "difference": case["difference"],
        "error": case["error"],
    }


def _environment() -> Document:
    here = asdict(machine.this_machine())
    suite = sys.modules[__name__.partition(".")[0]].__version__
    versions = {"convformance": suite, "python": platform.python_version(), "numpy": np.__version__}
    return {"versions": versions, "platform": platform.platform(), "machine": here}
