"""conv: y[n, o, p] = sum over c, t of x[n, c, p * stride + t * dilation - lo] * w[o, c, t], plus a bias per channel."""

from collections.abc import Callable, Mapping

from convformance.judging.assertions import assert_conformant

OPERATION = "conv"


def test_conv(ask: Callable[[], Mapping[str, object]]) -> None:
    assert_conformant(verdict=ask())
