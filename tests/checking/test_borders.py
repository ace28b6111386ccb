"""Checking functions whose padding repeats the data, or lies before it alone."""

from typing import Any

import pytest

from convformance import check
from convformance.reference.arrays import Array
from tests.checking.handwritten import borders
from tests.checking.test_handwritten import convformance

PAIR = {"returns": ("conv_input_grad", "conv_filter_grad")}
BRIEF: dict[str, Any] = {"seconds": 8}

RIGHT: list[tuple[Any, dict[str, Any]]] = [
    (borders.mirrored, {"layout": "HW", "padding": "reflect"}),
    (borders.mirrored, {"layout": "HW", "border": "mirror"}),
    (borders.replicated, {"layout": "HW", "padding": "edge"}),
    (borders.replicated, {"layout": "HW", "padding": "same", "border": "replicate"}),
    (borders.half_mirrored, {"layout": "HW", "padding": "symmetric"}),
    (borders.spectral, {"layout": "HW", "padding": "circular"}),
    (borders.with_zeros, {"layout": "HW", "padding": "same"}),
    (borders.centred_behind, {"layout": "HW", "padding": "edge"}),
    (borders.centred_behind, {"layout": "HW", "border": "nearest"}),
    (borders.by_mode, {"layout": "HW"}),
    (borders.by_mode, {"layout": "HW", "mode": "mirror"}),
    (borders.layer, {}),
    (borders.layer, {"padding_mode": "circular"}),
    (borders.layer, {"padding": "reflect"}),
    (borders.layer, {"padding": 1, "border": "replicate"}),
    (borders.layer_backward, {**PAIR, "border": "circular"}),
    (borders.layer_backward, {**PAIR, "padding": "circular"}),
    (borders.temporal, {"layout": "NCW", "padding": "causal"}),
    (borders.temporal_without_dilation, {"layout": "NCW", "padding": "causal", "dilation": 1}),
]

WRONG: list[tuple[Any, dict[str, Any], str]] = [
    (borders.with_zeros, {"layout": "HW", "padding": "reflect"}, "zero-padding-for-reflect"),
    (borders.with_zeros, {"layout": "HW", "padding": "circular"}, "zero-padding-for-wrap"),
    (borders.half_mirrored, {"layout": "HW", "padding": "reflect"}, "symmetric-padding-for-reflect"),
    (borders.mirrored, {"layout": "HW", "padding": "symmetric"}, "reflect-padding-for-symmetric"),
    (borders.replicated, {"layout": "HW", "padding": "reflect"}, "edge-padding-for-reflect"),
    (borders.mirrored, {"layout": "HW", "padding": "edge"}, "reflect-padding-for-edge"),
    (borders.spectral, {"layout": "HW", "padding": "edge"}, "wrap-padding-for-edge"),
    (borders.spectral, {"layout": "HW", "padding": "same"}, "wrap-padding-for-zero"),
    (borders.half_mirrored, {"layout": "HW", "padding": "same"}, "symmetric-padding-for-zero"),
    (borders.layer_backward_cropped, {**PAIR, "border": "circular"}, "zero-padding-for-wrap"),
    (borders.layer_backward, {**PAIR}, "wrap-padding-for-zero"),
    (borders.temporal_without_dilation, {"layout": "NCW", "padding": "causal"}, "same-without-dilation"),
    (borders.centred_behind, {"layout": "HW", "padding": "same", "border": "edge"}, "same-lower-for-upper"),
    (borders.centred_behind, {"layout": "HW", "padding": "wrap"}, "edge-padding-for-wrap"),
]


def _id(entry: tuple[Any, ...]) -> str:
    return "-".join((entry[0].__name__, *(f"{name}={value}" for name, value in entry[1].items() if name != "returns")))


@pytest.mark.parametrize("entry", RIGHT, ids=_id)
def test_a_right_function_is_right_with_the_border_that_it_has(entry: tuple[Any, dict[str, Any]]) -> None:
    function, options = entry
    result = check(function, **options, **BRIEF)
    assert result.ok, result
    assert len(result.verdicts) > 25


@pytest.mark.parametrize("entry", WRONG, ids=_id)
def test_another_border_is_found_and_named(entry: tuple[Any, dict[str, Any], str]) -> None:
    function, options, name = entry
    result = check(function, **options, **BRIEF)
    assert not result.ok
    assert result.diagnosis[0].name == name, result


def test_a_padding_that_sees_the_future_is_found() -> None:
    result = check(borders.temporal_seeing_the_future, layout="NCW", padding="causal", **BRIEF)
    assert not result.ok
    assert result.diagnosis[0].name != "unexplained", result


def test_the_numbers_of_a_padding_are_asked_with_the_border() -> None:
    seen = set()

    def layer(x: Array, w: Array, padding: int = 0) -> Array:
        seen.add(padding)
        return borders.layer(x, w, padding=padding, padding_mode="reflect")

    result = check(layer, padding="reflect", **BRIEF)
    assert result.ok, result
    assert {0, 1, 2} <= seen


def test_a_parameter_for_the_border_is_given_the_word_that_was_said() -> None:
    seen = set()

    def layer(x: Array, w: Array, padding: int = 0, padding_mode: str = "zeros") -> Array:
        seen.add(padding_mode)
        return borders.layer(x, w, padding=padding, padding_mode=padding_mode)

    assert check(layer, border="circular", **BRIEF).ok
    assert seen == {"circular"}


def test_a_name_of_a_border_in_place_of_the_padding_is_given_as_it_is() -> None:
    seen = set()

    def filtered(image: Array, kernel: Array, padding: str = "valid") -> Array:
        seen.add(padding)
        return borders.mirrored(image, kernel)

    assert check(filtered, layout="HW", padding="mirror", **BRIEF).ok
    assert seen == {"mirror"}


def test_borders_that_a_parameter_could_name_and_that_are_not_asked_are_listed() -> None:
    result = check(borders.layer, **BRIEF)
    assert any("padding_mode other than 'zeros'" in entry for entry in result.not_asked)


def test_a_border_that_there_is_not_is_refused() -> None:
    with pytest.raises(ValueError, match="border='diagonal'; allowed: zero, edge, reflect, symmetric, wrap"):
        check(borders.mirrored, layout="HW", border="diagonal")


@pytest.mark.parametrize(
    ("target", "options", "status"),
    [
        ("mirrored", ("--layout", "HW", "--padding", "reflect"), 0),
        ("mirrored", ("--layout", "HW", "--border", "edge"), 1),
        ("temporal", ("--layout", "NCW", "--padding", "causal"), 0),
    ],
)
def test_the_command_line_takes_a_border(target: str, options: tuple[str, ...], status: int) -> None:
    done = convformance(f"borders.py:{target}", *options)
    assert done.returncode == status, done.stdout + done.stderr
