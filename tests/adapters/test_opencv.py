"""OpenCV answers every route in float32, and what is known of it is so."""

import numpy as np
import pytest

from convformance.adapters.contract import Route
from convformance.adapters.opencv import Opencv
from convformance.reference.problem import Problem
from tests.adapters import checking

pytest.importorskip("cv2", reason="opencv-python-headless is not installed")

ROUTES = {f"{each.operation} {each.name}": each for each in Opencv.routes() if checking.is_ordinary(each)}
NAMES = ("line-stride-dilation", "groups-stride-dilation", "asymmetric", "same-upper", "volume")
CONV = ROUTES["conv Conv"]


@pytest.mark.parametrize("engine", Opencv.options["engine"])
@pytest.mark.parametrize("stored", Opencv.options["filter"])
@pytest.mark.parametrize("declared", ROUTES.values(), ids=ROUTES)
def test_routes_are_exact(declared: Route, stored: str, engine: str) -> None:
    problems = {name: checking.PROBLEMS[name] for name in NAMES}
    assert checking.outcomes(Opencv(filter=stored, engine=engine), declared, problems=problems) == {}


@pytest.mark.parametrize("dtype", ["float64", "float16", "bfloat16"])
def test_another_type_is_refused(dtype: str) -> None:
    assert checking.outcome(Opencv(), CONV, checking.PROBLEMS["plain"], dtype).startswith("refused: ")


@pytest.mark.parametrize(("taps", "is_wrong"), [((9,), True), ((1, 9), True), ((3, 3), False), ((8,), False)])
def test_nine_taps_in_a_line_are_wrong(taps: tuple[int, ...], is_wrong: bool) -> None:
    problem = Problem.of(input_size=[size + 2 for size in taps], kernel_size=taps, out_channels=2)
    assert checking.outcome(Opencv(), CONV, problem).startswith("wrong") == is_wrong


def test_infinity_becomes_the_largest_number() -> None:
    x, w = np.array([[[np.inf]]], np.float32), np.ones((1, 1, 1), np.float32)
    answer = Opencv().answer(CONV, Problem.of(input_size=(1,), kernel_size=1), (x, w))
    assert answer.value[0, 0, 0] == np.finfo(np.float32).max
