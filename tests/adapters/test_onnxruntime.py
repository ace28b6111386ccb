"""ONNX Runtime answers exactly what its operators can express, and refuses the rest in its own words."""

import pytest

from convformance.adapters.contract import Route
from convformance.adapters.onnxruntime import Onnxruntime
from tests.adapters import checking

pytest.importorskip("onnxruntime")
pytest.importorskip("onnx")

ROUTES = {
    f"{route.operation}-{route.name}": route
    for route in Onnxruntime.routes()
    if checking.is_ordinary(route) and route.name != "ConvInteger"
}
CROPPED = {name for name, problem in checking.PROBLEMS.items() if min(map(min, problem.padding)) < 0}
DILATED_SAME = {
    name for name, p in checking.PROBLEMS.items() if (p.symbol or "").startswith("same") and max(p.dilation) > 1
}


@pytest.mark.parametrize("mode", [{}, {"filter": "constant"}], ids=str)
@pytest.mark.parametrize(
    ("dtype", "memory"), [("float32", "contiguous"), ("float32", "sliced"), ("float16", "permuted")]
)
@pytest.mark.parametrize("route", ROUTES.values(), ids=ROUTES)
def test_every_route_is_exact_where_the_operator_can_say_it(
    route: Route, dtype: str, memory: str, mode: dict[str, str]
) -> None:
    outcomes = checking.outcomes(Onnxruntime(**mode), route, dtype, memory, with_bias=True)
    assert set(outcomes) == CROPPED | (DILATED_SAME if route.name == "Conv" else set())
    assert all(outcomes[name].endswith("Attribute pads must not contain negative values") for name in CROPPED)
    assert all("Dilation not supported for AutoPadType" in outcomes[name] for name in set(outcomes) - CROPPED)


@pytest.mark.parametrize("dtype", ["float64", "bfloat16"])
@pytest.mark.parametrize("route", ROUTES.values(), ids=ROUTES)
def test_a_type_without_a_kernel_is_refused(route: Route, dtype: str) -> None:
    outcome = checking.outcome(Onnxruntime(), route, checking.PROBLEMS["plain"], dtype)
    assert outcome.startswith(
        "refused: [ONNXRuntimeError] : 9 : NOT_IMPLEMENTED : Could not find an implementation for Conv"
    )


@pytest.mark.parametrize("name", ["empty-output", "empty-output-line"])
def test_a_kernel_larger_than_the_input_is_refused(name: str) -> None:
    outcome = checking.outcome(Onnxruntime(), ROUTES["conv-Conv"], checking.EMPTY[name])
    assert outcome.startswith("refused: ")
    assert "Invalid input shape: {2" in outcome


@pytest.mark.parametrize("name", ["empty-batch", "empty-batch-stride"])
@pytest.mark.parametrize("route", ROUTES.values(), ids=ROUTES)
def test_an_empty_batch_is_answered(route: Route, name: str) -> None:
    assert checking.outcome(Onnxruntime(), route, checking.EMPTY[name]) == "exact"


def test_it_has_no_route_for_a_gradient_that_it_does_not_compute() -> None:
    assert {route.operation for route in Onnxruntime.routes()} == {"conv", "conv_input_grad", "conv_transpose"}


def test_a_session_serves_one_question_and_its_fills(monkeypatch: pytest.MonkeyPatch) -> None:
    adapter, sessions = Onnxruntime(), []
    load = adapter.load
    monkeypatch.setattr(adapter, "load", lambda model: sessions.append(model) or load(model))
    for name, count in (("plain", 1), ("plain", 1), ("one-by-one", 2)):
        assert checking.outcome(adapter, ROUTES["conv-Conv"], checking.PROBLEMS[name]) == "exact"
        assert len(sessions) == count
