"""ExecuTorch answers what its kernels and XNNPACK can say, and refuses the rest in words or with a code."""

import numpy as np
import pytest

from convformance.adapters.contract import Route
from convformance.adapters.executorch import Executorch
from convformance.reference.problem import Problem
from tests.adapters import checking

pytest.importorskip("executorch", reason="executorch is not installed")
pytest.importorskip("torch", reason="torch is not installed")

ROUTES = {f"{each.operation} {each.name}": each for each in Executorch.routes() if checking.is_ordinary(each)}
# A program takes a second to be made.
NAMES = ("line-groups", "depthwise-multiplier", "asymmetric-stride", "dilation")


@pytest.mark.parametrize("backend", Executorch.options["backend"])
@pytest.mark.parametrize("declared", ROUTES.values(), ids=ROUTES)
def test_routes_are_exact(declared: Route, backend: str) -> None:
    problems = {name: checking.PROBLEMS[name] for name in NAMES}
    assert checking.outcomes(Executorch(backend=backend), declared, with_bias=True, problems=problems) == {}


@pytest.mark.parametrize("dtype", ["float64", "float16", "bfloat16"])
def test_every_type_is_its_own(dtype: str) -> None:
    problems = {"plain": checking.PROBLEMS["plain"]}
    for declared in ROUTES.values():
        assert checking.outcomes(Executorch(), declared, dtype, problems=problems) == {}


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("volume", "failed with error 0x12"),
        ("crop", "failed with error 0x12"),
        ("same-upper-stride", "padding='same' is not supported for strided convolutions"),
        ("empty-batch", "0 in strides is not supported for ExecuTorch"),
    ],
)
def test_what_it_does_not_have_is_refused(name: str, words: str) -> None:
    outcome = checking.outcome(Executorch(), ROUTES["conv F.conv"], (checking.PROBLEMS | checking.EMPTY)[name])
    assert outcome.startswith("refused: ")
    assert words in outcome


@pytest.mark.parametrize(
    ("backend", "channels", "want"), [("xnnpack", 2, 2052), ("xnnpack", 1, 2048), ("portable", 2, 2048)]
)
def test_float16_is_summed_in_float32_by_xnnpack_where_a_group_has_more_than_one_channel(
    backend: str, channels: int, want: float
) -> None:
    x, w = np.zeros((1, channels, 5), np.float16), np.ones((1, channels, 5), np.float16)
    x[0, 0] = 2048, 1, 1, 1, 1
    problem = Problem.of(input_size=(5,), kernel_size=5, in_channels=channels)
    answer = Executorch(backend=backend).answer(ROUTES["conv F.conv"], problem, (x, w))
    assert answer.value[0, 0, 0] == want
