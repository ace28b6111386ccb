"""Questions for the combinations of levels that none reaches yet.

The greedy way of Cohen, Dalal, Fredman and Patton, "The AETG system" (1997): each new question starts from a
combination that is missing and is the best of several. Constraints need no description: what cannot be built is left.
Source: https://doi.org/10.1109/32.605761
"""

from collections.abc import Callable, Iterable, Iterator
from itertools import combinations

from convformance.test_cases import building
from convformance.test_cases.coverage import Combination
from convformance.test_cases.features import NAMES, Question, levels_of

TRIES = 1000  # seeds after which a combination counts as one that cannot be
_CANDIDATES = 30  # of which the best is taken


def combinations_of(question: Question, strength: int) -> Iterator[Combination]:
    """Yield the combinations of so many features that a question reaches."""
    return combinations(zip(NAMES, levels_of(question), strict=True), strength)


def find_impossible(missing: Iterable[Combination]) -> set[Combination]:
    """Return those of the combinations that no question is built for, however often it is tried."""
    return {each for each in missing if building.search(dict(each), "can", TRIES) is None}


def cover(
    missing: Iterable[Combination], strength: int, seed: str, accept: Callable[[Question], bool] = lambda question: True
) -> Iterator[Question]:
    """Yield questions that reach all that is ``missing``: each the best of several for the first that is left.

    Those that ``accept`` turns down are left out; a combination that has no other is given up.
    """
    left = dict.fromkeys(sorted(missing))
    number = 0
    while left:
        target = next(iter(left))
        ranked = _ranked(target, left, strength, f"{seed}:{number}")
        best = next(filter(accept, ranked), None)
        number += 1
        if best is None:
            del left[target]
            continue
        yield best
        for combination in combinations_of(best, strength):
            left.pop(combination, None)


def _ranked(target: Combination, left: dict[Combination, None], strength: int, seed: str) -> list[Question]:
    """Return candidates that have the target, those that reach most of what is left first."""
    drawn = (building.search(dict(target), f"{seed}:{number}", TRIES) for number in range(_CANDIDATES))
    candidates = [question for question in drawn if question is not None]
    return sorted(candidates, key=lambda question: -_gain(question, left, strength))


def _gain(question: Question, left: dict[Combination, None], strength: int) -> int:
    return sum(combination in left for combination in combinations_of(question, strength))
