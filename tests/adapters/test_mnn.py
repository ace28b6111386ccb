"""MNN answers planes exactly where one padding serves both sides; it ignores groups, and crops under SAME."""

import pytest

from convformance.adapters.contract import Route
from convformance.adapters.mnn import Mnn
from convformance.reference.problem import Problem
from tests.adapters import checking

pytest.importorskip("MNN")

ROUTES = {f"{route.operation}-{route.name}": route for route in Mnn.routes()}
PLANES = {name: problem for name, problem in checking.PROBLEMS.items() if problem.rank == 2}
IGNORED = {name for name, problem in PLANES.items() if problem.groups > 1}
CROPPED = {"same-upper-stride-above-kernel"}
REFUSED = (
    "refused: one padding for both sides",
    "refused: a padding that",
    "refused: expr.conv2d_transpose has no output",
)


@pytest.mark.parametrize("route", ROUTES.values(), ids=ROUTES)
def test_what_is_not_refused_is_exact_but_for_groups_and_crops(route: Route) -> None:
    outcomes = checking.outcomes(Mnn(), route, with_bias=True, problems=PLANES)
    assert {name for name, outcome in outcomes.items() if not outcome.startswith(REFUSED)} == IGNORED | (
        CROPPED if route.name == "conv2d" else set()
    )


@pytest.mark.parametrize("route", ROUTES.values(), ids=ROUTES)
def test_a_filter_for_each_channel_is_exact(route: Route) -> None:
    problem = Problem.of(input_size=(7, 6), kernel_size=(3, 2), in_channels=3, out_channels=3, groups=3)
    assert checking.outcome(Mnn(), route, problem) == "exact"
