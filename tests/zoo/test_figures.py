"""Figures and pages: what is caught counts, what escapes or is called wrong without reason fails, the page says so."""

import json
import re
from functools import cache
from pathlib import Path

import numpy as np

from convformance.reference import operations
from convformance.reference.problem import Problem
from convformance.test_cases.case import FORWARD
from tests.judging.asked import case_of
from tests.zoo import page
from tests.zoo.catalogue import GARDEN, ZOO
from tests.zoo.figures import Figures
from tests.zoo.matrix import How, Outcome, Question, explained, plan, records
from tests.zoo.member import Array, Arrays, Member
from tests.zoo.rivals import RULES
from tests.zoo.seeds import unfair, unsteady

PAGE = Path(__file__).resolve().parents[2] / "docs" / "teeth.md"
CASES = [
    case_of(input_size=(9, 8), kernel_size=3, padding=((1, 0), (0, 2)), in_channels=16, stride=(1, stride))
    for stride in (1, 2, 3)
]
QUESTIONS = [Question(case, operation, "float32") for case in CASES for operation in FORWARD]


def _reference(operation: str, problem: Problem, arrays: Arrays, bias: Array | None) -> Array:
    return operations.apply(operation, problem, *arrays, bias=bias)


def _negative(operation: str, problem: Problem, arrays: Arrays, bias: Array | None) -> Array:
    return -_reference(operation, problem, arrays, bias)


def _rounded(operation: str, problem: Problem, arrays: Arrays, bias: Array | None) -> Array:
    digits = tuple(
        (array.view(np.uint32) & np.uint32(0xFFFFE000)).view(np.float32) for array in map(np.ascontiguousarray, arrays)
    )
    return _reference(operation, problem, digits, bias)


def _raising(operation: str, problem: Problem, arrays: Arrays, bias: Array | None) -> Array:
    raise RuntimeError("no")


RIGHT = Member("right", "form", "Makes no mistake.", FORWARD, _reference)
NEGATIVE = Member("negative", "sign", "Turns the sign round.", FORWARD, _negative, diagnosis="sign-flipped")
ROUNDED = Member("rounded", "digits", "Cuts its operands to eleven digits.", FORWARD, _rounded)
RAISING = Member("raising", "process", "Raises an exception.", FORWARD, _raising)


@cache
def figures() -> Figures:
    """Return the figures of three wrong implementations and a right one."""
    members = (NEGATIVE, ROUNDED, RAISING, RIGHT)
    recorded = records(members, plan(members, QUESTIONS), How(rules=True))
    return Figures("smoke", explained(recorded[:3]), recorded[3:])


def test_what_is_wrong_is_caught_by_every_case_and_named() -> None:
    negative, rounded, raising = figures().zoo
    assert [len(record.catching) for record in figures().zoo] == [3, 3, 3]
    assert negative.named == "sign-flipped"
    assert {outcome.grade for outcome in rounded.outcomes} == {"low-precision"}
    assert {outcome.seen_by for outcome in raising.outcomes} == {("raised",)}
    assert figures().misnamed == []
    assert figures().failures() == []


def test_what_escapes_and_what_is_called_wrong_without_reason_are_failures() -> None:
    negative, right = figures().zoo[0], figures().garden[0]
    exchanged = Figures("smoke", [right], [negative])
    escaped, *called = exchanged.failures()
    assert escaped == "right is caught by 0 cases"
    assert len(called) == len(QUESTIONS)
    assert called[0].startswith("negative is called wrong by tests-")


def test_a_defect_that_two_cases_catch_is_a_failure() -> None:
    negative = figures().zoo[0]
    kept = [outcome for outcome in negative.outcomes if outcome.index < 4]
    seen_twice = type(negative)(negative.member, negative.questions, kept)
    assert Figures("smoke", [seen_twice], []).failures() == ["negative is caught by 2 cases"]


def test_integers_alone_do_not_see_operands_rounded_and_a_wide_tolerance_does_not_either() -> None:
    missed = {rule: figures().rule(rule)["missed"] for rule in RULES}
    assert missed["integers"] == ["rounded"]
    assert "rounded" not in missed["allclose-1e-5"]
    assert all("negative" not in names and "raising" not in names for names in missed.values())


def test_a_rule_that_rejects_right_answers_is_not_said_to_catch_wrong_ones() -> None:
    zoo, (right,) = figures().zoo, figures().garden
    rejected = [Outcome(outcome.index, outcome.grade, rejected_by=("integers",)) for outcome in right.outcomes]
    deaf = Figures("smoke", zoo, [type(right)(right.member, right.questions, rejected)])
    assert deaf.rule("integers") == {
        "missed": ["negative", "rounded", "raising"],
        "accepted": 1.0,
        "numbers_accepted": 1.0,
        "rejected": {"float64": None, "float32": 1.0, "float16": None, "bfloat16": None},
    }


def test_a_run_stops_asking_who_is_wrong_often_enough() -> None:
    recorded = records([NEGATIVE, RIGHT], plan([NEGATIVE, RIGHT], QUESTIONS), How(enough=2))
    assert [len(record.outcomes) for record in recorded] == [2, len(QUESTIONS)]


def test_other_seeds_change_neither_what_is_caught_nor_its_name() -> None:
    assert unsteady(figures().zoo, 3) == []
    assert unfair([RIGHT], 2) == []


def test_a_member_that_only_some_seeds_catch_is_told() -> None:
    def by_chance(operation: str, problem: Problem, arrays: Arrays, bias: Array | None) -> Array:
        run = _negative if np.all(arrays[0].flat[:2] < 0) else _reference
        return run(operation, problem, arrays, bias)

    chance = Member("by-chance", "sign", "Depends on the numbers.", FORWARD, by_chance)
    text = unsteady(records([chance], plan([chance], QUESTIONS[:1]), How()), 12)
    assert text
    assert re.fullmatch(r"by-chance is not caught with seed \d+", text[0])


def test_the_pages_show_every_member_and_what_is_missed() -> None:
    text = page.markdown(figures())
    assert "| negative | Turns the sign round. | 3 of 3 |" in text
    assert "small integers compared exactly, as oneDNN's benchdnn does: `rounded`." in text
    assert all(record.member.name in page.html(figures()) for record in figures().zoo)
    assert json.loads(json.dumps(figures().to_json()))["zoo"][0]["diagnosis"]["name"] == "sign-flipped"


def _first_cells(section: str) -> list[str]:
    """Return the names in the first column of a table, without their links, its head and its rule left out."""
    return re.findall(r"^\| \[?([a-z0-9-]+)", section, re.MULTILINE)[1:]


def test_the_page_of_the_documentation_has_every_member_and_no_other() -> None:
    text = PAGE.read_text(encoding="utf-8")
    zoo, garden = map(_first_cells, text.split("## The zoo")[1].split("## The garden"))
    assert sorted(zoo) == sorted(member.name for member in ZOO), "tox run -e zoo writes the page"
    assert sorted(garden) == sorted(member.name for member in GARDEN), "tox run -e zoo writes the page"
    assert len(text.splitlines()) < 540
