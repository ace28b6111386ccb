"""What the HTML report shows of a model: which findings in full and which as a line, their pictures, and the page's filters."""

import hashlib
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby, zip_longest

from markupsafe import Markup, escape

from convformance.reports import picture, words
from convformance.reports.lines import DTYPES, GRADES, OPERATIONS, CaseLine, ErrorMap, Key, Verdict
from convformance.reports.model import FindingGroup, KnownEntry, Refusals, Report, RouteRow, RunSummary, Tally

MOST_IN_FULL = 300
MOST_EXAMPLES = 60
EXAMPLES_EACH = 3
MOST_BYTES = 1_500_000
LONGEST_SCRIPT = 40_000
LONGEST_MESSAGE = 160
SHORT_BYTES = 700_000
MOST_REFUSALS = 200

# Beyond this an accumulator truncates or stagnates: the errors have one sign more often than chance allows.
LARGEST_BIAS = 8.0

_MAP_SIDE = 208
_LARGEST_CELL = 22
_STATES = {"unjudged": "no verdict", "unasked": "not asked"}
_LEAST_SEGMENT = 1.5


@dataclass(frozen=True)
class Picture:
    """An error map on the page: its address, size in elements and in CSS pixels, its axes, and the worst element's place in it."""

    url: str
    rows: int
    columns: int
    width: int
    height: int
    row_axis: str
    column_axis: str
    worst: tuple[int, int] | None
    told: str


@dataclass(frozen=True)
class Card:
    """A verdict shown in full."""

    verdict: Verdict
    case: CaseLine | None
    anchor: str
    words: str
    parameters: tuple[tuple[str, str], ...]
    picture: Picture | None
    script: str


@dataclass(frozen=True)
class GroupView:
    """A group of findings: some as cards, the rest as a line each."""

    group: FindingGroup
    anchor: str
    cards: tuple[Card, ...]
    rest: tuple[Verdict, ...]
    dtypes: Mapping[str, int]
    families: Mapping[str, int]


@dataclass(frozen=True)
class KnownView:
    """A known divergence and a few of the verdicts it covers, in full."""

    entry: KnownEntry
    cards: tuple[Card, ...]


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
    icon: str = ""
    loud: bool = False


class Budget:
    """How much may be shown in full: a number of verdicts and the bytes of their pictures and scripts."""

    def __init__(self, count: int, size: int) -> None:
        self.count, self.size = count, size

    def takes(self, verdict: Verdict) -> bool:
        """Whether there is room for one more; if so it is taken."""
        cells = len(verdict.map.cells) if verdict.map else 0
        size = cells + len(_script(verdict)) + min(len(verdict.message), 2000)
        if not self.count or size > self.size:
            return False
        self.count -= 1
        self.size -= size
        return True


def _script(verdict: Verdict) -> str:
    script = verdict.script or ""
    return script if len(script) <= LONGEST_SCRIPT else ""


def anchor(key: Iterable[str]) -> str:
    """Return an id for the page made of nothing that records say."""
    return "f" + hashlib.blake2b("\0".join(key).encode("utf-8", "replace"), digest_size=8).hexdigest()


def card(report: Report, verdict: Verdict, prefix: str = "") -> Card:
    """Return ``verdict`` as it is shown in full; ``prefix`` tells its anchor from one in another section."""
    case = report.case(verdict)
    return Card(
        verdict,
        case,
        prefix + anchor(verdict.key),
        words.case_in_words(case) if case else "",
        words.parameters(case) if case else (),
        pictured(verdict.map, verdict) if verdict.map else None,
        _script(verdict),
    )


