"""Sampling: which questions a route is asked that has no time for all, and that the others are counted."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from convformance.adapters.contract import COPIED, Adapter, Array, Domain, Request, route
from convformance.adapters.discovery import Selection
from convformance.adapters.sampling import sampled
from convformance.options import RunOptions
from convformance.reference.dtypes import FLOATS
from convformance.reference.problem import Problem
from convformance.running.questions import Question, Scope, count_outside
from convformance.running.session import session_of
from convformance.test_cases import catalogue
from convformance.test_cases.case import Case

SMALL = sampled("derivatives", share=10, full=3)
PLANE = Problem.of(input_size=(4, 5), kernel_size=2)


class Sampled(Adapter):
    """A route that is asked a sample, declared before one that is asked everything."""

    name = "sampled"

    @route("conv", domain=SMALL)
    def seldom(self, problem: Problem, x: Array, w: Array) -> Any:
        raise NotImplementedError

    @route("conv")
    def always(self, problem: Problem, x: Array, w: Array) -> Any:
        raise NotImplementedError


SELECTION = Selection(Sampled, {}, "sampled")


def ordinary(tier: str) -> tuple[Case, ...]:
    """Return the cases that a route is asked that offers nothing more."""
    cases = (case for case in catalogue.in_every_format(catalogue.cases(tier)) if not case.problem.beyond)
    return tuple(case for case in cases if set(case.dtypes) <= set(FLOATS))


def asked(tier: str, cases_of: str | None = None) -> list[Question]:
    scope = Scope(ordinary(cases_of or tier), tier=tier)
    return [question for question in scope.questions([SELECTION]) if question.route.name == "seldom"]


def posed(tier: str) -> int:
    return sum(len(case.dtypes) for case in ordinary(tier) if "conv" in case.operations and not case.bias)


@pytest.mark.parametrize(("tier", "share"), [("standard", 10), ("full", 3)])
def test_a_share_is_asked_of_each_tier(tier: str, share: int) -> None:
    others = [question for question in asked(tier) if question.case.family != "derivatives"]
    assert 0.8 * posed(tier) / share < len(others) < 1.2 * posed(tier) / share


def test_every_question_of_a_family_that_is_named_is_asked() -> None:
    own = {question.key for question in asked("standard") if question.case.family == "derivatives"}
    cases = [case for case in ordinary("standard") if case.family == "derivatives" and "conv" in case.operations]
    assert len(own) == sum(len(case.dtypes) for case in cases) > 0


def test_the_share_is_the_same_in_every_mode_and_part_of_a_run() -> None:
    other = replace(SELECTION, label="sampled[mode=other]")
    scope = Scope(ordinary("standard"), tier="standard")
    keys = [{question.key[1:] for question in scope.questions([each])} for each in (SELECTION, other)]
    assert keys[0] == keys[1]
    shards = [replace(scope, shard=(index, 3)).questions([SELECTION]) for index in (1, 2, 3)]
    assert {question.key[1:] for shard in shards for question in shard} == keys[0]


def test_a_larger_tier_asks_a_larger_share_of_the_same_cases() -> None:
    assert len(asked("full", cases_of="standard")) > 2 * len(asked("standard"))


def test_what_is_not_asked_is_counted_with_the_words_of_the_domain() -> None:
    scope = Scope(ordinary("standard"), tier="standard")
    (line,) = count_outside(
        [each for each in scope.asked_or_not([SELECTION])[1] if each.route.name == "seldom" and not each.case.bias],
        scope.questions([SELECTION]),
        "standard",
    )
    assert line.covers == (
        "family derivatives and one question in 10 of other families, at tier full one in 3; floating-point numbers; "
        "no bias; an ordinary convolution; operands that are contiguous, sliced, permuted"
    )
    assert line.total + len(asked("standard")) == posed("standard")
    elsewhere = {each.id for each in ordinary("standard") if each.memory not in COPIED}
    assert {case for cases in line.nowhere.values() for case in cases} <= elsewhere


def test_a_call_outside_of_a_run_is_answered() -> None:
    assert SMALL.holds(Request(PLANE, "float32"))


def test_other_limits_hold_as_well_and_the_sampled_stand_last() -> None:
    single = SMALL & Domain("float32", lambda request: request.dtype == "float32")
    assert single.seldom
    assert not single.holds(Request(PLANE, "float64"))
    assert [each.name for each in Sampled.routes()] == ["always", "seldom"]


def test_a_domain_without_families_says_so() -> None:
    assert sampled(share=7).covers == "one question in 7 of all families, at tier full all of them"


def test_a_session_hands_on_its_tier() -> None:
    sessions = [session_of(RunOptions((f"{Path(__file__)}:Sampled",), tier=tier)) for tier in ("standard", "full")]
    standard, full = ({each.key for each in session.questions} for session in sessions)
    assert standard < full
    assert len(sessions[0].outside) > 0
