"""Pairs of features: a function is asked all that it takes, and a mistake that needs two of them is found."""

from itertools import pairwise
from pathlib import Path

import pytest

from convformance import check
from convformance.checking import cases, combining, loading, trying
from convformance.checking.spec import CheckSpec
from convformance.test_cases import coverage
from convformance.test_cases.features import NAMES, levels_of, questions_of

TARGET = Path(__file__).with_name("handwritten") / "pairs.py"
BRIEF = 60.0


def function(name):
    return loading.target_of(f"{TARGET}:{name}").function


@pytest.mark.parametrize(
    ("name", "mistake"),
    [
        ("bias_with_padding", "bias-missing"),
        ("bias_with_groups", "bias-missing"),
        ("bias_with_dilation", "bias-missing"),
        ("point_with_padding", "padding-ignored"),
        ("groups_with_stride", "stride-ignored"),
    ],
)
def test_a_mistake_that_needs_two_features_is_found_and_named(name, mistake):
    result = check(function(name), seconds=BRIEF)
    assert not result.ok, result
    assert result.diagnosis[0].name == mistake, result


def test_the_right_one_is_right_in_all_of_them():
    assert check(function("right"), seconds=BRIEF).ok


def asked(name):
    tried = trying.function_under_test(CheckSpec(function(name)), lambda kind, event: None)
    declared = cases.cases(tried.capabilities, "float64", empty=False)
    return declared, combining.with_pairs(declared, tried.capabilities, "float64")


def of_float64(listed):
    return [question for case in listed for question in questions_of(case) if question.dtype == "float64"]


def test_nearly_all_pairs_of_what_a_function_takes_are_asked():
    declared, every = asked("right")
    before, after = (of_float64(listed) for listed in (declared, every))
    levels = {level for question in before for level in zip(NAMES, levels_of(question), strict=True)}
    taken = {(name, level) for name, level in levels if combining.is_combined(name, level)}

    def missing(questions):
        return [pair for pair in coverage.of_questions(questions, 2).missing if set(pair) <= taken]

    assert len(missing(after)) < len(missing(before)) / 10
    assert {case.id for case in declared} <= {case.id for case in every}


def test_the_same_questions_are_asked_every_time_new_features_first_and_either_part_from_small_to_big():
    first, second = (asked("right")[1] for _ in range(2))
    assert [case.id for case in first] == [case.id for case in second]
    sizes = [case.problem.multiplications for case in first]
    assert sum(after < before for before, after in pairwise(sizes)) == 1
