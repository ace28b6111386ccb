"""Routes by derivatives of derivatives and by maps over an axis: each is one of the seven operations, exactly."""

import numpy as np
import pytest

from convformance.adapters import discovery
from convformance.adapters.contract import Route
from convformance.reference.problem import Problem
from tests.adapters import checking

NAMES = ("torch", "jax", "tensorflow")
SOME = ("line-stride-dilation", "groups-stride-dilation", "asymmetric-stride", "rows-unread", "depthwise-multiplier")
# What a second derivative passes through, and TensorFlow turns down on the CPU.
TURNED_DOWN = ("dilation rates", "Gradients for grouped", "not supported in conjunction", "outside the domain")


def derived(name: str) -> list[Route]:
    return [route for route in discovery.adapter_class(name).routes() if route.domain.seldom]


ROUTES = [
    pytest.param(name, route, id=f"{name}-{route.operation}-{route.name}") for name in NAMES for route in derived(name)
]


@pytest.mark.parametrize(("name", "route"), ROUTES)
@pytest.mark.parametrize("dtype", ["float32", "float16"])
def test_every_route_is_exact(name: str, route: Route, dtype: str) -> None:
    adapter = checking.created(name)
    problems = {each: checking.PROBLEMS[each] for each in (SOME if dtype == "float32" else SOME[1:3])}
    differing = checking.outcomes(adapter, route, dtype, "permuted", problems=problems)
    assert all(any(part in outcome for part in TURNED_DOWN) for outcome in differing.values()), differing
    assert len(differing) < len(problems) or (dtype, route.name) == ("float16", "per-sample")


@pytest.mark.parametrize("name", NAMES)
def test_an_operation_has_more_ways_than_its_usual_one(name: str) -> None:
    operations = {route.operation for route in derived(name)}
    assert {"conv", "conv_input_grad", "conv_filter_grad", "conv_transpose"} < operations


def test_batch_groups_are_groups() -> None:
    adapter = checking.created("jax")
    problem = Problem.of(
        input_size=(6, 5),
        kernel_size=(3, 2),
        batch=2,
        in_channels=6,
        out_channels=9,
        groups=3,
        stride=(2, 1),
        padding=1,
    )
    routes = [route for route in derived("jax") if route.name == "batch_group_count"]
    assert len(routes) == 3
    for route in routes:
        assert checking.outcome(adapter, route, problem) == "exact"


@pytest.mark.parametrize("padding", [(0, 0), "same_upper", ((1, 2), (0, 1)), ((-1, 1), (2, -1))], ids=str)
@pytest.mark.parametrize("stride", [1, 2])
def test_the_backprops_of_a_depthwise_convolution_are_its_gradients(padding: object, stride: int) -> None:
    adapter = checking.created("tensorflow")
    sizes = {"input_size": (8, 7), "kernel_size": (3, 2), "batch": 2, "in_channels": 3, "out_channels": 6, "groups": 3}
    problem = Problem.of(**sizes, padding=padding, stride=stride)  # type: ignore[arg-type]
    routes = [route for route in adapter.routes() if route.name.startswith("depthwise_conv2d_backprop")]
    assert len(routes) == 2
    for route in routes:
        assert checking.outcome(adapter, route, problem, "float64") == "exact"


def test_a_second_derivative_of_torch_differentiates_a_gradient(monkeypatch: pytest.MonkeyPatch) -> None:
    adapter = checking.created("torch")
    grad = adapter.torch.autograd.grad  # type: ignore[attr-defined]
    connected: list[bool] = []

    def counting(*arguments: object, create_graph: bool = False) -> object:
        connected.append(create_graph)
        return grad(*arguments, create_graph=create_graph)

    monkeypatch.setattr(adapter.torch.autograd, "grad", counting)  # type: ignore[attr-defined]
    for route in derived("torch"):
        if route.name.startswith("double-backward"):
            connected.clear()
            assert checking.outcome(adapter, route, checking.PROBLEMS["groups"]) == "exact"
            assert connected == [True, False], route


def test_a_map_takes_one_image_at_a_time(monkeypatch: pytest.MonkeyPatch) -> None:
    adapter = checking.created("torch")
    shapes: list[tuple[int, ...]] = []
    convolve = adapter.convolve  # type: ignore[attr-defined]

    def noting(problem: Problem, x: object, w: object, bias: object = None) -> object:
        shapes.append(tuple(x.shape))  # type: ignore[attr-defined]
        return convolve(problem, x, w, bias)

    monkeypatch.setattr(adapter, "convolve", noting)
    (route,) = (each for each in derived("torch") if (each.operation, each.name) == ("conv", "vmap-x"))
    assert checking.outcome(adapter, route, checking.PROBLEMS["plain"]) == "exact"
    assert shapes == [(1, 4, 7, 6)]
    assert np.prod(shapes[0]) * 2 == np.prod(checking.PROBLEMS["plain"].input_shape)
