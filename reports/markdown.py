"""The Markdown summary for the pages of continuous integration: the causes, the matrix, and more."""

import re
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from html import escape
from pathlib import Path
from typing import TypeVar
from urllib.parse import quote

from convformance.reports import arguments, compare, model, proposals, views
from convformance.reports.causes import Cause
from convformance.reports.compare import ChangeGroup, Comparison, IdentityChange
from convformance.reports.formatting import (
    SENTENCES,
    SYMBOLS,
    describe_stale,
    grades_in_order,
    one_line,
    plural,
    safe_link,
    shorten,
    visible,
)
from convformance.reports.lines import Diagnosis
from convformance.reports.model import ExpectedEntry, KnownEntry, Refusals, Report, RunSummary, Tally
from convformance.reports.proposals import OwnFault, Proposal
from convformance.reports.record import Source, load

MOST_BYTES = 2**20
MOST_CAUSES = 20
MOST_SCRIPTS, LONGEST_SCRIPT = 10, 8_000
MOST_ROWS = 50
LONGEST = 300

# What starts markup in Markdown or HTML, a table cell, an address that becomes a link, or a mention.
_SPECIAL = re.compile(r"[&<>|`@\\*_\[\]~#!{}$]|(?<=:)/(?=/)|(?<=www)\.", re.IGNORECASE)
# Those that a backslash does not keep from being read, in one reader or another.
_BY_REFERENCE = "&<>|`@/."
_CUT = "\n\n*The summary ends here: it would be longer than such pages allow. The HTML report is complete.*\n"
T = TypeVar("T")


def write_markdown(records: Source, path: str | Path, baseline: Source | None = None) -> None:
    """Write the summary of ``records`` (paths, or records already read) to ``path``, below 1 MiB whatever they hold.

    Raises RecordError for a file that is no record, OSError when ``path`` cannot be written.
    """
    loaded = load(records)
    comparison = None if baseline is None else compare.compare(loaded, load(baseline))
    Path(path).write_text(summary(model.summarise(loaded), comparison), encoding="utf-8")


def summary(report: Report, comparison: Comparison | None = None) -> str:
    """Return the summary."""
    sections = [
        _opening(report),
        _causes(report),
        _runs(report),
        matrix(report),
        _comparison(comparison) if comparison else [],
        _diagnoses(report),
        _known(report),
        _expected(report),
        _refusals(report),
        _errors(report),
        _arguments(report),
        _domains(report),
        _combinations(report),
        _problems(report),
    ]
    text = "\n\n".join("\n".join(lines) for lines in sections if lines) + "\n"
    return _within(text, MOST_BYTES - 1)


def _within(text: str, limit: int) -> str:
    """Return ``text`` as valid UTF-8 of at most ``limit`` bytes; where it is cut, at the end of a line, it says so."""
    encoded = text.encode("utf-8", "replace")
    if len(encoded) <= limit:
        return encoded.decode("utf-8")
    start = encoded[: limit - len(_CUT.encode())].rpartition(b"\n")[0]
    return start.decode("utf-8") + _CUT


def escaped(text: str, length: int = LONGEST) -> str:
    """Return text from a record so that Markdown shows it as it is, on one line, in a table cell too."""
    return _SPECIAL.sub(_escape, shorten(one_line(visible(text)), length))


def _escape(match: re.Match[str]) -> str:
    character = match[0]
    return f"&#{ord(character)};" if character in _BY_REFERENCE else "\\" + character


def table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> list[str]:
    """Return a table of cells that are escaped already."""
    lines = [head, ["---"] * len(head), *rows]
    return ["| " + " | ".join(line) + " |" for line in lines]


def _first_rows(head: Sequence[str], entries: Sequence[T], row: Callable[[T], list[str]], what: str) -> list[str]:
    """Return a table with a row for each of the first 50 entries, and how many more of ``what`` there are."""
    left = len(entries) - MOST_ROWS
    rest = ["", f"and {left:,} {what} more"] if left > 0 else []
    return [*table(head, map(row, entries[:MOST_ROWS])), *rest]


def _opening(report: Report) -> list[str]:
    lines = [f"# convformance: {views.headline(report)}", "", escaped(views.lead(report))]
    if report.incomplete:
        labels = ", ".join(escaped(label, 80) for label in report.incomplete[:MOST_ROWS])
        missing = f"{report.unjudged:,} questions have no verdict."
        lines += ["", f"**Not complete:** {labels} did not run to the end; {missing}"]
    for sentence in views.first_runs(report):
        lines += ["", f"**{escaped(sentence)}**"]
    if report.records.stale:
        lines += ["", f"**{describe_stale(report.records.stale)}:** see below."]
    if report.new:
        lines += ["", f"**Of the findings:** {escaped(views.newness(report))}."]
    return lines


