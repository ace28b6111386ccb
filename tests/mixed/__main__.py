"""Add to the family ``mixed`` what no case reaches: ``python -m tests.mixed``.

Cases that are there stay as they are. The tier standard reaches every pair of levels, and every pair in every operation
but for those with a dtype, a memory layout or a special value; the tier full reaches every triple.
"""

import json
from collections.abc import Iterable, Iterator
from dataclasses import replace

from convformance.test_cases import building, catalogue, covering
from convformance.test_cases.case import Case
from convformance.test_cases.covering import Combination
from convformance.test_cases.families import mixed
from convformance.test_cases.features import Question

_NOT_IN_EVERY_OPERATION = {"dtype", "memory", "special"}


def main() -> None:
    """Write down what cannot be, then the cases that are missing in each tier."""
    _write_impossible(catalogue.cases("full"))
    for tier, strength in (("standard", 2), ("standard", 3), ("full", 3)):
        asked = catalogue.cases(tier)
        wanted = {each for each in covering.possible(strength) if strength == 2 or tier == "full" or _is_core(each)}
        missing = wanted - covering.reached_by_cases(asked, strength)
        added = _append(covering.cover(missing, strength, tier), tier)
        counts = f"{len(missing):,} of {len(wanted):,} combinations of {strength} levels were missing"
        print(f"{tier}: {counts}, {added} cases added")


def _write_impossible(asked: Iterable[Case]) -> None:
    """Write the combinations that cannot be, those of two levels first."""
    known: set[Combination] = set()
    for strength in (2, 3):
        seen = covering.reached_by_cases(asked, strength)
        known |= covering.find_impossible(strength, seen, known)
    lines = (json.dumps(each) for each in sorted(known, key=lambda each: (len(each), each)))
    covering.IMPOSSIBLE.write_text("".join(f"{line}\n" for line in lines), encoding="utf-8")
    covering.listed_impossible.cache_clear()
    covering.possible.cache_clear()


def _is_core(combination: Combination) -> bool:
    """Whether it is a pair of levels of geometry in one operation."""
    names = {name for name, _ in combination}
    return "operation" in names and not names & _NOT_IN_EVERY_OPERATION


def _append(questions: Iterable[Question], tier: str) -> int:
    """Append a line a question; return how many."""
    lines = [json.dumps(building.to_document(each, tier)) for each in _with_ids_of_their_own(questions)]
    with mixed.LINES.open("a", encoding="utf-8") as file:
        file.writelines(f"{line}\n" for line in lines)
    mixed.cases.cache_clear()
    catalogue.forget()
    return len(lines)


def _with_ids_of_their_own(questions: Iterable[Question]) -> Iterator[Question]:
    """Yield the questions with another seed where a case of that id is there."""
    known = {each.id for each in mixed.cases()}
    for question in questions:
        case = question.case
        while case.id in known:
            case = replace(case, seed=case.seed + 1)
        known.add(case.id)
        yield replace(question, case=case)


if __name__ == "__main__":
    main()
