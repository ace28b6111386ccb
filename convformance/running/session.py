"""A session: what is asked of whom, the record that grows as verdicts come in, and what they add up to."""

import platform
import sys
import time
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import cached_property
from typing import Any

import numpy as np

from convformance import __version__
from convformance.adapters import discovery
from convformance.adapters.contract import KnownDivergence, MissingFramework, UsageError
from convformance.adapters.discovery import Selection
from convformance.options import Wishes
from convformance.reference.operation import OPERATIONS
from convformance.reports import record
from convformance.running import diagnosing
from convformance.running.runner import Asker, Question, Scope, covers, unjudged
from convformance.test_cases import catalogue
from convformance.test_cases.case import DTYPES

Key = tuple[str, ...]
_PROGRESS_SECONDS = 10.0


@dataclass
class Session:
    """One run: the adapters selected, those that are missing, the questions in scope and the verdicts so far."""

    wishes: Wishes
    selections: tuple[Selection, ...]
    missing: Mapping[str, str]
    scope: Scope
    judged: frozenset[Key] = frozenset()
    counted: Counter[tuple[str, str]] = field(default_factory=Counter)
    verdicts: dict[Key, Mapping[str, Any]] = field(default_factory=dict)
    findings: list[Mapping[str, Any]] = field(default_factory=list)
    broken: list[str] = field(default_factory=list)
    stale: list[Mapping[str, Any]] = field(default_factory=list)
    started: float = field(default_factory=time.monotonic)
    _writer: Any = None
    _last_progress: float = 0.0

    @cached_property
    def questions(self) -> list[Question]:
        """Every question in scope, those that a resumed record already answers included."""
        return self.scope.questions(self.selections)

    def questions_of(self, operation: str) -> list[Question]:
        """Return the questions of one operation that are still to be asked."""
        return [
            question
            for question in self.questions
            if question.operation == operation and question.key not in self.judged
        ]

    @cached_property
    def _by_node(self) -> dict[str, Question]:
        return {f"test_{question.operation}[{question.id}]": question for question in self.questions}

    def described(self) -> list[str]:
        """Return the lines of the header: who is asked, who is missing, how much."""
        asked = [f"{selection.label} {selection.adapter_class.version()}" for selection in self.selections]
        lines = [
            f"adapters: {', '.join(asked)}",
            *(f"missing: {name}: {reason}" for name, reason in self.missing.items()),
        ]
        left = len(self.questions) - sum(question.key in self.judged for question in self.questions)
        return [*lines, f"tier {self.wishes.tier}: {left:,} of {len(self.questions):,} questions to ask"]

    def open(self) -> None:
        """Open the record: the identity of each adapter's run, who is missing, and every case of the tier."""
        if self.wishes.record is None:
            return
        resumed = bool(self.judged)
        self._writer = record.Writer(self.wishes.record, append=self.wishes.resume)
        if self.wishes.resume:
            for verdict in record.verdict_lines(self.wishes.record):
                self._count(verdict)
        self._write_identities()
        if not resumed:
            for case in self.scope.cases:
                self._writer.write({"kind": "case", **case.described()})

    def _write_identities(self) -> None:
        """Write who is asked and who is missing; in a resumed record again, so that a changed version is not hidden."""
        asked = Counter(question.adapter for question in self.questions)
        for selection in self.selections:
            self._writer.write(_identity(selection, self.wishes.tier, asked[selection.label]))
        for name, reason in self.missing.items():
            self._writer.write({"kind": "missing", "adapter": name, "reason": reason})

    def keep(self, verdict: Mapping[str, Any]) -> None:
        """Count a verdict and write it down at once."""
        self._count(verdict)
        if self._writer is not None:
            self._writer.write(verdict)

    def _count(self, verdict: Mapping[str, Any]) -> None:
        self.verdicts[tuple(verdict[name] for name in ("adapter", "op", "route", "case", "dtype"))] = verdict
        self.counted[verdict["adapter"], verdict["grade"]] += 1
        if verdict["finding"]:
            self.findings.append(verdict)

    def lost(self, nodeid: str, words: str, seconds: float) -> dict[str, Any] | None:
        """Return the verdict on a question that ended without one: its worker died, or its time ran out.

        Anything else is a fault of the suite itself: there is no verdict, the run is not complete, and the summary says so.
        """
        question = self._by_node.get(nodeid.rsplit("::", maxsplit=1)[-1])
        late = seconds >= 0.98 * self.wishes.time_limit or "Timeout" in words
        if question is None or not (late or "crashed" in words):
            self.broken.append(
                f"{nodeid}: {words.strip().splitlines()[-1] if words.strip() else 'failed without a word'}"
            )
            return None
        grade = "timed-out" if late else "crashed"
        told = f"no answer within {self.wishes.time_limit:g} s" if late else "the process died while it answered"
        return Asker(self.selections).settled(question, unjudged(question, grade, told))

    def progress(self) -> str | None:
        """Return a line of progress when the last one is some seconds old."""
        now = time.monotonic()
        if now - self._last_progress < _PROGRESS_SECONDS and len(self.verdicts) < len(self.questions):
            return None
        self._last_progress = now
        done, total = len(self.verdicts), len(self.questions)
        fresh = max(done - len(self.judged), 1)
        left = (now - self.started) / fresh * (total - done)
        counts = f"{done:,} of {total:,} verdicts, {len(self.findings):,} findings"
        return f"{done / max(total, 1):4.0%}  {counts}, about {_clock(left)} left"

    def close(self) -> bool:
        """Write what the known divergences came to and the end line; return whether a divergence is stale."""
        divergences = list(self._divergences())
        self.stale = [line for line in divergences if line["stale"]]
        if self._writer is not None:
            for line in (*divergences, *diagnosing.lines(self._answered())):
                self._writer.write(line)
            self._writer.write(self._end())
            self._writer.close()
        return bool(self.stale)

    def _answered(self) -> Iterable[tuple[Question, Mapping[str, Any]]]:
        for question in self.questions:
            if question.key in self.verdicts:
                yield question, self.verdicts[question.key]

    def _end(self) -> dict[str, Any]:
        seconds = round(time.monotonic() - self.started, 3)
        counts = {"verdicts": len(self.verdicts), "findings": len(self.findings)}
        return {"kind": "end", "complete": self.complete, **counts, "seconds": seconds}

    @property
    def complete(self) -> bool:
        """Whether every question in scope has its verdict."""
        return all(question.key in self.verdicts for question in self.questions)

    def _divergences(self) -> Iterable[dict[str, Any]]:
        for selection in self.selections:
            for divergence in selection.adapter_class.known_divergences:
                asked = [question for question in self.questions if covers(divergence, question, selection)]
                verdicts = [self.verdicts[question.key] for question in asked if question.key in self.verdicts]
                if verdicts:
                    yield _settled_divergence(selection.label, divergence, verdicts, whole=self.wishes.whole)

    def summary(self) -> list[str]:
        """Return what a terminal shows at the end: counts for each adapter, then the first findings."""
        lines = [self._counts_of(selection.label) for selection in self.selections]
        lines += [f"stale: {line['adapter']}: {line['message']}" for line in self.stale]
        shown = self.findings[:20]
        lines += [_finding_line(verdict) for verdict in shown]
        if len(self.findings) > len(shown):
            lines.append(f"... and {len(self.findings) - len(shown):,} findings more")
        lines += [f"the suite itself broke: {words}" for words in self.broken[:20]]
        if not self.complete:
            missing = sum(question.key not in self.verdicts for question in self.questions)
            lines.append(f"NOT complete: {missing:,} of {len(self.questions):,} questions have no verdict")
        return lines

    def _counts_of(self, label: str) -> str:
        grades = {grade: count for (adapter, grade), count in sorted(self.counted.items()) if adapter == label}
        found = sum(verdict["adapter"] == label for verdict in self.findings)
        return f"{label}: {', '.join(f'{count:,} {grade}' for grade, count in grades.items())}; {found:,} findings"


