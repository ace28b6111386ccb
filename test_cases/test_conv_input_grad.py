"""conv_input_grad: dx, the adjoint of conv in x: each dy[n, o, p] * w[o, c, t] is added where conv read its x."""

from collections.abc import Callable

from convformance.judging.assertions import Verdict, assert_conformant

OPERATION = "conv_input_grad"


def test_conv_input_grad(ask: Callable[[], Verdict]) -> None:
    assert_conformant(verdict=ask())
