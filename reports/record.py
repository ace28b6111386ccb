"""The run record: what one or more files hold, read back with every bad line noted and the rest kept.

Writer, from ``jsonlines``, writes it.
"""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field, replace
from itertools import chain, count
from pathlib import Path
from typing import Any

from convformance.reports.fields import Malformed, excerpt, parse
from convformance.reports.jsonlines import RecordError, Writer, objects
from convformance.reports.lines import (
    KINDS,
    SCHEMA,
    CaseLine,
    Coverage,
    Declared,
    Diagnosis,
    Divergence,
    End,
    Expectation,
    Key,
    Line,
    Missing,
    Offered,
    Outside,
    RouteKey,
    Run,
    Verdict,
)

__all__ = [
    "SCHEMA",
    "ReadProblem",
    "RecordError",
    "Records",
    "RunState",
    "Source",
    "Writer",
    "answered_keys",
    "load",
    "read",
    "verdict_lines",
]

MOST_PROBLEMS = 1000


@dataclass(frozen=True, slots=True)
class ReadProblem:
    """Something in a record that could not be used: the file, the line counted from 1 (0: all of it), and why."""

    file: str
    line: int
    message: str

    def __str__(self) -> str:
        return f"{self.file}, line {self.line}: {self.message}" if self.line else f"{self.file}: {self.message}"


@dataclass
class RunState:
    """One adapter's run as far as its records go; ``label`` is unique in the report.

    ``ended`` says of each file whether it was written to its end; ``seconds`` is how long the sessions took that were.
    ``coverage`` has the pairs and triples of features, of shards of a run those of the shard that reaches most.
    """

    label: str
    run: Run
    identified: bool = True
    ended: dict[str, bool] = field(default_factory=dict)
    case_ids: set[str] = field(default_factory=set)
    seconds: float = 0.0
    outside_by_file: dict[str, tuple[Outside, ...]] = field(default_factory=dict)
    coverage: dict[int, Coverage] = field(default_factory=dict)

    @property
    def outside(self) -> tuple[Outside, ...]:
        """What was posed outside the domains of routes, over all files: shards of a run pose different questions."""
        return tuple(outside for entries in self.outside_by_file.values() for outside in entries)

    @property
    def complete(self) -> bool:
        """Whether every file with a part of this run was written to its end."""
        return all(self.ended.values())


@dataclass
class Records:
    """What one or more record files hold. Of a question judged twice the last verdict counts.

    Runs of one adapter with the same identity are one run, interrupted and resumed; any other gets a label of its own,
    ``torch 2.12.0`` of another version, ``torch (2)`` otherwise. ``diagnosed`` has the diagnoses of each route, best
    first; ``left_out`` names what was left out altogether, and why. ``unasked_versions`` has the reasons by adapter and
    version, ``offered`` the versions that an index offered of an adapter's framework.
    """

    runs: dict[str, RunState] = field(default_factory=dict)
    cases: dict[str, CaseLine] = field(default_factory=dict)
    verdicts: dict[Key, Verdict] = field(default_factory=dict)
    missing: dict[str, str] = field(default_factory=dict)
    unasked_versions: dict[tuple[str, str], str] = field(default_factory=dict)
    offered: dict[str, tuple[str, ...]] = field(default_factory=dict)
    divergences: dict[tuple[str, str], Divergence] = field(default_factory=dict)
    expectations: dict[str, Expectation] = field(default_factory=dict)
    diagnosed: dict[RouteKey, tuple[Diagnosis, ...]] = field(default_factory=dict)
    left_out: dict[str, str] = field(default_factory=dict)
    problems: list[ReadProblem] = field(default_factory=list)
    problem_count: int = 0

    @property
    def findings(self) -> list[Verdict]:
        """The verdicts that count against the exit status."""
        return [verdict for verdict in self.verdicts.values() if verdict.finding]

    @property
    def diagnoses(self) -> list[Diagnosis]:
        """What reproduces the wrong answers, the best of each route first."""
        return [diagnosis for diagnoses in self.diagnosed.values() for diagnosis in diagnoses]

    @property
    def stale(self) -> list[Declared]:
        """The known divergences that no longer diverge, and the user's expectations that nothing fails as they say."""
        return [each for each in (*self.divergences.values(), *self.expectations.values()) if each.stale]

    @property
    def complete(self) -> bool:
        """Whether every run was written to its end, and none was left out."""
        return bool(self.runs) and not self.left_out and all(state.complete for state in self.runs.values())

    def note(self, file: str, line: int, message: str) -> None:
        """Take down a problem; beyond 1000 they are only counted."""
        self.problem_count += 1
        if len(self.problems) < MOST_PROBLEMS:
            self.problems.append(ReadProblem(file, line, message))


Source = Records | Iterable[str | Path]


def read(paths: Iterable[str | Path]) -> Records:
    """Return what the records hold, merged; lines, runs and files that cannot be used become problems.

    One line is in memory at a time, and of a verdict a few hundred bytes and its evidence. A file named twice is read
    once. Raises RecordError for a file that cannot be read, and when no file holds a line of a run record.
    """
    records, useless = Records(), []
    for path in _once(paths, records):
        reader = _Reader(records, str(path))
        reader.read()
        useless += reader.useless()
    if useless and not (records.runs or records.missing or records.cases):
        raise RecordError("; ".join(useless))
    return records


