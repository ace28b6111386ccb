"""The run record: written a flushed line at a time, mended after a kill, read back with every bad line told and the rest kept."""

import json
import os
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from types import TracebackType
from typing import Any, BinaryIO, TypeVar, cast

from convformance.reports import lines
from convformance.reports.fields import to_jsonable
from convformance.reports.lines import (
    SCHEMA,
    CaseLine,
    Diagnosis,
    Divergence,
    End,
    Key,
    Malformed,
    Missing,
    Run,
    Verdict,
)

__all__ = [
    "SCHEMA",
    "ReadProblem",
    "RecordError",
    "Records",
    "RunState",
    "Writer",
    "answered_keys",
    "read",
    "verdict_lines",
]

LONGEST_LINE = 16 * 2**20
MOST_PROBLEMS = 1000
_CHUNK = 2**16
T = TypeVar("T")
RouteKey = tuple[str, str, str]


class RecordError(ValueError):
    """A file that is no run record, or cannot be read; the message names the file and says why."""


@dataclass(frozen=True, slots=True)
class ReadProblem:
    """Something in a record that could not be used: the file, the line counted from 1 (0: all of it), and why."""

    file: str
    line: int
    message: str

    def __str__(self) -> str:
        return f"{self.file}, line {self.line}: {self.message}" if self.line else f"{self.file}: {self.message}"


class Writer:
    """Writes a run record: one JSON object a line, handed to the system at once, so that a killed process loses nothing written.

    With ``append`` it goes on with what is there; a last line that a kill cut off is removed first.
    """

    def __init__(self, path: str | Path, *, append: bool = False) -> None:
        if append:
            mend(path)
        self._file: BinaryIO = Path(path).open("ab" if append else "wb")  # noqa: SIM115 - open as long as the writer

    def write(self, line: Mapping[str, Any]) -> None:
        """Write one line. A number that is not finite becomes the text nan, inf or -inf, which JSON can hold."""
        written = json.dumps(to_jsonable(line), ensure_ascii=False, allow_nan=False, separators=(",", ":"))
        self._file.write(written.encode("utf-8", "backslashreplace") + b"\n")
        self._file.flush()

    def close(self) -> None:
        """Close the file."""
        self._file.close()

    def __enter__(self) -> "Writer":
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


def mend(path: str | Path) -> None:
    """Make a record end with a whole line: complete a last one that lacks only its line feed, cut off one that lacks more."""
    if not Path(path).is_file():
        return
    with Path(path).open("rb+") as file:
        tail = _tail(file)
        if not tail:
            return
        try:
            json.loads(tail)
            file.seek(0, os.SEEK_END)
            file.write(b"\n")
        except ValueError:
            file.truncate(file.seek(-len(tail), os.SEEK_END))


def _tail(file: BinaryIO) -> bytes:
    """Return what follows the last line feed."""
    tail = b""
    start = file.seek(0, os.SEEK_END)
    while start > 0 and b"\n" not in tail:
        size = min(_CHUNK, start)
        start = file.seek(start - size)
        tail = file.read(size) + tail
    return tail.rpartition(b"\n")[2]


@dataclass
class RunState:
    """One adapter's run as far as its records tell it.

    ``label`` is unique in the report; ``ended`` says for each file whether it was written to its end, ``seconds`` how long the
    sessions took that were.
    """

    label: str
    run: Run
    identified: bool = True
    ended: dict[str, bool] = field(default_factory=dict)
    case_ids: set[str] = field(default_factory=set)
    seconds: float = 0.0

    @property
    def complete(self) -> bool:
        """Whether every file that tells of this run was written to its end."""
        return all(self.ended.values())


@dataclass
class Records:
    """What one or more record files hold. Of a question judged twice the last verdict counts.

    Runs of one adapter with the same identity are one run, interrupted and resumed; others get a label of their own, ``torch (2)``.
    ``diagnosed`` has the diagnoses by run, operation and route, best first; ``left_out`` names what was left out whole, and why.
    """

    runs: dict[str, RunState] = field(default_factory=dict)
    cases: dict[str, CaseLine] = field(default_factory=dict)
    verdicts: dict[Key, Verdict] = field(default_factory=dict)
    missing: dict[str, str] = field(default_factory=dict)
    divergences: dict[tuple[str, str], Divergence] = field(default_factory=dict)
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
    def stale(self) -> list[Divergence]:
        """The known divergences that no longer diverge."""
        return [divergence for divergence in self.divergences.values() if divergence.stale]

    @property
    def complete(self) -> bool:
        """Whether every run was written to its end, and none was left out."""
        return bool(self.runs) and not self.left_out and all(state.complete for state in self.runs.values())

    def note(self, file: str, line: int, message: str) -> None:
        """Take down a problem; beyond 1000 they are only counted."""
        self.problem_count += 1
        if len(self.problems) < MOST_PROBLEMS:
            self.problems.append(ReadProblem(file, line, message))


