"""conv_bias_grad: db[o] = sum over n, p of dy[n, o, p]."""

from collections.abc import Callable, Mapping

from convformance.judging.assertions import assert_conformant

OPERATION = "conv_bias_grad"


def test_conv_bias_grad(ask: Callable[[], Mapping[str, object]]) -> None:
    assert_conformant(verdict=ask())
