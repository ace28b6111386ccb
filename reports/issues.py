"""A cause as the text of an issue for a tracker: Markdown that says what happens, where and where not, and shows it.

It is written for somebody who has never seen this suite. Nothing is sent anywhere.
"""

import json
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any

from convformance.judging.grades import ACCEPTED, BY_NAME, CRASHED, ERROR, TIMED_OUT, WRONG
from convformance.reference import operation
from convformance.reports.causes import UNEXPLAINED, Cause, causes, represents
from convformance.reports.formatting import dtypes_in_order, one_line, operations_in_order, plural, shorten, visible
from convformance.reports.lines import Known, Run, Verdict
from convformance.reports.record import Records
from convformance.reports.trials import Trial, right_beside, trials

MOST_NAMES = 6
_LONGEST_NUMBERS = 200  # characters
_TITLE = 90  # characters of what happens
_RAW = "raw."
_MADE_UP = "<!-- Written by convformance from a run record: check it before you send it. -->"


@dataclass(frozen=True)
class Subject:
    """What an issue is about: a cause of findings, or a known divergence; ``number`` counts both, from 1.

    The first of ``verdicts`` represents them.
    """

    number: int
    adapter: str
    name: str
    happens: str
    verdicts: tuple[Verdict, ...]
    where: str = ""
    machines: str = ""
    remedy: str = ""
    links: tuple[str, ...] = ()

    @property
    def line(self) -> str:
        """Its number and what it is about, in one line."""
        count = plural(len(self.verdicts), "verdict")
        return shorten(one_line(visible(f"{self.number}. {self.adapter}: {self.name} ({count}): {self.happens}")), 240)


def subjects(records: Records) -> tuple[Subject, ...]:
    """Return the causes of findings as reports number them, and after them what is known, the most frequent first."""
    distinct = causes(records)
    findings = [_of_cause(cause, records) for cause in distinct]
    known = sorted(_known(records), key=lambda subject: (-len(subject.verdicts), subject.adapter, subject.name))
    return (*findings, *(replace(each, number=number) for number, each in enumerate(known, start=len(findings) + 1)))


def chosen(records: Records, cause: str) -> Subject:
    """Return the subject with a number, or with the name of a known divergence: ``NAME`` or ``ADAPTER/NAME``.

    Raises ValueError, which says what is allowed, for one that does not exist or names several.
    """
    every = subjects(records)
    named = [each for each in every if cause in (str(each.number), each.name, f"{each.adapter}/{each.name}")]
    if len(named) == 1:
        return named[0]
    if named:
        several = ", ".join(f"{each.adapter}/{each.name}" for each in named)
        raise ValueError(f"--cause {cause} names several; allowed: {several}")
    if not every:
        raise ValueError(f"--cause {cause}: this record has no cause, nothing in it diverges")
    raise ValueError(
        f"--cause {cause} is no cause of this record; allowed: 1 to {len(every)}, "
        "or the name of a known divergence: `convformance causes` lists them"
    )


def listing(records: Records) -> list[str]:
    """Return a line for every subject."""
    return [subject.line for subject in subjects(records)] or ["nothing in this record diverges"]


def issue(records: Records, subject: Subject) -> list[str]:
    """Return the text of an issue, line by line."""
    verdict = subject.verdicts[0]
    run = records.runs[subject.adapter].run if subject.adapter in records.runs else Run(adapter=subject.adapter)
    return [
        _MADE_UP,
        f"# {_title(subject, verdict)}",
        "",
        "## What happens",
        "",
        *_happens(subject, verdict, run),
        "",
        "## What should happen",
        "",
        *_expected(verdict),
        "",
        *_reproduction(verdict),
        "## Where it happens, and where not",
        "",
        *_where(records, subject),
        "",
        "## Tried",
        "",
        *_tried(trials(records, subject.adapter, subject.verdicts)),
        "",
        *_likely(subject, verdict),
        *_related(subject),
    ]


def _of_cause(cause: Cause, records: Records) -> Subject:
    unexplained = cause.explanation.name == UNEXPLAINED
    return Subject(
        cause.number,
        cause.adapter,
        cause.name,
        "Wrong numbers, with no simple explanation." if unexplained else f"{cause.what}.",
        cause.verdicts,
        cause.where,
        remedy=cause.remedy,
        links=_sources(records, cause.verdicts),
    )


