"""What is said is said once: what was not asked, an exception, a shape, a dtype, an operand that was changed."""

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import pytest

from convformance import check
from convformance.reference import conv
from convformance.reference.arrays import Array
from tests.checking.test_handwritten import convformance
from tests.checking.test_said import AMPLE, first_line, flat, said, turned


def phrases(not_asked: Sequence[str]) -> list[str]:
    """Return what was not asked, without the reasons in brackets."""
    return [phrase for entry in not_asked for phrase in entry.split(" (")[0].split(", ")]


def colour(image: Array, kernel: Array) -> Array:
    return conv(image.transpose(2, 0, 1)[None], kernel.transpose(2, 0, 1)[None])[0].transpose(1, 2, 0)


def each_colour(image: Array, kernel: Array) -> Array:
    return np.stack([flat(image[..., channel], kernel) for channel in range(image.shape[2])], -1)


@pytest.mark.parametrize(
    ("fn", "options", "lacking"),
    [
        (flat, {"layout": "HW"}, ["more than one image at a time", "more than one channel"]),
        (
            colour,
            {"layout": "HWC", "filter_layout": "HWI"},
            ["more than one image at a time", "more than one output channel"],
        ),
        (each_colour, {"layout": "HWC", "filter_layout": "HW"}, ["more than one image at a time"]),
        (lambda x, w: conv(x, w, padding=0), {"out_channels": 1}, []),
    ],
    ids=["planes", "one-out", "shared", "stated"],
)
def test_what_was_not_asked_is_said_once(fn: Callable[..., Any], options: dict[str, Any], lacking: list[str]) -> None:
    not_asked = check(fn, seconds=AMPLE, **options).not_asked
    assert phrases(not_asked)[4:] == lacking
    assert phrases(not_asked)[:4] == ["stride", "padding", "dilation", "groups"]
    assert all("--" in entry for entry in not_asked[1:])


def test_an_unknown_parameter_is_said_once_with_the_option_that_gives_it_a_value() -> None:
    result = said(lambda image, kernel, wobble=3, speed=1: flat(image, kernel))
    entries = [entry for entry in result.not_asked if "wobble" in entry]
    assert entries == ["wobble, speed (not known, left at their defaults: --fixed wobble=VALUE says another)"]
    assert not any("wobble" in entry for entry in said(_wobbling, wobble=2).not_asked)


def _wobbling(image: Array, kernel: Array, wobble: int = 3) -> Array:
    return flat(image, kernel)


def test_what_raises_was_asked_all_the_same() -> None:
    result = said(_stumbling)
    assert not any("kernels" in entry for entry in result.not_asked)


def _stumbling(image: Array, kernel: Array) -> Array:
    if kernel.shape[0] % 2 == 0:
        return image[1000]
    return {}[kernel.shape[1]] if kernel.shape[1] % 2 == 0 else flat(image, kernel)  # type: ignore[no-any-return]


def test_each_kind_of_exception_is_shown_once_with_its_message_and_its_line() -> None:
    result = said(_stumbling)
    assert [(each.name, each.detail) for each in result.diagnosis] == [("raises", "IndexError"), ("raises", "KeyError")]
    assert "index 1000 is out of bounds" in result.diagnosis[0].explanation
    assert "_stumbling, line" in result.diagnosis[1].explanation
    text = str(result).partition("Smallest failing case")[0]
    assert [text.count(words) for words in ("raises IndexError", "raises KeyError", "index 1000")] == [1, 1, 1]
    assert "raises (" not in text
    assert "index 1000" in result._repr_html_()


def test_an_exception_that_another_mistake_explains_keeps_its_message() -> None:
    def square(image: Array, kernel: Array) -> Array:
        if kernel.shape[0] != kernel.shape[1]:
            return image[:, image.shape[1]]
        return turned(image, kernel)

    result = said(square)
    assert "raises" not in [each.name for each in result.diagnosis]
    assert str(result).count("raises (") == 1


def test_what_returns_no_array_now_and_then_does_not_raise() -> None:
    result = said(lambda image, kernel: flat(image, kernel) if len(kernel) % 2 else None)
    assert (result.diagnosis[0].name, result.diagnosis[0].detail) == ("raises", "")
    assert "returned None" in result.diagnosis[0].explanation
    assert "on every path" in result.diagnosis[0].remedy
    assert str(result).partition("Smallest")[0].count("returned None") == 1


def emptied(y: Array, x: Array) -> Array:
    x[...] = 0
    return y


@pytest.mark.parametrize(
    ("form", "says"),
    [
        (lambda y, x: y.astype(np.float32), "wrong-dtype float32 for float64"),
        (emptied, "operand-changed"),
        (lambda y, x: y.repeat(2, axis=0), "wrong-shape"),
    ],
    ids=["dtype", "operand", "shape"],
)
def test_the_form_of_an_answer_is_shown_once(form: Callable[..., Array], says: str) -> None:
    result = said(lambda image, kernel: form(flat(image, kernel), image))
    text = str(result).partition("Smallest failing case")[0].replace(first_line(result), "")
    assert text.count(says) == 1
    assert not any(f"\n  {kind} (" in text for kind in ("wrong dtype", "changes an operand", "wrong shape"))


def test_a_single_channel_does_not_say_which_axis_is_that_of_the_channels() -> None:
    def of_bias(dy: Array, b: Array) -> Array:
        return dy.sum((0, 2, 3))[None]

    remarks = check(of_bias, op="conv_bias_grad", seconds=AMPLE).remarks
    assert [remark for remark in remarks if "shape" in remark] == [
        "returns the gradient of the bias in the shape (1, C)"
    ]


@pytest.mark.parametrize(
    ("target", "typed", "kept"),
    [
        ("calls_planes.py:mystery", "HW", ("--layout HW", "--arrays numpy", "--seconds 60", "--call")),
        ("said.py:planes", "NCHW", ("--layout HW", "--arrays numpy", "--seconds 60")),
    ],
)
def test_a_suggested_command_keeps_the_options_that_were_typed(target: str, typed: str, kept: tuple[str, ...]) -> None:
    done = convformance(target, "--layout", typed, "--arrays", "numpy")
    command = done.stderr.partition("try: convformance check ")[2]
    assert command.startswith(f"{target} ")
    assert all(option in command for option in kept)
