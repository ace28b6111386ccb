"""The versions of a framework side by side: since when each cause is seen, until when, and what each version supports.

It is read from the records alone: whatever runs of one adapter on several versions they hold. A cause of two versions
is one cause where it has one explanation, or where most of its questions are those of the other: messages are reworded,
and what is declared as known in one version is a finding in an older one.
"""

from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import groupby, pairwise

from packaging.version import InvalidVersion, Version

from convformance.judging.grades import REFUSED, WRONG
from convformance.reports.causes import Cause, beginning, causes
from convformance.reports.features import FEATURES, Support, supports
from convformance.reports.formatting import dtypes_in_order, operations_in_order, severity
from convformance.reports.lines import Verdict
from convformance.reports.record import Records, RunState

SEEN, RIGHT, ELSE, NOT_ASKED = "seen", "right", "another cause", "not asked"
# What says whether a version has a cause: a refusal does, as nothing wrong comes of it.
DECISIVE = (SEEN, RIGHT, REFUSED)
ALWAYS_SHOWN = ("Operations", "Number types")

# Operation, route, case, dtype.
Question = tuple[str, str, str, str]


@dataclass(frozen=True)
class VersionRun:
    """One version: the label of its run among the records, or the reason why it could not be asked."""

    version: str
    label: str = ""
    reason: str = ""


@dataclass(frozen=True)
class Span:
    """Versions in a row that show a cause, with the nearest that do not, where such were asked."""

    first: str
    last: str
    before: str | None = None
    after: str | None = None


@dataclass
class CauseHistory:
    """One cause over the versions: how many verdicts of each show it, and what the others answer to its questions.

    ``name`` and ``text`` are those of the newest version that shows it; ``is_known``: it is declared there as known.
    """

    name: str
    text: str
    is_known: bool
    grade: str
    counts: dict[str, int] = field(default_factory=dict)
    states: dict[str, str] = field(default_factory=dict)
    questions: set[Question] = field(default_factory=set)

    @property
    def decisive(self) -> list[str]:
        """The versions that say whether they have it, the oldest first; of a refusal, another one says nothing."""
        decisive = [state for state in DECISIVE if not (state == self.grade == REFUSED)]
        return [version for version, state in self.states.items() if state in decisive]

    @property
    def boundaries(self) -> list[tuple[str, str]]:
        """The versions between which it came or went, the older first."""
        pairs = pairwise(self.decisive)
        return [(old, new) for old, new in pairs if (self.states[old] == SEEN) != (self.states[new] == SEEN)]

    @property
    def spans(self) -> list[Span]:
        """The versions that show it, in rows without a version that does not."""
        spans: list[Span] = []
        before: str | None = None
        for is_seen, versions in groupby(self.decisive, key=lambda version: self.states[version] == SEEN):
            listed = list(versions)
            if is_seen:
                spans.append(Span(listed[0], listed[-1], before))
            elif spans:
                spans[-1] = Span(spans[-1].first, spans[-1].last, spans[-1].before, listed[0])
            before = listed[-1]
        return spans


@dataclass(frozen=True)
class History:
    """One adapter over the versions of its framework, the oldest first.

    ``refusals`` are those that came or went; ``offered`` is what an index had of the framework.
    """

    adapter: str
    framework: str
    versions: tuple[VersionRun, ...]
    causes: tuple[CauseHistory, ...]
    refusals: tuple[CauseHistory, ...] = ()
    features: tuple[tuple[str, str, Mapping[str, Support]], ...] = ()
    offered: tuple[str, ...] = ()

    @property
    def asked(self) -> tuple[VersionRun, ...]:
        """The versions that gave answers."""
        return tuple(each for each in self.versions if each.label)

    @property
    def changed(self) -> tuple[CauseHistory, ...]:
        """The causes that came or went between two of the versions."""
        return tuple(each for each in self.causes if each.boundaries)

    @property
    def lasting(self) -> tuple[CauseHistory, ...]:
        """The causes that every version that could show them shows."""
        return tuple(each for each in self.causes if not each.boundaries)

    def between(self, old: str, new: str) -> int:
        """Return how many versions an index offered between two."""
        return sum(_number(old) < _number(each) < _number(new) for each in self.offered)


def histories(records: Records) -> tuple[History, ...]:
    """Return the history of every adapter of whose framework the records name several versions."""
    runs: dict[str, dict[str, RunState]] = defaultdict(dict)
    for state in records.runs.values():
        if state.run.framework_version:
            runs[state.run.adapter][state.run.framework_version] = state
    failed: dict[str, dict[str, str]] = defaultdict(dict)
    for (adapter, version), reason in records.unasked_versions.items():
        failed[adapter][version] = reason
    several = [name for name in runs | failed if len(runs[name].keys() | failed[name].keys()) > 1]
    if not several:
        return ()
    supported = supports(records)
    every_cause = causes(records)
    return tuple(_history(records, name, runs[name], failed[name], every_cause, supported) for name in sorted(several))


def _history(
    records: Records,
    adapter: str,
    runs: Mapping[str, RunState],
    failed: Mapping[str, str],
    every_cause: Sequence[Cause],
    supported: Mapping[str, Mapping[str, Support]],
) -> History:
    versions = tuple(
        VersionRun(version, runs[version].label if version in runs else "", failed.get(version, ""))
        for version in sorted(runs.keys() | failed.keys(), key=_number)
    )
    labels = {each.label: each.version for each in versions if each.label}
    verdicts = _verdicts(records, labels)
    joined = _joined(
        labels, verdicts, lambda label: (*_known(records, label, verdicts[label]), *_undeclared(label, every_cause))
    )
    refusals = _joined(labels, verdicts, lambda label: tuple(_refusals(verdicts[label])))
    changed = tuple(each for each in refusals if each.boundaries)
    framework = next((state.run.framework for state in runs.values()), "") or adapter
    features = tuple(_features(supported, labels))
    return History(adapter, framework, versions, joined, changed, features, records.offered.get(adapter, ()))


