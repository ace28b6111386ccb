"""What the HTML report shows before its script runs: headline, bars, tiles, tables, links to the list of verdicts."""

import re
from collections import Counter, defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby
from urllib.parse import urlencode

from markupsafe import Markup, escape

from convformance.judging import grades
from convformance.judging.grades import CONFORMANT, CRASHED, REFUSED
from convformance.reports import causes, features
from convformance.reports.causes import Cause
from convformance.reports.features import Feature, Support
from convformance.reports.formatting import (
    dtypes_in_order,
    format_mode,
    operations_in_order,
    percent,
    plural,
    severity,
    shorten,
    visible,
)
from convformance.reports.lines import KEY, Coverage, Diagnosis, Verdict
from convformance.reports.machines import machine_lines
from convformance.reports.model import FindingGroup, Refusals, Report, RouteRow, RunSummary, Tally

MOST_COUNTS = 6
LONGEST_SCRIPT = 20_000
LEGEND = tuple((grade.name, grade.sentence) for grade in grades.TABLE)

# In per cent of a bar: a single verdict of thousands must still be seen.
_LEAST_SEGMENT = 1.5
_BARE_VALUE = re.compile(r"[\w.+-]+", re.ASCII)


def headline(report: Report) -> str:
    """Return the outcome in a few words."""
    if not report.total.verdict_count:
        return "no verdicts"
    return causes.count_text(report.causes)


def newness(report: Report) -> str:
    """Return how many findings are new and how many regressions, by the user's expectations; nothing if none is new."""
    if not report.new:
        return ""
    regressions = plural(report.total.findings - report.new, "regression")
    return f"{report.new:,} new, on cases that the file of expectations has never seen; {regressions}"


def lead(report: Report) -> str:
    """Return who answered how many questions about what."""
    runs = [run.state.run for run in report.runs]
    tiers = " and ".join(sorted({run.tier for run in runs if run.tier}))
    suites = " and ".join(sorted({run.suite for run in runs if run.suite}))
    answered = f"{plural(len(runs), 'adapter')} gave {report.total.verdict_count:,} verdicts"
    cases = f"{plural(len(report.records.cases), 'case')} in {plural(len(report.families), 'family', 'families')}"
    versions = f"tier {tiers or 'not stated'}, suite {suites or 'not stated'}"
    return f"{answered} on {report.asked:,} questions: {cases}, {versions}."


def machines(report: Report) -> list[str]:
    """Return a sentence for each machine that answered; where there are several, it says who ran there."""
    labels: dict[str, list[str]] = defaultdict(list)
    for run in report.runs:
        lines = dict(machine_lines(run.state.run))
        labels["; ".join(filter(None, (lines["machine"], lines["variables"])))].append(run.label)
    named = {machine: ", ".join(asked) for machine, asked in labels.items() if machine}
    return [f"On {machine}{f': {asked}' if len(labels) > 1 else ''}." for machine, asked in named.items()]


def silent(report: Report) -> list[str]:
    """Return the operations and dtypes that the cases pose and on which no run has a verdict."""
    cases = report.records.cases.values()
    operations = {op for case in cases for op in case.operations} - set(report.operations)
    dtypes = {dtype for case in cases for dtype in case.dtypes} - set(report.dtypes)
    return [*operations_in_order(operations), *dtypes_in_order(dtypes)]


def tabs(report: Report, is_compared: bool, has_versions: bool = False) -> list[dict[str, object]]:
    """Return the views of the page, with a count where one says something."""
    known = [*(entry.verdicts for entry in report.known), *(entry.verdicts for entry in report.expected)]
    views: list[tuple[str, str, int | None]] = [
        ("overview", "Overview", None),
        ("features", "By feature", None),
        ("findings", "Findings", report.total.findings),
        ("known", "Known", sum(map(bool, known))),
        ("precision", "Precision", None),
        *([("versions", "Versions", None)] if has_versions else []),
        *([("compare", "Compare", None)] if is_compared else []),
        ("verdicts", "All verdicts", report.total.verdict_count),
    ]
    return [{"view": view, "name": name, "count": count} for view, name, count in views]


