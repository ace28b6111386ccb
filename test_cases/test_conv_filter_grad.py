"""conv_filter_grad: dw, the adjoint of conv in w.

dw[o, c, t] = sum over n, p of x[n, c, p * stride + t * dilation - lo] * dy[n, o, p]
"""

from collections.abc import Callable

from convformance.judging.assertions import Verdict, assert_conformant

OPERATION = "conv_filter_grad"


def test_conv_filter_grad(ask: Callable[[], Verdict]) -> None:
    assert_conformant(verdict=ask())
