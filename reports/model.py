"""What a report says about records: counts by adapter, route, operation, dtype and family, findings by diagnosis, known
divergences, refusals.

Every count keeps its denominator. A cell's cases pose questions; of those ``asked`` were put (in a complete run exactly the judged
ones), the rest is ``unasked``; of the asked ones those without a verdict are ``unjudged``.
"""

import math
import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import zip_longest

from convformance.judging.grades import RIGHT
from convformance.reports import features
from convformance.reports.formatting import dtypes_in_order, operations_in_order, severity
from convformance.reports.lines import CaseLine, Diagnosis, Divergence, Known, Verdict
from convformance.reports.record import ReadProblem, Records, RouteKey, RunState

_DIGITS = re.compile(r"\d+")
UNDESCRIBED = "(not described)"
UNEXPLAINED = "unexplained"


@dataclass
class Tally:
    """Counts over some verdicts; ``error`` is the largest share of the bound used by an answer that is not wrong."""

    posed: int = 0
    asked: int = 0
    grades: Counter[str] = field(default_factory=Counter)
    findings: int = 0
    known: int = 0
    documented: int = 0
    error: float | None = None
    bias: float | None = None
    accumulators: Counter[str] = field(default_factory=Counter)

    def add(self, verdict: Verdict) -> None:
        """Count one verdict."""
        self.grades[verdict.grade] += 1
        self.findings += verdict.finding
        self.known += verdict.known is not None
        self.documented += is_documented(verdict)
        if verdict.grade in RIGHT:
            self.error = _largest(self.error, verdict.error)
            self.bias = _largest(self.bias, None if verdict.bias is None else abs(verdict.bias))
            self.accumulators.update([verdict.accumulator] if verdict.accumulator else [])

    def merge(self, other: "Tally") -> None:
        """Count what ``other`` counted."""
        for name in ("posed", "asked", "findings", "known", "documented"):
            setattr(self, name, getattr(self, name) + getattr(other, name))
        self.grades += other.grades
        self.accumulators += other.accumulators
        self.error = _largest(self.error, other.error)
        self.bias = _largest(self.bias, other.bias)

    @property
    def verdict_count(self) -> int:
        """How many questions have a verdict."""
        return self.grades.total()

    @property
    def conformant(self) -> int:
        """How many verdicts are conformant."""
        return self.grades["conformant"]

    @property
    def unjudged(self) -> int:
        """How many questions were asked and have no verdict."""
        return self.asked - self.verdict_count

    @property
    def unasked(self) -> int:
        """How many questions the cases pose that were not asked."""
        return self.posed - self.asked


def _largest(first: float | None, second: float | None) -> float | None:
    values = [value for value in (first, second) if value is not None]
    return next((value for value in values if math.isnan(value)), max(values, default=None))


def is_documented(verdict: Verdict) -> bool:
    """Whether the verdict is worse than conformant, but no worse than its route documents."""
    return (
        verdict.documented is not None and not verdict.finding and verdict.known is None and verdict.grade in RIGHT[1:]
    )


def merged(tallies: Iterable[Tally]) -> Tally:
    """Return the sum of ``tallies``."""
    total = Tally()
    for tally in tallies:
        total.merge(tally)
    return total


@dataclass(frozen=True)
class RouteRow:
    """One route of one operation: a tally for each dtype."""

    op: str
    route: str
    cells: Mapping[str, Tally]


@dataclass(frozen=True)
class RunSummary:
    """One adapter's run counted; ``no_route`` counts, by operation, the questions that no route of it can be asked."""

    state: RunState
    rows: tuple[RouteRow, ...]
    families: Mapping[str, Tally]
    no_route: Mapping[str, int]
    total: Tally

    @property
    def label(self) -> str:
        """The adapter as the report names it."""
        return self.state.label

    @property
    def asked(self) -> int:
        """How many questions the run was asked in all, by its own account or by the verdicts found."""
        return max(self.state.run.asked, self.total.asked)

    @property
    def unjudged(self) -> int:
        """How many of them have no verdict."""
        return self.asked - self.total.verdict_count

    def operation(self, op: str) -> Tally:
        """Return the counts of an operation over its routes and dtypes."""
        return merged(tally for row in self.rows if row.op == op for tally in row.cells.values())

    def by_dtype(self, op: str) -> dict[str, Tally]:
        """Return the counts of an operation over its routes, by dtype."""
        rows = [row for row in self.rows if row.op == op]
        dtypes = dtypes_in_order(dtype for row in rows for dtype in row.cells)
        return {dtype: merged(row.cells[dtype] for row in rows if dtype in row.cells) for dtype in dtypes}


@dataclass(frozen=True)
class FindingGroup:
    """Findings of one grade and one diagnosis on one route: the one with its smallest failing case, then the largest error first.

    ``diagnosis`` is empty where none was made, ``line`` is the record's own on it, and ``shares`` says what all cases of the
    group share and fewer than half of the right ones of the route have.
    """

    grade: str
    adapter: str
    op: str
    route: str
    diagnosis: str
    verdicts: tuple[Verdict, ...]
    line: Diagnosis | None = None
    shares: tuple[str, ...] = ()