@dataclass(frozen=True)
class Tile:
    """One of the large numbers at the top; a loud one asks for attention."""

    name: str
    count: int
    share: str = ""
    tone: str = ""
    loud: bool = False


def tiles(report: Report) -> tuple[Tile, ...]:
    """Return the large numbers: everything asked, and where it went; all but causes and what was not asked add up."""
    total, asked = report.total, report.asked
    if_any = [
        Tile("known †", total.known),
        Tile("as documented ‡", total.documented),
        Tile("expected §", total.expected),
        Tile(REFUSED, total.grades[REFUSED], percent(total.grades[REFUSED], asked), tone(REFUSED)),
        Tile("no verdict", report.unjudged, percent(report.unjudged, asked), "unjudged", loud=True),
        Tile("not asked", total.unasked, "", "unasked"),
        Tile("outside the domain", total.outside, "", "outside"),
    ]
    return (
        Tile("asked", asked),
        Tile(CONFORMANT, total.conformant, percent(total.conformant, asked), tone(CONFORMANT)),
        *([Tile("causes", len(report.causes), loud=True)] if report.causes else []),
        Tile("findings", total.findings, percent(total.findings, asked), loud=bool(total.findings)),
        *(tile for tile in if_any if tile.count),
    )


# What the table of runs counts.
RUN_COUNTS: Mapping[str, Callable[[RunSummary], int]] = {
    "asked": lambda run: run.asked,
    "judged": lambda run: run.total.verdict_count,
    CONFORMANT: lambda run: run.total.conformant,
    REFUSED: lambda run: run.total.grades[REFUSED],
    CRASHED: lambda run: run.total.grades[CRASHED],
    "no verdict": lambda run: run.unjudged,
    "not asked": lambda run: run.total.unasked,
    "outside": lambda run: run.total.outside,
    "findings": lambda run: run.total.findings,
}


def identity(run: RunSummary) -> list[tuple[str, str]]:
    """Return the identity of a run, line by line."""
    stated = run.state.run
    return [
        ("mode", "; compile cache ".join(filter(None, (format_mode(stated.mode) or "default", stated.compile_cache)))),
        ("device", stated.device),
        ("platform", stated.platform),
        ("Python", stated.python),
        ("NumPy", stated.numpy),
        ("suite", stated.suite),
        ("tier", stated.tier),
        ("started", stated.started),
        *machine_lines(stated),
    ]


def first_runs(report: Report) -> list[str]:
    """Return a sentence for each kind of machine that showed causes and that no known divergence comes from."""
    kinds: Counter[str] = Counter()
    for run in report.runs:
        if run.state.run.is_new_machine:
            kinds[run.state.run.machine.kind] += sum(cause.adapter == run.label for cause in report.causes)
    keeps = "convformance run --update-expected keeps them as your own expectations"
    unseen = {kind: plural(count, "cause that was", "causes that were") for kind, count in kinds.items() if count}
    return [
        f"First run on this kind of machine ({kind}): {count} not seen on others; {keeps}."
        for kind, count in unseen.items()
    ]


def shared_identity(runs: Sequence[RunSummary]) -> list[tuple[str, str]]:
    """Return the lines of identity that all of several runs have in common."""
    stated = [identity(run) for run in runs if run.state.identified]
    return [line for line in stated[0] if all(line in lines for lines in stated)] if len(stated) > 1 else []


def by_operation(rows: Sequence[RouteRow]) -> list[tuple[str, list[RouteRow]]]:
    """Return the routes under their operations."""
    return [(op, list(routes)) for op, routes in groupby(rows, key=lambda row: row.op)]


