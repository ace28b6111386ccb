"""Turns: which routes of one adapter are asked a case of the standard tier whose point is a geometry."""

from collections import defaultdict
from dataclasses import replace
from typing import Any

import pytest

from convformance.adapters.contract import Adapter, Array, route
from convformance.adapters.discovery import Selection
from convformance.adapters.sampling import sampled
from convformance.reference.problem import Problem
from convformance.running.questions import Question, Scope, count_outside
from convformance.test_cases import catalogue
from convformance.test_cases.case import DTYPES, Case

STANDARD = Scope(catalogue.cases("standard"), tier="standard")
IN_TURNS = {case.id for case in STANDARD.cases if catalogue.turn_of(case) is not None}


class Several(Adapter):
    """Two routes of a convolution, one of which sits out, a route that is asked a sample, and a sole route."""

    name = "several"

    @route("conv")
    @route("conv_transpose")
    def first(self, problem: Problem, x: Array, w: Array) -> Any:
        raise NotImplementedError

    @route("conv")
    def second(self, problem: Problem, x: Array, w: Array) -> Any:
        raise NotImplementedError

    @route("conv", domain=sampled(share=2))
    @route("conv_transpose", domain=sampled(share=2))
    def sample(self, problem: Problem, x: Array, w: Array) -> Any:
        raise NotImplementedError


SELECTION = Selection(Several, {}, "several")


def of_turns(questions: list[Question]) -> list[Question]:
    return [question for question in questions if question.case.id in IN_TURNS]


def without_sample(scope: Scope = STANDARD) -> list[Question]:
    return [question for question in scope.questions([SELECTION]) if question.route.name != "sample"]


def left_to_others(scope: Scope) -> list[Question]:
    """Return what is not asked although it lies in the domain of its route."""
    return [each for each in scope.asked_or_not([SELECTION])[1] if each.is_inside(scope.tier)]


def test_each_route_is_asked_every_case_and_each_format_of_one_route() -> None:
    routes, dtypes = defaultdict(set), defaultdict(set)
    for question in of_turns(without_sample()):
        routes[question.operation, question.case.id].add(question.route.name)
        dtypes[question.operation, question.case.id].add(question.dtype)
    by_id: dict[str, Case] = {case.id: case for case in STANDARD.cases}
    assert len(routes) > 200
    for operation, case in routes:
        assert routes[operation, case] == ({"first", "second"} if operation == "conv" else {"first"})
        assert dtypes[operation, case] == set(by_id[case].dtypes)


def test_no_question_is_asked_of_both_and_neither_route_is_asked_much_more() -> None:
    asked = [question for question in of_turns(without_sample()) if question.operation == "conv"]
    by_route = {name: [each for each in asked if each.route.name == name] for name in ("first", "second")}
    assert len({question.key_without_route for question in asked}) == len(asked)
    for dtype in DTYPES:
        counts = [sum(each.dtype == dtype for each in questions) for questions in by_route.values()]
        assert 0.6 < counts[0] / counts[1] < 1.6


def test_a_sole_route_and_one_that_is_asked_a_sample_leave_nothing_to_others() -> None:
    left = left_to_others(STANDARD)
    assert left
    assert {(question.operation, question.route.name) for question in left} <= {("conv", "first"), ("conv", "second")}
    assert {question.case.id for question in left} <= IN_TURNS


@pytest.mark.parametrize(
    "scope",
    [
        Scope(catalogue.cases("smoke"), tier="smoke"),
        Scope(catalogue.cases("standard"), tier="full"),
        replace(STANDARD, routes=("first", "second")),
        replace(STANDARD, dtypes=("float32",)),
        replace(STANDARD, ids=("strides",)),
        replace(STANDARD, families=("paths", "regression", "special", "mixed")),
    ],
    ids=["smoke", "full", "routes", "dtypes", "cases", "more than a geometry"],
)
def test_nothing_is_left_to_others(scope: Scope) -> None:
    assert without_sample(scope)
    assert not left_to_others(scope)


def test_the_turns_are_the_same_in_every_mode_and_part_of_a_run() -> None:
    other = replace(SELECTION, label="several[mode=other]")
    parts = [replace(STANDARD, shard=(index, 3)).questions([SELECTION, other]) for index in (1, 2, 3)]
    for label in ("several", other.label):
        keys = {question.key[1:] for part in parts for question in part if question.adapter == label}
        assert keys == {question.key[1:] for question in STANDARD.questions([SELECTION])}


def test_what_is_left_to_others_is_counted_apart_and_asked_somewhere() -> None:
    asked, others = STANDARD.asked_or_not([SELECTION])
    rows = [row for row in count_outside(others, asked, "standard") if "in turns" in row.covers]
    assert {(row.op, row.route) for row in rows} == {("conv", "first"), ("conv", "second")}
    assert sum(row.total for row in rows) == len(left_to_others(STANDARD))
    assert not any(row.nowhere for row in rows)
