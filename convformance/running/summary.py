"""What a terminal shows of a session: its header, its progress, what it came to."""

import time
from collections.abc import Iterator

from convformance.reports.lines import Verdict
from convformance.running.session import Session

_PROGRESS_SECONDS = 10.0
_ENOUGH, _ENOUGH_SHARE = 200, 0.02  # verdicts of this session after which their pace says something
_MOST = 20  # findings, and faults, that are shown


def header_lines(session: Session) -> list[str]:
    """Return who is asked, who is missing, and how much."""
    asked = [f"{selection.label} {selection.version}" for selection in session.selections]
    left, total = session.unanswered, len(session.questions)
    return [
        f"adapters: {', '.join(asked)}",
        *(f"missing: {name}: {reason}" for name, reason in session.missing.items()),
        f"tier {session.options.tier}: {left:,} of {total:,} questions to ask{_outside(session)}",
    ]


def _outside(session: Session) -> str:
    count = len(session.outside)
    return f"; {count:,} more lie outside the domain of their route" if count else ""


class Progress:
    """Lines of progress, one at most every ten seconds."""

    def __init__(self, session: Session) -> None:
        self._session = session
        self._last = 0.0

    def line(self) -> str | None:
        """Return a line when the last one is some seconds old, or when all is done."""
        session, now = self._session, time.monotonic()
        done, total = len(session.verdicts), len(session.questions)
        if now - self._last < _PROGRESS_SECONDS and done < total:
            return None
        self._last = now
        counts = f"{done:,} of {total:,} verdicts, {len(session.findings):,} findings"
        return f"{done / max(total, 1):4.0%}  {counts}{self._left(now, done, total)}"

    def _left(self, now: float, done: int, total: int) -> str:
        """Return how long the rest takes, once so many verdicts of this session are in that it can be known."""
        fresh = done - len(self._session.done)
        if fresh < min(_ENOUGH, _ENOUGH_SHARE * total):
            return ""
        return f", about {_clock((now - self._session.started) / max(fresh, 1) * (total - done))} left"


def _clock(seconds: float) -> str:
    return f"{int(seconds) // 60}:{int(seconds) % 60:02d}"


def summary_lines(session: Session) -> Iterator[str]:
    """Yield the counts of each adapter, what is stale, the first findings, and what broke of the suite itself."""
    for selection in session.selections:
        yield _counts(session, selection.label)
    for divergence in session.stale:
        yield f"stale: {divergence.adapter}: {divergence.message}"
    yield from map(format_finding, session.findings[:_MOST])
    if len(session.findings) > _MOST:
        yield f"... and {len(session.findings) - _MOST:,} findings more"
    for fault in session.faults[:_MOST]:
        yield from ("the suite itself broke, which says nothing of any adapter; please report it:", *fault.splitlines())
    if not session.complete:
        missing = sum(question.key not in session.verdicts for question in session.questions)
        yield f"NOT complete: {missing:,} of {len(session.questions):,} questions have no verdict"


def _counts(session: Session, label: str) -> str:
    counts = [f"{n:,} {grade}" for (adapter, grade), n in sorted(session.grade_counts.items()) if adapter == label]
    findings = sum(verdict.adapter == label for verdict in session.findings)
    outside = sum(question.adapter == label for question in session.outside)
    rest = f"; {outside:,} not asked, outside the domain of their route" if outside else ""
    return f"{label}: {', '.join(counts)}; {findings:,} findings{rest}"


def format_finding(verdict: Verdict) -> str:
    """Return a finding in a line."""
    return f"{verdict.grade}: {' '.join(verdict.key)}: {verdict.message}"[:300]
