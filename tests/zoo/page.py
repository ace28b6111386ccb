"""The page: ``docs/teeth.md`` and a picture of the kill matrix, written from the figures of a run."""

from collections.abc import Iterable, Sequence
from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from convformance.test_cases.case import DTYPES, TIERS
from convformance.test_cases.catalogue import FAMILIES
from tests.zoo.figures import ENOUGH, Figures, by_family, first_tier, seen_by
from tests.zoo.matrix import Record
from tests.zoo.rivals import RULES, SUITES

_TEMPLATES = Environment(
    loader=FileSystemLoader(Path(__file__).parent),
    autoescape=True,
    undefined=StrictUndefined,
    trim_blocks=True,
    lstrip_blocks=True,
)


def markdown(figures: Figures) -> str:
    """Return the page ``docs/teeth.md``."""
    parts = (_opening(figures), _rules(figures), _matrix(figures), _cases(figures), _zoo(figures), _garden(figures))
    return "\n\n".join(parts) + "\n"


def html(figures: Figures) -> str:
    """Return the kill matrix of every member and every family of cases as a page of its own."""
    rows = [(record, by_family(record), asked_by_family(record)) for record in _sorted(figures.zoo)]
    return _TEMPLATES.get_template("matrix.html").render(figures=figures, rows=rows, families=list(FAMILIES))


def asked_by_family(record: Record) -> dict[str, int]:
    """Return how many questions of each family of cases a member was asked."""
    families = [record.questions[outcome.index].case.family for outcome in record.outcomes]
    return {family: families.count(family) for family in FAMILIES}


def table(head: str, rows: Iterable[Sequence[str]], numbers: str = "") -> str:
    """Return a Markdown table; ``head`` are its columns, separated by bars, and ``numbers`` the right-aligned ones."""
    columns = head.split("|")
    rule = "|".join("--:" if column in numbers.split("|") else "---" for column in columns)
    return "\n".join(
        (f"|{'|'.join(f' {column} ' for column in columns)}|", f"|{rule}|", *(f"| {' | '.join(row)} |" for row in rows))
    )


def _opening(figures: Figures) -> str:
    zoo, garden = figures.zoo, figures.garden
    answers = sum(len(record.outcomes) for record in garden)
    worse = sum(len(record.caught) for record in garden)
    right = len(figures.named) - len(figures.misnamed)
    rows = (
        ("wrong implementations", str(len(zoo))),
        (f"caught by the {figures.tier} tier", _of(len(zoo) - len(figures.escaped), len(zoo))),
        ("caught by the smoke tier already", _of(len(figures.early), len(zoo))),
        (f"caught by {ENOUGH} cases or more", _of(len(zoo) - len(figures.weak), len(zoo))),
        ("diagnosis in first place the right one, of those whose mistake has a name", _of(right, len(figures.named))),
        ("right implementations", str(len(garden))),
        ("of their answers called worse than they are", _of(worse, answers)),
        (f"outcomes that {figures.seeds} seeds in a row change", str(len(figures.changes))),
    )
    return "\n\n".join((_INTRODUCTION, table("what|figure", rows, "figure")))


_INTRODUCTION = """\
# Teeth

What the suite catches, measured: every member of a zoo of wrong convolutions, and of a garden of right ones that differ
in every legal way, is asked the questions that a framework is asked, and judged by the same judge. A defect is caught
where its grade is not `conformant`; a right implementation must never be graded worse than what it is. The page is
written by `tox run -e zoo`, which fails when a defect escapes, when fewer than three cases catch it, or when a right
implementation is called wrong. That is `python -m tests.zoo --out out --page docs/teeth.md`; `out/zoo.json` has every
figure, `out/zoo.html` the matrix of all members."""


def _of(count: int, of: int) -> str:
    return f"{count} of {of} ({count / of:.0%})" if of else "none"


def _rules(figures: Figures) -> str:
    rules = {name: figures.rule(name) for name in SUITES}
    ours = (
        "this suite",
        str(len(figures.escaped)),
        "0",
        *(percent(worse_share(figures, dtype)) for dtype in DTYPES),
    )
    rows = [
        (
            RULES[name].sentence,
            str(len(figure["missed"])),
            percent(figure["accepted"]),
            *(percent(figure["rejected"][dtype]) for dtype in DTYPES),
        )
        for name, figure in rules.items()
    ]
    columns = "|".join(("defects missed", "wrong answers accepted", *(f"right {dtype} rejected" for dtype in DTYPES)))
    lists = [f"- {RULES[name].sentence}: {names_of(figure['missed'])}." for name, figure in rules.items()]
    return "\n\n".join(
        (
            f"## The same answers under the usual rules\n\n{_ON_RULES}",
            table(f"rule|{columns}", [ours, *rows], columns),
            "What each of them misses:",
            "\n".join(lists),
        )
    )