def _finding_line(verdict: Mapping[str, Any]) -> str:
    where = f"{verdict['adapter']} {verdict['op']} {verdict['route']} {verdict['case']} {verdict['dtype']}"
    return f"{verdict['grade']}: {where}: {verdict['message']}"[:300]


def _settled_divergence(
    adapter: str, known: KnownDivergence, verdicts: Sequence[Mapping[str, Any]], *, whole: bool
) -> dict[str, Any]:
    """Return what a known divergence came to; a run that asks only a part cannot call it stale."""
    diverged = sum(verdict["known"] == known.name for verdict in verdicts)
    stale = whole and known.always and not diverged
    words = (
        f"known divergence {known.name} no longer diverges in any of the {len(verdicts)} verdicts it covers; remove it"
    )
    counts = {"matched": len(verdicts), "diverged": diverged, "stale": stale}
    return {"kind": "divergence", "adapter": adapter, "name": known.name, **counts, "message": words if stale else ""}


def _identity(selection: Selection, tier: str, asked: int) -> dict[str, Any]:
    adapter = selection.adapter_class
    routes = {name: [route.name for route in adapter.routes() if route.operation == name] for name in OPERATIONS}
    return {
        "kind": "run",
        "schema": record.SCHEMA,
        "suite": __version__,
        "adapter": selection.label,
        "framework": adapter.distribution or adapter.name,
        "framework_version": adapter.version(),
        "mode": dict(selection.mode),
        "device": _device(selection),
        "platform": platform.platform(),
        "python": sys.version.split()[0],
        "numpy": np.__version__,
        "started": datetime.now(UTC).isoformat(timespec="seconds"),
        "tier": tier,
        "asked": asked,
        "routes": routes,
        "known": [_described(divergence) for divergence in adapter.known_divergences],
    }


