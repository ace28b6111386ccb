"""What a report says about records: counts by adapter, route, operation, dtype and family; findings by cause; known
divergences; refusals.

Every count keeps its denominator. A cell's cases pose questions; of those ``asked`` were put (in a complete run exactly
those with a verdict), the rest is ``unasked``; of the asked ones those without a verdict are ``unjudged``. What lies
``outside`` the domain of a route is not posed to it.
"""

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import zip_longest

from convformance.judging.grades import CONFORMANT, REFUSED, RIGHT
from convformance.reports import features
from convformance.reports.causes import Cause, by_error, causes, diagnosis_of
from convformance.reports.formatting import dtypes_in_order, operations_in_order, severity, without_numbers
from convformance.reports.lines import CaseLine, Diagnosis, Divergence, Expectation, Known, RouteKey, Verdict
from convformance.reports.record import Records, RunState

UNDESCRIBED = "(not described)"


@dataclass
class Tally:
    """Counts over some questions and their verdicts."""

    posed: int = 0
    asked: int = 0
    grades: Counter[str] = field(default_factory=Counter)
    findings: int = 0
    known: int = 0
    documented: int = 0
    expected: int = 0
    outside: int = 0

    def add(self, verdict: Verdict) -> None:
        """Count one verdict."""
        self.grades[verdict.grade] += 1
        self.findings += verdict.finding
        self.known += verdict.known is not None
        self.documented += is_documented(verdict)
        self.expected += verdict.expected is not None

    def merge(self, other: "Tally") -> None:
        """Count what ``other`` counted."""
        self.grades += other.grades
        for name in ("posed", "asked", "findings", "known", "documented", "expected", "outside"):
            setattr(self, name, getattr(self, name) + getattr(other, name))

    @property
    def verdict_count(self) -> int:
        """How many questions have a verdict."""
        return self.grades.total()

    @property
    def conformant(self) -> int:
        """How many verdicts are conformant."""
        return self.grades[CONFORMANT]

    @property
    def unjudged(self) -> int:
        """How many questions were asked and have no verdict."""
        return self.asked - self.verdict_count

    @property
    def unasked(self) -> int:
        """How many questions the cases pose that were not asked."""
        return self.posed - self.asked


def is_documented(verdict: Verdict) -> bool:
    """Whether the verdict is worse than conformant, but no worse than its route documents."""
    worse = verdict.grade in RIGHT and verdict.grade != CONFORMANT
    listed = verdict.finding or verdict.known is not None or verdict.expected is not None
    return worse and verdict.documented is not None and not listed


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
        """How many questions the run was asked in all, by its own account or by the verdicts there are."""
        return max(self.state.run.asked, self.total.asked)

    @property
    def unjudged(self) -> int:
        """How many of them have no verdict."""
        return self.asked - self.total.verdict_count

    def operation(self, op: str) -> Tally:
        """Return the counts of an operation over its routes and dtypes."""
        return merged(tally for row in self.rows if row.op == op for tally in row.cells.values())


@dataclass(frozen=True)
class FindingGroup:
    """Findings of one cause, one grade and one diagnosis on one route, in the order in which they are shown.

    ``cause`` is its number. ``diagnosis`` is empty where there is none; ``line`` is the record's own on it. ``shares``
    says what all cases of the group share and fewer than half of the right ones of the route have.
    """

    grade: str
    adapter: str
    op: str
    route: str
    diagnosis: str
    cause: int
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
class ExpectedEntry:
    """An expectation of the user's own: what became of it, and the verdicts it covers, the largest error first."""

    name: str
    line: Expectation | None
    verdicts: tuple[Verdict, ...]


@dataclass(frozen=True)
class Refusals:
    """Refusals of one adapter in the same words but for numbers; ``message`` has the most frequent of ``wordings``."""

    adapter: str
    message: str
    wordings: int
    verdicts: tuple[Verdict, ...]


