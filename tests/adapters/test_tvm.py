"""TVM answers every route, and refuses in its own words what it does not compile."""

import pytest

from convformance.adapters.contract import Route
from convformance.adapters.tvm import Tvm
from convformance.reference.problem import Problem
from tests.adapters import checking

pytest.importorskip("tvm", reason="apache-tvm is not installed")

ROUTES = {f"{each.operation} {each.name}": each for each in Tvm.routes() if checking.is_ordinary(each)}
NAMES = ("line-stride-dilation", "groups-stride-dilation", "asymmetric", "same-upper", "volume")


@pytest.mark.parametrize("stored", Tvm.options["filter"])
@pytest.mark.parametrize("declared", ROUTES.values(), ids=ROUTES)
def test_routes_are_exact(declared: Route, stored: str) -> None:
    problems = {name: checking.PROBLEMS[name] for name in NAMES}
    assert checking.outcomes(Tvm(filter=stored), declared, problems=problems) == {}


def test_a_kernel_that_does_not_fit_is_refused() -> None:
    outcome = checking.outcome(Tvm(), ROUTES["conv Conv"], checking.EMPTY["empty-output"])
    assert outcome.startswith("refused: Invalid conv parameters: lead to negative output shape")


def test_an_output_padding_from_the_stride_up_is_refused() -> None:
    wide = Problem.of(input_size=(9,), kernel_size=3, dilation=3, outputs=(2,))
    outcome = checking.outcome(Tvm(), ROUTES["conv_transpose ConvTranspose"], wide)
    assert "expects the output padding less than the strides" in outcome
