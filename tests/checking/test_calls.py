"""How a function is called: by what its names, its source and a few trials say, else by a call that one can paste."""

import re
import shlex
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from convformance import check, even
from convformance.checking import loading, reading
from convformance.checking.names import Meaning, meanings
from convformance.checking.source import Source
from convformance.checking.spec import CheckSpec
from convformance.checking.trying import function_under_test
from convformance.checking.usage import UncallableError
from convformance.reference import conv, conv_transpose
from convformance.reference.arrays import Array
from tests.checking.test_handwritten import HANDWRITTEN, convformance

BRIEF = 1.0


def function(target: str) -> Any:
    return loading.target_of(f"{HANDWRITTEN}/{target}").function


@pytest.mark.parametrize(
    ("name", "meaning"),
    [
        ("A_prev", Meaning("x")),
        ("kernel_matrix", Meaning("w")),
        ("upstream_gradients", Meaning("dy")),
        ("d_L_d_out", Meaning("dy")),
        ("hparameters", Meaning("parameters")),
        ("row_stride", Meaning("stride", "H")),
        ("stride_x", Meaning("stride", "W")),
        ("padLeft", Meaning("padding", "W", "lo")),
        ("pad_bottom", Meaning("padding", "H", "hi")),
        ("kernelHeight", Meaning("kernel_size", "H")),
        ("out_w", Meaning("output_size", "W")),
        ("C_out", Meaning("out_channels")),
        ("output_image", Meaning("out")),
        ("grad_input", Meaning("out_x")),
    ],
)
def test_a_name_says_a_role_an_axis_and_a_side(name: str, meaning: Meaning) -> None:
    assert meanings(name)[0] == meaning


@pytest.mark.parametrize("name", ["gain", "verbose", "flavour", "activation_fn", "mode"])
def test_a_name_that_says_nothing_has_no_meaning(name: str) -> None:
    assert meanings(name) == ()


RIGHT = [
    ("calls_planes.py:formula", "layout HW"),
    ("calls_planes.py:letters", "layout HW"),
    ("calls_planes.py:impulse", "layout W, filters W (the first that it answers with)"),
    ("calls_planes.py:long_names", "layout HW"),
    ("calls_planes.py:of_axes", "layout HW"),
    ("calls_planes.py:of_sides", "layout HW"),
    ("calls_planes.py:short_letters", "layout HW"),
    ("calls_planes.py:loops", "layout HW"),
    ("calls_planes.py:adds_up", "zeros were given"),
    ("calls_planes.py:returned_too", "layout HW"),
    ("calls_planes.py:lists", "layout HW"),
    ("calls_planes.py:pairs", "layout HW"),
    ("calls_planes.py:sides_of_all", "layout HW"),
    ("calls_planes.py:names_of_padding", "padding is a name"),
    ("calls_planes.py:options", "stride that differs by axis"),
    ("calls_planes.py:handed_on", "stride that differs by axis"),
    ("calls_planes.py:mixed", "dilation that differs by axis"),
    ("calls_planes.py:unknown", "gain (not known, left at its default: --fixed gain=VALUE says another)"),
    ("calls_course.py:conv_forward", "layout NHWC, filters HWIO (read from the source)"),
    ("calls_course.py:conv_forward", "takes b in the shape (1, 1, 1, C)"),
    ("calls_course.py:conv_forward", "kernels of unequal sides (in the source all sides are f)"),
    ("calls_course.py:conv_backward", "returns the gradient of the bias in the shape (1, 1, 1, C)"),
    ("calls_columns.py:layer_forward", "takes b in the shape (C, 1)"),
    ("calls_columns.py:layer_backward", "conv_bias_grad by the names that it returns"),
]


@pytest.mark.parametrize(("target", "says"), RIGHT)
def test_a_right_function_is_right_as_it_is(target: str, says: str) -> None:
    result = check(function(target), seconds=2)
    assert result.ok, result
    assert says in " ".join(str(result).split()), result


WRONG = [
    ("calls_planes.py:turned_letters", "kernel-rotated"),
    ("calls_planes.py:of_axes_swapped", "stride-axes-swapped"),
    ("calls_planes.py:of_sides_mixed", "padding-order-misread"),
    ("calls_planes.py:loops_short", "unwritten"),
    ("calls_course.py:conv_backward_unstrided", "stride-ignored"),
    ("calls_columns.py:layer_backward_mean", "scaled"),
]


