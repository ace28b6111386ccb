"""ncnn answers exactly what its layers have parameters for, and refuses negative paddings, which it would ignore."""

import pytest

from convformance.adapters.contract import Route
from convformance.adapters.ncnn import Ncnn
from tests.adapters import checking

pytest.importorskip("ncnn")

ROUTES = {f"{route.operation}-{route.name}": route for route in Ncnn.routes()}
CROPPED = {name for name, problem in checking.PROBLEMS.items() if min(map(min, problem.padding)) < 0}


@pytest.mark.parametrize("route", ROUTES.values(), ids=ROUTES)
def test_every_route_is_exact_where_the_layer_can_say_it(route: Route) -> None:
    outcomes = checking.outcomes(Ncnn(), route, with_bias=True)
    assert set(outcomes) == CROPPED
    assert all(outcome.startswith("refused: a padding that is not negative") for outcome in outcomes.values())


def test_an_empty_result_is_refused() -> None:
    outcome = checking.outcome(Ncnn(), ROUTES["conv-Convolution"], checking.EMPTY["empty-output"])
    assert outcome == "refused: ncnn: extract returned -100"


def test_a_type_that_it_would_misread_is_not_asked() -> None:
    outcome = checking.outcome(Ncnn(), ROUTES["conv-Convolution"], checking.PROBLEMS["plain"], "float64")
    assert "float32, which it computes in" in outcome
