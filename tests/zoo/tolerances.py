"""The page ``docs/tolerances.md``: what the usual tolerances let pass of the zoo, and reject of the garden."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from convformance.test_cases.case import DTYPES
from tests.zoo.figures import Figures
from tests.zoo.matrix import Record
from tests.zoo.page import names_of, percent, table, worse_share
from tests.zoo.rivals import RULES, TOLERANCES

_OPENING = """\
# The usual tolerances

What would have been found with the tolerance that a test has today? A zoo of wrong convolutions and a garden of right
ones ([teeth](teeth.md) lists both) answered the same questions, and the same answers were compared by the rules that
tests of convolutions use. `convformance.assert_close` ([explaining one answer](explain.md)) has a bound for each
element, made of the operands; the other rules have one number for all data, shapes and dtypes.

This page is written by `python -m tests.zoo --rules-only --tolerances docs/tolerances.md`, and by `tox run -e zoo`."""

_ON_FIGURES = """\
All rules but the first row's look at the same single answer to normally distributed operands. The first row is the
whole suite, which also asks whole numbers that must come out bit for bit, and looks at dtype and operands.

- *missed*: wrong implementations that the rule accepts in every question asked;
- *wrong numbers accepted*: of all answers of the right shape and dtype whose numbers the suite calls wrong; some of
  them it sees on whole numbers alone;
- *right ... rejected*: of the answers of direct implementations, all right, without NaN and infinity in the operands;
- *fast rejected*: of the answers of FFT and Winograd algorithms in float32. Their errors are relative to the largest
  element: whoever uses one says `grade="norm-wise"`.

A rule that also rejects a right direct answer to a question catches nothing there."""

_ON_MEASURES = """\
Correlation, cosine and squared error are one number for a whole array: what is wrong at a border, in one channel or
in one element hardly moves it. A fixed tolerance does not know how long a sum is, nor how large its terms are. What
the bound misses is what no comparison of one answer's numbers shows: another dtype, operands that were changed, a
second call that answers otherwise, and inputs rounded before long sums, which whole numbers show bit for bit."""


def markdown(figures: Figures, *, every: int = 1) -> str:
    """Return the page; ``every`` says that only every so many-th question was asked."""
    caught = replace(figures, zoo=[record for record in figures.zoo if record.caught])
    rules = {name: caught.rule(name) for name in TOLERANCES}
    parts = (
        _OPENING,
        _asked(figures, caught.zoo, every),
        _figures_table(caught, rules),
        _ON_FIGURES,
        _ON_MEASURES,
        "## What is missed, by kind of mistake",
        _by_family(caught.zoo, rules),
        "## Which they are",
        "\n".join(f"- {RULES[name].sentence}: {names_of(rule['missed'])}." for name, rule in rules.items()),
    )
    return "\n\n".join(parts) + "\n"


def _asked(figures: Figures, caught: Sequence[Record], every: int) -> str:
    right = len(figures.garden)
    if every == 1:
        return f"Asked were all questions of the {figures.tier} tier, of {len(caught)} wrong and {right} right ones."
    sample = f"Asked was a sample, every {every}th question of the {figures.tier} tier (`--every {every}`)"
    return f"{sample}: {len(caught)} of {len(figures.zoo)} wrong ones show in it; the garden has {right}."


def _figures_table(figures: Figures, rules: dict[str, dict[str, Any]]) -> str:
    columns = "|".join(("missed", "wrong numbers accepted", *(f"right {d} rejected" for d in DTYPES), "fast rejected"))
    ours = ("the whole suite", "0", "0", *(percent(worse_share(figures, dtype)) for dtype in DTYPES), "0")
    rows = [
        (
            RULES[name].sentence,
            f"{len(rule['missed'])} of {len(figures.zoo)}",
            percent(rule["numbers_accepted"]),
            *(percent(rule["rejected"][dtype]) for dtype in DTYPES),
            percent(figures.rejected_of_fast(name)),
        )
        for name, rule in rules.items()
    ]
    return table(f"rule|{columns}", [ours, *rows], columns)


def _by_family(zoo: Sequence[Record], rules: dict[str, dict[str, Any]]) -> str:
    """Return how many members of each family every rule misses."""
    families = dict.fromkeys(record.member.family for record in zoo)
    rows = []
    for family in families:
        names = {record.member.name for record in zoo if record.member.family == family}
        counts = (len(names & set(rule["missed"])) for rule in rules.values())
        rows.append((family, str(len(names)), *(str(count) if count else "" for count in counts)))
    columns = "|".join(("wrong ones", *TOLERANCES))
    return table(f"kind|{columns}", rows, columns)
