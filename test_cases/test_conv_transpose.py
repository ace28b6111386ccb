"""conv_transpose: the input gradient of conv with the same filter, as an operation of its own, plus a bias."""

from collections.abc import Callable

from convformance.judging.assertions import Verdict, assert_conformant

OPERATION = "conv_transpose"


def test_conv_transpose(ask: Callable[[], Verdict]) -> None:
    assert_conformant(verdict=ask())
