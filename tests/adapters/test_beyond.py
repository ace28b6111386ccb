"""The routes for what lies beyond an ordinary convolution, of every built-in adapter, on problems made for them."""

from dataclasses import replace

import numpy as np
import pytest

from convformance.adapters import discovery
from convformance.adapters.beyond import numbers, repeated
from convformance.adapters.contract import Request, Route
from convformance.reference.following import FOLLOWING, normalises, statistics
from convformance.reference.operations import apply
from convformance.reference.problem import BORDER, OUTPUTS, Problem
from tests.adapters import checking

SIZES = {"kernel_size": (3, 2), "batch": 2, "in_channels": 4, "out_channels": 6}
PADDED = {
    "edge": ((4, 1), (0, 2)),
    "reflect": ((2, 1), (0, 3)),
    "symmetric": ((2, 3), (1, 0)),
    "wrap": ((1, 2), (3, 0)),
}
EVEN = dict.fromkeys(PADDED, ((1, 1), (2, 2)))
CENTRED = dict.fromkeys(PADDED, ((1, 1), (1, 0)))
BORDERED = [
    Problem.of(input_size=(4, 5), **SIZES, padding=padding, border=border, stride=stride, groups=groups)
    for pads in (PADDED, EVEN, CENTRED)
    for border, padding in pads.items()
    for stride, groups in ((1, 1), ((2, 1), 2))
]
WIDE = [
    Problem.of(input_size=(9, 8), **SIZES, dilation=(3, 5), outputs=(3, 2)),
    Problem.of(input_size=(9, 10), **SIZES, stride=(1, 2), dilation=(3, 4), padding=(1, 0), outputs=(3, 2), groups=2),
]
FOLLOWED = [Problem.of(input_size=(6, 5), **SIZES, padding=1, then=then) for then in FOLLOWING]


def _asked(route: Route, problems: list[Problem]) -> list[Problem]:
    return [problem for problem in problems if route.domain.holds(Request(problem, "float32"))]


@pytest.mark.parametrize("name", discovery.DEFAULT)
def test_a_route_for_borders_makes_every_border_of_its_domain(name: str) -> None:
    adapter, borders = checking.created(name), set()
    for route in adapter.routes():
        asked = _asked(route, BORDERED) if BORDER in route.offers else []
        assert len(asked) >= 4 or BORDER not in route.offers, route
        for problem in asked:
            assert checking.outcome(adapter, route, problem) == "exact", (route, problem)
            borders.add(problem.border)
    assert {"reflect", "symmetric" if name == "tensorflow" else "edge"} <= borders


@pytest.mark.parametrize("name", discovery.DEFAULT)
def test_a_route_for_wide_output_padding_gives_all_of_the_result(name: str) -> None:
    adapter = checking.created(name)
    routes = [route for route in adapter.routes() if OUTPUTS in route.offers]
    for route in routes:
        outcomes = {checking.outcome(adapter, route, problem) for problem in _asked(route, WIDE)}
        if name == "onnxruntime":  # which allows it where the operator's own check of sizes does
            assert all("inconsistent with input spatial dimensions" in outcome for outcome in outcomes)
        else:
            assert outcomes == {"exact"}, route
    assert bool(routes) == (name != "tensorflow")


@pytest.mark.parametrize("name", [name for name in discovery.DEFAULT if name != "scipy"])
def test_a_route_for_what_follows_gives_what_the_reference_does(name: str) -> None:
    adapter = checking.created(name)
    routes = [route for route in adapter.routes() if _asked(route, FOLLOWED)]
    assert {route.operation for route in routes} == {"conv", "conv_transpose"}
    for route in routes:
        for problem in _asked(route, FOLLOWED):
            arrays = checking.operands(route.operation, problem, "float32")
            bias = checking.bias_of(route.operation, problem, "float32")
            want = apply(route.operation, problem, *arrays, bias=bias)
            got = adapter.answer(route, problem, arrays, bias).value
            exact = not normalises(problem.then)
            np.testing.assert_allclose(got, want, rtol=0 if exact else 1e-5, atol=0 if exact else 1e-4)


def test_the_domain_of_borders_leaves_out_other_borders_and_crops() -> None:
    domain = repeated(("edge", "wrap"))
    assert domain.covers == "a border of edge, wrap"
    problem = Problem.of(input_size=(4, 5), kernel_size=2, padding=1, border="edge")
    assert domain.holds(Request(problem, "float32"))
    assert not domain.holds(Request(replace(problem, border="reflect"), "float32"))
    assert not domain.holds(Request(replace(problem, padding=((1, -1), (0, 0))), "float32"))


def test_the_numbers_of_a_normalisation_are_those_of_the_reference() -> None:
    mean, variance, shift, scale = numbers(3, "float32", lambda array: array.astype(np.float64))
    want = statistics(3)
    for got, column in ((mean, want.mean), (variance, want.variance), (shift, want.shift), (scale, want.scale)):
        np.testing.assert_array_equal(got, column)
