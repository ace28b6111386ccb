"""Add to the family ``mixed`` what no case reaches: ``python -m tests.mixed``.

Cases that are there stay as they are, and new ones stand behind them. None is added, or kept, that makes a right
implementation of the garden look wrong: an FFT rounds by the largest sum of a plane that it works on, which says
nothing of a result in which hardly anything is summed. The tier standard reaches every pair of levels, and every pair
in every operation but for those with a dtype, a memory layout, a special value, a range or what lies beyond an
ordinary convolution; the tier full every triple.
"""

import json
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace

from convformance.test_cases import building, catalogue, coverage, covering
from convformance.test_cases.case import Case
from convformance.test_cases.coverage import Combination
from convformance.test_cases.families import mixed
from convformance.test_cases.features import Question, questions_of
from tests.zoo import matrix
from tests.zoo.catalogue import GARDEN

_NOT_IN_EVERY_OPERATION = {"dtype", "memory", "special", "range", "beyond"}


def main() -> None:
    """Write down what cannot be, then the cases that are missing in each tier."""
    _drop_unfair()
    coverage.IMPOSSIBLE.write_text("", encoding="utf-8")
    _write_impossible(catalogue.cases("full"))
    for tier, strength in (("standard", 2), ("standard", 3), ("full", 3)):
        missing = coverage.of_cases(catalogue.cases(tier), strength).missing
        wanted = [each for each in missing if strength == 2 or tier == "full" or _is_core(each)]
        added = _append(covering.cover(wanted, strength, tier, accept=is_fair), tier)
        print(f"{tier}: {len(wanted):,} {coverage.STRENGTHS[strength]} of features were missing, {added} cases added")


def is_fair(question: Question) -> bool:
    """Whether no member of the garden is called worse than it is."""
    asked = matrix.Question(question.case, question.operation, question.dtype)
    members = [
        member for member in GARDEN if question.operation in member.operations and member.answers(question.case.problem)
    ]
    planned = [(asked, tuple(member.name for member in members))]
    return not any(record.caught for record in matrix.records(members, planned, matrix.How()))


def _drop_unfair() -> None:
    """Leave out the lines of cases that are not fair."""
    kept = []
    for line, case in zip(mixed.LINES.read_text(encoding="utf-8").splitlines(), mixed.cases(), strict=True):
        if all(map(is_fair, questions_of(case))):
            kept.append(line)
    mixed.LINES.write_text("".join(f"{line}\n" for line in kept), encoding="utf-8")
    mixed.cases.cache_clear()
    catalogue.forget()


def _write_impossible(asked: Sequence[Case]) -> None:
    """Write the combinations that cannot be, those of two levels first: a triple that holds one of them cannot be."""
    for strength in coverage.STRENGTHS:
        cannot_be = sorted(covering.find_impossible(coverage.of_cases(asked, strength).missing))
        known = [] if strength == 2 else coverage.listed_impossible()
        lines = "".join(f"{json.dumps(each)}\n" for each in (*known, *cannot_be))
        coverage.IMPOSSIBLE.write_text(lines, encoding="utf-8")
        coverage.listed_impossible.cache_clear()
        coverage.possible.cache_clear()


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
