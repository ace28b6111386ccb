"""Layouts in memory: who is asked in which, and that they are no copy when the framework reads them."""

from typing import Any

import numpy as np
import pytest

from convformance.adapters import discovery, layouts
from convformance.adapters.contract import COPIED, Adapter, Request, route
from convformance.adapters.discovery import Selection
from convformance.adapters.guarded import guard
from convformance.reference.arrays import Array
from convformance.reference.problem import Problem
from convformance.test_cases.memory import MEMORY

EVEN = Problem.of(input_size=(8, 8), kernel_size=(3, 2), batch=2, in_channels=4, out_channels=8)
UNEVEN = Problem.of(input_size=(7, 5), kernel_size=3)


class Silent(Adapter):
    """An adapter that says nothing of memory."""

    name = "silent"

    @route("conv")
    def conv(self, problem: Problem, x: Array, w: Array) -> Any:
        raise NotImplementedError


def asked(spec: str, problem: Problem = EVEN, dtype: str = "float32") -> set[str]:
    domain = discovery.load(spec).routes[0].domain
    requests = {memory: Request(problem, dtype, memory=memory) for memory in MEMORY}
    return {memory for memory, request in requests.items() if domain.holds(request)} - set(COPIED)


def test_an_adapter_that_says_nothing_is_asked_no_new_layout() -> None:
    (only,) = Selection(Silent, {}, "silent").routes
    holds = {memory for memory in MEMORY if only.domain.holds(Request(EVEN, "float32", memory=memory))}
    assert holds == set(COPIED)


@pytest.mark.parametrize(
    ("spec", "layouts_asked"),
    [
        ("torch", {"expanded", "unaligned", "ones", "guarded"}),
        ("torch[layout=channels_last]", set()),
        ("scipy", {"expanded", "unaligned", "ones", "guarded"}),
        ("onnxruntime", {"unaligned", "guarded"}),
        ("jax", {"guarded"}),
        ("jax[layout=NCHW]", {"ones", "guarded"}),
        ("tensorflow", {"guarded"}),
    ],
)
def test_a_layout_is_asked_where_it_reaches_the_framework(spec: str, layouts_asked: set[str]) -> None:
    assert asked(spec) == layouts_asked


@pytest.mark.parametrize("spec", ["jax", "tensorflow"])
def test_what_would_be_copied_for_its_alignment_is_not_asked(spec: str) -> None:
    assert asked(spec, UNEVEN) == set()


def test_bfloat16_reaches_tensorflow_as_a_copy_alone() -> None:
    assert asked("tensorflow", dtype="bfloat16") == set()


@pytest.mark.parametrize("spec", ["torch", "tensorflow"])
@pytest.mark.parametrize("first", [True, False])
def test_a_guarded_array_is_read_where_it_lies(spec: str, first: bool) -> None:
    adapter = discovery.create(spec)
    array = layouts.from_canonical(guard(np.ones((2, 4, 4, 2), np.float32), first=first), adapter.activations)
    native = adapter.to_native(array)
    array[...] = 7
    assert adapter.to_numpy(native).min() == 7
