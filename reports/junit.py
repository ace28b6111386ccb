"""JUnit XML for the viewers of continuous integration: a suite for each adapter and operation, a test case a verdict.

A refusal and a known divergence are skipped, with the reason; a finding is a failure, or an error where no answer came.
"""

import math
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from itertools import groupby
from pathlib import Path
from xml.sax.saxutils import escape, quoteattr

from convformance.reports import outcomes
from convformance.reports.formatting import describe_run, format_number, shorten, visible
from convformance.reports.outcomes import BROKEN, FAILED, SKIPPED, Outcome
from convformance.reports.record import Records, Source, load

LONGEST_MESSAGE, LONGEST_TEXT = 1000, 10_000
_ELEMENTS = {FAILED: "failure", BROKEN: "error", SKIPPED: "skipped"}


def write_junit(records: Source, path: str | Path) -> None:
    """Write ``records`` (paths, or records already read) to ``path``, a suite at a time.

    Raises RecordError for a file that is no record, OSError when ``path`` cannot be written.
    """
    with Path(path).open("w", encoding="utf-8") as file:
        file.writelines(f"{line}\n" for line in document(load(records)))


def document(records: Records) -> Iterator[str]:
    """Yield the lines of the document."""
    total = _counts(outcomes.outcomes(records))
    yield '<?xml version="1.0" encoding="utf-8"?>'
    yield f'<testsuites name="convformance" {total}>'
    for suite, tests in groupby(outcomes.outcomes(records), key=lambda outcome: outcome.suite[:2]):
        yield from _suite(suite, list(tests), records)
    yield "</testsuites>"


def _counts(tests: Iterable[Outcome]) -> str:
    """Return the attributes that count: tests, failures, errors, skipped, and the time of all in seconds."""
    counts: Counter[str] = Counter()
    time = 0.0
    for outcome in tests:
        counts[outcome.status] += 1
        time += _seconds(outcome)
    numbers = {"failures": FAILED, "errors": BROKEN, "skipped": SKIPPED}
    attributes = " ".join(f'{name}="{counts[status]}"' for name, status in numbers.items())
    return f'tests="{counts.total()}" {attributes} time="{time:.4f}"'


def _seconds(outcome: Outcome) -> float:
    return max(outcome.seconds, 0.0) if math.isfinite(outcome.seconds) else 0.0


def _suite(suite: Sequence[str], tests: Sequence[Outcome], records: Records) -> Iterator[str]:
    state = next((state for label, state in records.runs.items() if visible(label) == suite[0]), None)
    started = f" timestamp={_quoted(state.run.started, 40)}" if state and state.run.started else ""
    yield f"<testsuite name={_quoted(' '.join(suite))} {_counts(tests)}{started}>"
    if state:
        yield _properties(describe_run(state.run))
    for outcome in tests:
        yield _case(outcome)
    yield "</testsuite>"


def _properties(properties: dict[str, str]) -> str:
    """Return the properties that are not empty."""
    present = {name: value for name, value in properties.items() if value}
    entries = "".join(f'<property name="{name}" value={_quoted(value)}/>' for name, value in present.items())
    return f"<properties>{entries}</properties>"


def _case(outcome: Outcome) -> str:
    names = f"classname={_quoted('.'.join(outcome.suite[:2]))} name={_quoted(outcome.name)}"
    opening = f'<testcase {names} time="{_seconds(outcome):.4f}"'
    element = _ELEMENTS.get(outcome.status)
    return f"{opening}>{_result(outcome, element)}</testcase>" if element else f"{opening}/>"


def _result(outcome: Outcome, element: str) -> str:
    """Return what happened to a case that did not pass; a skipped one has its reason and no more."""
    attributes = f"{element} type={_quoted(outcome.kind)} message={_quoted(outcome.message, LONGEST_MESSAGE)}"
    verdict = outcome.verdict
    if element == "skipped" or verdict is None:
        return f"<{attributes}/>"
    numbers = {"grade": verdict.grade, "error": format_number(verdict.error)}
    properties = _properties({**numbers, "diagnosis": ", ".join(verdict.diagnosis), "cause": outcome.cause})
    text = shorten("\n".join(filter(None, (outcome.message, outcomes.evidence(verdict)))), LONGEST_TEXT)
    return f"{properties}<{attributes}>{escape(text)}</{element}>"


def _quoted(text: str, length: int = LONGEST_MESSAGE) -> str:
    """Return ``text`` as an attribute's value: quoted, with what XML cannot hold replaced."""
    return quoteattr(shorten(visible(text), length))