@dataclass(frozen=True)
class KnownEntry:
    """A known divergence: as declared, what became of it, and the verdicts it covers, the largest error first."""

    adapter: str
    name: str
    known: Known | None
    divergence: Divergence | None
    verdicts: tuple[Verdict, ...]


@dataclass(frozen=True)
class Refusals:
    """Refusals of one adapter in the same words but for numbers; ``message`` has those said most often."""

    adapter: str
    message: str
    wordings: int
    verdicts: tuple[Verdict, ...]


@dataclass(frozen=True)
class Report:
    """Everything a report tells of its records."""

    records: Records
    runs: tuple[RunSummary, ...]
    operations: tuple[str, ...]
    dtypes: tuple[str, ...]
    families: tuple[str, ...]
    total: Tally
    findings: tuple[FindingGroup, ...]
    known: tuple[KnownEntry, ...]
    refusals: tuple[Refusals, ...]

    @property
    def asked(self) -> int:
        """How many questions were asked of all adapters."""
        return sum(run.asked for run in self.runs)

    @property
    def unjudged(self) -> int:
        """How many of them have no verdict."""
        return sum(run.unjudged for run in self.runs)

    @property
    def incomplete(self) -> tuple[str, ...]:
        """The runs that were not written to their end."""
        return tuple(run.label for run in self.runs if not run.state.complete)

    @property
    def problems(self) -> list[ReadProblem]:
        """What could not be used of the record files, at most the first 1000."""
        return self.records.problems

    @property
    def case_sets(self) -> dict[str, tuple[int, int]]:
        """How many cases each run has and how many of those of all runs together it lacks; empty when all have the same."""
        have = {run.label: run.state.case_ids for run in self.runs}
        everything: set[str] = set().union(*have.values())
        same = all(cases == everything for cases in have.values())
        return {} if same else {label: (len(cases), len(everything - cases)) for label, cases in have.items()}

    def case(self, verdict: Verdict) -> CaseLine | None:
        """Return the description of a verdict's case, where the records hold it."""
        return self.records.cases.get(verdict.case)


def summarise(records: Records) -> Report:
    """Return what the records say."""
    by_run: dict[str, list[Verdict]] = defaultdict(list)
    for verdict in records.verdicts.values():
        by_run[verdict.adapter].append(verdict)
    runs = tuple(_Counting(records, state).run(by_run[label]) for label, state in records.runs.items())
    answered = [
        (row.op, dtype) for run in runs for row in run.rows for dtype, tally in row.cells.items() if tally.verdict_count
    ]
    return Report(
        records,
        runs,
        operations_in_order(op for op, _ in answered),
        dtypes_in_order(dtype for _, dtype in answered),
        tuple(dict.fromkeys(family for run in runs for family, tally in run.families.items() if tally.verdict_count)),
        merged(run.total for run in runs),
        _findings(records),
        _known(records, by_run),
        _refusals(records),
    )


class _Counting:
    """Counts one run: the questions its cases pose to its routes, then its verdicts."""

    def __init__(self, records: Records, state: RunState) -> None:
        self.state = state
        self.cases = {name: case for name, case in records.cases.items() if name in state.case_ids}
        self.routes: dict[str, list[str]] = {op: list(dict.fromkeys(routes)) for op, routes in state.run.routes.items()}
        self.cells: dict[tuple[str, str, str], Tally] = defaultdict(Tally)
        self.families: dict[str, Tally] = defaultdict(Tally)
        self.no_route: Counter[str] = Counter()

    def run(self, verdicts: list[Verdict]) -> RunSummary:
        for verdict in verdicts:
            routes = self.routes.setdefault(verdict.op, [])
            if verdict.route not in routes:
                routes.append(verdict.route)
        for case in self.cases.values():
            self._pose(case)
        for verdict in verdicts:
            self._count(verdict)
        total = merged(self.cells.values())
        everything = self.state.complete and self.state.identified and total.verdict_count >= self.state.run.asked
        for tally in (total, *self.cells.values(), *self.families.values()):
            tally.asked = tally.verdict_count if everything else tally.posed
        return RunSummary(self.state, self._rows(), dict(self.families), dict(self.no_route), total)

    def _pose(self, case: CaseLine) -> None:
        dtypes = tuple(dict.fromkeys(case.dtypes))
        for op in dict.fromkeys(case.operations):
            routes = self.routes.get(op, ())
            self.families[case.family].posed += len(routes) * len(dtypes)
            self.no_route.update({op: len(dtypes)} if not routes else {})
            for route in routes:
                for dtype in dtypes:
                    self.cells[op, route, dtype].posed += 1

    def _count(self, verdict: Verdict) -> None:
        case = self.cases.get(verdict.case)
        family = self.families[case.family if case else UNDESCRIBED]
        cell = self.cells[verdict.op, verdict.route, verdict.dtype]
        posed = case is not None and verdict.op in case.operations and verdict.dtype in case.dtypes
        for tally in (family, cell):
            tally.posed += not posed
            tally.add(verdict)

    def _rows(self) -> tuple[RouteRow, ...]:
        routes = [(op, route) for op in operations_in_order(self.routes) for route in self.routes[op]]
        return tuple(RouteRow(op, route, self._cells(op, route)) for op, route in routes)

    def _cells(self, op: str, route: str) -> dict[str, Tally]:
        dtypes = dtypes_in_order(
            dtype for cell_op, cell_route, dtype in self.cells if (cell_op, cell_route) == (op, route)
        )
        return {dtype: self.cells[op, route, dtype] for dtype in dtypes}


