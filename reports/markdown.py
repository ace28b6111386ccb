"""The Markdown summary for the pages of continuous integration: the matrix, the first findings, and what stands beside them."""

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from itertools import islice
from pathlib import Path

from convformance.reports import compare, model, views
from convformance.reports.compare import ChangeGroup, Comparison
from convformance.reports.formatting import (
    NOTHING,
    SENTENCES,
    SYMBOLS,
    format_mode,
    grades_in_order,
    one_line,
    plural,
    safe_link,
    shorten,
    visible,
)
from convformance.reports.html import Source, headline, lead, load
from convformance.reports.lines import Diagnosis, Verdict
from convformance.reports.model import KnownEntry, Report, RunSummary, Tally

MOST_BYTES = 2**20
MOST_FINDINGS = 20
MOST_ROWS = 50
LONGEST = 300

# What starts markup in Markdown or HTML, a table cell, an address that becomes a link, or a mention.
_SPECIAL = re.compile(r"[&<>|`@\\*_\[\]~#!{}$]|(?<=:)/(?=/)|(?<=www)\.", re.IGNORECASE)
_BY_REFERENCE = "&<>|`@/."
_CUT = "\n\n*The summary ends here: it would be longer than such pages allow. The HTML report is complete.*\n"


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
        _runs(report),
        _matrix(report),
        _comparison(comparison) if comparison else [],
        _diagnoses(report),
        _findings(report),
        _known(report),
        _refusals(report),
        _problems(report),
    ]
    text = "\n\n".join("\n".join(lines) for lines in sections if lines) + "\n"
    return _within(text, MOST_BYTES - 1)


def _within(text: str, limit: int) -> str:
    """Return ``text`` as valid UTF-8 of at most ``limit`` bytes, cut at the end of a line that is told of."""
    encoded = text.encode("utf-8", "replace")
    if len(encoded) <= limit:
        return encoded.decode("utf-8")
    kept = encoded[: limit - len(_CUT.encode())].rpartition(b"\n")[0]
    return kept.decode("utf-8") + _CUT


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


def _opening(report: Report) -> list[str]:
    lines = [f"# convformance: {headline(report)}", "", escaped(lead(report))]
    if report.incomplete:
        labels = ", ".join(escaped(label, 80) for label in report.incomplete[:MOST_ROWS])
        lines += [
            "",
            f"**Not complete:** {labels} did not run to the end; {report.unjudged:,} questions have no verdict.",
        ]
    if report.records.stale:
        lines += ["", f"**{plural(len(report.records.stale), 'stale known divergence')}:** see below."]
    return lines


def _runs(report: Report) -> list[str]:
    identity = ["version", "mode", "device", "platform", "Python", "NumPy", "suite", "tier", "started"]
    head = ["adapter", *identity, "conformant / asked", "state"]
    rows = [_run(run) for run in report.runs[:MOST_ROWS]]
    missing = [
        [escaped(name, 80), "missing", escaped(reason), *[""] * (len(head) - 3)]
        for name, reason in report.records.missing.items()
    ]
    return ["## Who was asked", "", *table(head, [*rows, *missing[:MOST_ROWS]]), *_left(report.runs, "runs")]


def _run(run: RunSummary) -> list[str]:
    stated = run.state.run
    identity = (
        f"{stated.framework} {stated.framework_version}",
        format_mode(stated.mode),
        stated.device,
        stated.platform,
        stated.python,
        stated.numpy,
        stated.suite,
        stated.tier,
        stated.started,
    )
    state = "complete" if run.state.complete else f"**not complete**, {run.unjudged:,} without a verdict"
    counts = f"{run.total.conformant:,} / {run.asked:,}"
    return [escaped(run.label, 80), *(escaped(value, 120) for value in identity), counts, state]


def _matrix(report: Report) -> list[str]:
    """Return adapters by operations: conformant of asked, then every other grade with its count."""
    head = ["adapter", *(escaped(op, 40) for op in report.operations)]
    rows = [[escaped(run.label, 80), *(_cell(run, op) for op in report.operations)] for run in report.runs[:MOST_ROWS]]
    used = grades_in_order(grade for run in report.runs for grade in run.total.grades)
    legend = [f"- {SYMBOLS[grade]} {grade}: {SENTENCES[grade]}" for grade in used]
    return ["## Matrix", "", "Conformant of asked, over all routes and dtypes.", "", *table(head, rows), "", *legend]


def _cell(run: RunSummary, op: str) -> str:
    tally = run.operation(op)
    if not tally.posed:
        return "no route" if run.no_route.get(op) else "not asked"
    return " ".join([f"{tally.conformant:,} / {tally.asked:,}", *_others(tally)])


def _others(tally: Tally) -> Iterator[str]:
    for _, label, count in views.other_counts(tally):
        yield f"{SYMBOLS.get(label, label)} {count:,}"
    if tally.known:
        yield f"(known {tally.known:,})"
    if tally.documented:
        yield f"(documented {tally.documented:,})"


def _diagnoses(report: Report) -> list[str]:
    """Return what reproduces the wrong answers of each route, with how many of them it explains, and what to do about it."""
    diagnoses = report.records.diagnoses
    if not diagnoses:
        return []
    head = ["adapter", "operation", "route", "diagnosis", "explains", "what goes wrong", "what to do"]
    return ["## Diagnoses", "", *table(head, map(_diagnosis, diagnoses[:MOST_ROWS])), *_left(diagnoses, "diagnoses")]


