"""conv_transpose_filter_grad: that of conv with the roles of the operands exchanged."""

from collections.abc import Callable, Mapping

from convformance.judging.assertions import assert_conformant

OPERATION = "conv_transpose_filter_grad"


def test_conv_transpose_filter_grad(ask: Callable[[], Mapping[str, object]]) -> None:
    assert_conformant(verdict=ask())
