"""conv_transpose_input_grad: The input gradient of the transposed convolution: conv itself."""

from collections.abc import Callable

from convformance.judging.assertions import Verdict, assert_conformant

OPERATION = "conv_transpose_input_grad"


def test_conv_transpose_input_grad(ask: Callable[[], Verdict]) -> None:
    assert_conformant(verdict=ask())