def _causes(report: Report) -> list[str]:
    """Return the causes, the worst first, each with the verdict that represents it and its script."""
    if not report.causes:
        return ["## Causes", "", "None."]
    listed = [line for cause in report.causes[:MOST_CAUSES] for line in _cause(cause)]
    left = len(report.causes) - MOST_CAUSES
    rest = ["", f"and {plural(left, 'cause')} more: the HTML report lists every one."] if left > 0 else []
    return ["## Causes", *listed, *rest]


def _cause(cause: Cause) -> Iterator[str]:
    """Yield a cause as an entry of a numbered list."""
    verdict = cause.representative
    yield ""
    yield f"{cause.number}. {SYMBOLS[cause.grade]} {cause.grade}: **{escaped(cause.adapter, 80)}**"
    yield f"   {escaped(cause.sentence, 600)}"
    if cause.where:
        yield f"   - Condition: {escaped(cause.where)}."
    if cause.remedy:
        yield f"   - What to do: {escaped(cause.remedy)}"
    yield f"   - For instance {escaped(' '.join(verdict.key[1:]))}: {escaped(verdict.message)}"
    if verdict.script and cause.number <= MOST_SCRIPTS and len(verdict.script) <= LONGEST_SCRIPT:
        yield from (f"   {line}".rstrip() for line in _folded(verdict.script, views.script_run_of(cause)))


def _folded(script: str, run: str) -> list[str]:
    """Return a script that opens by a click, as HTML in which nothing but its own marks is left."""
    said = f" (run: {escape(visible(run), quote=False)})" if run else ""
    opening = ["", f"<details><summary>the script that shows it{said}</summary>", "", "<pre>"]
    return [*opening, *escape(visible(script), quote=False).rstrip().splitlines(), "</pre>", "", "</details>"]


def _runs(report: Report) -> list[str]:
    identity = [
        "version",
        "mode",
        "device",
        "platform",
        "Python",
        "NumPy",
        "suite",
        "tier",
        "started",
        "machine",
        "instruction sets",
        "variables",
    ]
    head = ["adapter", *identity, "conformant / asked", "state"]
    missing = [
        [escaped(name, 80), "missing", escaped(reason), *[""] * (len(head) - 3)]
        for name, reason in report.records.missing.items()
    ]
    rows = [_run(run) for run in report.runs[:MOST_ROWS]] + missing[:MOST_ROWS]
    return ["## Who was asked", "", *_first_rows(head, rows, list, "adapters")]


def _run(run: RunSummary) -> list[str]:
    version = f"{run.state.run.framework} {run.state.run.framework_version}"
    identity = [version, *(value for _, value in views.identity(run))]
    state = "complete" if run.state.complete else f"**not complete**, {run.unjudged:,} without a verdict"
    counts = f"{run.total.conformant:,} / {run.asked:,}"
    return [escaped(run.label, 80), *(escaped(value) for value in identity), counts, state]


def matrix(report: Report) -> list[str]:
    """Return adapters by operations: conformant of asked, then every other grade with its count."""
    head = ["adapter", *(escaped(op, 40) for op in report.operations)]
    rows = [[escaped(run.label, 80), *(_cell(run, op) for op in report.operations)] for run in report.runs[:MOST_ROWS]]
    used = grades_in_order(grade for run in report.runs for grade in run.total.grades)
    legend = [f"- {SYMBOLS[grade]} {grade}: {SENTENCES[grade]}" for grade in used]
    says = "How many answers are conformant, of how many asked, over all routes and dtypes; then how many are not."
    return ["## Matrix", "", says, "", *table(head, rows), "", *legend]


def _cell(run: RunSummary, op: str) -> str:
    tally = run.operation(op)
    if not tally.posed:
        nothing = f"outside the domain {tally.outside:,}" if tally.outside else "not asked"
        return "no route" if run.no_route.get(op) else nothing
    return " ".join([f"{tally.conformant:,} / {tally.asked:,}", *_others(tally)])


