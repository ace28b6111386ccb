"""What the HTML report shows of a model on its own, before its script runs: bars, tiles, tables, and links into the verdicts."""

import re
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby
from urllib.parse import urlencode

from markupsafe import Markup, escape

from convformance.judging import grades
from convformance.judging.grades import CONFORMANT, REFUSED
from convformance.reference.operation import OPERATIONS
from convformance.reports import features
from convformance.reports.features import Feature, Note, Support
from convformance.reports.formatting import format_mode, in_order, percent, severity, shorten, visible
from convformance.reports.lines import DTYPES, Diagnosis
from convformance.reports.model import FindingGroup, Refusals, Report, RouteRow, RunSummary, Tally

MOST_REFUSALS = 200

_LEAST_SEGMENT = 1.5
_PLAIN = re.compile(r"[\w.+-]+", re.ASCII)


@dataclass(frozen=True)
class RefusalView:
    """Refusals in the same words, and where they occur."""

    refusals: Refusals
    operations: Mapping[str, int]
    dtypes: Mapping[str, int]


@dataclass(frozen=True)
class Tile:
    """One of the large numbers at the top; a loud one asks for attention."""

    name: str
    count: int
    share: str = ""
    tone: str = ""
    loud: bool = False


def tone(grade: str) -> str:
    """Return which colour and icon the page gives a grade."""
    return grades.BY_NAME[grade].tone


def term(field: str, value: str) -> str:
    """Return the term of the page's query language for the verdicts whose ``field`` is ``value``."""
    shown = visible(value)
    quoted = re.sub(r'(["\\])', r"\\\1", shown)
    return f"{field}={shown}" if _PLAIN.fullmatch(shown) else f'{field}="{quoted}"'


def terms(**values: str) -> str:
    """Return the query for the verdicts that have all of some values."""
    return " ".join(term(name, value) for name, value in values.items())


def address(query: str) -> str:
    """Return the address, on the page, of the verdicts that a query means."""
    return "#" + urlencode({"view": "verdicts", "q": query})


@dataclass(frozen=True)
class Diagnosed:
    """Groups of findings of one grade and one diagnosis, each with its number in the report."""

    grade: str
    diagnosis: str
    groups: tuple[tuple[int, FindingGroup], ...]

    @property
    def findings(self) -> int:
        """How many findings they hold."""
        return sum(len(group.verdicts) for _, group in self.groups)

    @property
    def line(self) -> Diagnosis | None:
        """What the record says of the diagnosis, on the route with the most findings of which it says anything."""
        return next((group.line for _, group in self.groups if group.line), None)


def diagnosed(report: Report) -> tuple[Diagnosed, ...]:
    """Return the findings by grade and diagnosis: the worst grade first, then the diagnosis with the most findings."""
    groups: dict[tuple[str, str], list[tuple[int, FindingGroup]]] = {}
    for number, group in enumerate(report.findings):
        groups.setdefault((group.grade, group.diagnosis), []).append((number, group))
    diagnosed = [Diagnosed(*key, tuple(numbered)) for key, numbered in groups.items()]
    return tuple(sorted(diagnosed, key=lambda each: (severity(each.grade), -each.findings, each.diagnosis)))


@dataclass(frozen=True)
class SupportCell:
    """How far one run supports one feature, with the numbers of the notes below the table."""

    label: str
    support: Support
    notes: tuple[int, ...]


@dataclass(frozen=True)
class FeatureTable:
    """Features by group and run, and the notes: which run, and what, by number."""

    groups: tuple[tuple[str, tuple[tuple[Feature, tuple[SupportCell, ...]], ...]], ...]
    notes: tuple[tuple[str, Note], ...]


def feature_table(report: Report) -> FeatureTable:
    """Return the table of features; features that no run was asked for are left out."""
    supports = features.supports(report.records)
    numbers: dict[tuple[str, str, str], int] = {}
    noted: list[tuple[str, Note]] = []

    def number(label: str, note: Note) -> int:
        key = label, note.kind, note.message
        if key not in numbers:
            numbers[key] = len(noted) + 1
            noted.append((label, note))
        return numbers[key]

    def cells(feature: Feature) -> tuple[SupportCell, ...]:
        return tuple(
            SupportCell(label, support, tuple(number(label, note) for note in support.notes))
            for label, support in supports[feature.name].items()
        )

    asked = [
        (group, [feature for feature in members if _asked(supports[feature.name])])
        for group, members in features.grouped()
    ]
    groups = tuple((group, tuple((feature, cells(feature)) for feature in rows)) for group, rows in asked if rows)
    return FeatureTable(groups, tuple(noted))


def _asked(supports: Mapping[str, Support]) -> bool:
    return any(support.state != "none" for support in supports.values())


def _tallied(names: Sequence[str], order: Sequence[str] = ()) -> dict[str, int]:
    """Return how often each occurs: in ``order``, or the most frequent first."""
    counts = Counter(names)
    return {name: counts[name] for name in in_order(counts, order)} if order else dict(counts.most_common())


