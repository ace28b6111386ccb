"""conv_transpose_filter_grad: that of conv with the roles of the operands exchanged."""

from collections.abc import Callable

from convformance.judging.assertions import Verdict, assert_conformant

OPERATION = "conv_transpose_filter_grad"


def test_conv_transpose_filter_grad(ask: Callable[[], Verdict]) -> None:
    assert_conformant(verdict=ask())
