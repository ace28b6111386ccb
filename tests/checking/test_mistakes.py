"""Mistakes that are often made by hand, each under a name of its own, with what mends it."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import pytest

from convformance import check
from tests.checking.handwritten import mistakes


@dataclass(frozen=True)
class Expected:
    """A function, how it is checked, the name of its mistake, and what its remedy must say."""

    fn: Callable[..., Any]
    name: str
    remedy: str
    options: dict[str, Any] = field(default_factory=dict)

    def __str__(self) -> str:
        return self.fn.__name__


HW = {"layout": "HW"}
BACKWARD = {"op": "conv_input_grad"}
EXPECTED = (
    Expected(mistakes.smoothed, "same-for-valid", "--padding same", HW),
    Expected(mistakes.backward, "crop-to-minus-zero", "[pad : pad + size]", BACKWARD),
    Expected(mistakes.backward_image_by_image, "crop-to-minus-zero", "[pad : pad + size]", BACKWARD),
    Expected(mistakes.centred, "first-axis-for-both", "of each axis", {**HW, "padding": "same"}),
    Expected(mistakes.remembered, "earlier-result", "cache whose key is a shape", HW),
    Expected(mistakes.viewed, "stride-axes-swapped", "(H, W)", HW),
    Expected(mistakes.cut_off, "window-clamped", "Cut the kernel as the window is cut", HW),
    Expected(mistakes.bounded, "side-for-both", "height, width = x.shape[-2:]", HW),
    Expected(mistakes.square, "side-for-both", "height, width = x.shape[-2:]", HW),
)


@pytest.mark.parametrize("expected", EXPECTED, ids=str)
def test_the_mistake_has_a_name_of_its_own_and_a_remedy(expected: Expected) -> None:
    result = check(expected.fn, seconds=6.0, **expected.options)
    assert not result.ok
    first = result.diagnosis[0]
    assert (first.name, expected.remedy in first.remedy) == (expected.name, True), result
    assert 2 * first.explains > first.of
