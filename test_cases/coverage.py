"""How many pairs and triples of features a set of questions reaches, of those that can be, and which it leaves out.

Counted with matrices: with a row a question and a column a level, ``X.T @ X`` says which levels meet in some question.
"""

import json
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from itertools import combinations
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from convformance.test_cases.case import Case
from convformance.test_cases.features import FEATURES, NAMES, Question, is_counted, levels_of, questions_of

Level = tuple[str, str]  # of a feature
Combination = tuple[Level, ...]
Table = NDArray[np.bool_]  # an axis for each level that is combined

LEVELS: Sequence[Level] = tuple((feature.name, level) for feature in FEATURES for level in feature.levels)
IMPOSSIBLE = Path(__file__).with_name("impossible.jsonl")
STRENGTHS = {2: "pairs", 3: "triples"}

_COLUMNS = {level: column for column, level in enumerate(LEVELS)}


@dataclass(frozen=True)
class Coverage:
    """How many combinations of so many features are reached, of those that can be; ``missing`` are the others."""

    strength: int
    possible: int
    missing: tuple[Combination, ...]

    @property
    def reached(self) -> int:
        return self.possible - len(self.missing)

    @property
    def share(self) -> float:
        return self.reached / self.possible


def of_cases(cases: Iterable[Case], strength: int) -> Coverage:
    """Return the coverage of all that the cases ask; raw arguments are no combination of features."""
    asked = (case for case in cases if case.raw is None)
    return of_questions((question for case in asked for question in questions_of(case)), strength)


def of_questions(questions: Iterable[Question], strength: int) -> Coverage:
    """Return the coverage of the questions; those of cases without elements do not count."""
    can_be = possible(strength)
    missing = can_be & ~reached([question for question in questions if is_counted(question)], strength)
    return Coverage(strength, int(can_be.sum()), tuple(_combinations_in(missing)))


def reached(questions: Sequence[Question], strength: int) -> Table:
    """Return which combinations of levels meet in some question."""
    rows = np.zeros((len(questions), len(LEVELS)), np.float32)
    for row, question in zip(rows, questions, strict=True):
        row[[_COLUMNS[level] for level in zip(NAMES, levels_of(question), strict=True)]] = 1
    return _meeting(rows, strength)


def _meeting(rows: NDArray[np.float32], strength: int) -> Table:
    if strength == 2:
        together: Table = rows.T @ rows > 0
        return together
    return np.stack([_meeting(rows[rows[:, column] > 0], strength - 1) for column in range(rows.shape[1])])


@cache
def possible(strength: int) -> Table:
    """Return which combinations can be: levels of different features, but for what ``IMPOSSIBLE`` lists."""
    can_be = np.zeros((len(LEVELS),) * strength, bool)
    owners = np.array([name for name, _ in LEVELS])
    for features in combinations(NAMES, strength):
        can_be[np.ix_(*(owners == name for name in features))] = True
    for combination in listed_impossible():
        _strike_out(can_be, [_COLUMNS[level] for level in combination])
    return can_be


def _strike_out(can_be: Table, columns: Sequence[int]) -> None:
    """Strike out what holds all the levels of ``columns``, on whichever axes they are."""
    for axes in combinations(range(can_be.ndim), len(columns)):
        index: list[int | slice] = [slice(None)] * can_be.ndim
        for axis, column in zip(axes, columns, strict=True):
            index[axis] = column
        can_be[tuple(index)] = False


@cache
def listed_impossible() -> tuple[Combination, ...]:
    """Return the combinations of two and three levels that cannot be, as they were last worked out."""
    lines = IMPOSSIBLE.read_text(encoding="utf-8").splitlines()
    return tuple(tuple((name, level) for name, level in json.loads(line)) for line in lines)


def _combinations_in(table: Table) -> Iterator[Combination]:
    for columns in np.argwhere(table):
        yield tuple(LEVELS[column] for column in columns)


def phrase(combination: Combination) -> str:
    """Return a combination in words."""
    return ", ".join(f"{name} {level or 'none'}" for name, level in combination)