@dataclass(frozen=True)
class Report:
    """Everything a report says of its records."""

    records: Records
    runs: tuple[RunSummary, ...]
    operations: tuple[str, ...]
    dtypes: tuple[str, ...]
    families: tuple[str, ...]
    total: Tally
    causes: tuple[Cause, ...]
    findings: tuple[FindingGroup, ...]
    known: tuple[KnownEntry, ...]
    refusals: tuple[Refusals, ...]
    expected: tuple[ExpectedEntry, ...] = ()

    @property
    def new(self) -> int:
        """How many findings lie on cases that the user's expectations have never seen."""
        return sum(verdict.new for verdict in self.records.findings)

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
    def case_sets(self) -> dict[str, tuple[int, int]]:
        """How many cases each run has and how many it lacks of those of all runs; empty when all have the same."""
        case_ids = {run.label: run.state.case_ids for run in self.runs}
        every_id: set[str] = set().union(*case_ids.values())
        if all(ids == every_id for ids in case_ids.values()):
            return {}
        return {label: (len(ids), len(every_id - ids)) for label, ids in case_ids.items()}


def summarise(records: Records) -> Report:
    """Return what the records say."""
    by_run: dict[str, list[Verdict]] = defaultdict(list)
    for verdict in records.verdicts.values():
        by_run[verdict.adapter].append(verdict)
    runs = tuple(_RunCounter(records, state).count(by_run[label]) for label, state in records.runs.items())
    cells = [(row.op, dtype, tally) for run in runs for row in run.rows for dtype, tally in row.cells.items()]
    distinct = causes(records)
    families = [(family, tally) for run in runs for family, tally in run.families.items()]
    return Report(
        records,
        runs,
        operations_in_order(op for op, _, tally in cells if tally.verdict_count),
        dtypes_in_order(dtype for _, dtype, tally in cells if tally.verdict_count),
        tuple(dict.fromkeys(family for family, tally in families if tally.verdict_count)),
        merged(run.total for run in runs),
        distinct,
        _findings(records, distinct),
        _known(records),
        _refusals(records),
        _expected(records),
    )


class _RunCounter:
    """Counts one run: the questions its cases pose to its routes, then its verdicts."""

    def __init__(self, records: Records, state: RunState) -> None:
        self.state = state
        self.cases = {name: case for name, case in records.cases.items() if name in state.case_ids}
        self.routes: dict[str, list[str]] = {op: list(dict.fromkeys(routes)) for op, routes in state.run.routes.items()}
        self.cells: dict[tuple[str, str, str], Tally] = defaultdict(Tally)
        self.families: dict[str, Tally] = defaultdict(Tally)
        self.no_route: Counter[str] = Counter()

    def count(self, verdicts: Sequence[Verdict]) -> RunSummary:
        for verdict in verdicts:
            routes = self.routes.setdefault(verdict.op, [])
            if verdict.route not in routes:
                routes.append(verdict.route)
        for case in self.cases.values():
            self._pose(case)
        self._leave_out()
        for verdict in verdicts:
            self._add(verdict)
        total = merged(self.cells.values())
        # A run that ended with all its verdicts left the rest out on purpose; any other may have lost some.
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

    def _leave_out(self) -> None:
        """Count what lies outside the domain of a route for itself."""
        for outside in self.state.outside:
            counts = [(self.cells[outside.op, outside.route, dtype], n) for dtype, n in outside.dtypes.items()]
            counts += [(self.families[family], n) for family, n in outside.families.items()]
            for tally, count in counts:
                tally.posed -= min(count, tally.posed)
                tally.outside += count

    def _add(self, verdict: Verdict) -> None:
        case = self.cases.get(verdict.case)
        family = self.families[case.family if case else UNDESCRIBED]
        cell = self.cells[verdict.op, verdict.route, verdict.dtype]
        posed = case is not None and verdict.op in case.operations and verdict.dtype in case.dtypes
        for tally in (family, cell):
            tally.posed += not posed
            tally.add(verdict)

    def _rows(self) -> tuple[RouteRow, ...]:
        dtypes: dict[tuple[str, str], list[str]] = defaultdict(list)
        for op, route, dtype in self.cells:
            dtypes[op, route].append(dtype)
        return tuple(
            RouteRow(op, route, {dtype: self.cells[op, route, dtype] for dtype in dtypes_in_order(dtypes[op, route])})
            for op in operations_in_order(self.routes)
            for route in self.routes[op]
        )


def in_turn(groups: Sequence[Sequence[Verdict]]) -> Iterator[Verdict]:
    """Yield the first verdict of each group, then the second of each, and so on."""
    return (verdict for rank in zip_longest(*groups) for verdict in rank if verdict is not None)


