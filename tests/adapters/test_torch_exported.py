"""The exported programs of torch answer as torch does, for each kind of operands, and maps are refused."""

import pytest

from convformance.adapters.contract import Route
from convformance.adapters.torch import Torch
from tests.adapters import checking

pytest.importorskip("torch")

ROUTES = {f"{each.operation}-{each.name}": each for each in Torch.routes() if checking.is_ordinary(each)}
TRACED = {name: each for name, each in ROUTES.items() if not each.domain.seldom}


@pytest.mark.parametrize("route", TRACED.values(), ids=TRACED)
def test_an_exported_route_is_exact_in_two_types_one_after_the_other(route: Route) -> None:
    adapter = Torch(mode="export")
    for dtype in ("float32", "float64"):
        outcome = checking.outcome(adapter, route, checking.PROBLEMS["groups-stride-dilation"], dtype, with_bias=True)
        assert outcome == "exact"


def test_a_map_is_refused_before_it_is_traced() -> None:
    outcome = checking.outcome(Torch(mode="export"), ROUTES["conv-vmap-w"], checking.PROBLEMS["plain"])
    assert outcome.startswith("refused: torch.export does not trace maps")
