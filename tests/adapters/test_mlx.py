"""MLX: every route speaks its language, and what is known of it is so."""

from functools import cache

import numpy as np
import pytest

from convformance.adapters.contract import Route
from convformance.adapters.mlx import Mlx
from convformance.reference.problem import Problem
from tests.adapters import checking

pytest.importorskip("mlx.core", reason="mlx is not installed")

ROUTES = {f"{each.operation} {each.name}": each for each in Mlx.routes()}
NAMES = ("line-stride-dilation", "groups-stride-dilation", "symmetric", "same-upper", "volume")


@cache
def adapter(mode: str) -> Mlx:
    return Mlx(mode=mode)


@pytest.mark.parametrize("mode", Mlx.options["mode"])
@pytest.mark.parametrize("declared", ROUTES.values(), ids=ROUTES)
def test_routes_answer_or_refuse(declared: Route, mode: str) -> None:
    problems = {name: checking.PROBLEMS[name] for name in NAMES}
    for dtype in ("float32", "float16", "bfloat16"):
        left = checking.outcomes(adapter(mode), declared, dtype, problems=problems)
        assert all("one padding for both sides" in outcome for outcome in left.values()), left
        assert len(left) <= 2


def test_padding_wider_than_the_kernel_and_float64_diverge_as_known() -> None:
    wide = Problem.of(input_size=(5,), kernel_size=1, stride=2, padding=1)
    assert checking.outcome(adapter("eager"), ROUTES["conv_transpose conv_transpose"], wide).startswith("wrong")
    x, w = np.array([[[1 + 2.0**-40, 0, 0]]]), np.ones((1, 1, 1))
    answer = adapter("eager").answer(ROUTES["conv conv"], Problem.of(input_size=(3,), kernel_size=1), (x, w))
    assert answer.value[0, 0, 0] == 1
