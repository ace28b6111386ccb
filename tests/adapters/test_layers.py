"""Keras, Flax, Equinox and PaddlePaddle: every route speaks its language, or refuses in words that are known."""

import os
from collections.abc import Callable
from typing import Any

import pytest

from convformance.adapters import discovery
from convformance.adapters.contract import Adapter, Route
from convformance.processes import machine
from tests.adapters import checking

NAMES = ("groups-stride-dilation", "symmetric", "asymmetric-stride", "same-upper-stride", "volume", "line-same-lower")
REFUSALS = ("no groups", "not supported in conjunction", "Invalid padding")
INSTALLED = [name for name in ("keras", "paddle", "flax", "equinox") if not discovery.adapter_class(name).missing()]


def routes() -> list[Any]:
    every = ((name, each) for name in INSTALLED for each in discovery.adapter_class(name).routes())
    return [pytest.param(name, each, id=f"{name} {each.operation} {each.name}") for name, each in every]


@pytest.fixture(scope="module")
def adapter() -> Callable[[str], Adapter]:
    kept: dict[str, Adapter] = {}
    return lambda name: kept.get(name) or kept.setdefault(name, checking.created(name))


@pytest.mark.parametrize(("name", "declared"), routes())
def test_routes_answer_or_refuse(adapter: Callable[[str], Adapter], name: str, declared: Route) -> None:
    asked = {each: checking.as_offered(declared, checking.PROBLEMS[each]) for each in NAMES}
    problems = {each: problem for each, problem in asked.items() if checking.is_ordinary(declared) or problem.beyond}
    left = checking.outcomes(adapter(name), declared, with_bias=declared.takes_bias, problems=problems)
    assert all(outcome.startswith("refused") and any(map(outcome.__contains__, REFUSALS)) for outcome in left.values())
    assert len(left) <= 2


@pytest.mark.parametrize("name", INSTALLED)
def test_processes_begun_later_compute_as_before(name: str) -> None:
    before = machine.variables(os.environ)
    checking.created(name)
    assert machine.variables(os.environ) == before