@pytest.mark.parametrize(("target", "diagnosis"), WRONG)
def test_a_wrong_function_is_wrong_for_what_it_computes(target: str, diagnosis: str) -> None:
    result = check(function(target), seconds=4)
    assert not result.ok, result
    assert result.diagnosis[0].name == diagnosis, result


def test_an_output_that_is_bound_anew_is_never_written() -> None:
    with pytest.raises(UncallableError, match="never writes into out"):
        check(function("calls_planes.py:bound_anew"), seconds=BRIEF)


def test_an_output_is_no_operand_of_the_smallest_case() -> None:
    result = check(function("calls_planes.py:loops_short"), seconds=4)
    assert result.smallest is not None
    assert list(result.smallest["operands"]) == ["src", "kernel"]


def test_gradients_are_written_where_their_names_say() -> None:
    def into(dout: Array, x: Array, w: Array, dx: Array, dw: Array) -> None:
        dx[...] = 0
        dw[...] = 0
        for n, o, i, j in np.ndindex(dout.shape):
            dx[n, :, i : i + w.shape[2], j : j + w.shape[3]] += dout[n, o, i, j] * w[o]
            dw[o] += dout[n, o, i, j] * x[n, :, i : i + w.shape[2], j : j + w.shape[3]]

    both = ("conv_input_grad", "conv_filter_grad")
    assert check(into, returns=both, seconds=BRIEF).ok

    def halved(dout: Array, x: Array, w: Array, dx: Array, dw: Array) -> None:
        into(dout, x, w, dx, dw)
        dw *= 0.5

    wrong = {verdict["op"] for verdict in check(halved, returns=both, seconds=BRIEF).verdicts if verdict["finding"]}
    assert wrong == {"conv_filter_grad"}


def test_what_comes_from_above_makes_a_function_a_backward_pass() -> None:
    def step(dout: Array, x: Array, w: Array) -> Array:
        dw = np.zeros_like(w)
        for n, o, i, j in np.ndindex(dout.shape):
            dw[o] += dout[n, o, i, j] * x[n, :, i : i + w.shape[2], j : j + w.shape[3]]
        return dw

    result = check(step, seconds=BRIEF)
    assert result.ok, result
    assert "taken for conv_filter_grad" in str(result)


def test_the_forward_pass_may_be_stated() -> None:
    def elsewhere(x: Array, w: Array) -> tuple[Array, dict[str, Array]]:
        return conv(x, w), {"everything": np.stack([w[0, 0]] * 2), "x": x, "w": w}

    def backward(dout: Array, cache: Any) -> Array:
        assert cache["everything"].shape[0] == 2
        dw = np.zeros_like(cache["w"])
        for n, o, i, j in np.ndindex(dout.shape):
            window = cache["x"][n, :, i : i + dw.shape[2], j : j + dw.shape[3]]
            dw[o] += dout[n, o, i, j] * window
        return dw

    assert check(backward, forward=elsewhere, seconds=BRIEF).ok
    with pytest.raises(ValueError, match="what everything stands for"):
        check(backward, seconds=BRIEF)


def test_a_forward_pass_without_a_cache_is_named() -> None:
    def forward(x: Array, w: Array) -> Array:
        return conv(x, w)

    def backward(dout: Array, cache: Any) -> Array:
        _x, w = cache
        return np.zeros_like(w)

    with pytest.raises(UncallableError, match="forward returns no cache beside its result"):
        check(backward, op="conv_filter_grad", forward=forward, seconds=BRIEF)


@pytest.mark.parametrize("fixed", [{"output_padding": 0}, {"output_padding": 1, "stride": 2}])
def test_a_fixed_output_padding_has_its_effect(fixed: dict[str, int]) -> None:
    sizes = set()

    def layer(x: Array, w: Array, stride: int = 1) -> Array:
        kernel, padding = w.shape[2:], fixed["output_padding"]
        size = tuple((n - 1) * stride + k + padding for n, k in zip(x.shape[2:], kernel, strict=True))
        sizes.add(stride)
        return conv_transpose(x, w, output_size=size, stride=stride)

    result = check(layer, op="conv_transpose", seconds=BRIEF, **fixed)
    assert result.ok, result
    assert sizes >= ({2} if fixed["output_padding"] else {1, 2})
    wrong = check(
        layer,
        op="conv_transpose",
        seconds=BRIEF,
        **{**fixed, "output_padding": 1 - fixed["output_padding"], "stride": 2},
    )
    assert not wrong.ok


