"""SciPy answers every problem exactly in the types it has, and says what it lacks."""

import pytest

from convformance.adapters.contract import Route
from convformance.adapters.scipy import Scipy
from tests.adapters import checking

ROUTES = [pytest.param(route, id=f"{route.operation}-{route.name}") for route in Scipy.routes()]


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
        "refused: scipy.signal.fftconvolve has no float16",
    )
    assert checking.outcome(adapter, route, checking.PROBLEMS["plain"], dtype).startswith(message)


@pytest.mark.parametrize("route", [param for param in ROUTES if param.values[0].operation in checking.WITH_BIAS])
def test_a_bias_is_refused(adapter: Scipy, route: Route) -> None:
    outcome = checking.outcome(adapter, route, checking.PROBLEMS["plain"], with_bias=True)
    assert outcome == f"refused: the route {route.name} of scipy takes no bias"


@pytest.mark.parametrize("name", checking.EMPTY)
@pytest.mark.parametrize("route", ROUTES)
def test_an_empty_operand_or_result_is_refused(adapter: Scipy, route: Route, name: str) -> None:
    assert checking.outcome(adapter, route, checking.EMPTY[name]).startswith(
        "refused: scipy.signal has no empty convolution"
    )


def test_the_routes_through_the_frequency_domain_promise_no_more_than_a_fast_algorithm_can() -> None:
    assert {route.grade for route in Scipy.routes() if route.name == "signal.fftconvolve"} == {"norm-wise"}
    assert {route.grade for route in Scipy.routes() if route.name != "signal.fftconvolve"} == {"conformant"}
