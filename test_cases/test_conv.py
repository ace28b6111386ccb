"""conv: y[n, o, p] = sum over c, t of x[n, c, p * stride + t * dilation - lo] * w[o, c, t], plus a bias per channel."""

from collections.abc import Callable

from convformance.judging.assertions import Verdict, assert_conformant

OPERATION = "conv"


def test_conv(ask: Callable[[], Verdict]) -> None:
    assert_conformant(verdict=ask())
