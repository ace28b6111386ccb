"""tinygrad: every route speaks its language, and what is known of it is so."""

from functools import cache

import numpy as np
import pytest

from convformance.adapters.bits import BFLOAT16
from convformance.adapters.contract import Route
from convformance.adapters.tinygrad import Tinygrad
from convformance.reference.problem import Problem
from tests.adapters import checking

pytest.importorskip("tinygrad", reason="tinygrad is not installed")

ROUTES = {f"{each.operation} {each.name}": each for each in Tinygrad.routes()}
LINE = Problem.of(input_size=(7,), kernel_size=3, stride=2, padding=((1, 2),), groups=2, in_channels=4, out_channels=2)
PLANE = Problem.of(input_size=(4, 5), kernel_size=(2, 3), dilation=(2, 1), padding=((2, 1), (0, 3)), in_channels=2)
PROBLEMS = {"line": LINE, "plane": PLANE}


@cache
def adapter() -> Tinygrad:
    return Tinygrad()


@pytest.mark.parametrize("declared", ROUTES.values(), ids=ROUTES)
def test_routes_are_exact(declared: Route) -> None:
    assert checking.outcomes(adapter(), declared, with_bias=declared.takes_bias, problems=PROBLEMS) == {}


@pytest.mark.parametrize(("dtype", "is_rounded"), [("float32", False), ("bfloat16", True)])
def test_products_of_bfloat16_are_rounded(dtype: str, is_rounded: bool) -> None:
    step = 2.0**-7 if is_rounded else 2.0**-23
    problem = Problem.of(input_size=(1,), kernel_size=1, in_channels=2)
    x, w = np.array([[[1 + step], [-1]]]), np.array([[[1 + step], [1 + 2 * step]]])
    kind = BFLOAT16 if is_rounded else np.dtype(dtype)
    answer = adapter().answer(ROUTES["conv conv"], problem, (x.astype(kind), w.astype(kind)))
    assert answer.value[0, 0, 0] == (0 if is_rounded else step**2)


def test_sums_of_bfloat16_are_in_float32() -> None:
    x, w = np.array([[[256], [1], [1]]]).astype(BFLOAT16), np.ones((1, 3, 1)).astype(BFLOAT16)
    answer = adapter().answer(ROUTES["conv conv"], Problem.of(input_size=(1,), kernel_size=1, in_channels=3), (x, w))
    assert answer.value[0, 0, 0] == 258


def test_a_kernel_larger_than_the_data_is_refused() -> None:
    assert checking.outcome(adapter(), ROUTES["conv conv"], checking.EMPTY["empty-output-line"]).startswith("refused: ")
