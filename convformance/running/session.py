"""A session: what is asked of whom, the record that grows as verdicts come in, and what they add up to."""

import os
import time
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

from convformance.adapters.contract import UsageError
from convformance.adapters.discovery import Selection
from convformance.options import RunOptions
from convformance.processes.loading import tidy
from convformance.reports import lines, record
from convformance.reports.causes import causes
from convformance.reports.lines import Declared, Diagnosis, Divergence, Expectation, Key, Verdict
from convformance.reports.record import Records
from convformance.running import evidence, expected
from convformance.running.covered import coverage_lines
from convformance.running.diagnosing import diagnosis_lines
from convformance.running.expected import NO_EXPECTATIONS, Expectations
from convformance.running.identity import identity
from convformance.running.questions import Question, Scope, count_outside, select
from convformance.running.status import classify, covers, divergence_line
from convformance.test_cases.huge import HugeCase


@dataclass
class Session:
    """One run: the adapters selected, those that are missing, the questions in scope and the verdicts so far.

    ``done`` are the questions that a resumed record already answers; ``faults`` what broke of the suite itself;
    ``persisting`` the known divergences that are still so in a version newer than the last looked at.
    """

    options: RunOptions
    selections: tuple[Selection, ...]
    missing: Mapping[str, str]
    scope: Scope
    expectations: Expectations = NO_EXPECTATIONS
    done: frozenset[Key] = frozenset()
    grade_counts: Counter[tuple[str, str]] = field(default_factory=Counter)
    verdicts: dict[Key, Verdict] = field(default_factory=dict)
    findings: list[Verdict] = field(default_factory=list)
    faults: list[str] = field(default_factory=list)
    stale: list[Declared] = field(default_factory=list)
    persisting: list[Divergence] = field(default_factory=list)
    diagnoses: list[Diagnosis] = field(default_factory=list)
    started: float = field(default_factory=time.monotonic)
    _writer: record.Writer | None = None

    @property
    def questions(self) -> list[Question]:
        """Every question in scope, those that a resumed record already answers included."""
        return self._asked_or_not[0]

    @property
    def outside(self) -> list[Question]:
        """The questions outside the domain of their route, or left to another: they are counted, and not asked."""
        return self._asked_or_not[1]

    @cached_property
    def _asked_or_not(self) -> tuple[list[Question], list[Question]]:
        return self.scope.asked_or_not(self.selections)

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
                self._write({"kind": "case", **case.to_json()})

    def _write_identities(self) -> None:
        """Write who is asked and who is missing; in a resumed record again, so that a changed version is not hidden."""
        asked = Counter(question.adapter for question in self.questions)
        for selection in self.selections:
            label = selection.label
            others, own = ([each for each in part if each.adapter == label] for part in (self.outside, self.questions))
            not_asked = count_outside(others, own, self.scope.tier)
            self._write(identity(selection, self.options.tier, asked[label], not_asked))
        for name, reason in self.missing.items():
            self._write(lines.Missing(adapter=name, reason=reason))

    def record(self, verdict: Verdict) -> None:
        """Count a verdict and write it down at once."""
        self._count(verdict)
        self._write(verdict)

    def _write(self, line: lines.Line | Mapping[str, Any]) -> None:
        """Write a line; a record that cannot be written breaks the run, and keeps what is in it."""
        if self._writer is None:
            return
        try:
            self._writer.write(line if isinstance(line, Mapping) else lines.to_line(line))
        except OSError as error:
            self._writer = None
            self.faults.append(f"the record {self.options.record} cannot be written: {error.strerror}")

    @property
    def is_unwritable(self) -> bool:
        """Whether a record is wanted that cannot be written any more."""
        return self.options.record is not None and self._writer is None

    def _count(self, verdict: Verdict) -> None:
        self.verdicts[verdict.key] = verdict
        self.grade_counts[verdict.adapter, verdict.grade] += 1
        if verdict.finding:
            self.findings.append(verdict)

    def verdict_without_answer(self, question: Question, grade: str, message: str) -> Verdict:
        """Return the verdict on a question that ended without an answer, as when its process died."""
        (selection,) = (each for each in self.selections if each.label == question.adapter)
        verdict = classify(Verdict.without_answer(question.key, grade, tidy(message)), question, selection)
        return self.expectations.apply(verdict, question, selection)

    def close(self, *, interrupted: bool = False) -> None:
        """Complete the record: evidence, what known divergences and expectations came to, diagnoses, the end.

        An interrupted run looks for no evidence: whoever ended it does not want to wait.
        """
        self.diagnoses = list(diagnosis_lines(self._answers()))
        if not interrupted:
            self._add_evidence()
        divergences, expectations = list(self._divergences()), list(self._expectation_lines())
        self.stale = [line for line in divergences if line.stale]
        self.stale += [line for line in expectations if line.stale]
        self.persisting = [divergence for divergence in divergences if divergence.message and not divergence.stale]
        covered = coverage_lines(self._answers())
        closing: list[lines.Line] = [*divergences, *expectations, *self.diagnoses, *covered, self._end()]
        for line in closing:
            self._write(line)
        if self._writer is not None:
            self._writer.close()

    def _add_evidence(self) -> None:
        if self._writer is None:
            return
        fresh = (verdict for question, verdict in self._answers() if question.key not in self.done)
        chosen = evidence.chosen(fresh, causes(self.records))
        asked_on = (each for each in self.selections if each.adapter_class.answers_anything)
        specs = {selection.label: selection.spec for selection in asked_on}
        runs = self.options.script_runs
        complete = {verdict.key: verdict for verdict in evidence.completed(chosen, specs, runs=runs)}
        self.verdicts.update(complete)
        try:
            self._writer.amend(map(lines.to_line, complete.values()), lines.KEY)
        except OSError as error:  # the record is as it was, without the evidence
            self.faults.append(f"evidence cannot be added to the record {self.options.record}: {error.strerror}")

    @property
    def records(self) -> Records:
        """The verdicts so far and what explains them, as they are read back from a record."""
        diagnosed: dict[lines.RouteKey, tuple[Diagnosis, ...]] = {}
        for line in self.diagnoses:
            diagnosed[line.route_key] = *diagnosed.get(line.route_key, ()), line
        return Records(verdicts=self.verdicts, diagnosed=diagnosed)

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
                    yield divergence_line(selection, known, verdicts, unfiltered=unfiltered)

    def _expectation_lines(self) -> Iterator[Expectation]:
        """Yield what each of the user's expectations came to that covers something asked."""
        selections = {selection.label: selection for selection in self.selections}
        for entry in self.expectations.entries:
            covered = [each for each in self.questions if entry.covers(each, selections[each.adapter])]
            answers = [(each, self.verdicts.get(each.key)) for each in covered]
            line = expected.expectation_line(entry, answers, unfiltered=self.options.is_unfiltered)
            if line is not None:
                yield line