def load(source: Source) -> Records:
    """Return ``source``, read when it is paths. Raises RecordError for what is no record."""
    return source if isinstance(source, Records) else read(source)


def _once(paths: Iterable[str | Path], records: Records) -> Iterator[str | Path]:
    """Yield each file once, under the name that came first."""
    names: dict[Path, str | Path] = {}
    for path in paths:
        if names.setdefault(Path(path).resolve(), path) is path:
            yield path
        else:
            records.note(str(path), 0, "is named twice; it is read once")


def answered_keys(path: str | Path) -> frozenset[Key]:
    """Return the questions a record holds a verdict on; none when there is no such file yet.

    Raises RecordError as ``read`` does.
    """
    if not Path(path).exists() or not Path(path).stat().st_size:
        return frozenset()
    return frozenset(read([path]).verdicts)


def verdict_lines(path: str | Path) -> Iterator[dict[str, Any]]:
    """Yield the verdicts of a record as they were written, of a question judged twice the last."""
    last: dict[Key, dict[str, Any]] = {}
    for _, value in objects(str(path), lambda line, message: None):
        if value.get("kind") == "verdict":
            try:
                last[parse(Verdict, value, []).key] = value
            except Malformed:
                continue
    yield from last.values()


class _Reader:
    """Reads one file into ``records``, an object a line. For each class of KINDS there is one ``_add``."""

    def __init__(self, records: Records, file: str) -> None:
        self.records, self.file = records, file
        self.labels: dict[str, str] = {}
        self.foreign: set[str] = set()
        self.case_ids: set[str] = set()
        self.diagnoses: dict[RouteKey, dict[tuple[str, str], Diagnosis]] = {}
        self.expectations: dict[str, Expectation] = {}
        self.complete = False
        self.seconds = 0.0
        self.line = 0
        self.used = 0
        self.first_problem = ""
        self.add: dict[type[Line], Callable[[Any], None]] = {
            Run: self._add_run,
            Missing: self._add_missing,
            Offered: self._add_offered,
            CaseLine: self._add_case,
            Verdict: self._add_verdict,
            Divergence: self._add_divergence,
            Expectation: self._add_expectation,
            Diagnosis: self._add_diagnosis,
            Coverage: self._add_coverage,
            End: self._add_end,
        }

    def read(self) -> None:
        for number, value in objects(self.file, self._note_at):
            self.line = number
            try:
                self._read_line(value)
            except Malformed as error:
                self._note(str(error))
        for label in self.labels.values():
            state = self.records.runs[label]
            state.ended[self.file] = self.complete
            state.seconds += self.seconds
            state.case_ids |= self.case_ids
        for route_key, diagnoses in self.diagnoses.items():
            earlier = self.records.diagnosed.get(route_key, ())
            self.records.diagnosed[route_key] = _merge_diagnoses(earlier, tuple(diagnoses.values()))
        for name, expectation in self.expectations.items():
            earlier_file = self.records.expectations.get(name)
            self.records.expectations[name] = _merge_expectations(earlier_file, expectation)

    def useless(self) -> list[str]:
        """Return what is wrong with a file of which nothing could be used; the records then say so as well."""
        if self.used:
            return []
        reason = f"is no run record: {self.first_problem or 'it is empty'}"
        self.records.left_out[self.file] = reason
        self._note_at(0, reason)
        return [f"{self.file} {reason}"]

    def _read_line(self, value: dict[str, Any]) -> None:
        name = value.get("kind")
        kind = KINDS.get(name) if isinstance(name, str) else None
        if kind is None:
            raise Malformed(f"kind {excerpt(name)} is unknown; allowed: {', '.join(KINDS)}")
        if kind is Run and value.get("schema") != SCHEMA:
            self._refuse_run(value)
        notes: list[str] = []
        try:
            line = parse(kind, value, notes)
        except Malformed as error:
            raise Malformed(f"{name}: {error}") from error
        self.add[kind](line)
        self.used += 1
        for note in notes:
            self._note(f"{name}: {note}; left out")

    def _refuse_run(self, value: dict[str, Any]) -> None:
        """Leave out a run of another schema, and what follows of its adapter."""
        schema, adapter = value.get("schema"), value.get("adapter")
        expected = f"the schema {SCHEMA} that is read here"
        reason = f"schema {excerpt(schema)} is not {expected}"
        if isinstance(schema, int) and schema > SCHEMA:
            reason = f"schema {excerpt(schema)} is newer than {expected}; a newer convformance reads it"
        if isinstance(adapter, str):
            self.foreign.add(adapter)
            self.records.left_out[f"{self.file}: {adapter}"] = reason
        raise Malformed(f"run: {reason}")

    def _add_run(self, run: Run) -> None:
        self.foreign.discard(run.adapter)
        self.labels[run.adapter] = label = self._label(run)
        # A resumed run diagnoses all of its answers again.
        self.diagnoses = {key: diagnoses for key, diagnoses in self.diagnoses.items() if key[0] != label}
        state = self.records.runs.setdefault(label, RunState(label, run))
        state.run = replace(run, asked=max(run.asked, state.run.asked), started=state.run.started)
        state.outside_by_file[self.file] = run.outside
        self.complete = False

    def _label(self, run: Run) -> str:
        """Return the adapter's name, or where another run goes by it one with the version, or the next free number."""
        runs, name = self.records.runs, run.adapter
        is_other = name in runs and runs[name].run.framework_version != run.framework_version
        versioned = [f"{name} {run.framework_version}"] if is_other else []
        labels = chain([name], versioned, (f"{name} ({number})" for number in count(2)))
        return next(each for each in labels if each not in runs or runs[each].run.identity() == run.identity())

    def _label_of(self, adapter: str) -> str:
        """Return the label of an adapter's run; one whose run line is lost gets a run without an identity."""
        if adapter in self.foreign:
            raise Malformed(f"belongs to adapter {excerpt(adapter)}, whose run line has another schema; left out")
        if adapter not in self.labels:
            name = excerpt(adapter)
            self._note(f"adapter {name} has no run line before this one; its run is shown without an identity")
            self._add_run(Run(adapter=adapter))
            self.records.runs[self.labels[adapter]].identified = False
        return self.labels[adapter]

    def _add_missing(self, missing: Missing) -> None:
        if missing.framework_version:
            self.records.unasked_versions[missing.adapter, missing.framework_version] = missing.reason
        self.records.missing[f"{missing.adapter} {missing.framework_version}".strip()] = missing.reason

    def _add_offered(self, offered: Offered) -> None:
        before = self.records.offered.get(offered.adapter, ())
        self.records.offered[offered.adapter] = tuple(dict.fromkeys([*before, *offered.versions]))

    def _add_case(self, case: CaseLine) -> None:
        first = self.records.cases.setdefault(case.id, case)
        self.case_ids.add(case.id)
        if first != case:
            name = excerpt(case.id)
            self._note(f"case {name} is described twice, and differently; the first description is shown")

    def _add_verdict(self, verdict: Verdict) -> None:
        label = self._label_of(verdict.adapter)
        if label != verdict.adapter:
            verdict = replace(verdict, adapter=label)
        if verdict.key in self.records.verdicts:
            self._note(f"{' '.join(verdict.key)} was judged before; the last verdict counts")
        self.records.verdicts[verdict.key] = verdict
        self.complete = False

    def _add_divergence(self, divergence: Divergence) -> None:
        label = self._label_of(divergence.adapter)
        self.records.divergences[label, divergence.name] = replace(divergence, adapter=label)

    def _add_expectation(self, expectation: Expectation) -> None:
        self.expectations[expectation.name] = expectation

    def _add_diagnosis(self, diagnosis: Diagnosis) -> None:
        diagnosis = replace(diagnosis, adapter=self._label_of(diagnosis.adapter))
        self.diagnoses.setdefault(diagnosis.route_key, {})[diagnosis.name, diagnosis.detail] = diagnosis

    def _add_coverage(self, coverage: Coverage) -> None:
        label = self._label_of(coverage.adapter)
        known = self.records.runs[label].coverage
        known[coverage.features] = max(known.get(coverage.features, coverage), coverage, key=lambda each: each.reached)

    def _add_end(self, end: End) -> None:
        self.complete = end.complete
        self.seconds += end.seconds

    def _note(self, message: str) -> None:
        self._note_at(self.line, message)

    def _note_at(self, line: int, message: str) -> None:
        self.first_problem = self.first_problem or f"line {line}: {message}"
        self.records.note(self.file, line, message)


