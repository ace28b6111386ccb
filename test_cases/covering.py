"""Combinations of levels: which there are, which of them can be, which are reached, and questions for what is missing.

The greedy way of Cohen, Dalal, Fredman and Patton, "The AETG system" (1997): each new question starts from a
combination that is missing and is the best of several. Constraints need no description: what cannot be built is left.
Source: https://doi.org/10.1109/32.605761
"""

import json
from collections.abc import Iterable, Iterator, Set
from functools import cache
from itertools import combinations
from pathlib import Path

from convformance.test_cases import building
from convformance.test_cases.case import Case
from convformance.test_cases.features import FEATURES, Question, has_elements, levels_of, questions_of

Level = tuple[str, str]  # of a feature
Combination = tuple[Level, ...]

IMPOSSIBLE = Path(__file__).with_name("impossible.jsonl")
TRIES = 1000  # seeds after which a combination counts as one that cannot be
_CANDIDATES = 30  # of which the best is taken


def phrase(combination: Combination) -> str:
    """Return a combination in words."""
    return ", ".join(f"{name} {level or 'none'}" for name, level in combination)


def combinations_of(question: Question, strength: int) -> Iterator[Combination]:
    """Yield the combinations of so many features that a question reaches."""
    names = (feature.name for feature in FEATURES)
    return combinations(zip(names, levels_of(question), strict=True), strength)


def every(strength: int) -> Iterator[Combination]:
    """Yield every combination of levels of so many features, those that cannot be included."""
    for features in combinations(FEATURES, strength):
        yield from _products([[(feature.name, level) for level in feature.levels] for feature in features])


def _products(choices: list[list[Level]]) -> Iterator[Combination]:
    first, *others = choices
    for level in first:
        if not others:
            yield (level,)
        else:
            yield from ((level, *rest) for rest in _products(others))


def reached(questions: Iterable[Question], strength: int) -> set[Combination]:
    """Return the combinations that any of the questions reaches."""
    return {combination for question in questions for combination in combinations_of(question, strength)}


def reached_by_cases(cases: Iterable[Case], strength: int) -> set[Combination]:
    """Return the combinations that the questions of these cases reach; cases without elements are left out."""
    asked = (question for case in cases if has_elements(case) for question in questions_of(case))
    return reached(asked, strength)


@cache
def possible(strength: int) -> frozenset[Combination]:
    """Return the combinations that can be: all but those that the file beside this one lists, and what holds one."""
    cannot_be = listed_impossible()
    return frozenset(each for each in every(strength) if each not in cannot_be and not _holds_any(each, cannot_be))


@cache
def listed_impossible() -> frozenset[Combination]:
    """Return the combinations of two and three levels that cannot be, as they were last worked out."""
    lines = IMPOSSIBLE.read_text(encoding="utf-8").splitlines()
    return frozenset(tuple((name, level) for name, level in json.loads(line)) for line in lines)


def find_impossible(strength: int, seen: set[Combination], known: set[Combination]) -> set[Combination]:
    """Return the combinations that cannot be built and that no question has been ``seen`` to reach.

    ``known`` are smaller ones that cannot be, so that nothing that holds one of them can.
    """
    return {
        combination
        for combination in every(strength)
        if combination not in seen
        and not _holds_any(combination, known)
        and building.search(dict(combination), "can", TRIES) is None
    }


def _holds_any(combination: Combination, known: Set[Combination]) -> bool:
    smaller = (part for size in range(2, len(combination)) for part in combinations(combination, size))
    return any(part in known for part in smaller)


def cover(missing: set[Combination], strength: int, seed: str) -> Iterator[Question]:
    """Yield questions that reach all that is ``missing``: each the best of several for the first that is left."""
    left = dict.fromkeys(sorted(missing))
    number = 0
    while left:
        target = next(iter(left))
        best = _best(target, left, strength, f"{seed}:{number}")
        number += 1
        if best is None:
            del left[target]
            continue
        yield best
        for combination in combinations_of(best, strength):
            left.pop(combination, None)


def _best(target: Combination, left: dict[Combination, None], strength: int, seed: str) -> Question | None:
    """Return the candidate that reaches most of what is left."""
    drawn = (building.search(dict(target), f"{seed}:{number}", TRIES) for number in range(_CANDIDATES))
    candidates = [question for question in drawn if question is not None]
    return max(candidates, key=lambda question: _gain(question, left, strength), default=None)


def _gain(question: Question, left: dict[Combination, None], strength: int) -> int:
    return sum(combination in left for combination in combinations_of(question, strength))
