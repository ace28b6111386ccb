"""A session: what is asked of whom, the record that grows as verdicts come in, and what they add up to."""

import time
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property

from convformance.adapters.contract import UsageError
from convformance.adapters.discovery import Selection
from convformance.options import RunOptions
from convformance.reports import lines, record
from convformance.reports.lines import Divergence, Key, Verdict
from convformance.running import evidence
from convformance.running.diagnosing import diagnosis_lines
from convformance.running.identity import identity
from convformance.running.questions import Question, Scope, count_outside, select
from convformance.running.status import covers, divergence_line


@dataclass
class Session:
    """One run: the adapters selected, those that are missing, the questions in scope and the verdicts so far.

    ``done`` are the questions that a resumed record already answers; ``faults`` what broke of the suite itself.
    """

    options: RunOptions
    selections: tuple[Selection, ...]
    missing: Mapping[str, str]
    scope: Scope
    done: frozenset[Key] = frozenset()
    grade_counts: Counter[tuple[str, str]] = field(default_factory=Counter)
    verdicts: dict[Key, Verdict] = field(default_factory=dict)
    findings: list[Verdict] = field(default_factory=list)
    faults: list[str] = field(default_factory=list)
    stale: list[Divergence] = field(default_factory=list)
    started: float = field(default_factory=time.monotonic)
    _writer: record.Writer | None = None

    @cached_property
    def questions(self) -> list[Question]:
        """Every question in scope, those that a resumed record already answers included."""
        return self.scope.questions(self.selections)

    @cached_property
    def outside(self) -> list[Question]:
        """The questions in scope that lie outside the domain of their route: they are counted, and not asked."""
        return self.scope.outside(self.selections)

    @cached_property
    def unanswered(self) -> int:
        """How many questions there were to ask when the session began."""
        return sum(question.key not in self.done for question in self.questions)

    def questions_of(self, operation: str) -> list[Question]:
        """Return the questions of one operation that are still to be asked."""
        return [each for each in self.questions if each.operation == operation and each.key not in self.done]

    @cached_property
    def _by_test_name(self) -> dict[str, Question]:
        return {question.test_name: question for question in self.questions}

    def question_at(self, nodeid: str) -> Question | None:
        """Return the question of a pytest item by its node id, or None for an item that is not ours."""
        return self._by_test_name.get(nodeid.rsplit("::", maxsplit=1)[-1])

    def open(self) -> None:
        """Open the record: the identity of each adapter's run, who is missing, and every case of the tier."""
        if self.options.record is None:
            return
        self._writer = record.Writer(self.options.record, append=self.options.resume)
        if self.options.resume:
            for verdict in record.verdict_lines(self.options.record):
                self._count(Verdict.from_record(verdict))
        self._write_identities()
        if not self.done:
            for case in self.scope.cases:
                self._writer.write({"kind": "case", **case.to_json()})

    def _write_identities(self) -> None:
        """Write who is asked and who is missing; in a resumed record again, so that a changed version is not hidden."""
        asked = Counter(question.adapter for question in self.questions)
        for selection in self.selections:
            label = selection.label
            posed = ([each for each in part if each.adapter == label] for part in (self.outside, self.questions))
            self._write(identity(selection, self.options.tier, asked[label], count_outside(*posed)))
        for name, reason in self.missing.items():
            self._write(lines.Missing(adapter=name, reason=reason))

    def record(self, verdict: Verdict) -> None:
        """Count a verdict and write it down at once."""
        self._count(verdict)
        self._write(verdict)

    def _write(self, line: lines.Line) -> None:
        if self._writer is not None:
            self._writer.write(lines.to_line(line))

    def _count(self, verdict: Verdict) -> None:
        self.verdicts[verdict.key] = verdict
        self.grade_counts[verdict.adapter, verdict.grade] += 1
        if verdict.finding:
            self.findings.append(verdict)

    def close(self, *, interrupted: bool = False) -> None:
        """Complete the record: evidence, what the known divergences came to, diagnoses, the end line.

        An interrupted run looks for no evidence: whoever ended it does not want to wait.
        """
        if not interrupted:
            self._add_evidence()
        divergences = list(self._divergences())
        self.stale = [divergence for divergence in divergences if divergence.stale]
        closing: list[lines.Line] = [*divergences, *diagnosis_lines(self._answers()), self._end()]
        for line in closing:
            self._write(line)
        if self._writer is not None:
            self._writer.close()

    def _add_evidence(self) -> None:
        if self._writer is None:
            return
        fresh = (verdict for question, verdict in self._answers() if question.key not in self.done)
        specs = {selection.label: selection.spec for selection in self.selections}
        complete = {verdict.key: verdict for verdict in evidence.completed(evidence.chosen(fresh), specs)}
        self.verdicts.update(complete)
        self._writer.amend(map(lines.to_line, complete.values()), lines.KEY)

    def _answers(self) -> Iterator[tuple[Question, Verdict]]:
        for question in self.questions:
            if question.key in self.verdicts:
                yield question, self.verdicts[question.key]

    def _end(self) -> lines.End:
        return lines.End(
            complete=self.complete,
            verdicts=len(self.verdicts),
            findings=len(self.findings),
            seconds=round(time.monotonic() - self.started, 3),
        )

    @property
    def complete(self) -> bool:
        """Whether every question in scope has its verdict."""
        return all(question.key in self.verdicts for question in self.questions)

    def _divergences(self) -> Iterator[Divergence]:
        unfiltered = self.options.is_unfiltered
        for selection in self.selections:
            for known in selection.known_divergences:
                covered = [question for question in self.questions if covers(known, question, selection)]
                verdicts = [self.verdicts[each.key] for each in covered if each.key in self.verdicts]
                if verdicts:
                    yield divergence_line(selection.label, known, verdicts, unfiltered=unfiltered)


def session_of(options: RunOptions, done: frozenset[Key] | None = None) -> Session:
    """Return the session for ``options``; ``done`` is what a controller found in the record it resumes.

    Raises UsageError, in one sentence, for an adapter that cannot be had or a filter that lets nothing through.
    """
    selections, missing = select(options.adapters)
    scope = Scope.of(options)
    session = Session(options, selections, missing, scope, _done(options) if done is None else done)
    if not session.questions:
        raise UsageError(f"nothing is asked: no case, route and dtype pass the filters {options.filters_text}")
    return session


def _done(options: RunOptions) -> frozenset[Key]:
    if not options.resume:
        return frozenset()
    if options.record is None:
        raise UsageError("--resume needs --record FILE, the record to go on with")
    return frozenset(record.answered_keys(options.record))