def tone(grade: str) -> str:
    """Return the name of the colour and the icon that a grade has on the page."""
    return grades.BY_NAME[grade].tone


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
    present = {name: count for name, count in counts.items() if count > 0}
    widths = {name: max(100 * count / sum(present.values()), _LEAST_SEGMENT) for name, count in present.items()}
    scale = 100 / sum(widths.values()) if widths else 1
    parts, start = [], 0.0
    for name, width in widths.items():
        parts.append(Segment(name, round(start, 2), round(width * scale, 2)))
        start += width * scale
    return parts


def other_counts(tally: Tally) -> list[tuple[str, str, int]]:
    """Return what a cell says beside its fraction: tone, label and count of all that is not conformant, worst first."""
    counts = [(tone(grade), grade, tally.grades[grade]) for grade in grades.SEVERITY if grade != CONFORMANT]
    counts += [("unjudged", "no verdict", tally.unjudged), ("unasked", "not asked", tally.unasked)]
    counts += [("outside", "outside the domain", tally.outside)]
    return [entry for entry in counts if entry[2] > 0]


@dataclass(frozen=True)
class SupportCell:
    """How far one run supports one feature, with the numbers of the notes below the table."""

    label: str
    support: Support
    notes: tuple[int, ...]


@dataclass(frozen=True)
class FeatureTable:
    """Features by group, each with a cell for every run, and the notes in order: run, kind, message."""

    groups: tuple[tuple[str, tuple[tuple[Feature, tuple[SupportCell, ...]], ...]], ...]
    notes: tuple[tuple[str, str, str], ...]


def feature_table(report: Report) -> FeatureTable:
    """Return the table of features; features that no run was asked for are left out."""
    supports = features.supports(report.records)
    numbers: dict[tuple[str, str, str], int] = {}

    def cell(label: str, support: Support) -> SupportCell:
        notes = [(label, note.kind, note.message) for note in support.notes]
        return SupportCell(label, support, tuple(numbers.setdefault(note, len(numbers) + 1) for note in notes))

    rows = [
        (feature, tuple(cell(label, support) for label, support in supports[feature.name].items()))
        for feature in features.FEATURES
        if any(support.state != "none" for support in supports[feature.name].values())
    ]
    groups = groupby(rows, key=lambda row: row[0].group)
    return FeatureTable(tuple((group, tuple(members)) for group, members in groups), tuple(numbers))


@dataclass(frozen=True)
class DiagnosedFindings:
    """Groups of findings of one cause, one grade and one diagnosis, each with its number in the report."""

    grade: str
    diagnosis: str
    groups: tuple[tuple[int, FindingGroup], ...]

    @property
    def findings(self) -> int:
        """How many findings they hold."""
        return sum(len(group.verdicts) for _, group in self.groups)

    @property
    def line(self) -> Diagnosis | None:
        """The record's line on the diagnosis, of the route with the most findings that has one."""
        return next((group.line for _, group in self.groups if group.line), None)


def by_cause(report: Report) -> tuple[tuple[Cause, tuple[DiagnosedFindings, ...]], ...]:
    """Return the causes, the worst first, each with its findings by grade and diagnosis."""
    groups: dict[int, dict[tuple[str, str], list[tuple[int, FindingGroup]]]] = defaultdict(dict)
    for number, group in enumerate(report.findings):
        groups[group.cause].setdefault((group.grade, group.diagnosis), []).append((number, group))
    return tuple((cause, _diagnosed(groups[cause.number])) for cause in report.causes)


def _diagnosed(groups: Mapping[tuple[str, str], list[tuple[int, FindingGroup]]]) -> tuple[DiagnosedFindings, ...]:
    """Return findings by grade and diagnosis: the worst grade first, then the diagnosis with the most findings."""
    findings = [DiagnosedFindings(*key, tuple(numbered)) for key, numbered in groups.items()]
    return tuple(sorted(findings, key=lambda each: (severity(each.grade), -each.findings, each.diagnosis)))


def known_count(report: Report) -> str:
    """Return how many causes are known already, in how many verdicts."""
    seen = [entry for entry in report.known if entry.verdicts]
    return f"{plural(len(seen), 'known cause')} in {plural(report.total.known, 'verdict')}"


