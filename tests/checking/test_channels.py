"""Checking functions whose filters lack axes: depthwise ones, one kernel for all channels, a bank on one channel."""

from typing import Any

import numpy as np
import pytest

from convformance import check
from convformance.checking.layouts import Layouts
from convformance.reference import Problem
from convformance.reference.arrays import Array
from tests.checking.handwritten import channels
from tests.checking.test_handwritten import convformance

BRIEF: dict[str, Any] = {"seconds": 8}
COLOURS = {"layout": "HWC", "filter_layout": "HW"}

RIGHT: list[tuple[Any, dict[str, Any]]] = [
    (channels.depthwise_conv, {"filter_layout": "OHW"}),
    (channels.depthwise_conv, {"filter_layout": "CHW"}),
    (channels.depthwise_conv, {"filter_layout": "OHW", "depthwise": True}),
    (channels.depthwise_conv, {"filter_layout": "OHW", "groups": "in_channels"}),
    (channels.depthwise_conv, {}),
    (channels.depthwise_module, {}),
    (channels.depthwise_module, {"depthwise": True}),
    (channels.depthwise_last, {"layout": "NHWC"}),
    (channels.depthwise_last, {"layout": "NHWC", "filter_layout": "HWC"}),
    (channels.multiplied, {"layout": "NHWC", "filter_layout": "HWCM"}),
    (channels.filter_gradient, {"op": "conv_filter_grad", "filter_layout": "CHW"}),
    (channels.each_colour, COLOURS),
    (channels.each_colour, {**COLOURS, "in_channels": 3}),
    (channels.each_colour_of_many, {"layout": "NHWC", "filter_layout": "HW"}),
    (channels.kernel_gradient, {**COLOURS, "op": "conv_filter_grad"}),
]

WRONG: list[tuple[Any, dict[str, Any], str]] = [
    (channels.depthwise_conv_of_the_first, {"filter_layout": "OHW"}, "groups-ignored"),
    (channels.depthwise_conv_of_the_first, {}, "groups-ignored"),
    (channels.depthwise_with_first_kernel, {"filter_layout": "CHW"}, "first-group-for-all"),
    (channels.multiplied_in_turn, {"layout": "NHWC", "filter_layout": "HWCM"}, "groups-interleaved"),
    (channels.first_colour, COLOURS, "first-image-for-all"),
    (channels.first_colour, {**COLOURS, "in_channels": 3}, "first-image-for-all"),
    (channels.swapped_colours, COLOURS, "batch-reversed"),
]


def _id(entry: tuple[Any, ...]) -> str:
    return "-".join((entry[0].__name__, *(f"{name}={value}" for name, value in entry[1].items())))


@pytest.mark.parametrize("entry", RIGHT, ids=_id)
def test_a_right_function_is_right_with_several_channels(entry: tuple[Any, dict[str, Any]]) -> None:
    function, options = entry
    result = check(function, **options, **BRIEF)
    assert result.ok, result
    assert not any("more than one channel" in entry for entry in result.not_asked)


@pytest.mark.parametrize("entry", WRONG, ids=_id)
def test_what_only_several_channels_show_is_found(entry: tuple[Any, dict[str, Any], str]) -> None:
    function, options, name = entry
    result = check(function, **options, **BRIEF)
    assert not result.ok
    assert result.diagnosis[0].name == name, result


def test_channels_that_share_a_kernel_are_called_channels() -> None:
    result = check(channels.first_colour, **COLOURS, **BRIEF)
    assert result.diagnosis[0].explanation == "Every channel holds the result of the same channel."


def test_every_multiplier_and_several_channels_are_asked() -> None:
    seen = set()

    def multiplied(x: Array, w: Array) -> Array:
        seen.add(w.shape[2:])
        return channels.multiplied(x, w)

    assert check(multiplied, layout="NHWC", filter_layout="HWCM", **BRIEF).ok
    assert {multiplier for _, multiplier in seen} >= {1, 2}
    assert max(count for count, _ in seen) > 2


@pytest.mark.parametrize(
    ("function", "options"), [(channels.bank, {"filter_layout": "OHW"}), (channels.all_colours, COLOURS)]
)
def test_what_takes_one_channel_is_asked_with_one_and_that_is_said(function: Any, options: dict[str, Any]) -> None:
    result = check(function, **options, **BRIEF)
    assert result.ok, result
    assert any("more than one channel" in entry for entry in result.not_asked)


def test_a_layout_without_channels_says_that_one_is_asked() -> None:
    result = check(lambda image, kernel: channels.each_colour(image[..., None], kernel)[..., 0], layout="HW", **BRIEF)
    assert result.ok, result
    assert "more than one image at a time, more than one channel (not in the layout: --layout)" in result.not_asked


@pytest.mark.parametrize(
    ("activations", "filters"), [("NCHW", "CHW"), ("NHWC", "HWCM"), ("NHWC", "MCWH"), ("HWC", "HW"), ("NCHW", "HW")]
)
def test_what_goes_out_in_a_layout_comes_back_the_same(activations: str, filters: str) -> None:
    layouts = Layouts.of(activations, filters)
    depthwise = {"in_channels": 3, "out_channels": 3 * (1 + ("M" in filters)), "groups": 3}
    batch = 1 if layouts.depthwise else 3
    problem = Problem.of(input_size=(5, 4), kernel_size=(3, 2), batch=batch, **(depthwise if layouts.depthwise else {}))
    for role, shape in (("activation", problem.input_shape), ("filter", problem.filter_shape)):
        array = np.random.default_rng(1).normal(size=shape)
        own = layouts.own(array, role)
        assert own.shape == layouts.own_shape(shape, role)
        np.testing.assert_array_equal(layouts.canonical(own, role), array)


@pytest.mark.parametrize("filters", ["CIHW", "COHW", "CCHW"])
def test_a_filter_layout_that_makes_no_sense_is_refused(filters: str) -> None:
    with pytest.raises(ValueError, match="filter_layout"):
        check(channels.depthwise_conv, filter_layout=filters)


def test_the_command_line_takes_depthwise_filters() -> None:
    wrong = convformance("channels.py:depthwise_conv_of_the_first", "--filter-layout", "OHW", "--depthwise")
    assert wrong.returncode == 1, wrong.stdout + wrong.stderr
    assert "filters OHW (depthwise)" in wrong.stdout
