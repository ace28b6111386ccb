"""Domains: where a route is asked at all; what no route is asked, the framework has no way to do."""

import json
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import pytest

from convformance.adapters import discovery
from convformance.adapters.contract import COPIED, Adapter, Array, Domain, Request, route
from convformance.adapters.discovery import Selection
from convformance.options import RunOptions
from convformance.reference.dtypes import FLOATS
from convformance.reference.problem import BORDER, THEN, Problem
from convformance.running.questions import Question, Scope, count_outside
from convformance.running.session import session_of
from convformance.running.summary import header_lines
from convformance.test_cases import catalogue

PLANE = Problem.of(input_size=(4, 5), kernel_size=2)
EVEN = Domain("an even batch", lambda request: request.problem.batch % 2 == 0)
SINGLE = Domain("float32", lambda request: request.dtype == "float32")


class Bounded(Adapter):
    """Two routes, one of them for float32 alone, in a framework that has even batches only."""

    name = "bounded"
    domain = EVEN

    @route("conv")
    def anything(self, problem: Problem, x: Array, w: Array, bias: Array | None = None) -> Any:
        raise NotImplementedError

    @route("conv", domain=SINGLE)
    def single(self, problem: Problem, x: Array, w: Array) -> Any:
        raise NotImplementedError


SELECTION = Selection(Bounded, {}, "bounded")


def parts(selection: Selection, scope: Scope) -> tuple[list[Question], list[Question]]:
    """Return the questions that are asked, and those outside a domain."""
    return scope.asked_or_not([selection])


def answers(questions: Iterable[Question]) -> set[tuple[str, str, str]]:
    return {(question.operation, question.case.id, question.dtype) for question in questions}


def test_a_combined_domain_holds_where_both_do_and_says_so_once() -> None:
    both = EVEN & SINGLE & EVEN
    assert both.covers == "an even batch; float32"
    assert not both.holds(Request(PLANE, "float32"))
    pair = Problem.of(input_size=(4, 5), kernel_size=2, batch=2)
    assert both.holds(Request(pair, "float32"))
    assert not both.holds(Request(pair, "float64"))


def test_the_class_bounds_every_route_and_a_method_without_bias_is_not_asked_for_one() -> None:
    assert {each.name: each.domain.covers for each in Bounded.routes()} == {
        "anything": "an even batch; floating-point numbers; an ordinary convolution",
        "single": "an even batch; float32; floating-point numbers; no bias; an ordinary convolution",
    }


def test_a_question_outside_is_not_asked_and_counted_by_route_dtype_and_family() -> None:
    scope = Scope(catalogue.cases("smoke"))
    asked, outside = parts(SELECTION, scope)
    assert all(question.case.problem.batch % 2 == 0 for question in asked)
    assert {question.dtype for question in asked if question.route.name == "single"} == {"float32"}
    assert not {question.key for question in asked} & {question.key for question in outside}
    posed = sum(len(case.dtypes) for case in scope.cases if "conv" in case.operations)
    assert len(asked) + len(outside) == 2 * posed
    counted = {entry.route: entry for entry in count_outside(outside, asked, "full")}
    assert sum(entry.total for entry in counted.values()) == len(outside)
    assert counted["single"].dtypes["float64"] == sum(
        q.route.name == "single" and q.dtype == "float64" for q in outside
    )
    assert sum(counted["single"].families.values()) == counted["single"].total


def test_a_question_that_another_route_is_asked_is_not_listed_as_asked_of_nobody() -> None:
    asked, outside = parts(SELECTION, Scope(catalogue.cases("smoke")))
    nowhere = {
        (entry.op, case, dtype)
        for entry in count_outside(outside, asked, "full")
        for dtype, cases in entry.nowhere.items()
        for case in cases
    }
    odd = {
        question
        for question in outside
        if question.case.problem.batch % 2 or question.dtype not in FLOATS or question.case.problem.beyond
    }
    elsewhere = {question for question in outside if question.case.memory not in COPIED}
    assert nowhere == answers(odd | elsewhere)