_ON_RULES = """\
The same zoo and garden on the same cases. A rule catches a defect where it rejects its answer and none of the garden's
direct ones to the same question; a rule that rejects them as well tells nothing there. *Accepted* is the share of the
answers that this suite calls wrong and the rule does not catch; *rejected* that of the direct implementations' answers,
all right, to questions without NaN and Inf. What the cases themselves bring - unequal sizes, remainders, empty arrays -
is common to all the rules here."""


def worse_share(figures: Figures, dtype: str) -> float | None:
    """Return which share of the garden's answers in ``dtype`` the judge calls worse than they are."""
    asked = [record.questions[outcome.index].dtype for record in figures.garden for outcome in record.outcomes].count(
        dtype
    )
    worse = [record.questions[outcome.index].dtype for record in figures.garden for outcome in record.caught].count(
        dtype
    )
    return worse / asked if asked else None


def percent(share: float | None) -> str:
    if share is None:
        return "not asked"
    return "0" if share == 0 else f"{share:.1%}" if share >= 0.001 else "below 0.1%"


def names_of(names: Sequence[str]) -> str:
    return ", ".join(f"`{name}`" for name in names) or "nothing"


def _matrix(figures: Figures) -> str:
    """Return which families of cases catch how many defects of each family."""
    families = dict.fromkeys(record.member.family for record in figures.zoo)
    rows = []
    for family in families:
        members = [record for record in figures.zoo if record.member.family == family]
        caught = [by_family(record) for record in members]
        counts = (sum(name in figure for figure in caught) for name in FAMILIES)
        rows.append((family, str(len(members)), *(str(count) if count else "" for count in counts)))
    legend = (
        "Rows are families of defects, columns families of cases; "
        "a number is how many of the defects that family of cases catches."
    )
    columns = "|".join(("defects", *FAMILIES))
    return f"## The kill matrix\n\n{legend}\n\n" + table(f"family|{columns}", rows, columns)


def _cases(figures: Figures) -> str:
    weak = [f"`{record.member.name}` ({len(record.catching)})" for record in figures.weak]
    idle = [f"`{case.id}`" for case in figures.idle]
    return "\n\n".join(
        (
            "## Cases and defects that stand alone",
            f"Caught by fewer than {ENOUGH} cases: {', '.join(weak) or 'none'}.",
            f"{len(figures.needed)} cases are among the {ENOUGH} or fewer that catch some defect.",
            f"Cases that catch no defect of the zoo, {len(idle)}: {', '.join(idle) or 'none'}.",
        )
    )


def _zoo(figures: Figures) -> str:
    legend = (
        "Those that fewest cases catch come first. *By* counts cases, *first* is the first tier that catches it, "
        "*seen by* are the fills that do, the best first; a diagnosis in brackets is not the one expected."
    )
    rows = (_row(record) for record in _sorted(figures.zoo))
    return f"## The zoo\n\n{legend}\n\n" + table(
        "defect|what is wrong|by|first|seen by|diagnosis in first place", rows, "by"
    )


def _row(record: Record) -> tuple[str, ...]:
    member = record.member
    name = f"[{member.name}]({member.source})" if member.source else member.name
    by = f"{len(record.catching)} of {record.asked}"
    return name, member.says, by, first_tier(record) or "never", ", ".join(seen_by(record)), _diagnosed(record)


def _diagnosed(record: Record) -> str:
    figure = record.named or "none"
    if record.member.diagnosis in (None, figure):
        return figure
    return f"({figure}; expected {record.member.diagnosis})"


def _sorted(records: Iterable[Record]) -> list[Record]:
    """Return those that fewest cases catch first, those that only a later tier catches before the others."""
    tiers = [None, *reversed(TIERS)]
    return sorted(
        records, key=lambda record: (tiers.index(first_tier(record)), len(record.catching), record.member.name)
    )


def _garden(figures: Figures) -> str:
    rows = [
        (
            record.member.name,
            record.member.says,
            record.member.grade,
            str(len(record.outcomes)),
            str(len(record.caught)),
            _largest(record),
        )
        for record in figures.garden
    ]
    legend = (
        "*Share* is the largest error, 1 being all that a conformant answer may have; "
        "fast algorithms exceed it by their grade."
    )
    return f"## The garden\n\n{legend}\n\n" + table(
        "implementation|what it does|grade allowed|answers|called worse|share", rows, "answers|called worse|share"
    )


def _largest(record: Record) -> str:
    errors = [outcome.error for outcome in record.outcomes if outcome.error is not None]
    return f"{max(errors):.2g}" if errors else ""
