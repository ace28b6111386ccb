"""SciPy answers every problem exactly in the types it has, and says what it lacks."""

import pytest

from convformance.adapters.contract import Request, Route
from convformance.adapters.scipy import Scipy
from convformance.reference.problem import Problem
from tests.adapters import checking

ORDINARY = filter(checking.is_ordinary, Scipy.routes())
ROUTES = [pytest.param(route, id=f"{route.operation}-{route.name}") for route in ORDINARY]


@pytest.fixture(scope="module")
def adapter() -> Scipy:
    return Scipy()


@pytest.mark.parametrize(
    ("dtype", "memory"), [("float64", "contiguous"), ("float32", "sliced"), ("float32", "permuted")]
)
@pytest.mark.parametrize("route", ROUTES)
def test_every_route_is_exact(adapter: Scipy, route: Route, dtype: str, memory: str) -> None:
    assert checking.outcomes(adapter, route, dtype, memory) == {}


@pytest.mark.parametrize("dtype", ["float16", "bfloat16"])
@pytest.mark.parametrize("route", ROUTES)
def test_a_16_bit_type_is_refused(adapter: Scipy, route: Route, dtype: str) -> None:
    message = (
        "refused: Unsupported type",
        "refused: dtype argument must be",
        f"refused: outside the domain of the route {route.name} of scipy: operands",
    )
    assert checking.outcome(adapter, route, checking.PROBLEMS["plain"], dtype).startswith(message)


@pytest.mark.parametrize("route", [param for param in ROUTES if param.values[0].operation in checking.WITH_BIAS])
def test_a_bias_is_refused(adapter: Scipy, route: Route) -> None:
    outcome = checking.outcome(adapter, route, checking.PROBLEMS["plain"], with_bias=True)
    assert outcome.startswith(f"refused: outside the domain of the route {route.name} of scipy: ")
    assert "; no bias; " in outcome


@pytest.mark.parametrize("name", checking.EMPTY)
@pytest.mark.parametrize("route", ROUTES)
def test_an_empty_operand_or_result_is_refused(adapter: Scipy, route: Route, name: str) -> None:
    outcome = checking.outcome(adapter, route, checking.EMPTY[name])
    assert outcome.startswith(f"refused: outside the domain of the route {route.name} of scipy: operands and results")


def test_fftconvolve_is_asked_16_bit_types_only_where_it_transforms_nothing(adapter: Scipy) -> None:
    route = next(each for each in Scipy.routes() if (each.operation, each.name) == ("conv", "signal.fftconvolve"))
    product = Problem.of(input_size=(1, 3), kernel_size=1, stride=2)
    assert checking.outcome(adapter, route, product, "float16") == "exact"
    channels = Problem.of(input_size=(1, 3), kernel_size=1, in_channels=2)
    assert checking.outcome(adapter, route, channels, "float16") == (
        "refused: scipy.signal.fftconvolve has no float16: it answers in float32"
    )
    assert route.domain.holds(Request(product, "bfloat16"))
    assert not route.domain.holds(Request(Problem.of(input_size=(4,), kernel_size=2), "float16"))


def test_the_routes_through_the_frequency_domain_promise_no_more_than_a_fast_algorithm_can() -> None:
    assert {route.grade for route in Scipy.routes() if route.name == "signal.fftconvolve"} == {"norm-wise"}
    assert {route.grade for route in Scipy.routes() if route.name != "signal.fftconvolve"} == {"conformant"}
