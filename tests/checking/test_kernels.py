"""Checking filters of an image alone: the kernel is said or found, and what is no convolution is found out."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from convformance import check
from convformance.reference.arrays import Array
from tests.checking.handwritten import kernels
from tests.checking.test_handwritten import convformance

BRIEF: dict[str, Any] = {"seconds": 8}
EDGES = kernels.EDGES.tolist()

SHOWN: list[tuple[Any, str]] = [
    (kernels.edges, "[[1, 0, -1], [2, 0, -2], [1, 0, -1]], padding ((1, 1), (1, 1)), border reflect"),
    (kernels.box_blur, "0.111111]], padding ((1, 1), (1, 1)), border edge"),
    (kernels.smooth, "[[0.0625, 0.125, 0.0625], [0.125, 0.25, 0.125], [0.0625, 0.125, 0.0625]], no padding"),
    (kernels.forward_difference, "[[-1], [1]], padding ((1, 0), (0, 0)), border zero"),
    (kernels.relief, "[[-2, -1, 0], [-1, 1, 1], [0, 1, 2]], padding ((1, 1), (1, 1)), border zero"),
    (kernels.colours_blurred, "border edge"),
]


@pytest.mark.parametrize(("function", "shown"), SHOWN, ids=lambda each: getattr(each, "__name__", ""))
def test_a_kernel_is_found_and_shown_with_its_border(function: Any, shown: str) -> None:
    result = check(function, **BRIEF)
    assert result.ok, result
    assert any(remark.startswith("convolves with [[") and shown in remark for remark in result.remarks), result.remarks
    assert len(result.verdicts) > 40


@pytest.mark.parametrize("function", [kernels.gradient_magnitude, kernels.median, kernels.cut_off, kernels.brightened])
def test_what_is_not_linear_is_no_convolution_and_the_images_show_it(function: Any) -> None:
    result = check(function, **BRIEF)
    assert not result.ok
    message = result.verdicts[0]["message"]
    assert message.startswith("no convolution: not linear: f(a + b) is")
    images = {name: np.array(eval(message.split(f" {name} = ")[1].split("]]")[0] + "]]"), float) for name in "ab"}
    a, b = images["a"], images["b"]
    assert not np.allclose(function(a + b), function(a) + function(b))


def test_what_is_not_the_same_everywhere_is_no_convolution() -> None:
    result = check(kernels.half_done, **BRIEF)
    assert not result.ok
    assert "no convolution: not the same everywhere" in result.verdicts[0]["message"]


def test_an_element_that_is_left_out_is_found_by_the_questions() -> None:
    result = check(kernels.corner_left_out, **BRIEF)
    assert not result.ok


def test_a_colour_that_is_taken_for_all_is_found() -> None:
    result = check(kernels.first_colour_blurred, **BRIEF)
    assert not result.ok
    assert result.diagnosis[0].name == "first-image-for-all"


@pytest.mark.parametrize(
    ("function", "options"),
    [
        (kernels.edges, {"w": EDGES, "padding": "reflect"}),
        (kernels.edges, {"w": kernels.EDGES, "padding": 1, "border": "reflect"}),
        (kernels.box_blur, {"w": np.full((3, 3), 1 / 9), "padding": "edge"}),
        (kernels.smooth, {"w": np.outer([1, 2, 1], [1, 2, 1]) / 16}),
    ],
)
def test_a_kernel_that_is_said_is_the_one_that_is_meant(function: Any, options: dict[str, Any]) -> None:
    result = check(function, layout="HW", **options, **BRIEF)
    assert result.ok, result


@pytest.mark.parametrize(
    ("function", "options", "name"),
    [
        (kernels.edges, {"w": np.flip(kernels.EDGES), "padding": "reflect"}, "sign-flipped"),
        (kernels.edges, {"w": kernels.EDGES.T, "padding": "reflect"}, "kernel-axes-swapped"),
        (kernels.edges, {"w": EDGES, "padding": "edge"}, "reflect-padding-for-edge"),
        (kernels.box_blur, {"w": np.full((3, 3), 1 / 9), "padding": "same"}, "edge-padding-for-zero"),
        (kernels.smooth, {"w": np.outer([1, 2, 1], [1, 2, 1])}, "scaled"),
    ],
)
def test_another_kernel_than_the_one_that_is_meant_is_named(function: Any, options: dict[str, Any], name: str) -> None:
    result = check(function, layout="HW", **options, **BRIEF)
    assert not result.ok
    assert name in result.diagnosis[0].name, result


def test_a_layer_with_weights_of_several_channels_is_judged_with_them() -> None:
    weights = np.random.default_rng(5).integers(-4, 5, (3, 2, 3, 2)).astype(float)

    def layer(x: Array) -> Array:
        windows = np.lib.stride_tricks.sliding_window_view(x, weights.shape[2:], axis=(2, 3))
        return np.asarray(np.einsum("nchwij,ocij->nohw", windows, weights))

    assert check(layer, w=weights, **BRIEF).ok
    wrong = check(layer, w=weights[::-1], **BRIEF)
    assert not wrong.ok


@pytest.mark.parametrize("weights", [[1.0, 2.0], [[[1.0]]], []])
def test_weights_that_do_not_belong_to_the_layout_are_refused(weights: Any) -> None:
    with pytest.raises(ValueError, match="w has shape"):
        check(kernels.edges, layout="HW", w=weights)


def test_a_function_that_gives_no_image_is_a_usage_error() -> None:
    with pytest.raises(ValueError, match="say its layout, or the kernel that it has built in"):
        check(lambda image: None, **BRIEF)


def test_the_command_line_takes_weights_as_numbers_or_from_a_file(tmp_path: Path) -> None:
    np.save(tmp_path / "edges.npy", kernels.EDGES)
    for weights in (str(EDGES), str(tmp_path / "edges.npy")):
        done = convformance("kernels.py:edges", "--layout", "HW", "--padding", "reflect", "--weights", weights)
        assert done.returncode == 0, done.stdout + done.stderr
    broken = convformance("kernels.py:edges", "--layout", "HW", "--weights", "[[1, 2")
    assert broken.returncode == 2
    assert "--weights" in broken.stderr


def test_the_command_line_finds_a_kernel() -> None:
    done = convformance("kernels.py:median")
    assert done.returncode == 1
    assert "no convolution: not linear" in " ".join(done.stdout.split())