def test_a_stated_number_of_one_axis_is_that_of_the_questions() -> None:
    seen = set()

    def strided(x: Array, w: Array, stride_h: int = 1, stride_w: int = 1) -> Array:
        seen.add(stride_h)
        return conv(x, w, stride=(stride_h, stride_w))

    assert check(strided, stride_h=2, layout="NCHW", filter_layout="OIHW", seconds=BRIEF).ok
    assert seen == {2}


def test_two_numbers_for_the_sides_of_every_axis_are_told_from_those_of_two_axes() -> None:
    asked = set()

    def padded(x: Array, w: Array, padding: Any) -> Array:
        asked.add(padding)
        return conv(x, w, padding=((padding[0], padding[1]),) * 2)

    result = check(padded, layout="NCHW", filter_layout="OIHW", seconds=BRIEF)
    assert result.ok, result
    assert any(sides[0] != sides[1] for sides in asked if isinstance(sides, tuple))
    assert any("padding that differs by axis" in entry for entry in result.not_asked)


def test_an_axis_that_no_parameter_is_of_is_said() -> None:
    def strided(x: Array, w: Array, stride_h: int = 1) -> Array:
        return conv(x, w, stride=(stride_h, 1))

    result = check(strided, seconds=BRIEF)
    assert result.ok, result
    assert "stride of W (no parameter for it)" in result.not_asked


def test_a_function_that_is_wrong_in_every_layout_keeps_the_usual_one() -> None:
    def transposed_result(x: Array, w: Array) -> Array:
        return conv(x, w).transpose(0, 2, 3, 1)

    result = check(transposed_result, seconds=BRIEF)
    assert not result.ok
    assert "layout NCHW, filters OIHW" in str(result)


def test_a_stated_layout_is_never_replaced() -> None:
    assert not check(function("calls_course.py:conv_forward"), layout="NCHW", filter_layout="OIHW", seconds=BRIEF).ok


def test_what_was_tried_is_kept_with_its_error() -> None:
    def picky(x: Array, w: Array, stride: Any) -> Array:
        return conv(x, w, stride=(stride[0], stride[1]))

    tried = function_under_test(CheckSpec(picky), lambda kind, event: None).tried
    assert tried
    assert "picky(x, w, stride=2), layout NCHW, filters OIHW" in tried[0][0]
    assert "not subscriptable" in tried[0][1]


@pytest.mark.parametrize(
    ("axes", "layout"),
    [
        ("N C H W", "NCHW"),
        ("m n_H_prev n_W_prev n_C_prev", "NHWC"),
        ("n_x d_x h_x w_x", "NCHW"),
        ("batch_size in_channels height width", "NCHW"),
        ("rows cols channels", "HWC"),
        ("C H W", "CHW"),
        ("h w", "HW"),
        ("a b c d", ""),
    ],
)
def test_named_axes_say_the_layout(axes: str, layout: str) -> None:
    assert reading.activation_layout(axes.split(), "all") == layout


@pytest.mark.parametrize(
    ("axes", "layout"),
    [
        ("F C HH WW", "OIHW"),
        ("f f n_C_prev n_C", "HWIO"),
        ("n_filters d_filter h_filter w_filter", "OIHW"),
        ("kh kw cin cout", "HWIO"),
        ("n_f fh fw c", "OHWI"),
        ("kh kw", "HW"),
        ("p q r s", ""),
    ],
)
def test_named_axes_say_the_layout_of_filters(axes: str, layout: str) -> None:
    assert reading.filter_layout(axes.split(), "all") == layout


def test_a_docstring_says_the_layout_where_nothing_is_unpacked() -> None:
    def documented(x: Array, w: Array) -> Array:
        """Convolve.

        x: images of shape (N, H, W, C)
        """
        return x

    assert Source(documented).axes("x") == (("N", "H", "W", "C"), "all")


PASTED = [
    ("calls_planes.py:mystery", ("--layout", "HW")),
    ("calls_planes.py:mystery_backward", ("--layout", "HW")),
    ("calls_planes.py:mystery_backward", ("--layout", "HW", "--op", "conv_filter_grad", "--seconds", "2")),
]


