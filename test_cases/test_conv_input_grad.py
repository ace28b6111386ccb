"""conv_input_grad: dx, the adjoint of conv in x: every dy[n, o, p] * w[o, c, t] lands on the element it was read from."""

from collections.abc import Callable

from convformance.judging.assertions import Verdict, assert_conformant

OPERATION = "conv_input_grad"


def test_conv_input_grad(ask: Callable[[], Verdict]) -> None:
    assert_conformant(verdict=ask())