def _diagnosis(diagnosis: Diagnosis) -> list[str]:
    route_key = (escaped(name, 80) for name in (diagnosis.adapter, diagnosis.op, diagnosis.route))
    mistake = "; ".join(filter(None, (diagnosis.explanation.rstrip("."), diagnosis.where)))
    name = escaped(" ".join(filter(None, (diagnosis.name, diagnosis.detail))), 120)
    explains = f"{diagnosis.explains:,} of {diagnosis.of:,}"
    return [*route_key, name, explains, escaped(mistake), escaped(diagnosis.remedy)]


def _findings(report: Report) -> list[str]:
    """Return the first findings, the worst group first, one of each group before the second of any."""
    if not report.total.findings:
        return ["## Findings", "", "None."]
    in_turn = model.in_turn([group.verdicts for group in report.findings])
    chosen = {verdict.key for verdict in islice(in_turn, MOST_FINDINGS)}
    first = [verdict for group in report.findings for verdict in group.verdicts if verdict.key in chosen]
    head = ["grade", "adapter", "operation", "route", "case", "dtype", "diagnosis", "message"]
    left = report.total.findings - len(first)
    note = ["", f"and {plural(left, 'finding')} more: the HTML report lists every one."] if left else []
    return [f"## Findings ({report.total.findings:,})", "", *table(head, map(_finding, first)), *note]


def _finding(verdict: Verdict) -> list[str]:
    grade, diagnosis = f"{SYMBOLS[verdict.grade]} {verdict.grade}", ", ".join(verdict.diagnosis) or NOTHING
    return [grade, *(escaped(name, 120) for name in (*verdict.key, diagnosis)), escaped(verdict.message)]


def _known(report: Report) -> list[str]:
    if not report.known:
        return []
    rows = [_known_row(entry) for entry in report.known[:MOST_ROWS]]
    head = ["adapter", "name", "reason", "covers", "link", "diverged / matched"]
    return ["## Known divergences", "", *table(head, rows), *_left(report.known, "known divergences")]


def _known_row(entry: KnownEntry) -> list[str]:
    known, divergence = entry.known, entry.divergence
    link = safe_link(known.link) if known else ""
    counts = (
        f"{divergence.diverged:,} / {divergence.matched:,}" if divergence else f"{len(entry.verdicts):,} / not settled"
    )
    texts = (known.reason, known.covers) if known else ("", "")
    stale = "**stale:** " if divergence and divergence.stale else ""
    return [escaped(entry.adapter, 80), stale + escaped(entry.name, 120), *map(escaped, texts), _address(link), counts]


def _address(link: str) -> str:
    """Return a link that was found safe, with every character that Markdown or a table could read as its own encoded."""
    encoded = re.sub(
        r"[^A-Za-z0-9:/?#=%.,;~+-]", lambda match: "".join(f"%{byte:02X}" for byte in match[0].encode()), link
    )
    return f"<{encoded}>" if link else ""


def _refusals(report: Report) -> list[str]:
    if not report.refusals:
        return []
    rows = [[escaped(r.adapter, 80), f"{len(r.verdicts):,}", escaped(r.message)] for r in report.refusals[:MOST_ROWS]]
    counts: Counter[str] = Counter()
    for refusals in report.refusals:
        counts[refusals.adapter] += len(refusals.verdicts)
    totals = ", ".join(f"{escaped(adapter, 80)} {count:,}" for adapter, count in counts.most_common(MOST_ROWS))
    head = ["adapter", "refused", "in the framework's words"]
    return ["## Refusals", "", totals + ".", "", *table(head, rows), *_left(report.refusals, "wordings")]


def _comparison(comparison: Comparison) -> list[str]:
    counts = ", ".join(f"{count:,} {name}" for name, count in comparison.counts.items())
    lines = ["## Against the baseline", "", f"Verdicts: {counts}."]
    if not comparison.same_cases:
        only = (
            f"{len(comparison.cases_added):,} only in this run, {len(comparison.cases_removed):,} only in the baseline"
        )
        lines += ["", f"**The two runs do not have the same cases:** {only}."]
    lines += [
        f"- {escaped(change.adapter, 80)}: {change.name} was {escaped(change.before, 80)}, is {escaped(change.after, 80)}"
        for change in comparison.identities[:MOST_ROWS]
    ]
    head = ["adapter", "operation", "route", "was", "is", "", "verdicts"]
    changed = ["", *table(head, map(_change, comparison.changed[:MOST_ROWS]))] if comparison.changed else []
    return [*lines, *changed, *_left(comparison.changed, "groups of changes")]


def _change(group: ChangeGroup) -> list[str]:
    route_key = (escaped(name, 80) for name in (group.adapter, group.op, group.route))
    return [*route_key, group.before, group.after, "worse" if group.worse else "better", f"{len(group.changes):,}"]


def _problems(report: Report) -> list[str]:
    if not report.problems:
        return []
    listed = [f"- {escaped(str(problem))}" for problem in report.problems[:MOST_ROWS]]
    left = report.records.problem_count - len(listed)
    return ["## Problems with the records", "", *listed, *([f"- and {left:,} more"] if left else [])]


def _left(rows: Sequence[object], what: str) -> list[str]:
    """Return the line that says how many rows a table left out."""
    left = len(rows) - MOST_ROWS
    return ["", f"and {left:,} {what} more"] if left > 0 else []