def refusal_views(report: Report) -> tuple[RefusalView, ...]:
    """Return the first 200 groups of refusals."""
    return tuple(_refusal_view(refusals) for refusals in report.refusals[:MOST_REFUSALS])


def _refusal_view(refusals: Refusals) -> RefusalView:
    operations = _tallied([verdict.op for verdict in refusals.verdicts], OPERATIONS)
    return RefusalView(refusals, operations, _tallied([verdict.dtype for verdict in refusals.verdicts], DTYPES))


def refusals_left(report: Report) -> dict[str, int]:
    """Return how many groups and refusals are not shown; empty when all are."""
    left = report.refusals[MOST_REFUSALS:]
    return {"wordings": len(left), "verdicts": sum(len(refusals.verdicts) for refusals in left)} if left else {}


def tiles(report: Report) -> tuple[Tile, ...]:
    """Return the large numbers: everything asked, and where it went."""
    total, asked = report.total, report.asked
    failed = [Tile(grade, total.grades[grade], tone=tone(grade)) for grade in grades.UNANSWERED]
    may_be_none = [
        Tile("known †", total.known),
        Tile("as documented ‡", total.documented),
        Tile(REFUSED, total.grades[REFUSED], percent(total.grades[REFUSED], asked), tone(REFUSED)),
        *failed,
        Tile("no verdict", report.unjudged, percent(report.unjudged, asked), "unjudged", loud=True),
        Tile("not asked", total.unasked, "", "unasked"),
    ]
    return (
        Tile("asked", asked),
        Tile(CONFORMANT, total.conformant, percent(total.conformant, asked), tone(CONFORMANT)),
        Tile("findings", total.findings, percent(total.findings, asked), loud=bool(total.findings)),
        *(tile for tile in may_be_none if tile.count),
    )


@dataclass(frozen=True)
class Segment:
    """A part of a bar, in per cent of its length."""

    tone: str
    start: float
    width: float


def segments(tally: Tally) -> list[Segment]:
    """Return the parts of a bar: conformant first, what was not asked last, each wide enough to be seen."""
    counts: Counter[str] = Counter()
    for grade in grades.TABLE:
        counts[grade.tone] += tally.grades[grade.name]
    counts.update(unjudged=tally.unjudged, unasked=tally.unasked)
    present = {tone: count for tone, count in counts.items() if count > 0}
    widths = {tone: max(100 * count / sum(present.values()), _LEAST_SEGMENT) for tone, count in present.items()}
    scale = 100 / sum(widths.values()) if widths else 1
    parts, start = [], 0.0
    for tone, width in widths.items():
        parts.append(Segment(tone, round(start, 2), round(width * scale, 2)))
        start += width * scale
    return parts


def other_counts(tally: Tally) -> list[tuple[str, str, int]]:
    """Return what a cell says beside its fraction: tone, label and count of all that is not conformant, worst first."""
    counts = [(tone(grade), grade, tally.grades[grade]) for grade in grades.SEVERITY if grade != CONFORMANT]
    counts += [("unjudged", "no verdict", tally.unjudged), ("unasked", "not asked", tally.unasked)]
    return [entry for entry in counts if entry[2] > 0]


def by_operation(rows: Sequence[RouteRow]) -> list[tuple[str, list[RouteRow]]]:
    """Return the routes under their operations."""
    return [(op, list(routes)) for op, routes in groupby(rows, key=lambda row: row.op)]


def identity(run: RunSummary) -> list[tuple[str, str]]:
    """Return the identity of a run, line by line."""
    stated = run.state.run
    return [
        ("mode", format_mode(stated.mode) or "default"),
        ("device", stated.device),
        ("platform", stated.platform),
        ("Python", stated.python),
        ("NumPy", stated.numpy),
        ("suite", stated.suite),
        ("tier", stated.tier),
        ("started", stated.started),
    ]


def shared_identity(runs: Sequence[RunSummary]) -> list[tuple[str, str]]:
    """Return the lines of identity that all of several runs have in common."""
    stated = [identity(run) for run in runs if run.state.identified]
    return [line for line in stated[0] if all(line in lines for lines in stated)] if len(stated) > 1 else []


def counts(numbers: Mapping[str, int]) -> str:
    """Return names with their counts: ``float32 12, float16 3``; at most six are named."""
    named = [f"{shorten(name, 40)} {count:,}" for name, count in list(numbers.items())[:6]]
    left = len(numbers) - len(named)
    return ", ".join([*named, *([f"{left:,} more"] if left else [])])


def breakable(name: str) -> Markup:
    """Return a name that may be broken after its underscores, full stops and brackets."""
    pieces = visible(name).replace("_", "_\0").replace(".", ".\0").replace("[", "\0[").replace(",", ",\0").split("\0")
    return Markup("<wbr>").join(escape(piece) for piece in pieces)


def names(ids: Sequence[str]) -> str:
    """Return names in a row."""
    return " · ".join(shorten(name, 160) for name in ids)
