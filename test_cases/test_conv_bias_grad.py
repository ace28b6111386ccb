"""conv_bias_grad: db[o] = sum over n, p of dy[n, o, p]."""

from collections.abc import Callable

from convformance.judging.assertions import Verdict, assert_conformant

OPERATION = "conv_bias_grad"


def test_conv_bias_grad(ask: Callable[[], Verdict]) -> None:
    assert_conformant(verdict=ask())
