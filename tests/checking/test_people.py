"""Functions in the styles in which people write them, asked with the call that comes to mind first.

Half of them are right. Of a wrong one the first mistake that is named is the one that was made.
"""

import os
import re
import shlex
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
PEOPLE = Path(__file__).with_name("people")
RIGHT, WHERE_IT_ANSWERS = (0, 4)  # exit statuses
NEEDS = {
    "torch_unfold.py": "torch",
    "torch_backward.py": "torch",
    "jax_functions.py": "jax",
    "jax_backward.py": "jax",
    "tf_wrapper.py": "tensorflow",
    "torch_depthwise.py": "torch",
}

FUNCTIONS_THAT_ARE_RIGHT = (
    ("course_nhwc.py:conv_forward", ""),
    ("course_nhwc.py:conv_backward", ""),
    ("course_nchw.py:conv_forward_naive", ""),
    ("course_nchw.py:conv_backward_naive", ""),
    ("im2col.py:conv_forward", ""),
    ("torch_unfold.py:my_conv2d", ""),
    ("torch_unfold.py:MyConv2d", ""),
    ("jax_functions.py:conv2d", "--layout HW"),
    ("tf_wrapper.py:conv2d", "--layout NHWC --filter-layout HWIO"),
    ("outputs.py:convolve", "--layout HW"),
    ("outputs.py:convolve_added", "--layout HW"),
    ("by_axis.py:conv2d", "--layout HW"),
    ("by_axis.py:conv2d_sides", ""),
    ("layers.py:Conv2D", ""),
    ("layers.py:Conv2D.backward", ""),
    ("layers.py:Conv", ""),
    ("images.py:filter2d", "--layout HW --padding reflect"),
    ("images.py:apply_kernel", "--layout HW --padding same --dtype uint8"),
    ("images.py:sobel_x", "--layout HW"),
    ("images.py:convolve_rgb", ""),
    ("images.py:same_odd", "--layout HW --padding same"),
    ("forum.py:conv2d", ""),
    ("forum.py:conv2d_fft", "--layout HW"),
    ("forum.py:conv_lists", "--layout HW"),
    ("forum.py:conv1d", ""),
    ("forum.py:causal_conv1d", "--layout NCW --padding causal"),
    ("forum.py:causal_conv_in_time", "--padding causal"),
    ("forum.py:depthwise_multiplied", "--depthwise"),
    ("forum.py:depthwise_channels_last", "--depthwise"),
    ("forum.py:depthwise_channels_last", ""),
    ("forum.py:input_gradient_by_full_convolution", "--op conv_input_grad"),
    ("forum.py:conv2d_fft_centred", "--layout HW --padding circular"),
    ("forum.py:grouped", ""),
    ("forum.py:conv_transpose2d", "--op conv_transpose"),
    ("forum.py:depthwise_conv2d", ""),
    ("forum.py:conv3d", "--layout DHW"),
    ("forum.py:compute_dw", "--op conv_filter_grad"),
    ("mynet/convolution.py:forward", ""),
    ("lesson.ipynb:corr2d", "--layout HW"),
    ("per_channel.py:DepthwiseLayer", ""),
    ("per_channel.py:depthwise_conv2d", ""),
    ("per_channel.py:smoothed_apart", "--padding same"),
    ("per_channel.py:to_grey", ""),
    ("per_channel.py:grey_of_size", "--layout HWC --padding same"),
    ("torch_depthwise.py:ChannelsLast", ""),
    ("torch_depthwise.py:depthwise", "--padding same"),
)
# What pads by itself: the call that comes to mind first, and what the hint of its result says.
FUNCTIONS_WITH_A_HINT = (
    ("torch_depthwise.py:PerChannel", "--fixed kernel_size=3 --fixed padding=1"),
    ("torch_depthwise.py:Depthwise", "--fixed kernel_size=3 --fixed padding=1"),
    ("torch_depthwise.py:DepthwiseInTime", "--fixed kernel_size=3 --fixed padding=1"),
    ("torch_depthwise.py:ThreeByThree", "--padding same"),
    ("torch_depthwise.py:CausalInTime", "--padding causal"),
    ("per_channel.py:smoothed_apart", "--padding same"),
)
FUNCTIONS_THAT_ARE_WRONG = (
    ("im2col.py:conv_forward_batch_first", "", "layout-misread"),
    ("torch_unfold.py:conv2d_square", "", "result-axes-swapped|layout-misread"),
    ("torch_unfold.py:MyConv2dNoBias", "", "bias-missing"),
    ("jax_functions.py:conv2d_flipped", "--layout HW", "kernel-rotated"),
    ("outputs.py:convolve_last_row", "--layout HW", "unwritten|last-rows-missing"),
    ("by_axis.py:conv2d_sides_mixed", "", "padding-order-misread"),
    ("layers.py:Conv2DUnpadded.backward", "", "padding-ignored"),
    ("layers.py:ConvSidesExchanged", "", "kernel-axes-swapped"),
    ("images.py:filter2d", "--layout HW --padding same", "(padding-sides-swapped\\+)?reflect-padding-for-zero"),
    ("images.py:apply_kernel_wrapping", "--layout HW --padding same --dtype uint8", "wrapped"),
    ("images.py:same_odd_uncropped", "--layout HW --padding same", "border-only"),
    ("forum.py:conv_lists_square", "--layout HW", "side-for-both"),
    ("forum.py:conv1d_full", "--layout W --padding full", "kernel-rotated"),
    ("forum.py:causal_conv1d_forgetful", "--layout NCW --padding causal", "same-without-dilation"),
    ("forum.py:grouped_interleaved", "", "groups-interleaved"),
    ("forum.py:conv_transpose2d_inserted", "--op conv_transpose", "kernel-rotated"),
    ("forum.py:compute_dw_mean", "--op conv_filter_grad", "scaled"),
    ("mynet/convolution.py:forward_bias_last", "", "bias-on-wrong-axis"),
    ("lesson.ipynb:corr2d_transposed", "--layout HW", "kernel-axes-swapped"),
    ("images.py:convolve_rgb_grey", "", "results-summed"),
    ("images.py:convolve_rgb_mean", "", "results-summed"),
    ("images.py:filter_without_reset", "--layout HW --padding same", "sum-not-reset"),
    ("forum.py:depthwise_conv2d_summed", "", "groups-summed"),
    ("forum.py:depthwise_one_filter", "", "first-group-for-all"),
    ("forum.py:depthwise_multiplied_interleaved", "--depthwise", "groups-interleaved"),
    ("forum.py:conv2d_fft_circular", "--layout HW", "circular"),
    ("forum.py:conv2d_fft_circular", "--layout HW --padding same", "circular"),
    ("forum.py:conv2d_fft_wrapping_start", "--layout HW", "circular"),
    ("forum.py:conv2d_fft_full_start", "--layout HW", "full-for-valid"),
    ("forum.py:conv2d_fft_turned", "--layout HW", "kernel-rotated"),
    ("forum.py:anticausal_conv1d", "--padding causal", "padding-sides-swapped"),
    ("forum.py:conv2d_fft_exchanged", "", "circular"),
    ("forum.py:conv2d_fft_turned_at_the_corner", "", "circular"),
    ("forum.py:conv2d_fft_full_of_size", "", "same-for-valid"),
    ("per_channel.py:depthwise_same_summed", "", "same-for-valid\\+groups-summed"),
    ("per_channel.py:depthwise_same_summed", "--padding same", "groups-summed"),
    ("per_channel.py:depthwise_to_one", "", "groups-summed"),
    ("per_channel.py:per_channel_to_one", "--depthwise", "groups-summed"),
    ("per_channel.py:depthwise_multiplied_to_one", "", "groups-summed"),
    ("per_channel.py:temporal_depthwise_summed", "", "groups-summed"),
    ("per_channel.py:smoothed", "", "same-for-valid\\+results-summed"),
    ("per_channel.py:smoothed", "--padding same", "results-summed"),
    ("per_channel.py:DepthwiseLayerSummed", "", "groups-summed"),
    ("torch_depthwise.py:PerChannelTurned", "", "kernel-rotated\\+same-for-valid"),
    ("torch_depthwise.py:columns_of_one_side", "", "side-for-both"),
)
# Right functions with one line written as it often is: what stands there, and what is put in its place.
WITH_ANOTHER_LINE = (
    (
        "course_nhwc.py:conv_backward",
        "dA_pad[:, pad : pad + n_H_prev, pad : pad + n_W_prev, :]",
        "dA_pad[:, pad:-pad, pad:-pad, :]",
        "crop-to-minus-zero",
    ),
    (
        "course_nhwc.py:conv_forward",
        "A_prev_pad[i, h * stride : h * stride + f, w * stride : w * stride + f2, :]",
        "A_prev_pad[i, h : h + f, w : w + f2, :]",
        "stride-ignored",
    ),
    (
        "course_nchw.py:conv_backward_naive",
        "+= w[f] * dout[n, f, i, j]",
        "= w[f] * dout[n, f, i, j]",
        "overwritten-not-accumulated",
    ),
    (
        "course_nhwc.py:conv_forward",
        "((0, 0), (pad, pad), (pad, pad), (0, 0))",
        "((pad, pad), (pad, pad), (pad, pad), (0, 0))",
        "other-axes-padded",
    ),
    ("course_nchw.py:conv_forward_naive", "for j in range(W_out)", "for j in range(H_out)", "side-for-both"),
)
# No mistake is known that gives their numbers, or the numbers are right and the dtype is not.
WRONG_WITHOUT_A_NAME = (("forum.py:strided_float32", "--layout HW"),)


