"""conv_transpose: the input gradient of conv with the same filter, as an operation of its own, plus a bias."""

from collections.abc import Callable, Mapping

from convformance.judging.assertions import assert_conformant

OPERATION = "conv_transpose"


def test_conv_transpose(ask: Callable[[], Mapping[str, object]]) -> None:
    assert_conformant(verdict=ask())