def _described(divergence: KnownDivergence) -> dict[str, Any]:
    named = ("name", "reason", "covers", "link", "versions", "grades", "operations", "routes")
    return {name: getattr(divergence, name) for name in named}


def _device(selection: Selection) -> str:
    """Return the device in words; the framework is imported for it only where the mode names one."""
    if selection.mode.get("device", "cpu") == "cpu":
        return "cpu"
    return selection.adapter_class(**selection.mode).device()


def _clock(seconds: float) -> str:
    return f"{int(seconds) // 60}:{int(seconds) % 60:02d}"


def of(wishes: Wishes, judged: frozenset[Key] | None = None) -> Session:
    """Return the session for ``wishes``; ``judged`` is what a controller found in the record it resumes.

    Raises UsageError, in one sentence, for an adapter that cannot be had or a filter that lets nothing through.
    """
    selections, missing = _selected(wishes.adapters)
    scope = _scope(wishes)
    if judged is None:
        judged = _judged(wishes)
    session = Session(wishes, selections, missing, scope, judged)
    if not session.questions:
        raise UsageError("nothing is asked: no case, route and dtype pass the filters " + wishes.told())
    return session


def _selected(specs: Sequence[str]) -> tuple[tuple[Selection, ...], dict[str, str]]:
    """Return the adapters asked for; without a wish every built-in one, the missing ones with their reason."""
    if specs:
        selections = tuple(discovery.load(spec) for spec in specs)
        labels = Counter(selection.label for selection in selections)
        twice = [label for label, count in labels.items() if count > 1]
        if twice:
            raise UsageError(f"--adapter {twice[0]} is given twice; allowed: each adapter and mode once")
        return selections, {}
    selected, missing = [], {}
    for name in discovery.BUILT_IN:
        try:
            selected.append(discovery.load(name))
        except MissingFramework as error:
            missing[name] = str(error)
    return tuple(selected), missing


def _scope(wishes: Wishes) -> Scope:
    cases = catalogue.cases(wishes.tier)
    known = {
        "op": OPERATIONS,
        "dtype": DTYPES,
        "family": tuple(dict.fromkeys(case.family for case in cases)),
    }
    for name, allowed in known.items():
        for value in wishes.filters[name]:
            if value not in allowed:
                raise UsageError(f"--{name} {value} is unknown; allowed: {', '.join(allowed)}")
    filters = wishes.filters
    return Scope(
        cases, filters["op"], filters["route"], filters["dtype"], filters["family"], filters["case"], wishes.shard
    )


def _judged(wishes: Wishes) -> frozenset[Key]:
    if not wishes.resume:
        return frozenset()
    if wishes.record is None:
        raise UsageError("--resume needs --record FILE, the record to go on with")
    return frozenset(record.answered_keys(wishes.record))