def _known(records: Records) -> Iterator[Subject]:
    by_name: dict[tuple[str, str], list[Verdict]] = {}
    for verdict in records.verdicts.values():
        if verdict.known:
            by_name.setdefault((verdict.adapter, verdict.known), []).append(verdict)
    for (adapter, name), verdicts in by_name.items():
        state = records.runs.get(adapter)
        declared = next((each for each in (state.run.known if state else ()) if each.name == name), Known(name=name))
        links = (declared.link,) if declared.link else _sources(records, verdicts)
        happens = declared.reason or "The record does not say why."
        ordered = tuple(sorted(verdicts, key=represents))
        yield Subject(0, adapter, name, happens, ordered, declared.covers, declared.machines, links=links)


def _sources(records: Records, verdicts: Iterable[Verdict]) -> tuple[str, ...]:
    """Return where the cases of these verdicts come from, as far as those are addresses."""
    cases = (records.cases[verdict.case] for verdict in verdicts if verdict.case in records.cases)
    return tuple(dict.fromkeys(case.source for case in cases if case.source.startswith("https://")))[:MOST_NAMES]


def _title(subject: Subject, verdict: Verdict) -> str:
    """Return the call and what is wrong with it, on one line: of a long sentence its first part."""
    happens = one_line(visible(subject.happens)).rstrip(".")
    for separator in ("; ", ": ", ", "):
        if len(happens) > _TITLE:
            happens = happens.split(separator, maxsplit=1)[0]
    types = "" if verdict.route.startswith(_RAW) else f" in {verdict.dtype}"
    return f"{visible(_call(verdict))}{types}: {shorten(happens, _TITLE)}"


def _call(verdict: Verdict) -> str:
    return verdict.route.removeprefix(_RAW)


def meaning_of(name: str) -> str:
    """Return in words what an operation is."""
    known = operation.BY_NAME.get(name)
    if known is None:
        return name
    kind = "transposed convolution" if known.transposed else "convolution"
    return f"{known.meaning.removeprefix('its ')} of a {kind}" if known.is_gradient else kind


def _happens(subject: Subject, verdict: Verdict, run: Run) -> Iterator[str]:
    yield _escaped(subject.happens)
    yield ""
    mode = subject.adapter.partition("[")[2].rstrip("]")
    version = f"{run.framework or subject.adapter} {run.framework_version}".strip()
    asked = f"{meaning_of(verdict.op)} by `{_call(verdict)}` in {verdict.dtype}"
    yield _escaped(f"Seen with {version}{mode and f' ({mode})'}: {asked}.")
    yield _escaped(f"{_seen(verdict)}.")


def _seen(verdict: Verdict) -> str:
    """Return what came in place of the right answer."""
    smallest = verdict.smallest
    if smallest is not None and not smallest.error and smallest.got is not None:
        return f"The smallest example gives {_numbers(smallest.got, smallest.words)}"
    error = verdict.smallest.error if verdict.smallest and verdict.smallest.error else verdict.message
    text = one_line(error).rstrip(".")
    return text[:1].upper() + text[1:]


def _numbers(values: Any, phrase: str) -> str:
    """Return numbers as they are written, or what is said of them in words where they are many."""
    text = json.dumps(values).replace('"', "")
    return f"`{text}`" if len(text) <= _LONGEST_NUMBERS else phrase.rstrip(".")


def _expected(verdict: Verdict) -> Iterator[str]:
    smallest = verdict.smallest
    if smallest is not None and smallest.want is not None:
        wanted = _numbers(smallest.want, "what the script says")
        yield f"The right result is {_escaped(wanted)}."
    elif verdict.grade == WRONG:
        yield "The right result is what the definition of a convolution gives."
    if verdict.route.startswith(_RAW):
        yield "The call should raise an exception" + (
            "." if verdict.grade != ACCEPTED else ", or give what these arguments mean where they mean something."
        )
    elif verdict.grade in (CRASHED, TIMED_OUT, ERROR):
        yield "If this is not supported, an exception that says so would be right, too."
    elif verdict.grade != WRONG:
        yield f"These numbers are such that sums in {_sums(verdict)} are exact, in whatever order."