def said_of(target: str, options: str, folder: Path = PEOPLE) -> subprocess.CompletedProcess[str]:
    """Return what the command line says, with time enough on any machine."""
    library = NEEDS.get(target.partition(":")[0])
    if library and find_spec(library) is None:
        pytest.skip(f"{library} is not installed")
    return subprocess.run(
        [sys.executable, "-P", "-m", "convformance", "check", target, *shlex.split(options), "--seconds", "60"],
        cwd=folder,
        env={**os.environ, "PYTHONPATH": str(ROOT), "PYTHONDONTWRITEBYTECODE": "1", "TF_CPP_MIN_LOG_LEVEL": "3"},
        capture_output=True,
        text=True,
        check=False,
        timeout=540,
    )


@pytest.mark.parametrize(("target", "options"), FUNCTIONS_THAT_ARE_RIGHT)
def test_a_right_function_is_right_at_the_first_call(target: str, options: str) -> None:
    done = said_of(target, options)
    assert done.returncode in (RIGHT, WHERE_IT_ANSWERS), done.stdout + done.stderr


@pytest.mark.parametrize(("target", "options"), FUNCTIONS_WITH_A_HINT)
def test_what_pads_by_itself_is_right_at_the_call_of_the_hint(target: str, options: str) -> None:
    hinted = said_of(target, "")
    assert hinted.returncode == 1, hinted.stdout + hinted.stderr
    assert f"say {options}" in " ".join(hinted.stdout.split()), hinted.stdout
    done = said_of(target, options)
    assert done.returncode in (RIGHT, WHERE_IT_ANSWERS), done.stdout + done.stderr