def read(paths: Iterable[str | Path]) -> Records:
    """Return what the records hold, merged; lines, runs and whole files that cannot be used become problems, and the rest is kept.

    One line is in memory at a time, and of a verdict a few hundred bytes and its evidence. A file named twice is read once.
    Raises RecordError for a file that cannot be read, and when none holds a line of a run record.
    """
    records, useless = Records(), []
    for path in _once(paths, records):
        reader = _Reader(records, str(path))
        reader.read()
        useless += reader.useless()
    if useless and not (records.runs or records.missing or records.cases):
        raise RecordError("; ".join(useless))
    return records


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
    for _, value in _objects(str(path), lambda line, message: None):
        if value.get("kind") == "verdict":
            try:
                last[lines.parse(Verdict, value, []).key] = value
            except Malformed:
                continue
    yield from last.values()


class _Reader:
    """Reads one file into ``records``: an object a line, by kind."""

    def __init__(self, records: Records, file: str) -> None:
        self.records, self.file = records, file
        self.labels: dict[str, str] = {}
        self.foreign: set[str] = set()
        self.case_ids: set[str] = set()
        self.diagnoses: dict[RouteKey, dict[tuple[str, str], Diagnosis]] = {}
        self.complete = False
        self.seconds = 0.0
        self.line = 0
        self.used = 0
        self.first = ""
        self.handlers: dict[str, Callable[[Any], None]] = {
            "run": self._run,
            "missing": self._missing,
            "case": self._case,
            "verdict": self._verdict,
            "divergence": self._divergence,
            "diagnosis": self._diagnosis,
            "end": self._end,
        }

    def read(self) -> None:
        for number, value in _objects(self.file, self._note_at):
            self.line = number
            try:
                self._take(value)
            except Malformed as error:
                self._note(str(error))
        for label in self.labels.values():
            state = self.records.runs[label]
            state.ended[self.file] = self.complete
            state.seconds += self.seconds
            state.case_ids |= self.case_ids
        for route_key, diagnoses in self.diagnoses.items():
            earlier = self.records.diagnosed.get(route_key, ())
            self.records.diagnosed[route_key] = _joined(earlier, tuple(diagnoses.values()))

    def useless(self) -> list[str]:
        """Return what is wrong with a file that nothing could be used of; the records then say so as well."""
        if self.used:
            return []
        reason = f"is no run record: {self.first or 'it is empty'}"
        self.records.left_out[self.file] = reason
        self._note_at(0, reason)
        return [f"{self.file} {reason}"]

    def _take(self, value: dict[str, Any]) -> None:
        name = value.get("kind")
        kind = lines.KINDS.get(name) if isinstance(name, str) else None
        if kind is None:
            raise Malformed(f"kind {lines.excerpt(name)} is unknown; allowed: {', '.join(lines.KINDS)}")
        if name == "run" and value.get("schema") != SCHEMA:
            self._refuse(value)
        notes: list[str] = []
        try:
            line = lines.parse(kind, value, notes)
        except Malformed as error:
            raise Malformed(f"{name}: {error}") from error
        self.handlers[cast(str, name)](line)
        self.used += 1
        for note in notes:
            self._note(f"{name}: {note}; left out")

    def _refuse(self, value: dict[str, Any]) -> None:
        """Leave out a run of another schema, and what follows of its adapter."""
        schema, adapter = value.get("schema"), value.get("adapter")
        newer = isinstance(schema, int) and schema > SCHEMA
        text = f"is newer than the schema {SCHEMA} that is read here; a newer convformance reads it" if newer else ""
        reason = f"schema {lines.excerpt(schema)} {text or f'is not the schema {SCHEMA} that is read here'}"
        if isinstance(adapter, str):
            self.foreign.add(adapter)
            self.records.left_out[f"{self.file}: {adapter}"] = reason
        raise Malformed(f"run: {reason}")

    def _run(self, run: Run) -> None:
        self.foreign.discard(run.adapter)
        self.labels[run.adapter] = label = self._label(run)
        self.diagnoses = {key: diagnoses for key, diagnoses in self.diagnoses.items() if key[0] != label}
        state = self.records.runs.setdefault(label, RunState(label, run))
        state.run = replace(run, asked=max(run.asked, state.run.asked), started=state.run.started)
        self.complete = False

    def _label(self, run: Run) -> str:
        """Return the adapter's name, or the next free numbered one where another run already goes by it."""
        label, number = run.adapter, 1
        while label in self.records.runs and self.records.runs[label].run.identity() != run.identity():
            number += 1
            label = f"{run.adapter} ({number})"
        return label

    def _label_of(self, adapter: str) -> str:
        """Return the label of an adapter's run; one whose run line is lost gets a run without an identity."""
        if adapter in self.foreign:
            raise Malformed(f"belongs to adapter {lines.excerpt(adapter)}, whose run line has another schema; left out")
        if adapter not in self.labels:
            self._note(
                f"adapter {lines.excerpt(adapter)} has no run line before this one; its run is shown without an identity"
            )
            self._run(Run(adapter=adapter))
            self.records.runs[self.labels[adapter]].identified = False
        return self.labels[adapter]

    def _missing(self, missing: Missing) -> None:
        self.records.missing[missing.adapter] = missing.reason

    def _case(self, case: CaseLine) -> None:
        first = self.records.cases.setdefault(case.id, case)
        self.case_ids.add(case.id)
        if first != case:
            self._note(
                f"case {lines.excerpt(case.id)} is described twice, and differently; the first description is shown"
            )

    def _verdict(self, verdict: Verdict) -> None:
        label = self._label_of(verdict.adapter)
        if label != verdict.adapter:
            verdict = replace(verdict, adapter=label)
        before = self.records.verdicts.get(verdict.key)
        completed = (verdict.smallest or verdict.script) and before == _without_evidence(verdict)
        if before is not None and not completed:
            self._note(f"{' '.join(verdict.key)} was judged before; the last verdict counts")
        self.records.verdicts[verdict.key] = verdict
        self.complete = False

    def _divergence(self, divergence: Divergence) -> None:
        label = self._label_of(divergence.adapter)
        self.records.divergences[label, divergence.name] = replace(divergence, adapter=label)

    def _diagnosis(self, diagnosis: Diagnosis) -> None:
        label = self._label_of(diagnosis.adapter)
        diagnoses = self.diagnoses.setdefault((label, diagnosis.op, diagnosis.route), {})
        diagnoses[diagnosis.name, diagnosis.detail] = replace(diagnosis, adapter=label)

    def _end(self, end: End) -> None:
        self.complete = end.complete
        self.seconds += end.seconds

    def _note(self, message: str) -> None:
        self._note_at(self.line, message)

    def _note_at(self, line: int, message: str) -> None:
        self.first = self.first or f"line {line}: {message}"
        self.records.note(self.file, line, message)


