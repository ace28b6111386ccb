"""tract answers every route in the types that it has, and what is known of it is so."""

import numpy as np
import pytest

from convformance.adapters.contract import Route
from convformance.adapters.tract import Tract
from convformance.reference.problem import Problem
from tests.adapters import checking

pytest.importorskip("tract", reason="tract is not installed")

ROUTES = {
    f"{each.operation} {each.name}": each
    for each in Tract.routes()
    if checking.is_ordinary(each) and each.name != "ConvInteger"
}
NAMES = ("line-stride-dilation", "groups-stride-dilation", "asymmetric", "same-upper", "same-lower-stride", "volume")


@pytest.mark.parametrize("stored", Tract.options["filter"])
@pytest.mark.parametrize("declared", ROUTES.values(), ids=ROUTES)
def test_routes_are_exact(declared: Route, stored: str) -> None:
    problems = {name: checking.PROBLEMS[name] for name in NAMES}
    for dtype in ("float64", "float32", "float16"):
        assert checking.outcomes(Tract(filter=stored), declared, dtype, problems=problems) == {}


@pytest.mark.parametrize(
    ("name", "dtype", "words"), [("plain", "bfloat16", "Bfloat16"), ("crop", "float32", "Building node")]
)
def test_what_it_does_not_have_is_refused(name: str, dtype: str, words: str) -> None:
    outcome = checking.outcome(Tract(), ROUTES["conv Conv"], checking.PROBLEMS[name], dtype)
    assert outcome.startswith("refused: ")
    assert words in outcome


def test_float16_is_summed_in_float16() -> None:
    x, w = np.array([[[2048, 1, 1, 1, 1]]], np.float16), np.ones((1, 1, 5), np.float16)
    answer = Tract().answer(ROUTES["conv Conv"], Problem.of(input_size=(5,), kernel_size=5), (x, w))
    assert answer.value[0, 0, 0] < 2052
