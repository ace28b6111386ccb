"""JAX answers every problem exactly in every mode; it refuses groups in ``lax.conv_transpose`` and little else."""

from typing import Any

import pytest

from convformance.adapters.contract import Route
from convformance.adapters.jax import Jax
from convformance.reference.problem import Problem
from tests.adapters import checking

pytest.importorskip("jax")

# Those that are asked a sample have a test of their own: test_derivatives.py.
ROUTES = {
    f"{route.operation}-{route.name}": route
    for route in Jax.routes()
    if checking.is_ordinary(route) and not route.domain.seldom
}
SOME = ("line-same-upper-stride", "groups-stride-dilation", "volume-stride")


def expected(route: Route) -> dict[str, str]:
    """Return what is refused, by the name of the problem."""
    grouped = [name for name, problem in checking.PROBLEMS.items() if problem.groups > 1]
    outside = f"refused: outside the domain of the route {route.name} of jax: {route.domain.covers}"
    return dict.fromkeys(grouped, outside) if route.name == "lax.conv_transpose" else {}


@pytest.mark.parametrize("route", ROUTES.values(), ids=ROUTES)
def test_every_route_is_exact(route: Route) -> None:
    assert checking.outcomes(Jax(), route, "float32", "sliced", with_bias=True) == expected(route)


@pytest.mark.parametrize(
    ("dtype", "mode"),
    [
        ("float64", {}),
        ("float16", {}),
        ("bfloat16", {}),
        ("float32", {"layout": "NCHW"}),
        ("float32", {"mode": "eager"}),
    ],
    ids=str,
)
@pytest.mark.parametrize("route", ROUTES.values(), ids=ROUTES)
def test_every_route_is_exact_in_every_type_and_mode(route: Route, dtype: str, mode: dict[str, str]) -> None:
    problems = {name: checking.PROBLEMS[name] for name in SOME}
    refused = {name: message for name, message in expected(route).items() if name in SOME}
    assert checking.outcomes(Jax(**mode), route, dtype, "permuted", with_bias=True, problems=problems) == refused


@pytest.mark.parametrize("name", checking.EMPTY)
@pytest.mark.parametrize("route", ROUTES.values(), ids=ROUTES)
def test_what_is_empty_is_answered_too(route: Route, name: str) -> None:
    outcome = checking.outcome(Jax(), route, checking.EMPTY[name], with_bias=True)
    if route.name == "by-hand" and name.startswith("empty-output"):
        assert outcome.startswith("refused: ")
        assert "expects window to have positive value for 0-th window dimension, but got 0." in outcome
        assert "jax.py" not in outcome
    else:
        assert outcome == "exact"


@pytest.mark.parametrize(("mode", "runs"), [("jit", 1), ("eager", 3)])
def test_a_compiled_route_is_traced_once_for_a_problem(mode: str, runs: int) -> None:
    adapter = Jax(mode=mode)
    called = []

    def counting(problem: Problem, dy: Any) -> Any:
        called.append(problem)
        return adapter.numpy.sum(dy, axis=(0, 1))

    route = ROUTES["conv_bias_grad-vjp"]
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(adapter, route.method, counting)
        assert [checking.outcome(adapter, route, checking.PROBLEMS["line"]) for _ in range(3)] == ["exact"] * 3
    assert len(called) == runs


def test_eager_operations_are_forgotten_with_their_problem(monkeypatch: pytest.MonkeyPatch) -> None:
    adapter = Jax(mode="eager")
    forgotten = []
    monkeypatch.setattr(adapter.jax, "clear_caches", lambda: forgotten.append(1))
    for name in ("line", "line", "plain"):
        assert checking.outcome(adapter, ROUTES["conv_bias_grad-vjp"], checking.PROBLEMS[name]) == "exact"
    assert len(forgotten) == 2


def test_compiled_problems_do_not_pile_up_in_memory(monkeypatch: pytest.MonkeyPatch) -> None:
    adapter = Jax()
    forgotten: list[int] = []
    monkeypatch.setattr(adapter.jax, "clear_caches", lambda: forgotten.append(len(wrapped)))
    wrapped: list[object] = []
    for _ in range(120):
        wrapped.append(adapter.wrap(lambda x: x))
    assert forgotten == [49, 99]


@pytest.mark.parametrize(
    ("function", "key", "name", "padding"),
    [
        ("conv_general_dilated", "conv-lax.conv_general_dilated", "same-upper-stride", "SAME"),
        ("conv_general_dilated", "conv-lax.conv_general_dilated", "same-lower-stride", "SAME_LOWER"),
        ("conv_general_dilated", "conv-lax.conv_general_dilated", "valid", "VALID"),
        ("conv_general_dilated", "conv-lax.conv_general_dilated", "crop-and-pad", ((-1, 2), (3, -2))),
        ("conv_transpose", "conv_transpose-lax.conv_transpose", "same-upper", "SAME"),
        # 7 is no multiple of the stride 3: SAME would give 9
        ("conv_transpose", "conv_transpose-lax.conv_transpose", "same-upper-stride", ((2, 1), (2, 1))),
        ("conv_transpose", "conv_transpose-lax.conv_transpose", "valid", "VALID"),
        ("conv_transpose", "conv_transpose-lax.conv_transpose", "asymmetric", ((1, 0), (1, -2))),
    ],
)
def test_lax_hears_its_own_word_for_a_padding_where_it_has_one(
    function: str, key: str, name: str, padding: Any
) -> None:
    adapter = Jax()
    called, heard = getattr(adapter.lax, function), []

    def listening(*operands: Any, **options: Any) -> Any:
        heard.append(operands[3])
        return called(*operands, **options)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(adapter.lax, function, listening)
        assert checking.outcome(adapter, ROUTES[key], checking.PROBLEMS[name]) == "exact"
    assert heard == [padding]


@pytest.mark.parametrize(
    ("layout", "dimensions"),
    [("NHWC", ("NHWC", "HWIO", "NHWC")), ("NCHW", ("NCHW", "OIHW", "NCHW"))],
)
def test_the_layout_is_the_one_that_was_asked_for(layout: str, dimensions: tuple[str, str, str]) -> None:
    adapter = Jax(layout=layout)
    assert adapter.dimensions(checking.PROBLEMS["plain"]) == dimensions


def test_the_device_is_told() -> None:
    assert Jax().device() == "cpu"