def _others(tally: Tally) -> Iterator[str]:
    for _, label, count in views.other_counts(tally):
        yield f"{SYMBOLS.get(label, label)} {count:,}"
    if tally.known:
        yield f"(known {tally.known:,})"
    if tally.documented:
        yield f"(documented {tally.documented:,})"
    if tally.expected:
        yield f"(expected {tally.expected:,})"


def _comparison(comparison: Comparison) -> list[str]:
    counts = ", ".join(f"{count:,} {name}" for name, count in comparison.counts.items())
    lines = ["## Against the baseline", ""]
    if comparison.machines:
        lines += [f"**{escaped(comparison.machine_sentence)}**", ""]
        lines += [f"- {escaped(_difference(change))}" for change in comparison.machines[:MOST_ROWS]] + [""]
    lines.append(f"Verdicts: {counts}.")
    if not comparison.same_cases:
        added, removed = len(comparison.cases_added), len(comparison.cases_removed)
        only = f"{added:,} only in this run, {removed:,} only in the baseline"
        lines += ["", f"**The two runs do not have the same cases:** {only}."]
    for change in comparison.identities[:MOST_ROWS]:
        before, after = escaped(change.before, 80), escaped(change.after, 80)
        lines.append(f"- {escaped(change.adapter, 80)}: {change.name} was {before}, is {after}")
    moved = [group for group in comparison.changed if group.is_other_machine]
    stayed = [group for group in comparison.changed if not group.is_other_machine]
    return [*lines, *_changes("Changed, on another machine", moved), *_changes("Changed", stayed)]


def _changes(title: str, groups: Sequence[ChangeGroup]) -> list[str]:
    head = ["adapter", "operation", "route", "was", "is", "", "verdicts"]
    return ["", f"### {title}", "", *_first_rows(head, groups, _change, "groups of changes")] if groups else []


def _change(group: ChangeGroup) -> list[str]:
    route = (escaped(name, 80) for name in (group.adapter, group.op, group.route))
    return [*route, group.before, group.after, "worse" if group.worse else "better", f"{len(group.changes):,}"]


def _difference(change: IdentityChange) -> str:
    return f"{change.adapter}: {change.name} was {change.before}, is {change.after}"


def _diagnoses(report: Report) -> list[str]:
    """Return what reproduces the wrong answers of each route, how many of them it explains, and what to do about it."""
    diagnoses = report.records.diagnoses
    head = ["adapter", "operation", "route", "diagnosis", "explains", "what goes wrong", "what to do"]
    return ["## Diagnoses", "", *_first_rows(head, diagnoses, _diagnosis, "diagnoses")] if diagnoses else []


def _diagnosis(diagnosis: Diagnosis) -> list[str]:
    route = (escaped(name, 80) for name in diagnosis.route_key)
    mistake = "; ".join(filter(None, (diagnosis.explanation.rstrip("."), diagnosis.where)))
    name = escaped(" ".join(filter(None, (diagnosis.name, diagnosis.detail))), 120)
    explains = f"{diagnosis.explains:,} of {diagnosis.of:,}"
    return [*route, name, explains, escaped(mistake), escaped(diagnosis.remedy)]


def _known(report: Report) -> list[str]:
    head = ["adapter", "name", "reason", "covers", "machines", "link", "diverged / matched"]
    rows = _first_rows(head, report.known, _known_row, "known divergences")
    return ["## Known divergences", "", f"{views.known_count(report)}.", "", *rows] if report.known else []


def _known_row(entry: KnownEntry) -> list[str]:
    known, divergence = entry.known, entry.divergence
    counts = f"{len(entry.verdicts):,} / the run did not finish"
    if divergence:
        still = f", {escaped(divergence.message)}" if divergence.message and not divergence.stale else ""
        counts = f"{divergence.diverged:,} / {divergence.matched:,}{still}"
    stale = "**stale:** " if divergence and divergence.stale else ""
    texts = (known.reason, known.covers, known.machines or "all") if known else ("", "", "")
    link = _address(safe_link(known.link)) if known else ""
    return [escaped(entry.adapter, 80), stale + escaped(entry.name, 120), *map(escaped, texts), link, counts]


def _expected(report: Report) -> list[str]:
    """Return the user's own expectations, stale ones first, and what became of each."""
    head = ["adapter", "name", "reason", "link", "failed / matched"]
    rows = _first_rows(head, report.expected, _expected_row, "expectations")
    return ["## Expectations", "", *rows] if report.expected else []