@pytest.mark.parametrize(("target", "options"), PASTED)
def test_the_suggested_command_runs_as_it_is(target: str, options: tuple[str, ...]) -> None:
    refused = convformance(target, *options)
    assert refused.returncode == 2, refused.stdout
    command = refused.stderr.strip().partition("try: convformance check ")[2]
    assert command
    pasted = convformance(*shlex.split(command))
    assert pasted.returncode in (0, 1), pasted.stderr
    assert "questions" in pasted.stdout


def test_the_suggested_argument_is_python() -> None:
    with pytest.raises(ValueError, match="flavour stands for") as raised:
        check(function("calls_planes.py:mystery"), layout="HW")
    text = re.search(r"try call=(.*?), stride=1", str(raised.value))
    assert text is not None, raised.value
    call = eval(text[1])
    result = check(
        function("calls_planes.py:mystery"), layout="HW", call=call, stride=1, padding=0, dilation=1, groups=1
    )
    assert result.ok, result


def test_a_call_sees_the_names_of_the_file_of_a_class(tmp_path: Path) -> None:
    lines = (
        "import numpy as np",
        "def windows(x, w):",
        "    return np.lib.stride_tricks.sliding_window_view(x, w.shape)",
        "class Blur:",
        "    def __init__(self, w):",
        "        self.w = w",
        "    def apply(self, view):",
        "        return np.einsum('ijab,ab->ij', view, self.w)",
    )
    (tmp_path / "blur.py").write_text("\n".join(lines))
    fixed = ("--fixed", "stride=1", "--fixed", "dilation=1", "--fixed", "groups=1", "--fixed", "padding=0")
    call = "lambda fn, x, w, problem: fn(w).apply({}(x, w))"
    done = convformance("blur.py:Blur", "--layout", "HW", "--call", call.format("windows"), *fixed, folder=tmp_path)
    assert done.returncode == 0, done.stdout + done.stderr
    missing = convformance("blur.py:Blur", "--layout", "HW", "--call", call.format("window"), *fixed, folder=tmp_path)
    assert missing.returncode == 2
    assert "the call uses window, which means nothing in it" in missing.stderr


def test_the_same_padding_on_both_sides_is_given_by_axis_and_another_refused() -> None:
    assert even(((1, 1), (2, 2))) == (1, 2)
    with pytest.raises(NotImplementedError, match="both sides of an axis"):
        even(((1, 1), (0, 1)))

    def padded(x: Array, w: Array, padding: tuple[int, int]) -> Array:
        return conv(x, w, padding=padding)

    fixed = {"stride": 1, "dilation": 1, "groups": 1}
    result = check(padded, call=lambda fn, x, w, problem: fn(x, w, even(problem.padding)), seconds=BRIEF, **fixed)
    assert result.ok, result


def test_the_stated_name_of_a_padding_reaches_the_call() -> None:
    names = set()

    def named(x: Array, w: Array, padding: str) -> Array:
        names.add(padding)
        return conv(x, w, padding="same_upper")

    fixed = {"stride": 1, "dilation": 1, "groups": 1, "padding": "SAME"}
    result = check(named, call=lambda fn, x, w, problem: fn(x, w, problem.symbol), seconds=BRIEF, **fixed)
    assert result.ok, result
    assert names == {"SAME"}


def test_the_geometry_of_a_case_stands_beside_a_call_that_the_user_wrote() -> None:
    def unstrided(x: Array, w: Array, stride: tuple[int, ...]) -> Array:
        return conv(x, w)

    fixed = {"padding": 0, "dilation": 1, "groups": 1}
    result = check(unstrided, call=lambda fn, x, w, problem: fn(x, w, problem.stride), seconds=4, **fixed)
    assert result.smallest is not None
    assert re.fullmatch(r"call\(fn, x, w, problem\), stride (2|\([123], [123]\)).*", result.smallest["call"])


def test_a_function_that_hangs_in_a_trial_is_asked_in_the_layout_that_it_hangs_in() -> None:
    done = convformance("careless.py:endless", "--seconds", "0.3")
    assert done.returncode == 1
    assert "timed-out" in done.stdout
    assert "layout HW" in done.stdout


def test_a_function_that_kills_the_process_in_a_trial_is_a_finding() -> None:
    done = convformance("careless.py:deadly")
    assert done.returncode == 1
    assert "crashed" in done.stdout