def pictured(plane: ErrorMap, verdict: Verdict) -> Picture:
    """Return the picture of an error map, each element enlarged to a square."""
    rows, columns = plane.shape
    cell = max(1, min(_LARGEST_CELL, _MAP_SIDE // max(rows, columns)))
    row_axis, column_axis = (*(words.shorten(axis, 12) for axis in plane.axes), "", "")[:2]
    where = f"plane {words.shorten(words.tuple_of(plane.index), 40)} of the result" if plane.index else "the result"
    told = f"Error on {where}, {rows} {words.TIMES} {columns} elements"
    url = picture.data_url(plane)
    return Picture(url, rows, columns, cell * columns, cell * rows, row_axis, column_axis, _place(plane, verdict), told)


def _place(plane: ErrorMap, verdict: Verdict) -> tuple[int, int] | None:
    """Return row and column of the worst element when it lies in the plane."""
    index = verdict.worst.index if verdict.worst else ()
    leading, last = index[: len(plane.index)], index[len(plane.index) :]
    row, column = (0, *last)[-2:] if last else (-1, -1)
    inside = 0 <= row < plane.shape[0] and 0 <= column < plane.shape[1]
    return (row, column) if leading == plane.index and len(last) <= 2 and inside else None


def in_full(groups: Sequence[FindingGroup], budget: Budget) -> set[Key]:
    """Return the findings to show in full: the first of each group, then the second of each, as long as there is room."""
    ranks = zip_longest(*(group.verdicts for group in groups))
    return {verdict.key for rank in ranks for verdict in rank if verdict is not None and budget.takes(verdict)}


def finding_views(report: Report) -> tuple[GroupView, ...]:
    """Return the findings by group; each is in full or, beyond the budget, a line."""
    chosen = in_full(report.findings, Budget(MOST_IN_FULL, MOST_BYTES))
    return tuple(_group_view(report, group, chosen) for group in report.findings)


def _group_view(report: Report, group: FindingGroup, chosen: set[Key]) -> GroupView:
    cases = [report.case(verdict) for verdict in group.verdicts]
    return GroupView(
        group,
        "g" + anchor((group.grade, group.adapter, group.op, group.route)),
        tuple(card(report, verdict) for verdict in group.verdicts if verdict.key in chosen),
        tuple(verdict for verdict in group.verdicts if verdict.key not in chosen),
        _tallied([verdict.dtype for verdict in group.verdicts], DTYPES),
        _tallied([case.family for case in cases if case]),
    )


def _tallied(found: Sequence[str], order: Sequence[str] = ()) -> dict[str, int]:
    """Return how often each occurs: in the given order, or the most frequent first."""
    counted = Counter(found)
    return {name: counted[name] for name in words.in_order(counted, order)} if order else dict(counted.most_common())


def message_length(groups: Sequence[GroupView]) -> int:
    """Return how many characters of its message a finding in short may show; 0 where there are so many that none helps."""
    lines = sum(len(shown.rest) for shown in groups)
    length = min(LONGEST_MESSAGE, SHORT_BYTES // max(lines, 1))
    return length if length >= 24 else 0


def known_views(report: Report) -> tuple[KnownView, ...]:
    """Return the known divergences, each with its worst examples."""
    budget = Budget(MOST_EXAMPLES, MOST_BYTES // 4)
    return tuple(KnownView(entry, tuple(_examples(report, entry, budget))) for entry in report.known)


def _examples(report: Report, entry: KnownEntry, budget: Budget) -> Iterable[Card]:
    for verdict in entry.verdicts[:EXAMPLES_EACH]:
        if budget.takes(verdict):
            yield card(report, verdict, prefix="k")


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
    failed = [Tile(grade, total.grades[grade], icon=grade) for grade in ("crashed", "timed-out", "error")]
    may_be_none = [
        Tile("known †", total.known),
        Tile("as documented ‡", total.documented),
        Tile("refused", total.grades["refused"], words.percent(total.grades["refused"], asked), "refused"),
        *failed,
        Tile("no verdict", report.unjudged, words.percent(report.unjudged, asked), "unjudged", loud=True),
        Tile("not asked", total.unasked, "", "unasked"),
    ]
    return (
        Tile("asked", asked),
        Tile("conformant", total.conformant, words.percent(total.conformant, asked), "conformant"),
        Tile("findings", total.findings, words.percent(total.findings, asked), loud=bool(total.findings)),
        *(tile for tile in may_be_none if tile.count),
    )


@dataclass(frozen=True)
class Segment:
    """A part of a bar, in per cent of its length."""

    name: str
    start: float
    width: float


def segments(tally: Tally) -> list[Segment]:
    """Return the parts of a bar: conformant first, what was not asked last, each wide enough to be seen."""
    counts = {grade: tally.grades[grade] for grade in GRADES} | {name: getattr(tally, name) for name in _STATES}
    found = {name: count for name, count in counts.items() if count > 0}
    widths = {name: max(100 * count / sum(found.values()), _LEAST_SEGMENT) for name, count in found.items()}
    scale = 100 / sum(widths.values()) if widths else 1
    parts, start = [], 0.0
    for name, width in widths.items():
        parts.append(Segment(name, round(start, 2), round(width * scale, 2)))
        start += width * scale
    return parts


def marks(tally: Tally) -> list[tuple[str, str, int]]:
    """Return what a cell says beside its fraction: icon, words and count of everything that is not conformant, worst first."""
    grades = [(grade, grade, tally.grades[grade]) for grade in words.SEVERITY if grade != "conformant"]
    states = [(name, told, getattr(tally, name)) for name, told in _STATES.items()]
    return [mark for mark in (*grades, *states) if mark[2] > 0]


def by_operation(rows: Sequence[RouteRow]) -> list[tuple[str, list[RouteRow]]]:
    """Return the routes under their operations."""
    return [(op, list(found)) for op, found in groupby(rows, key=lambda row: row.op)]


def identity(run: RunSummary) -> list[tuple[str, str]]:
    """Return the identity of a run, line by line."""
    stated = run.state.run
    return [
        ("mode", words.mode(stated.mode) or "default"),
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


def counts(found: Mapping[str, int]) -> str:
    """Return names with their counts: ``float32 12, float16 3``; at most six are named."""
    named = [f"{words.shorten(name, 40)} {count:,}" for name, count in list(found.items())[:6]]
    left = len(found) - len(named)
    return ", ".join([*named, *([f"{left:,} more"] if left else [])])


def breakable(name: str) -> Markup:
    """Return a name that may be broken after its underscores, full stops and brackets."""
    pieces = words.visible(name).replace("_", "_\0").replace(".", ".\0").replace("[", "\0[").replace(",", ",\0").split("\0")
    return Markup("<wbr>").join(escape(piece) for piece in pieces)


def gauge(error: float) -> float:
    """Return the length of a gauge of 100 whose bound lies at 80."""
    return round(min(80 * error, 100.0), 1) if error >= 0 else 100.0


def leaning(bias: float | None) -> bool:
    """Whether errors lean to one side: the statistic z of their signs is beyond 8 in size."""
    return bias is not None and not abs(bias) <= LARGEST_BIAS


def names(found: Sequence[str]) -> str:
    """Return names in a row."""
    return " · ".join(words.shorten(name, 160) for name in found)