def _without_evidence(verdict: Verdict) -> Verdict:
    """Return the verdict as it is written first: its smallest case and its script are sought when the run ends."""
    return replace(verdict, smallest=None, script=None)


def _joined(earlier: tuple[Diagnosis, ...], later: tuple[Diagnosis, ...]) -> tuple[Diagnosis, ...]:
    """Return the diagnoses of one route from two files, which hold different questions: their counts add up."""
    if not earlier:
        return later
    of = sum(max(diagnosis.of for diagnosis in part) for part in (earlier, later))
    joined: dict[tuple[str, str], Diagnosis] = {}
    for diagnosis in (*earlier, *later):
        key = diagnosis.name, diagnosis.detail
        before = joined.setdefault(key, replace(diagnosis, explains=0, of=of))
        joined[key] = replace(before, explains=before.explains + diagnosis.explains)
    return tuple(sorted(joined.values(), key=lambda diagnosis: -diagnosis.explains))


def _objects(file: str, note: Callable[[int, str], None]) -> Iterator[tuple[int, dict[str, Any]]]:
    """Yield each line's number and JSON object, one line in memory at a time; what is no object goes to ``note``."""
    try:
        with Path(file).open("rb") as opened:
            for number, line in _lines(opened):
                try:
                    yield number, _object(line)
                except Malformed as error:
                    note(number, str(error))
    except OSError as error:
        raise RecordError(f"{file} cannot be read: {error.strerror}") from error


def _lines(opened: BinaryIO) -> Iterator[tuple[int, bytes]]:
    number = 0
    while line := opened.readline(LONGEST_LINE):
        number += 1
        while not line.endswith(b"\n") and len(line) >= LONGEST_LINE and (more := opened.readline(LONGEST_LINE)):
            line = line[:LONGEST_LINE] + more[-1:]
        if line.strip():
            yield number, line


def _object(line: bytes) -> dict[str, Any]:
    if len(line) > LONGEST_LINE:
        raise Malformed(f"longer than {LONGEST_LINE} bytes")
    try:
        value = json.loads(line, parse_constant=_no_constant)
    except (ValueError, RecursionError) as error:
        reason = "not JSON" if line.endswith(b"\n") else "cut off"
        raise Malformed(f"{reason}: {error}") from error
    if not isinstance(value, dict):
        raise Malformed(f"not a JSON object: {lines.excerpt(value)}")
    return value


def _no_constant(name: str) -> float:
    raise ValueError(f"{name} is no JSON number")