@pytest.mark.parametrize("name", list(discovery.BUILT_IN))
def test_what_no_route_of_a_built_in_adapter_is_asked_its_framework_has_no_way_to_do(name: str) -> None:
    cls = discovery.adapter_class(name)
    asked, outside = parts(
        Selection(cls, cls.complete_mode({}), name), Scope(catalogue.cases("standard"), tier="standard")
    )
    answerable = answers(asked)
    nowhere = [question for question in outside if answers([question]).isdisjoint(answerable)]
    without_bias = {each.operation for each in cls.routes()} - {
        each.operation for each in cls.routes() if each.takes_bias
    }
    ordinary = [each for each in nowhere if each.dtype in FLOATS and not each.case.problem.beyond]
    for question in ordinary:
        has_bias = question.case.has_bias(question.operation)
        key = f"{question.operation}-{question.route.name}-{question.case.id}-{question.dtype}"  # of a sample
        request = Request(question.case.problem, question.dtype, has_bias, key=key, memory=question.case.memory)
        offered = cls.domain.holds(request) and cls.memory_domain(cls.complete_mode({})).holds(request)
        assert not offered or (has_bias and question.operation in without_bias), question.key


def test_an_adapter_that_offers_nothing_is_asked_ordinary_convolutions_alone() -> None:
    asked, outside = parts(SELECTION, Scope(catalogue.cases("standard")))
    assert not {name for question in asked for name in question.case.problem.beyond}
    assert {name for question in outside for name in question.case.problem.beyond} == {BORDER, THEN}


class Offering(Bounded):
    """An adapter whose routes are asked for a border too, or only for what follows."""

    name = "offering"

    @route("conv", offers=(BORDER,))
    def bordered(self, problem: Problem, x: Array, w: Array) -> Array:
        return x

    @route("conv", offers=(THEN,), domain=Domain("a rectifier", lambda request: request.problem.then == "relu"))
    def rectified(self, problem: Problem, x: Array, w: Array, bias: Array | None = None) -> Array:
        return x


def test_a_route_is_asked_what_it_offers_and_its_domain_says_what_it_does_not() -> None:
    asked, _ = parts(Selection(Offering, {}, "offering"), Scope(catalogue.cases("standard")))
    by_route = {
        name: {beyond for question in asked if question.route.name == name for beyond in question.case.problem.beyond}
        for name in ("anything", "bordered", "rectified")
    }
    assert by_route == {"anything": set(), "bordered": {BORDER}, "rectified": {THEN}}
    assert {question.case.then for question in asked if question.route.name == "rectified"} == {"relu"}
    covers = {each.name: each.domain.covers for each in Offering.routes()}
    assert covers["bordered"] == (
        "an even batch; floating-point numbers; no bias; as many outputs as fit; nothing after the convolution"
    )


@pytest.mark.parametrize("name", list(discovery.BUILT_IN))
def test_a_domain_leaves_something_out_and_something_in(name: str) -> None:
    cls = discovery.adapter_class(name)
    selection = Selection(cls, cls.complete_mode({}), name)
    asked, outside = parts(selection, Scope(catalogue.cases("standard"), tier="standard"))
    bounded = {each.name for each in selection.routes if each.domain.covers}
    # A route that takes whatever numbers its operation is asked in is bounded by what no case asks.
    taking = {each.name for each in selection.routes if "int8" in each.domain.covers}
    assert bounded - taking <= {question.route.name for question in outside} <= bounded
    assert {question.route.name for question in asked} >= bounded


def test_the_first_lines_of_a_run_and_its_run_line_count_what_lies_outside(tmp_path: Path) -> None:
    file = Path(__file__)
    path = tmp_path / "run.jsonl"
    session = session_of(RunOptions((f"{file}:Bounded",), tier="smoke", record=path))
    assert f"; {len(session.outside):,} more lie outside the domain of their route" in header_lines(session)[-1]
    session.open()
    run = next(line for line in map(json.loads, path.read_text().splitlines()) if line["kind"] == "run")
    assert sum(sum(entry["dtypes"].values()) for entry in run["outside"]) == len(session.outside) > 0
    assert run["asked"] == len(session.questions)