def _findings(records: Records, distinct: Sequence[Cause]) -> tuple[FindingGroup, ...]:
    """Return the findings in groups: the worst grade first, then the largest group."""
    groups: dict[tuple[str, RouteKey, str, int], list[Verdict]] = defaultdict(list)
    for cause in distinct:
        for verdict in cause.verdicts:
            diagnosis = diagnosis_of(verdict, records.diagnosed.get(verdict.route_key, ()))
            groups[verdict.grade, verdict.route_key, diagnosis, cause.number].append(verdict)
    conformant = _conformant(records, {route_key for _, route_key, _, _ in groups})
    finding_groups = [
        FindingGroup(
            grade,
            *route_key,
            diagnosis,
            number,
            tuple(sorted(verdicts, key=_shown_first)),
            next((line for line in records.diagnosed.get(route_key, ()) if line.name == diagnosis), None),
            features.shared(verdicts, conformant[route_key], records.cases),
        )
        for (grade, route_key, diagnosis, number), verdicts in groups.items()
    ]
    return tuple(sorted(finding_groups, key=_by_severity))


def _conformant(records: Records, route_keys: set[RouteKey]) -> Mapping[RouteKey, list[Verdict]]:
    """Return the conformant verdicts of some routes."""
    verdicts: dict[RouteKey, list[Verdict]] = defaultdict(list)
    for verdict in records.verdicts.values():
        if verdict.grade == CONFORMANT and verdict.route_key in route_keys:
            verdicts[verdict.route_key].append(verdict)
    return verdicts


def _shown_first(verdict: Verdict) -> tuple[bool, bool, tuple[float, str, str]]:
    """Order verdicts by error, behind the one whose smallest failing case is known: the quickest to understand."""
    return verdict.smallest is None, verdict.script is None, by_error(verdict)


def _by_severity(group: FindingGroup) -> tuple[int, int, str, str, str, str, int]:
    route_key = group.adapter, group.op, group.route
    return severity(group.grade), -len(group.verdicts), *route_key, group.diagnosis, group.cause


def _known(records: Records) -> tuple[KnownEntry, ...]:
    """Return every known divergence that was declared and asked, or that a verdict names; stale ones first."""
    covered: dict[tuple[str, str], list[Verdict]] = defaultdict(list)
    for verdict in records.verdicts.values():
        if verdict.known is not None:
            covered[verdict.adapter, verdict.known].append(verdict)
    declared = {(label, known.name): known for label, state in records.runs.items() for known in state.run.known}
    entries = [
        KnownEntry(*key, declared.get(key), records.divergences.get(key), tuple(sorted(covered[key], key=by_error)))
        for key in dict.fromkeys([*records.divergences, *covered])
    ]
    return tuple(sorted(entries, key=_stale_first))


def _expected(records: Records) -> tuple[ExpectedEntry, ...]:
    """Return every expectation that covers something asked, stale ones first."""
    covered: dict[str, list[Verdict]] = defaultdict(list)
    for verdict in records.verdicts.values():
        if verdict.expected is not None:
            covered[verdict.expected].append(verdict)
    entries = [
        ExpectedEntry(name, records.expectations.get(name), tuple(sorted(covered[name], key=by_error)))
        for name in dict.fromkeys([*records.expectations, *covered])
    ]
    return tuple(sorted(entries, key=lambda entry: (not (entry.line and entry.line.stale), -len(entry.verdicts))))


def _stale_first(entry: KnownEntry) -> tuple[bool, int]:
    return not (entry.divergence and entry.divergence.stale), -len(entry.verdicts)


def _refusals(records: Records) -> tuple[Refusals, ...]:
    groups: dict[tuple[str, str], list[Verdict]] = defaultdict(list)
    for verdict in records.verdicts.values():
        if verdict.grade == REFUSED:
            groups[verdict.adapter, without_numbers(verdict.message)].append(verdict)
    refusals = [_refusal_group(adapter, verdicts) for (adapter, _), verdicts in groups.items()]
    return tuple(sorted(refusals, key=lambda group: (group.adapter, -len(group.verdicts), group.message)))


def _refusal_group(adapter: str, verdicts: Sequence[Verdict]) -> Refusals:
    wordings = Counter(verdict.message for verdict in verdicts)
    return Refusals(adapter, wordings.most_common(1)[0][0], len(wordings), tuple(verdicts))