def first_mistake(done: subprocess.CompletedProcess[str]) -> str:
    """Return the first mistake that is named of a function that is called wrong."""
    assert done.returncode == 1, done.stdout + done.stderr
    named = re.search(r"^  ([a-z][\w+-]*).*: explains \d+ of \d+", done.stdout, re.MULTILINE)
    return named[1] if named else ""


@pytest.mark.parametrize(("target", "options", "mistake"), FUNCTIONS_THAT_ARE_WRONG)
def test_a_wrong_function_is_wrong_for_its_own_mistake(target: str, options: str, mistake: str) -> None:
    done = said_of(target, options)
    assert re.fullmatch(mistake, first_mistake(done)), done.stdout


@pytest.mark.parametrize(("target", "line", "another", "mistake"), WITH_ANOTHER_LINE)
def test_one_line_makes_a_right_function_wrong(
    target: str, line: str, another: str, mistake: str, tmp_path: Path
) -> None:
    file = target.partition(":")[0]
    source = (PEOPLE / file).read_text(encoding="utf-8")
    assert source.count(line) == 1
    (tmp_path / file).write_text(source.replace(line, another), encoding="utf-8")
    done = said_of(target, "", tmp_path)
    assert first_mistake(done) == mistake, done.stdout


@pytest.mark.parametrize(("target", "options"), WRONG_WITHOUT_A_NAME)
def test_a_wrong_function_is_called_wrong_even_where_nothing_explains_it(target: str, options: str) -> None:
    done = said_of(target, options)
    assert done.returncode == 1, done.stdout + done.stderr