def _sums(verdict: Verdict) -> str:
    """Return the type that sums are expected in."""
    return "float64" if verdict.dtype == "float64" else "float32"


def _reproduction(verdict: Verdict) -> Iterator[str]:
    yield from ("## Reproduction", "")
    if not verdict.script:
        yield from ("There is no script of it: it is too large to be written down, or did not happen again.", "")
        return
    yield from ("```python", *visible_lines(verdict.script), "```", "")
    ran = verdict.script_run
    said = _escaped(ran.text) if ran else "not run"
    yield from (f"Run in a process of its own where this was written: {said}.", "")


def visible_lines(script: str) -> list[str]:
    """Return the lines of a script, without what would end a block of code."""
    return [visible(line).replace("```", "` ` `") for line in script.rstrip().splitlines()]


def _where(records: Records, subject: Subject) -> Iterator[str]:
    verdicts = subject.verdicts
    if subject.where:
        yield f"- Condition: {_escaped(subject.where.rstrip('.'))}."
    if subject.machines:
        yield f"- Machines: {_escaped(subject.machines)}."
    operations = [meaning_of(name) for name in operations_in_order(verdict.op for verdict in verdicts)]
    yield f"- Operations: {', '.join(operations)}."
    yield f"- Calls: {_several(f'`{_call(verdict)}`' for verdict in verdicts)}."
    yield f"- Types: {', '.join(dtypes_in_order(verdict.dtype for verdict in verdicts))}."
    for grade, count in Counter(verdict.grade for verdict in verdicts).most_common():
        sentence = BY_NAME[grade].sentence.rstrip(".").split(";")[0]
        yield f"- Seen in {plural(count, 'test')} as {grade}: {sentence[:1].lower()}{sentence[1:]}."
    beside = right_beside(records, verdicts)
    if beside.dtypes:
        yield f"- The same tests are right in {', '.join(dtypes_in_order(beside.dtypes))}."
    if beside.routes:
        yield f"- The same tests are right by {_several(f'`{route.removeprefix(_RAW)}`' for route in beside.routes)}."
    if beside.others:
        yield f"- The same calls in these types are right in {plural(beside.others, 'other test')}."


def _several(names: Iterable[str]) -> str:
    """Return names once each, the most frequent first, and how many more there are."""
    ordered = [name for name, _ in Counter(names).most_common()]
    left = len(ordered) - MOST_NAMES
    return ", ".join(ordered[:MOST_NAMES]) + (f" and {left} more" if left > 0 else "")


def _tried(tried: Sequence[Trial]) -> Iterator[str]:
    yield from ("| version | machine | Python | the same tests asked | of which diverge |", "|---|---|---|--:|--:|")
    for trial in tried:
        run = trial.run
        machine = run.machine.kind or run.platform
        parts = (machine, *(f"{name}={value}" for name, value in sorted(run.machine.variables.items())))
        version = f"{run.framework} {run.framework_version}".strip() or run.adapter
        cells = (version, " ".join(parts), run.python, f"{trial.asked:,}", f"{trial.diverged:,}")
        yield f"| {' | '.join(_escaped(cell).replace('|', '/') for cell in cells)} |"


def _likely(subject: Subject, verdict: Verdict) -> Iterator[str]:
    where = [f"What mends this kind of mistake: {subject.remedy}"] if subject.remedy else []
    trace = verdict.message.rsplit(" (", maxsplit=1)
    if verdict.grade == ERROR and len(trace) == 2 and ", line " in trace[1]:
        where.append(f"The exception is raised in `{trace[1].rstrip(')')}`.")
    if verdict.grade == CRASHED and "it said: " in verdict.message:
        where.append(f"The last words of the process: {verdict.message.split('it said: ', maxsplit=1)[1]}")
    if where:
        yield from ("## Likely place", "", *(_escaped(one_line(text)) for text in where), "")


def _related(subject: Subject) -> Iterator[str]:
    if subject.links:
        yield from (
            "## Related",
            "",
            *(f"- <{visible(link)}>" for link in subject.links if link.startswith("https://")),
        )


def _escaped(text: str) -> str:
    """Return text that Markdown shows as it is."""
    return one_line(visible(text)).replace("<", "&lt;")
