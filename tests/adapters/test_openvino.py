"""OpenVINO answers every route, and what is known of it is so."""

from functools import cache

import numpy as np
import pytest

from convformance.adapters.contract import Route
from convformance.adapters.openvino import Openvino
from convformance.reference.problem import Problem
from tests.adapters import checking

pytest.importorskip("openvino", reason="openvino is not installed")

ROUTES = {f"{each.operation} {each.name}": each for each in Openvino.routes() if checking.is_ordinary(each)}
NAMES = ("line-stride-dilation", "groups-stride-dilation", "asymmetric", "same-upper", "same-lower-stride", "volume")


@cache
def adapter(stored: str, precision: str = "f32") -> Openvino:
    return Openvino(filter=stored, precision=precision)


@pytest.mark.parametrize("stored", Openvino.options["filter"])
@pytest.mark.parametrize("declared", ROUTES.values(), ids=ROUTES)
def test_routes_are_exact(declared: Route, stored: str) -> None:
    problems = {name: checking.PROBLEMS[name] for name in NAMES}
    for dtype in ("float32", "float16", "bfloat16"):
        assert checking.outcomes(adapter(stored), declared, dtype, problems=problems) == {}


@pytest.mark.parametrize(("precision", "want"), [("f32", 1 + 2.0**-20), ("bf16", 1)])
def test_the_precision_is_that_of_the_mode_and_float64_is_none(precision: str, want: float) -> None:
    x, w = np.array([[[1 + 2.0**-20 + 2.0**-40, 0, 0]]]), np.ones((1, 1, 1))
    for dtype in ("float32", "float64"):
        operands = x.astype(dtype), w.astype(dtype)
        answer = adapter("input", precision).answer(
            ROUTES["conv Conv"], Problem.of(input_size=(3,), kernel_size=1), operands
        )
        assert (answer.value.dtype, answer.value[0, 0, 0]) == (dtype, want)


def test_a_kernel_that_does_not_fit_is_refused() -> None:
    outcome = checking.outcome(adapter("input"), ROUTES["conv Conv"], checking.EMPTY["empty-output"])
    assert outcome.startswith("refused: ")
    assert "larger than the data shape after padding" in outcome
