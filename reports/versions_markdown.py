"""The page of versions in Markdown: since when each cause is seen, until when, and what each version supports."""

from collections.abc import Iterator, Sequence
from pathlib import Path

from convformance.reports import version_texts
from convformance.reports.formatting import plural, shorten
from convformance.reports.markdown import escaped, table
from convformance.reports.record import Records, Source, load
from convformance.reports.versions import CauseHistory, History, histories

_LONGEST_NAME, _LONGEST_TEXT = 90, 220
_WRITTEN = (
    "Since which version what was found is so, and until which. This page is written from the records of "
    "`convformance history` by `convformance report RECORD... --versions FILE`."
)


def write_versions(records: Source, path: str | Path) -> None:
    """Write the page of versions of ``records`` (paths, or records already read) to ``path``.

    Raises RecordError for a file that is no record, OSError for a ``path`` that cannot be written.
    """
    loaded = load(records)
    Path(path).write_text(page(loaded), encoding="utf-8")


def page(records: Records) -> str:
    """Return the page."""
    found_histories = histories(records)
    lines = ["# Over the versions", "", _WRITTEN, "", *_opening(records, found_histories)]
    for history in found_histories:
        lines += ["", *_history(records, history)]
    return "\n".join(lines) + "\n"


def _opening(records: Records, listed: Sequence[History]) -> Iterator[str]:
    if not listed:
        yield "No adapter was asked on more than one version of its framework."
        return
    versions = sum(len(history.asked) for history in listed)
    failed = sum(len(history.versions) for history in listed) - versions
    cannot = f", {plural(failed, 'version')} that could not be asked" if failed else ""
    machine = version_texts.machine_of(records, listed)
    yield f"{plural(len(listed), 'adapter')}, {plural(versions, 'version')}{cannot}; on {machine}."
    yield ""
    yield version_texts.READING
    yield ""
    yield from _overall(listed)


def _overall(listed: Sequence[History]) -> list[str]:
    """Return the table of all frameworks: how many causes came, went, and are in every version."""
    head = ["adapter", "versions asked", "came or went", "in all of them", "newest version shows"]
    rows = []
    for history in listed:
        newest = history.asked[-1].version if history.asked else ""
        shown = sum(bool(cause.counts.get(newest)) for cause in history.causes)
        numbers = [str(len(history.changed)), str(len(history.lasting)), f"{newest}: {plural(shown, 'cause')}"]
        rows.append([escaped(history.adapter), ", ".join(escaped(each.version) for each in history.asked), *numbers])
    return table(head, rows)


def _history(records: Records, history: History) -> Iterator[str]:
    yield f"## {escaped(history.adapter)}"
    yield ""
    yield from _versions(records, history)
    failed = [each for each in history.versions if not each.label]
    if failed:
        yield ""
        yield "Could not be asked:"
        yield ""
        yield from (f"- {escaped(each.version)}: {escaped(each.reason, 600)}" for each in failed)
    for title, listed in version_texts.tables(history):
        if listed:
            yield from ("", f"### {title}", "", *_causes(history, listed))
    if history.features:
        yield from ("", "### What is supported", "", *_features(history))


def _versions(records: Records, history: History) -> list[str]:
    rows = [
        [escaped(version.version), *map(escaped, identity), *numbers]
        for version, identity, numbers in version_texts.counts(records, history)
        if version.label
    ]
    return table([escaped(history.framework), *version_texts.IDENTITY, *version_texts.COLUMNS], rows)


def _causes(history: History, listed: Sequence[CauseHistory]) -> list[str]:
    head = [
        "refusal" if listed is history.refusals else "cause",
        "since",
        "until",
        *(escaped(each.version) for each in history.asked),
    ]
    return table(head, (_cause(history, cause) for cause in listed))


def _cause(history: History, cause: CauseHistory) -> list[str]:
    known = "known, " if cause.is_known else ""
    name, text = escaped(cause.name, _LONGEST_NAME), escaped(shorten(cause.text, _LONGEST_TEXT))
    title = f"**{name}** ({known}{cause.grade}): {text}"
    spans = [escaped(text(history, cause)) for text in (version_texts.since, version_texts.until)]
    return [title, *spans, *(version_texts.cell(cause, version) for version in history.asked)]


def _features(history: History) -> list[str]:
    head = ["", *(escaped(each.version) for each in history.asked)]
    rows = [
        [f"{escaped(group)}: {escaped(name)}", *map(version_texts.support_text, cells.values())]
        for group, name, cells in history.features
    ]
    return table(head, rows)