def _number(version: str) -> tuple[bool, Version, str]:
    """Order versions, those that no installer would read first."""
    try:
        return True, Version(version), ""
    except InvalidVersion:
        return False, Version("0"), version


def _verdicts(records: Records, labels: Iterable[str]) -> Mapping[str, list[Verdict]]:
    """Return the verdicts of some runs by their labels."""
    verdicts: dict[str, list[Verdict]] = {label: [] for label in labels}
    for verdict in records.verdicts.values():
        if verdict.adapter in verdicts:
            verdicts[verdict.adapter].append(verdict)
    return verdicts


def _joined(
    labels: Mapping[str, str],
    verdicts: Mapping[str, Sequence[Verdict]],
    shown_by: Callable[[str], Iterable[tuple[CauseHistory, Sequence[Verdict]]]],
) -> tuple[CauseHistory, ...]:
    """Return what the runs with these labels show, joined over the versions: the newest version names it."""
    joined: dict[str, CauseHistory] = {}
    for label, version in reversed(list(labels.items())):
        for shown in shown_by(label):
            _join(joined, version, *shown)
    for label, version in labels.items():
        answers = {_question(verdict): verdict for verdict in verdicts[label]}
        for each in joined.values():
            each.states[version] = SEEN if each.counts.get(version) else _state(each.questions, answers)
    return tuple(
        sorted(joined.values(), key=lambda each: (severity(each.grade), -max(each.counts.values()), each.name))
    )


def _question(verdict: Verdict) -> Question:
    return verdict.key[1:]


def _known(records: Records, label: str, verdicts: Iterable[Verdict]) -> Iterator[tuple[CauseHistory, list[Verdict]]]:
    """Yield the known divergences that a run shows."""
    reasons = {known.name: known.reason for known in records.runs[label].run.known}
    groups: dict[str, list[Verdict]] = defaultdict(list)
    for verdict in verdicts:
        if verdict.known:
            groups[verdict.known].append(verdict)
    for name, shown in groups.items():
        grade = min((verdict.grade for verdict in shown), key=severity)
        yield CauseHistory(name, reasons.get(name, ""), True, grade), shown


def _undeclared(label: str, every_cause: Iterable[Cause]) -> Iterator[tuple[CauseHistory, Sequence[Verdict]]]:
    for cause in every_cause:
        if cause.adapter == label:
            yield CauseHistory(str(cause.explanation), cause.sentence, False, cause.grade), cause.verdicts


def _refusals(verdicts: Iterable[Verdict]) -> Iterator[tuple[CauseHistory, Sequence[Verdict]]]:
    """Yield what a run refuses, by how the framework's message begins."""
    groups: dict[str, list[Verdict]] = defaultdict(list)
    for verdict in verdicts:
        if verdict.grade == REFUSED:
            groups[beginning(verdict.message).lstrip(": …") or "without a message"].append(verdict)
    for name, refused in groups.items():
        operations = operations_in_order(verdict.op for verdict in refused)
        dtypes = dtypes_in_order(verdict.dtype for verdict in refused)
        yield CauseHistory(name, f"{', '.join(operations)}; {', '.join(dtypes)}", False, REFUSED), refused


def _join(joined: dict[str, CauseHistory], version: str, cause: CauseHistory, verdicts: Sequence[Verdict]) -> None:
    """Add what one version shows of a cause to its history: of the same name, else the one that has its questions."""
    questions = {_question(verdict) for verdict in verdicts}
    same = joined.get(cause.name) or _overlapping(joined.values(), questions, cause.grade)
    history = same or joined.setdefault(cause.name, cause)
    history.counts[version] = history.counts.get(version, 0) + len(verdicts)
    history.questions |= questions


def _overlapping(others: Iterable[CauseHistory], questions: set[Question], grade: str) -> CauseHistory | None:
    """Return the history of the same grade that shares most of ``questions``, if it has at least half of them."""
    shared = [(len(each.questions & questions), each) for each in others if each.grade == grade]
    count, nearest = max(shared, key=lambda entry: entry[0], default=(0, None))
    return nearest if 2 * count >= len(questions) else None


def _state(questions: Iterable[Question], answers: Mapping[Question, Verdict]) -> str:
    """Return what a version that does not show a cause answers to the questions that show it elsewhere."""
    there = [answers[question] for question in questions if question in answers]
    refused = sum(verdict.grade == REFUSED for verdict in there)
    diverging = sum(verdict.finding or verdict.known is not None for verdict in there)
    if len(there) > refused + diverging:
        return RIGHT
    return ELSE if diverging else REFUSED if refused else NOT_ASKED


def _features(
    supported: Mapping[str, Mapping[str, Support]], labels: Mapping[str, str]
) -> Iterator[tuple[str, str, Mapping[str, Support]]]:
    """Yield the features to show: every operation and number type that was asked, and what differs by version."""
    for feature in FEATURES:
        cells = {version: _comparable(supported[feature.name][label]) for label, version in labels.items()}
        states = Counter((cell.state, cell.right, cell.of) for cell in cells.values())
        is_asked = any(cell.state != "none" for cell in cells.values())
        if is_asked and (feature.group in ALWAYS_SHOWN or len(states) > 1):
            yield feature.group, feature.name, cells


def _comparable(support: Support) -> Support:
    """Return ``wrong`` for all that has wrong answers: whether they are declared as known differs by version."""
    wrong = support.state == "wrong" or any(note.kind == WRONG for note in support.notes)
    return replace(support, state="wrong") if wrong else support
