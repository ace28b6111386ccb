"""Outcomes: a report as a list of tests that passed, failed or were skipped, for the formats that know nothing else.

Every verdict is one outcome; a missing adapter is skipped; a stale known divergence or expectation, a run that did not
reach its end and a record that was left out have failed, as they have in the exit status.
"""

from collections.abc import Iterator
from dataclasses import dataclass

from convformance.judging.grades import ACCEPTED, REFUSED, UNANSWERED
from convformance.reports.causes import causes
from convformance.reports.formatting import format_number, format_tuple, visible
from convformance.reports.lines import Expectation, Known, Verdict
from convformance.reports.record import Records

PASSED, FAILED, BROKEN, SKIPPED = "passed", "failed", "broken", "skipped"


@dataclass(frozen=True, slots=True)
class Outcome:
    """One test: its suite from the outside in, its name there, what became of it and why. No text hides a character.

    ``status`` is passed, failed (the answer is not right), broken (there is none) or skipped; ``kind`` is the grade;
    ``cause`` names the cause of a finding, with its number.
    """

    suite: tuple[str, ...]
    name: str
    status: str
    kind: str
    message: str = ""
    seconds: float = 0.0
    verdict: Verdict | None = None
    cause: str = ""


def outcomes(records: Records) -> Iterator[Outcome]:
    """Yield the outcome of every verdict, those of an adapter together, then of what else there is to tell."""
    declared = {(label, known.name): known for label, state in records.runs.items() for known in state.run.known}
    named = {verdict.key: cause.title for cause in causes(records) for verdict in cause.verdicts}
    for verdict in sorted(records.verdicts.values(), key=lambda verdict: (verdict.adapter, verdict.op)):
        known = declared.get((verdict.adapter, verdict.known or ""))
        expected = records.expectations.get(verdict.expected or "")
        yield _verdict_outcome(verdict, known, expected, named.get(verdict.key, ""))
    for adapter, reason in records.missing.items():
        yield _beside(adapter, "is asked", SKIPPED, "missing", reason)
    for divergence in records.stale:
        yield _beside(divergence.adapter, divergence.title, FAILED, "stale", divergence.message)
    for label, state in records.runs.items():
        if not state.complete:
            reason = "the record does not reach the end of its run"
            yield _beside(label, "runs to the end", BROKEN, "not complete", reason)
    for name, reason in records.left_out.items():
        yield _beside("records", f"{name} is read", BROKEN, "left out", reason)


def _beside(suite: str, name: str, status: str, kind: str, message: str) -> Outcome:
    return Outcome((visible(suite),), visible(name), status, kind, visible(message))


def _verdict_outcome(verdict: Verdict, known: Known | None, expected: Expectation | None, cause: str) -> Outcome:
    status, message = _status(verdict, known, expected)
    suite = tuple(map(visible, (verdict.adapter, verdict.op, verdict.route)))
    name = visible(f"{verdict.route} {verdict.case} {verdict.dtype}")
    return Outcome(suite, name, status, verdict.grade, visible(message), verdict.seconds, verdict, visible(cause))


def _status(verdict: Verdict, known: Known | None, expected: Expectation | None) -> tuple[str, str]:
    """Return status and message."""
    if verdict.finding:
        has_result = verdict.grade == ACCEPTED or verdict.grade not in UNANSWERED
        return FAILED if has_result else BROKEN, verdict.message
    if verdict.known is not None:
        return SKIPPED, _reason(f"known divergence {verdict.known}", known)
    if verdict.expected is not None:
        return SKIPPED, _reason(f"expected, {verdict.expected}", expected)
    return (SKIPPED, f"refused: {verdict.message}") if verdict.grade == REFUSED else (PASSED, "")


def _reason(title: str, declared: Known | Expectation | None) -> str:
    """Return what a verdict is listed as, with reason and link."""
    if declared is None:
        return title
    return " ".join(filter(None, (": ".join(filter(None, (title, declared.reason))), declared.link)))


def evidence(verdict: Verdict) -> str:
    """Return what is known of a finding beyond its message, a line each."""
    worst, spread, smallest = verdict.worst, verdict.spread, verdict.smallest
    lines = [f"diagnosis: {', '.join(verdict.diagnosis)}" if verdict.diagnosis else ""]
    if worst:
        numbers = " ".join(f"{name} {format_number(getattr(worst, name))}" for name in ("got", "want", "bound"))
        lines.append(f"worst element: {format_tuple(worst.index)} {numbers}")
    lines.append(f"spread: {spread.wrong} of {spread.of}, {spread.words}" if spread else "")
    lines.append(f"smallest that fails: {smallest.call}" if smallest and smallest.call else "")
    return visible("\n".join(filter(None, lines)))
