"""Coverage of combinations: what is counted, what cannot be, and the family that reaches the rest."""

import json
import random
from dataclasses import replace

import numpy as np
import pytest

from convformance.judging.bounds import EXACT_FILLS
from convformance.test_cases import building, catalogue, coverage, covering, features
from convformance.test_cases.case import case
from convformance.test_cases.drawing import drawn_cases
from convformance.test_cases.families import mixed
from convformance.test_cases.features import FEATURES, Question

STANDARD = catalogue.cases("standard")


def test_every_question_has_one_level_of_every_feature():
    asked = [question for declared in STANDARD for question in features.questions_of(declared)]
    for feature in FEATURES:
        seen = {feature.level(question) for question in asked if features.is_counted(question)}
        assert seen == set(feature.levels), feature.name


@pytest.mark.parametrize(
    ("changes", "name", "level"),
    [
        ({"kernel_size": (3, 3)}, "kernel", "3"),
        ({"kernel_size": (5, 5)}, "kernel", "4 or more"),
        ({"stride": (2, 2)}, "stride", "equal"),
        ({"stride": (1, 4)}, "stride reaches", "past the kernel"),
        ({"padding": ((1, 1), (2, 2))}, "padding", "even, by axis"),
        ({"padding": ((1, 0), (2, 2))}, "padding", "uneven"),
        ({"padding": ((-1, 3), (0, 0))}, "padding", "negative"),
        ({"padding": ((2, 0), (0, 0))}, "padding reaches", "past the kernel"),
        ({"groups": 2}, "groups", "grouped"),
        ({"groups": 4, "out_channels": 4}, "groups", "depthwise"),
        ({"groups": 4, "out_channels": 8}, "groups", "multiplier"),
        ({"out_channels": 9}, "channels out", "tails"),
        ({"out_channels": 24}, "channels out", "blocks"),
        ({"batch": 8}, "batch", "many"),
        ({"input_size": (8, 1), "padding": ((0, 0), (1, 1))}, "rows", "one on an axis"),
        ({"input_size": (2, 3)}, "results", "one"),
        ({"stride": (2, 2), "input_size": (9, 9)}, "rows left over", "left over"),
    ],
)
def test_a_level_is_read_from_the_numbers(changes, name, level):
    question = Question(_case(**changes), "conv", "float32")
    assert dict(zip(features.NAMES, features.levels_of(question), strict=True))[name] == level


def test_a_bias_belongs_to_the_operations_that_add_one():
    biased = _case(bias=True, operations=("conv", "conv_bias_grad"))
    bias = next(feature for feature in FEATURES if feature.name == "bias")
    levels = {question.operation: bias.level(question) for question in features.questions_of(biased)}
    assert levels == {"conv": "bias", "conv_bias_grad": "none"}


def test_standard_asks_every_pair_and_full_every_triple():
    assert coverage.of_cases(STANDARD, 2).missing == ()
    assert coverage.of_cases(catalogue.cases("full"), 3).missing == ()


def test_a_case_that_is_left_out_leaves_combinations_out():
    built = next(iter(mixed.cases()))
    without = [declared for declared in STANDARD if declared.id != built.id]
    complete, less = (coverage.of_cases(cases, 3) for cases in (STANDARD, without))
    assert len(less.missing) > len(complete.missing)
    assert less.reached + len(less.missing) == complete.possible


@pytest.mark.parametrize("combination", coverage.listed_impossible(), ids=coverage.phrase)
def test_what_counts_as_impossible_cannot_be_built_from_other_seeds(combination):
    assert building.search(dict(combination), "another", 600) is None


def test_nothing_that_is_asked_or_drawn_counts_as_impossible():
    drawn = [each for rank in (1, 2, 3) for each in drawn_cases(rank) if _has_room(each)]
    asked = [question for each in (*catalogue.cases("full"), *drawn) for question in features.questions_of(each)]
    asked = [question for question in asked if features.is_counted(question)]
    tables = {strength: coverage.reached(asked, strength) for strength in coverage.STRENGTHS}
    for listed in coverage.listed_impossible():
        assert not tables[len(listed)][tuple(coverage.LEVELS.index(level) for level in listed)], listed


def test_what_is_missing_is_covered_by_few_questions():
    missing = [each for each in coverage.of_cases([], 2).missing if (each[0][0], each[1][0]) == ("rank", "kernel")]
    questions = list(covering.cover(missing, 2, "test"))
    assert not set(missing) & set(coverage.of_questions(questions, 2).missing)
    assert len(questions) <= len(missing)


def test_a_combination_that_cannot_be_is_given_up():
    cannot = (("rank", "1"), ("kernel", "unequal"))
    assert list(covering.cover([cannot], 2, "test")) == []
    assert covering.find_impossible([cannot, (("rank", "2"), ("kernel", "unequal"))]) == {cannot}


def test_a_built_case_is_read_back_as_it_was():
    question = building.search({"groups": "depthwise", "padding": "uneven", "bias": "bias"}, "test", 100)
    document = json.loads(json.dumps(building.to_document(question, "full")))
    thawed = {name: mixed._frozen(value) for name, value in document.items()}
    back = building.built_case(thawed)
    assert replace(back, catches="", tier="standard") == replace(question.case, catches="")
    assert back.catches.startswith("Mistakes where these meet: ")
    assert "padding uneven" in back.catches


def test_the_same_seed_builds_the_same_question():
    wanted = {"stride": "unequal"}
    assert building.search(wanted, "a", 50) == building.search(wanted, "a", 50)
    assert building.search(wanted, "a", 50) != building.search(wanted, "b", 50)


def test_built_questions_have_the_levels_that_are_wanted():
    source = random.Random(3)
    possible = coverage.of_cases([], 3).missing
    for combination in source.sample(possible, 60):
        question = building.search(dict(combination), "sample", covering.TRIES)
        if question is not None:  # a combination of this size may need more seeds than a file's seed had
            assert set(combination) <= set(next(covering.combinations_of(question, len(FEATURES))))


def test_exact_fills_are_exact_in_every_combination():
    from convformance.test_cases import examining

    for built in [each for each in mixed.cases() if not each.special][::5]:
        operation, dtype = built.operations[0], built.dtypes[0]
        examination = examining.examination(built, operation, dtype)
        for name in set(examination.fills) & set(EXACT_FILLS):
            trial = examination.trial(name)  # it raises BrokenFill where sums are too large
            assert np.isfinite(trial.want).all()


def _has_room(drawn):
    """Whether a NaN or an infinity that the case places has an interior to lie in."""
    return not drawn.special or min(*drawn.input_size, *drawn.problem.output_size) > 1


def _case(**changes):
    base = {"input_size": (8, 7), "kernel_size": (2, 3)}
    return case("test", "Nothing.", **{**base, **changes})