def _by_error(verdict: Verdict) -> tuple[float, str, str]:
    """Sort the largest error first; an answer without a number was too wrong to be measured."""
    unmeasured = verdict.error is None or math.isnan(verdict.error)
    return -math.inf if unmeasured else -(verdict.error or 0.0), verdict.case, verdict.dtype


def in_turn(groups: Sequence[Sequence[Verdict]]) -> Iterator[Verdict]:
    """Yield the first verdict of each group, then the second of each, and so on."""
    return (verdict for rank in zip_longest(*groups) for verdict in rank if verdict is not None)


def _findings(records: Records) -> tuple[FindingGroup, ...]:
    groups: dict[tuple[str, RouteKey, str], list[Verdict]] = defaultdict(list)
    for verdict in records.findings:
        route_key = verdict.key[:3]
        groups[verdict.grade, route_key, diagnosis_of(verdict, records.diagnosed.get(route_key, ()))].append(verdict)
    right = _right(records, {route_key for _, route_key, _ in groups})
    finding_groups = [
        FindingGroup(
            grade,
            *route_key,
            diagnosis,
            tuple(sorted(verdicts, key=_shown_first)),
            next((line for line in records.diagnosed.get(route_key, ()) if line.name == diagnosis), None),
            features.shared(verdicts, right[route_key], records.cases),
        )
        for (grade, route_key, diagnosis), verdicts in groups.items()
    ]
    return tuple(sorted(finding_groups, key=_by_severity))


def diagnosis_of(verdict: Verdict, diagnoses: Sequence[Diagnosis]) -> str:
    """Return the name of the first of a route's diagnoses that fits the verdict, alone or as a composition of two.

    A verdict that none fits is unexplained where the record says that some are, and otherwise has what was found for it alone.
    """
    names = set(verdict.diagnosis)
    for diagnosis in diagnoses:
        if diagnosis.name in names or (names and names >= set(diagnosis.name.split("+"))):
            return diagnosis.name
    unexplained = any(diagnosis.name == UNEXPLAINED for diagnosis in diagnoses)
    return verdict.diagnosis[0] if verdict.diagnosis else UNEXPLAINED if unexplained else ""


def _right(records: Records, routes: set[RouteKey]) -> Mapping[RouteKey, list[Verdict]]:
    """Return the conformant verdicts of some routes."""
    right: dict[RouteKey, list[Verdict]] = defaultdict(list)
    for key, verdict in records.verdicts.items():
        if verdict.grade == "conformant" and key[:3] in routes:
            right[key[:3]].append(verdict)
    return right


def _shown_first(verdict: Verdict) -> tuple[bool, tuple[float, str, str]]:
    """Order verdicts by error, behind the one whose smallest failing case is known: the quickest to understand."""
    return verdict.smallest is None, _by_error(verdict)


def _by_severity(group: FindingGroup) -> tuple[int, int, str, str, str, str]:
    return severity(group.grade), -len(group.verdicts), group.adapter, group.op, group.route, group.diagnosis


def _known(records: Records, by_run: Mapping[str, list[Verdict]]) -> tuple[KnownEntry, ...]:
    """Return every known divergence that was declared and asked, or that a verdict names; stale ones first."""
    covered: dict[tuple[str, str], list[Verdict]] = defaultdict(list)
    for verdicts in by_run.values():
        for verdict in verdicts:
            if verdict.known is not None:
                covered[verdict.adapter, verdict.known].append(verdict)
    declared = {(label, known.name): known for label, state in records.runs.items() for known in state.run.known}
    entries = [
        KnownEntry(*key, declared.get(key), records.divergences.get(key), tuple(sorted(covered[key], key=_by_error)))
        for key in dict.fromkeys([*records.divergences, *covered])
    ]
    return tuple(
        sorted(entries, key=lambda entry: (not (entry.divergence and entry.divergence.stale), -len(entry.verdicts)))
    )


def _refusals(records: Records) -> tuple[Refusals, ...]:
    groups: dict[tuple[str, str], list[Verdict]] = defaultdict(list)
    for verdict in records.verdicts.values():
        if verdict.grade == "refused":
            groups[verdict.adapter, _DIGITS.sub("#", verdict.message)].append(verdict)
    refusals = [_with_message(adapter, verdicts) for (adapter, _), verdicts in groups.items()]
    return tuple(sorted(refusals, key=lambda group: (group.adapter, -len(group.verdicts), group.message)))


def _with_message(adapter: str, verdicts: list[Verdict]) -> Refusals:
    wordings = Counter(verdict.message for verdict in verdicts)
    return Refusals(adapter, wordings.most_common(1)[0][0], len(wordings), tuple(verdicts))