def _expected_row(entry: ExpectedEntry) -> list[str]:
    line = entry.line
    if line is None:
        adapters = ", ".join(sorted({verdict.adapter for verdict in entry.verdicts}))
        return [
            escaped(adapters),
            escaped(entry.name, 120),
            "",
            "",
            f"{len(entry.verdicts):,} / the run did not finish",
        ]
    name = ("**stale:** " if line.stale else "") + escaped(entry.name, 120)
    counts = f"{line.diverged:,} / {line.matched:,}"
    return [escaped(line.adapter), name, escaped(line.reason), _address(safe_link(line.link)), counts]


def _address(link: str) -> str:
    """Return a link that is safe, with every character that Markdown or a table could read as its own encoded."""
    return f"<{quote(link, safe=':/?#=%.,;~+-')}>" if link else ""


def _refusals(report: Report) -> list[str]:
    if not report.refusals:
        return []
    counts: Counter[str] = Counter()
    for refusals in report.refusals:
        counts[refusals.adapter] += len(refusals.verdicts)
    totals = ", ".join(f"{escaped(adapter, 80)} {count:,}" for adapter, count in counts.most_common(MOST_ROWS))
    head = ["adapter", "refused", "in the framework's words"]
    return ["## Refusals", "", totals + ".", "", *_first_rows(head, report.refusals, _refusal, "wordings")]


def _refusal(refusals: Refusals) -> list[str]:
    return [escaped(refusals.adapter, 80), f"{len(refusals.verdicts):,}", escaped(refusals.message)]


def _errors(report: Report) -> list[str]:
    """Return the errors that look like refusals, with what to write into the adapter, and those that it made itself."""
    verdicts = report.records.verdicts.values()
    own, checked = proposals.own_faults(verdicts), proposals.proposals(verdicts)
    lines = ["## Errors that may be no findings", ""] if own or checked else []
    if checked:
        head = ["adapter", "errors", "it says", "for `refusals` of the adapter, where that is meant"]
        lines += [*_first_rows(head, checked, _proposal, "wordings"), ""]
    if own:
        head = ["adapter", "errors", "looks like the adapter's own fault", "it says"]
        lines += _first_rows(head, own, _own_fault, "lines")
    return lines


def _proposal(proposal: Proposal) -> list[str]:
    count, pattern = f"{len(proposal.verdicts):,}", f"<code>{escaped(proposal.literal)}</code>"
    return [escaped(proposal.adapter, 80), count, escaped(proposal.message), pattern]


def _own_fault(fault: OwnFault) -> list[str]:
    return [escaped(fault.adapter, 80), f"{len(fault.verdicts):,}", escaped(fault.source), escaped(fault.message)]


def _arguments(report: Report) -> list[str]:
    """Return how often each adapter refused raw arguments, and what it did otherwise."""
    rows = arguments.argument_rows(report.records)
    if not rows:
        return []
    grades = arguments.columns(rows)
    head = ["adapter", "argument", *(arguments.COLUMNS[grade] for grade in grades)]
    cells = ([escaped(row.adapter, 80), escaped(row.argument, 80), *row.cells(grades)] for row in rows[:MOST_ROWS])
    return ["## Arguments without a meaning, or that few take", "", *table(head, list(cells))]


def _domains(report: Report) -> list[str]:
    """Return what was not asked because it lies outside the domain that a route declares."""
    entries = views.domains(report)
    if not entries:
        return []
    head = ["adapter", "routes", "only asked for", "questions left out"]
    says = "Questions outside the domain that a route declares, or left to another route, are not asked: no refusals."
    return ["## Outside the routes' domains", "", says, "", *_first_rows(head, entries, _domain, "domains")]


def _domain(entry: tuple[str, str, str, int]) -> list[str]:
    adapter, routes, covers, count = entry
    return [escaped(adapter, 80), escaped(routes), escaped(covers), f"{count:,}"]


def _combinations(report: Report) -> list[str]:
    """Return how many pairs and triples of features each adapter has answered."""
    rows = [[escaped(label, 80), pairs, triples] for label, pairs, triples, _, _ in views.covered(report)]
    if not rows:
        return []
    return ["## Combinations of features that were answered", "", *table(["adapter", "pairs", "triples"], rows)]


def _problems(report: Report) -> list[str]:
    if not report.records.problems:
        return []
    listed = [f"- {escaped(str(problem))}" for problem in report.records.problems[:MOST_ROWS]]
    left = report.records.problem_count - len(listed)
    return ["## Problems with the records", "", *listed, *([f"- and {left:,} more"] if left else [])]
