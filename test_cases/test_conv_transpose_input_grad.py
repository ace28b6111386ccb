"""conv_transpose_input_grad: conv itself, with the filter of the transposed convolution."""

from collections.abc import Callable

from convformance.judging.assertions import Verdict, assert_conformant

OPERATION = "conv_transpose_input_grad"


def test_conv_transpose_input_grad(ask: Callable[[], Verdict]) -> None:
    assert_conformant(verdict=ask())
