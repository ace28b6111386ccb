"""IREE answers every route, and refuses in its compiler's words what its importer does not take."""

import numpy as np
import pytest

from convformance.adapters.contract import Route
from convformance.adapters.iree import Iree
from convformance.reference.problem import Problem
from tests.adapters import checking

pytest.importorskip("iree.compiler", reason="iree-base-compiler is not installed")
pytest.importorskip("iree.runtime", reason="iree-base-runtime is not installed")

ROUTES = {
    f"{each.operation} {each.name}": each
    for each in Iree.routes()
    if checking.is_ordinary(each) and each.name != "ConvInteger"
}
# A model takes half a second to be compiled.
NAMES = ("line-stride-dilation", "groups-stride-dilation", "symmetric", "volume")
UNEVEN = {"line-stride-dilation"}


@pytest.mark.parametrize("declared", ROUTES.values(), ids=ROUTES)
def test_routes_are_exact_and_a_transposed_one_wants_the_same_padding_on_both_sides(declared: Route) -> None:
    problems = {name: checking.PROBLEMS[name] for name in NAMES}
    outcomes = checking.outcomes(Iree(), declared, problems=problems)
    assert set(outcomes) == (UNEVEN if declared.name == "ConvTranspose" else set())
    assert all("failed to legalize operation 'torch.operator'" in outcome for outcome in outcomes.values())


@pytest.mark.parametrize("mode", [{"filter": "constant"}, {"cpu": "generic"}])
def test_modes_are_exact(mode: dict[str, str]) -> None:
    problems = {name: checking.PROBLEMS[name] for name in ("asymmetric-stride", "same-upper")}
    assert checking.outcomes(Iree(**mode), ROUTES["conv Conv"], with_bias=True, problems=problems) == {}


@pytest.mark.parametrize("dtype", ["float64", "float16", "bfloat16"])
def test_every_type_is_its_own(dtype: str) -> None:
    problems = {"plain": checking.PROBLEMS["plain"]}
    assert checking.outcomes(Iree(), ROUTES["conv Conv"], dtype, problems=problems) == {}


def test_float64_is_computed_in_float64() -> None:
    x, w = np.array([[[1 + 2.0**-40, 0, 0]]]), np.ones((1, 1, 1))
    answer = Iree().answer(ROUTES["conv Conv"], Problem.of(input_size=(3,), kernel_size=1), (x, w))
    assert answer.value[0, 0, 0] == 1 + 2.0**-40