def session_of(options: RunOptions, done: frozenset[Key] | None = None) -> Session:
    """Return the session for ``options``; ``done`` is what a controller found in the record it resumes.

    Raises UsageError, in one sentence, for an adapter that cannot be had, a filter that lets nothing through or
    a file of expectations that cannot be used.
    """
    selections, missing = select(options.adapters)
    scope = Scope.of(options)
    expectations = expected.read(options.expected)
    session = Session(options, selections, missing, scope, expectations, _done(options) if done is None else done)
    if not session.questions:
        raise UsageError(f"nothing is asked: no case, route and dtype pass the filters {options.filters_text}")
    _check_memory(session.questions)
    return session


def _check_memory(asked: Iterable[Question]) -> None:
    """Raise UsageError where the machine lacks the memory for a huge case."""
    huge = ((each.case, each.dtype) for each in asked if isinstance(each.case, HugeCase))
    needed = {f"{case.id} in {dtype}": case.needed_bytes(dtype) for case, dtype in huge}
    machine = os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
    too_large = [f"{name} ({size / 1e9:.0f} GB)" for name, size in needed.items() if size > machine]
    if too_large:
        raise UsageError(
            f"--tier huge: this machine has {machine / 1e9:.0f} GB of memory, which is less than asking "
            f"{', '.join(too_large)} takes; allowed: others, by --case and --dtype, with -n 1"
        )


def _done(options: RunOptions) -> frozenset[Key]:
    if not options.resume:
        return frozenset()
    if options.record is None:
        raise UsageError("--resume needs --record FILE, the record to go on with")
    return frozenset(record.answered_keys(options.record))
