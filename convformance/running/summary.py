"""What a terminal shows of a session: its header, its progress, what it came to."""

import math
import time
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator

from convformance.processes.machine import this_machine
from convformance.reports import causes, proposals
from convformance.reports.formatting import plural
from convformance.running.identity import is_new_machine
from convformance.running.session import Session

_PROGRESS_SECONDS = 10.0
_ENOUGH, _ENOUGH_SHARE = 200, 0.02  # verdicts of an adapter in this session after which their pace says something
_MOST = 20  # faults that are shown


def header_lines(session: Session) -> list[str]:
    """Return who is asked on which machine, who is missing, and how much."""
    asked = [f"{selection.label} {selection.version}" for selection in session.selections]
    left, total = session.unanswered, len(session.questions)
    return [
        f"adapters: {', '.join(asked)}",
        f"machine: {this_machine().phrase}",
        *(f"device of {each.label}: {each.machine.phrase}" for each in session.selections if each.machine.device),
        *(f"missing: {name}: {reason}" for name, reason in session.missing.items()),
        f"tier {session.options.tier}: {left:,} of {total:,} questions to ask{_outside(session)}",
    ]


def _first_run(session: Session) -> Iterator[str]:
    """Yield how many causes come from a kind of machine that was not seen before, and how to keep them."""
    new = {each.label: each.machine.kind for each in session.selections if is_new_machine(each)}
    counts = Counter(new[cause.adapter] for cause in causes.causes(session.records) if cause.adapter in new)
    for kind, count in counts.items():
        seen = f"{plural(count, 'cause that was', 'causes that were')} not seen on others"
        yield f"first run on this kind of machine ({kind}): {seen}"
    if counts:
        yield "to keep them as your own expectations: convformance run --update-expected"


def _outside(session: Session) -> str:
    count = len(session.outside)
    return f"; {count:,} more lie outside the domain of their route, or are left to another" if count else ""


class Progress:
    """Lines of progress, one at most every ten seconds.

    Adapters are asked one after another, and a verdict of one may take a hundred times as long as of another: so the
    time that is left is added up over adapters, each at its own pace, which ``workers`` share.
    """

    def __init__(self, session: Session, workers: int = 1, clock: Callable[[], float] = time.monotonic) -> None:
        self._session, self._workers, self._clock = session, workers, clock
        self._last = -math.inf
        self._seen: dict[str, float] = {}
        self._seconds: dict[str, float] = defaultdict(float)
        self._counts: Counter[str] = Counter()

    def count(self, adapter: str, worker: str) -> None:
        """Count a verdict of this session: it took its worker the time since its last one."""
        now = self._clock()
        if worker in self._seen:
            self._seconds[adapter] += now - self._seen[worker]
            self._counts[adapter] += 1
        self._seen[worker] = now

    def line(self) -> str | None:
        """Return a line when the last one is some seconds old, or when all is done."""
        session, now = self._session, self._clock()
        done, total = len(session.verdicts), len(session.questions)
        if now - self._last < _PROGRESS_SECONDS and done < total:
            return None
        self._last = now
        counts = f"{done:,} of {total:,} verdicts, {len(session.findings):,} findings"
        return f"{done / max(total, 1):4.0%}  {counts}{self._left()}"

    def _left(self) -> str:
        """Return how long the rest takes, and of which adapters that cannot be known yet."""
        session = self._session
        asked = Counter(question.adapter for question in session.questions)
        left = asked - Counter(adapter for adapter, *_ in session.verdicts)
        unknown = [each for each in left if self._counts[each] < min(_ENOUGH, max(_ENOUGH_SHARE * asked[each], 1))]
        known = [each for each in left if each not in unknown]
        if not known:
            return ""
        seconds = sum(left[each] * self._seconds[each] / self._counts[each] for each in known) / self._workers
        return f", about {_clock(seconds)} left{' without ' + ', '.join(unknown) if unknown else ''}"


def _clock(seconds: float) -> str:
    return f"{int(seconds) // 60}:{int(seconds) % 60:02d}"


def summary_lines(session: Session) -> Iterator[str]:
    """Yield the counts of each adapter, what is stale, the causes, and what broke of the suite itself."""
    yield from _first_run(session)
    for selection in session.selections:
        yield _counts(session, selection.label)
    for divergence in session.persisting:
        yield f"{divergence.adapter}: known divergence {divergence.name}: {divergence.message}"
    yield from (f"stale: {line.adapter}: {line.message}" for line in session.stale)
    yield from _newness(session)
    yield from causes.summary(session.records)
    yield from proposals.lines(session.verdicts.values())
    for fault in session.faults[:_MOST]:
        yield from ("the suite itself broke, which says nothing of any adapter; please report it:", *fault.splitlines())
    if not session.complete:
        missing = sum(question.key not in session.verdicts for question in session.questions)
        yield f"NOT complete: {missing:,} of {len(session.questions):,} questions have no verdict"


def _counts(session: Session, label: str) -> str:
    counts = [f"{n:,} {grade}" for (adapter, grade), n in sorted(session.grade_counts.items()) if adapter == label]
    findings = sum(verdict.adapter == label for verdict in session.findings)
    expected = sum(verdict.adapter == label and verdict.expected is not None for verdict in session.verdicts.values())
    outside = sum(question.adapter == label for question in session.outside)
    listed = f", {expected:,} expected" if expected else ""
    rest = f"; {outside:,} not asked, outside the domain of their route or left to another" if outside else ""
    return f"{label}: {', '.join(counts)}; {findings:,} findings{listed}{rest}"


def _newness(session: Session) -> Iterator[str]:
    """Yield how many findings are new, and how many regressions, where the user's file says what it has seen."""
    if session.expectations.seen is not None and session.findings:
        new = sum(verdict.new for verdict in session.findings)
        regressions = len(session.findings) - new
        file = session.options.expected
        yield f"new findings, on cases that {file} has never seen: {new:,}; regressions, on others: {regressions:,}"
