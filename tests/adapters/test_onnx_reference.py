"""The reference evaluator of ONNX is right where its operators have one group, and where they say more it is known."""

import pytest

from convformance.adapters.contract import Route
from convformance.adapters.onnx_reference import OnnxReference
from tests.adapters import checking

pytest.importorskip("onnx", reason="onnx is not installed")

ROUTES = {
    f"{route.operation}-{route.name}": route
    for route in OnnxReference.routes()
    if checking.is_ordinary(route) and route.name != "ConvInteger"
}
CROPPED = {name for name, problem in checking.PROBLEMS.items() if min(map(min, problem.padding)) < 0}
LINES = {name: problem for name, problem in checking.PROBLEMS.items() if name.startswith("line")}
TRANSPOSED = ROUTES["conv_transpose-ConvTranspose"]


@pytest.mark.parametrize("dtype", ["float64", "float32", "bfloat16"])
@pytest.mark.parametrize("name", ["conv-Conv", "conv_filter_grad-Conv"])
def test_a_convolution_is_exact_but_for_crops(name: str, dtype: str) -> None:
    outcomes = checking.outcomes(OnnxReference(), ROUTES[name], dtype, with_bias=True)
    assert all(outcome.startswith("refused: ") for outcome in outcomes.values())
    assert set(outcomes) <= CROPPED


@pytest.mark.parametrize("mode", ["input", "constant"])
@pytest.mark.parametrize("route", ROUTES.values(), ids=ROUTES)
def test_every_route_is_exact_in_one_group(route: Route, mode: str) -> None:
    problems = {name: problem for name, problem in LINES.items() if problem.groups == 1 and name not in CROPPED}
    assert checking.outcomes(OnnxReference(filter=mode), route, problems=problems) == {}


def test_a_transposed_convolution_by_groups_is_an_error() -> None:
    with pytest.raises(ValueError, match="cannot reshape array"):
        checking.outcome(OnnxReference(), TRANSPOSED, checking.PROBLEMS["line-groups"])