def _merge_diagnoses(earlier: tuple[Diagnosis, ...], later: tuple[Diagnosis, ...]) -> tuple[Diagnosis, ...]:
    """Return the diagnoses of one route from two files, which hold different questions: their counts add up."""
    if not earlier:
        return later
    of = sum(max(diagnosis.of for diagnosis in part) for part in (earlier, later))
    merged: dict[tuple[str, str], Diagnosis] = {}
    for diagnosis in (*earlier, *later):
        key = diagnosis.name, diagnosis.detail
        before = merged.setdefault(key, replace(diagnosis, explains=0, of=of))
        merged[key] = replace(before, explains=before.explains + diagnosis.explains)
    return tuple(sorted(merged.values(), key=lambda diagnosis: -diagnosis.explains))


def _merge_expectations(earlier: Expectation | None, later: Expectation) -> Expectation:
    """Return what an expectation came to in two files: stale where it is so in one, and nothing fails in either."""
    if earlier is None:
        return later
    adapters = dict.fromkeys([*earlier.adapter.split(", "), *later.adapter.split(", ")])
    stale = earlier if earlier.stale else later
    diverged = earlier.diverged + later.diverged
    return replace(
        stale,
        adapter=", ".join(adapters),
        matched=earlier.matched + later.matched,
        diverged=diverged,
        stale=stale.stale and not diverged,
        message="" if diverged else stale.message,
    )
