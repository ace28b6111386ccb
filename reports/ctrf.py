"""CTRF, the Common Test Report Format in JSON (https://ctrf.io): one test for each verdict."""

import json
import math
import uuid
from collections import Counter
from collections.abc import Iterable, Iterator
from datetime import datetime
from pathlib import Path
from typing import Any

from convformance.reports import fields, outcomes
from convformance.reports.formatting import describe_run, visible
from convformance.reports.lines import Verdict
from convformance.reports.outcomes import BROKEN, FAILED, PASSED, SKIPPED, Outcome
from convformance.reports.record import Records, RunState, Source, load

SPECIFICATION = "0.0.0"
_STATUS = {PASSED: "passed", FAILED: "failed", BROKEN: "failed", SKIPPED: "skipped"}
_STATUSES = ("passed", "failed", "skipped", "pending", "other")
_NAMESPACE = uuid.uuid5(uuid.NAMESPACE_DNS, "verdict.convformance")
_LATEST = 2**53


def write_ctrf(records: Source, path: str | Path) -> None:
    """Write ``records`` (paths, or records already read) to ``path``, a test at a time.

    Raises RecordError for a file that is no record, OSError when ``path`` cannot be written.
    """
    with Path(path).open("w", encoding="utf-8") as file:
        file.writelines(document(load(records)))


def document(records: Records) -> Iterator[str]:
    """Yield the document in parts: its head with an empty list of tests last, cut open there, and each test."""
    closing = "]}}"
    head = _json({"reportFormat": "CTRF", "specVersion": SPECIFICATION, "results": {**_results(records), "tests": []}})
    yield head.removesuffix(closing)
    for number, outcome in enumerate(outcomes.outcomes(records)):
        yield f"{',' if number else ''}\n{_json(_test(outcome))}"
    yield f"\n{closing}\n"


def _json(value: Any) -> str:
    return json.dumps(fields.to_jsonable(value), separators=(",", ":"), allow_nan=False)


def _results(records: Records) -> dict[str, Any]:
    states = list(records.runs.values())
    suites = sorted({state.run.suite for state in states if state.run.suite})
    platforms = sorted({state.run.platform for state in states if state.run.platform})
    return {
        "tool": {"name": "convformance", "version": visible(" and ".join(suites))},
        "summary": _summary(states, outcomes.outcomes(records)),
        "environment": {
            "reportName": "convformance",
            "osPlatform": visible(", ".join(platforms)),
            "healthy": records.complete,
            "extra": {"runs": [_identity(state) for state in states]},
        },
    }


def _identity(state: RunState) -> dict[str, Any]:
    run = state.run
    identity = {"adapter": state.label, **describe_run(run), "started": run.started, "asked": str(run.asked)}
    return {name: visible(text) for name, text in identity.items()} | {"complete": state.complete}


def _summary(states: Iterable[RunState], tests: Iterable[Outcome]) -> dict[str, int]:
    """Return the counts, and when the runs started and stopped in milliseconds since 1970; 0 where none says when."""
    counts = Counter(_STATUS[outcome.status] for outcome in tests)
    spans = [(started, started + _milliseconds(state.seconds)) for state in states for started in _started(state)]
    start, stop = min((span[0] for span in spans), default=0), max((span[1] for span in spans), default=0)
    return {"tests": counts.total(), **{status: counts[status] for status in _STATUSES}, "start": start, "stop": stop}


def _started(state: RunState) -> Iterator[int]:
    """Yield when a run started, where it says so."""
    try:
        yield max(_milliseconds(datetime.fromisoformat(state.run.started).timestamp()), 0)
    except (ValueError, OverflowError, OSError):
        return


def _milliseconds(seconds: float) -> int:
    """Return whole milliseconds, at least 0; what is no time is 0."""
    return min(max(round(1000 * seconds), 0), _LATEST) if math.isfinite(seconds) else 0


def _test(outcome: Outcome) -> dict[str, Any]:
    identity = "\n".join((*outcome.suite, outcome.name))
    test: dict[str, Any] = {
        "id": str(uuid.uuid5(_NAMESPACE, identity)),
        "name": outcome.name,
        "status": _STATUS[outcome.status],
        "rawStatus": outcome.kind,
        "duration": _milliseconds(outcome.seconds),
        "suite": outcome.suite,
    }
    if outcome.message:
        test["message"] = outcome.message
    return test | (_evidence(outcome.verdict, outcome.cause) if outcome.verdict and outcome.verdict.finding else {})


def _evidence(verdict: Verdict, cause: str) -> dict[str, Any]:
    """Return what a finding has beyond its message: where it lies, its script, its diagnosis, cause and error."""
    shown = {"trace": outcomes.evidence(verdict), "snippet": visible(verdict.script or "")}
    extra = {"diagnosis": list(map(visible, verdict.diagnosis)), "cause": cause, "error": verdict.error}
    if verdict.script_run is not None:
        extra["run"] = visible(verdict.script_run.text)
    return {name: value for name, value in shown.items() if value} | {"extra": extra}