def script_of(cause: Cause) -> str:
    """Return the script that shows a cause, where there is one that the page has room for."""
    script = cause.representative.script or ""
    return script if len(script) <= LONGEST_SCRIPT else ""


def script_run_of(cause: Cause) -> str:
    """Return what came of running that script, nothing where it was not run."""
    run = cause.representative.script_run
    return run.text if run else ""


def verdict_address(verdict: Verdict) -> str:
    """Return the address, on the page, of one verdict."""
    named = {name: visible(value) for name, value in zip(KEY, verdict.key, strict=True)}
    return "#" + urlencode({"case": named.pop("case"), **named})


def domains(report: Report) -> list[tuple[str, str, str, int]]:
    """Return who was not asked what lies outside a domain: adapter, routes, what they cover, how many questions."""
    counts: Counter[tuple[str, str, str]] = Counter()
    for run in report.runs:
        for outside in run.state.outside:
            counts[run.label, outside.covers, outside.route] += outside.total
    routes: dict[tuple[str, str], list[str]] = {}
    for label, covers, route in counts:
        routes.setdefault((label, covers), []).append(route)
    return [
        (label, ", ".join(names), covers, sum(counts[label, covers, name] for name in names))
        for (label, covers), names in routes.items()
    ]


def where(refusals: Refusals) -> str:
    """Return how many refusals there are by operation and by dtype."""
    operations = Counter(verdict.op for verdict in refusals.verdicts)
    dtypes = Counter(verdict.dtype for verdict in refusals.verdicts)
    by_operation = {op: operations[op] for op in operations_in_order(operations)}
    by_dtype = {dtype: dtypes[dtype] for dtype in dtypes_in_order(dtypes)}
    return f"{counts(by_operation)} · {counts(by_dtype)}"


def term(field: str, value: str) -> str:
    """Return the term of the page's query language for the verdicts whose ``field`` is ``value``."""
    shown = visible(value)
    quoted = re.sub(r'(["\\])', r"\\\1", shown)
    return f"{field}={shown}" if _BARE_VALUE.fullmatch(shown) else f'{field}="{quoted}"'


def terms(**values: str) -> str:
    """Return the query for the verdicts that have all of some values."""
    return " ".join(term(name, value) for name, value in values.items())


def address(query: str) -> str:
    """Return the address, on the page, of the verdicts that a query means."""
    return "#" + urlencode({"view": "verdicts", "q": query})


def counts(numbers: Mapping[str, int]) -> str:
    """Return names with their counts: ``float32 12, float16 3``; at most six are named."""
    named = [f"{shorten(name, 40)} {count:,}" for name, count in list(numbers.items())[:MOST_COUNTS]]
    left = len(numbers) - len(named)
    return ", ".join([*named, *([f"{left:,} more"] if left else [])])


def breakable(name: str) -> Markup:
    """Return a name that may be broken after its underscores, full stops and commas, and before its brackets."""
    pieces = re.sub(r"(?<=[_.,])|(?=\[)", "\0", visible(name)).split("\0")
    return Markup("<wbr>").join(escape(piece) for piece in pieces)


def names(ids: Sequence[str]) -> str:
    """Return names in a row."""
    return " · ".join(shorten(name, 160) for name in ids)


def covered(report: Report) -> list[tuple[str, str, str, Sequence[str], int]]:
    """Return for each run: its label, the pairs and triples of features it answered, the missing pairs, their count."""
    rows: list[tuple[str, str, str, Sequence[str], int]] = []
    for run in report.runs:
        counts = run.state.coverage
        if 2 in counts and 3 in counts:
            pairs, triples = (_coverage_text(counts[strength]) for strength in (2, 3))
            rows.append((run.label, pairs, triples, counts[2].missing, counts[2].possible - counts[2].reached))
    return rows


def _coverage_text(coverage: Coverage) -> str:
    return f"{coverage.reached:,} of {coverage.possible:,} ({percent(coverage.reached, coverage.possible)})"
