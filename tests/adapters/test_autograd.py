"""HIPS autograd: every route speaks its language, and what is known of it is so."""

from functools import cache

import numpy as np
import pytest

from convformance.adapters.autograd import Autograd
from convformance.adapters.contract import Request, Route
from convformance.reference.problem import Problem
from tests.adapters import checking

pytest.importorskip("autograd", reason="autograd is not installed")

ROUTES = {f"{each.operation} {each.name}": each for each in Autograd.routes()}
BORDERS = ("valid", "full", "same_upper", "same_lower", ((1, 2), (0, 3)), ((3, 4), (5, 2)))
SIZES = {
    "plain": ((7, 6), (3, 2)),
    "as large as the data": ((3, 4), (3, 4)),
    "larger on one axis": ((5, 3), (2, 4)),
}


@cache
def adapter() -> Autograd:
    return Autograd()


def problems() -> dict[str, Problem]:
    planes = {
        f"{name} {border}": Problem.of(
            input_size=size, kernel_size=kernel, padding=border, in_channels=3, out_channels=4
        )
        for name, (size, kernel) in SIZES.items()
        for border in BORDERS
        if name != "larger on one axis" or border != "valid"
    }
    return {**planes, **{name: checking.PROBLEMS[name] for name in ("line", "line-full", "line-same-lower", "volume")}}


@pytest.mark.parametrize("dtype", ["float64", "float32", "float16"])
@pytest.mark.parametrize("declared", ROUTES.values(), ids=ROUTES)
def test_routes_are_exact(declared: Route, dtype: str) -> None:
    assert checking.outcomes(adapter(), declared, dtype, with_bias=declared.takes_bias, problems=problems()) == {}


@pytest.mark.parametrize("name", ["stride", "dilation", "groups", "crop", "empty-batch", "empty-output"])
def test_what_it_has_no_parameter_for_is_not_asked(name: str) -> None:
    problem = {**checking.PROBLEMS, **checking.EMPTY}[name]
    assert not any(declared.domain.holds(Request(problem, "float32")) for declared in ROUTES.values())


def test_bfloat16_is_refused() -> None:
    outcome = checking.outcome(adapter(), ROUTES["conv conv"], checking.PROBLEMS["plain"], "bfloat16")
    assert outcome.startswith("refused: ")


def test_float16_is_summed_in_float16() -> None:
    x, w = np.ones((1, 9, 9), np.float16), np.ones((1, 9, 9), np.float16)
    x[0, 0, 0] = 2048
    answer = adapter().answer(ROUTES["conv conv"], Problem.of(input_size=(9,), kernel_size=9, in_channels=9), (x, w))
    assert answer.value[0, 0, 0] < 2048 + 80
