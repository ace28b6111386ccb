"""What the page and the Markdown page of versions both say: spans, cells and counts as texts."""

from collections import Counter
from collections.abc import Sequence

from convformance.judging.grades import CONFORMANT, REFUSED
from convformance.reports.causes import causes
from convformance.reports.features import Support
from convformance.reports.formatting import NOTHING, dtypes_in_order, plural
from convformance.reports.record import Records
from convformance.reports.versions import ELSE, NOT_ASKED, RIGHT, CauseHistory, History, Span, VersionRun

# What a cell of the table of causes shows where a version does not show the cause.
INSTEAD = {RIGHT: "right", REFUSED: "refused", ELSE: "another", NOT_ASKED: NOTHING}
IDENTITY = ("Python", "NumPy", "tier", "number types")
COLUMNS = ("asked", CONFORMANT, REFUSED, "findings", "causes", "known", "no answer")
READING = (
    "A number in a table of causes counts the verdicts of a version that show the cause. “right”, “refused” and "
    "“another” (cause) say what a version answers to the same questions. A version in brackets is the nearest that was "
    "asked and does not show the cause; where nothing is said of versions between, the two are neighbours in the "
    "package index. “wrong” in a table of features means that some answers are wrong, known or not."
)
_NO_ANSWER = ("crashed", "timed-out", "error")


def tables(history: History) -> tuple[tuple[str, Sequence[CauseHistory]], ...]:
    """Return the tables of causes with their titles; those without a row are left out by whoever shows them."""
    return (
        ("Came or went", history.changed),
        ("In every version that was asked", history.lasting),
        ("Refusals that came or went", history.refusals),
    )


def since(history: History, cause: CauseHistory) -> str:
    """Return since when a cause is seen, a text for each row of versions that show it."""
    return "; ".join(_start(history, cause, span) for span in cause.spans)


def until(history: History, cause: CauseHistory) -> str:
    """Return until when a cause is seen, a text for each row of versions that show it."""
    return "; ".join(_end(history, cause, span) for span in cause.spans)


def _start(history: History, cause: CauseHistory, span: Span) -> str:
    if span.before is None:
        return f"{span.first} or earlier"
    return f"{span.first} ({cause.states[span.before]} in {span.before}{_gap(history, span.before, span.first)})"


def _end(history: History, cause: CauseHistory, span: Span) -> str:
    if span.after is None:
        return f"still in {span.last}"
    return f"{span.last} ({cause.states[span.after]} in {span.after}{_gap(history, span.last, span.after)})"


def _gap(history: History, old: str, new: str) -> str:
    """Return how many versions between two were not asked or could not be; nothing where they are neighbours."""
    if not history.offered:
        return ", what lies between is not known"
    count = history.between(old, new)
    return f", {plural(count, 'version')} between without an answer" if count else ""


def cell(cause: CauseHistory, version: VersionRun) -> str:
    """Return how many verdicts of a version show a cause, or what it answers in its place."""
    if not version.label:
        return NOTHING
    count = cause.counts.get(version.version, 0)
    return f"{count:,}" if count else INSTEAD[cause.states[version.version]]


def support_text(support: Support) -> str:
    """Return how far a version supports a feature, with counts where it is neither all nor nothing."""
    if support.state == "none":
        return "not asked"
    return support.state if support.state in ("yes", "no") else f"{support.state} {support.right:,}/{support.of:,}"


def counts(records: Records, history: History) -> list[tuple[VersionRun, list[str], list[str]]]:
    """Return for each version what IDENTITY names, and what COLUMNS count."""
    grades: dict[str, Counter[str]] = {each.label: Counter() for each in history.asked}
    dtypes: dict[str, set[str]] = {each.label: set() for each in history.asked}
    for verdict in records.verdicts.values():
        if verdict.adapter in grades:
            grades[verdict.adapter].update(
                {verdict.grade: 1, "findings": verdict.finding, "known": verdict.known is not None}
            )
            dtypes[verdict.adapter].add(verdict.dtype)
    found_causes = Counter(cause.adapter for cause in causes(records))
    rows: list[tuple[VersionRun, list[str], list[str]]] = []
    for each in history.versions:
        if not each.label:
            rows.append((each, [], []))
            continue
        state, tally = records.runs[each.label], grades[each.label]
        asked = sum(verdict_count for name, verdict_count in tally.items() if name not in ("findings", "known"))
        numbers = [asked, tally[CONFORMANT], tally[REFUSED], tally["findings"], found_causes[each.label]]
        numbers += [tally["known"], sum(tally[name] for name in _NO_ANSWER)]
        identity = [state.run.python, state.run.numpy, _tier(state.run.tier, state.complete)]
        rows.append((each, [*identity, _types(dtypes[each.label])], [f"{number:,}" for number in numbers]))
    return rows


def _tier(tier: str, complete: bool) -> str:
    return tier if complete else f"{tier}, not complete"


def _types(dtypes: set[str]) -> str:
    ordered = dtypes_in_order(dtypes)
    return ", ".join(ordered) if len(ordered) <= 3 else f"{len(ordered)} types"


def machine_of(records: Records, histories: Sequence[History]) -> str:
    """Return the kinds of machines that the runs of some histories ran on."""
    kinds = {records.runs[each.label].run.machine.kind for history in histories for each in history.asked}
    return " and ".join(sorted(filter(None, kinds))) or "an unnamed machine"
