"""Comparison of a run with an earlier one: added, removed, changed and unchanged verdicts, question by question."""

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from convformance.reports.formatting import describe_run, grades_in_order, severity
from convformance.reports.lines import Key, RouteKey, Verdict
from convformance.reports.machines import differences
from convformance.reports.record import Records


@dataclass(frozen=True)
class Change:
    """One question whose verdict is another than before, in its grade or in whether it counts as a finding."""

    before: Verdict
    after: Verdict

    @property
    def worse(self) -> bool:
        """Whether the verdict became worse."""
        return self._rank(self.after) < self._rank(self.before)

    @staticmethod
    def _rank(verdict: Verdict) -> tuple[bool, int]:
        return not verdict.finding, severity(verdict.grade)


@dataclass(frozen=True)
class ChangeGroup:
    """Changes of one route from one grade to another; ``is_other_machine``: its two runs were on different machines."""

    adapter: str
    op: str
    route: str
    before: str
    after: str
    worse: bool
    changes: tuple[Change, ...]
    is_other_machine: bool = False


@dataclass(frozen=True)
class OneSided:
    """Verdicts of one route that only one of the two runs has."""

    adapter: str
    op: str
    route: str
    verdicts: tuple[Verdict, ...]

    @property
    def grades(self) -> Mapping[str, int]:
        """How many there are of each grade, conformant first."""
        counts = Counter(verdict.grade for verdict in self.verdicts)
        return {grade: counts[grade] for grade in grades_in_order(counts)}


@dataclass(frozen=True)
class IdentityChange:
    """A property of an adapter's run that differs from the baseline's."""

    adapter: str
    name: str
    before: str
    after: str


@dataclass(frozen=True)
class Comparison:
    """What differs from the baseline; ``cases_added`` and ``cases_removed`` are cases that only one run describes.

    ``machines`` says what differs between the machines of the two runs.
    """

    added: tuple[OneSided, ...]
    removed: tuple[OneSided, ...]
    changed: tuple[ChangeGroup, ...]
    unchanged: int
    cases_added: tuple[str, ...]
    cases_removed: tuple[str, ...]
    identities: tuple[IdentityChange, ...]
    machines: tuple[IdentityChange, ...] = ()

    @property
    def machine_sentence(self) -> str:
        """The differences between the machines, by name, in a sentence."""
        names = ", ".join(dict.fromkeys(change.name for change in self.machines))
        return f"The two runs are from different machines, which may be why verdicts changed: {names} differ."

    @property
    def same_cases(self) -> bool:
        """Whether both runs describe the same cases."""
        return not self.cases_added and not self.cases_removed

    @property
    def counts(self) -> dict[str, int]:
        """How many verdicts were added, removed, became worse, became better, and are what they were."""
        return {
            "added": sum(len(side.verdicts) for side in self.added),
            "removed": sum(len(side.verdicts) for side in self.removed),
            "worse": sum(len(group.changes) for group in self.changed if group.worse),
            "better": sum(len(group.changes) for group in self.changed if not group.worse),
            "unchanged": self.unchanged,
        }


def compare(records: Records, baseline: Records) -> Comparison:
    """Return how ``records`` differ from ``baseline``, matched by adapter, operation, route, case and dtype."""
    after, before = records.verdicts, baseline.verdicts
    changes = [Change(before[key], after[key]) for key in after if key in before]
    changed = [change for change in changes if _differs(change)]
    machines = tuple(_machines(records, baseline))
    return Comparison(
        _one_sided(after, before),
        _one_sided(before, after),
        _grouped(changed, {change.adapter for change in machines}),
        len(changes) - len(changed),
        tuple(sorted(records.cases.keys() - baseline.cases.keys())),
        tuple(sorted(baseline.cases.keys() - records.cases.keys())),
        tuple(_identities(records, baseline)),
        machines,
    )


def _differs(change: Change) -> bool:
    return (change.before.grade, change.before.finding) != (change.after.grade, change.after.finding)


def _one_sided(here: Mapping[Key, Verdict], there: Mapping[Key, Verdict]) -> tuple[OneSided, ...]:
    groups: dict[RouteKey, list[Verdict]] = defaultdict(list)
    for key, verdict in here.items():
        if key not in there:
            groups[verdict.route_key].append(verdict)
    return tuple(OneSided(*route_key, tuple(verdicts)) for route_key, verdicts in sorted(groups.items()))


def _grouped(changed: Iterable[Change], moved: set[str]) -> tuple[ChangeGroup, ...]:
    """Return the changes by route and grades: those of the adapters ``moved`` to another machine first.

    Then come those for the worse, then the worst of the new grades.
    """
    groups: dict[tuple[RouteKey, str, str, bool], list[Change]] = defaultdict(list)
    for change in changed:
        groups[change.after.route_key, change.before.grade, change.after.grade, change.worse].append(change)
    change_groups = [
        ChangeGroup(*route_key, before, after, worse, tuple(changes), route_key[0] in moved)
        for (route_key, before, after, worse), changes in groups.items()
    ]
    return tuple(sorted(change_groups, key=_gravest_first))


def _gravest_first(group: ChangeGroup) -> tuple[bool, bool, int, int, str]:
    return not group.is_other_machine, not group.worse, severity(group.after), -len(group.changes), group.adapter


def _identities(records: Records, baseline: Records) -> Iterable[IdentityChange]:
    for label, state in records.runs.items():
        if label in baseline.runs:
            before = describe_run(baseline.runs[label].run)
            for name, value in describe_run(state.run).items():
                if name != "machine" and value != before[name]:
                    yield IdentityChange(label, name, before[name], value)


def _machines(records: Records, baseline: Records) -> Iterable[IdentityChange]:
    """Yield what differs between the machines of each adapter's two runs."""
    for label, state in records.runs.items():
        if label in baseline.runs:
            for name, before, after in differences(baseline.runs[label].run, state.run):
                yield IdentityChange(label, name, before, after)
