"""Pairs of features that a function takes, and that none of its questions has so far: small cases are built for them.

A mistake that needs two features at once, such as a bias that is left out where there is padding, shows in no case that
has only one of them.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace

from convformance.checking.caller import Capabilities
from convformance.checking.cases import askable
from convformance.test_cases import building, coverage
from convformance.test_cases.case import Case
from convformance.test_cases.coverage import Combination
from convformance.test_cases.covering import combinations_of
from convformance.test_cases.features import FEATURES, Question, has_elements, levels_of, questions_of

_TRIES = 12  # cases that are built for a pair before it is given up
_FAMILY = "check"
# A mistake with these shows by itself; their pairs would make a third of all questions.
_ASKED_BY_THEMSELVES = {("memory", layout) for layout in ("expanded", "unaligned", "ones", "guarded")}
Levels = Mapping[str, Sequence[str]]


def with_pairs(cases: Sequence[Case], capabilities: Capabilities, dtype: str) -> list[Case]:
    """Return the cases, and others with the pairs of features that they lack.

    First those that have a feature which none before them has, so that little time leaves none out, then the rest; both
    from small to big.
    """
    added = {each.id: each for each in _for_missing_pairs(cases, capabilities, dtype)}
    every = {**added, **{each.id: each for each in cases}}
    ordered = sorted(every.values(), key=lambda each: (each.problem.multiplications, each.id))
    seen: set[tuple[int, str]] = set()
    later: dict[str, bool] = {}
    for each in ordered:
        levels = {level for question in _of_dtype(each, dtype) for level in enumerate(levels_of(question))}
        later[each.id] = levels <= seen
        seen |= levels
    return sorted(ordered, key=lambda each: later[each.id])


def _for_missing_pairs(cases: Sequence[Case], capabilities: Capabilities, dtype: str) -> Iterator[Case]:
    asked = [question for case in cases if has_elements(case) for question in _of_dtype(case, dtype)]
    taken = _levels_taken(asked)
    missing = coverage.of_questions(asked, 2).missing
    left = {
        pair: None for pair in missing if all(is_combined(name, level) and level in taken[name] for name, level in pair)
    }
    while left:
        pair = next(iter(left))
        del left[pair]
        case = _built(pair, taken, capabilities, dtype)
        if case is not None:
            yield case
            for question in _of_dtype(case, dtype):
                for reached in combinations_of(question, 2):
                    left.pop(reached, None)


def is_combined(name: str, level: str) -> bool:
    """Whether a level is asked with every other one."""
    return (name, level) not in _ASKED_BY_THEMSELVES and (name != "range" or not level)


def _of_dtype(case: Case, dtype: str) -> list[Question]:
    return [question for question in questions_of(case) if question.dtype == dtype]


def _levels_taken(asked: Sequence[Question]) -> dict[str, list[str]]:
    """Return the levels that some question has, which are those that the function takes."""
    seen = [set(column) for column in zip(*map(levels_of, asked), strict=True)] if asked else [set()] * len(FEATURES)
    pairs = zip(FEATURES, seen, strict=True)
    return {feature.name: [level for level in feature.levels if level in levels] for feature, levels in pairs}


def _built(pair: Combination, taken: Levels, capabilities: Capabilities, dtype: str) -> Case | None:
    """Return a case with the pair as the function can be asked it, None where no few seeds give one."""
    for seed in range(_TRIES):
        question = building.build(dict(pair), f"{_FAMILY}:{pair}:{seed}", taken)
        if question is None:
            continue
        candidate = replace(question.case, family=_FAMILY, operations=capabilities.operations)
        for case in askable([candidate], capabilities, dtype, empty=False):
            if any(pair in combinations_of(each, 2) for each in _of_dtype(case, dtype)):
                return case
    return None
