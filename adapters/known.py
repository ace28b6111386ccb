"""Known divergences of the built-in adapters, as data: what was looked at, why it is so, and where it is discussed.

Each is a fact about the machines and the versions it names, found by this suite and confirmed by its reproduction
script. What a case or a machine needs to be covered is said twice, in ``covers`` for people and in ``when`` for the
suite. No version ends a divergence but one that was seen without it.
"""

from dataclasses import replace
from typing import Any

from convformance.adapters.contract import KnownDivergence, Machines
from convformance.processes.machine import Machine

_NARROW = ("float16", "bfloat16")
_ONEDNN = ("float32", "bfloat16")
# The kinds of machines that these tables come from; all but the first as libraries see it when they are limited.
KINDS_SEEN = ("x86-64 with AVX-512 and bfloat16", "x86-64 with AVX-512", "x86-64 with AVX2")
# What makes TensorFlow use oneDNN by itself.
_TENSORFLOW_WANTS = ("avx512_vnni", "avx512_bf16", "avx_vnni", "amx_tile", "amx_int8", "amx_bf16")
_TENSORFLOW = "https://github.com/tensorflow/tensorflow"


def _is_below_avx512(machine: Machine) -> bool:
    return machine.architecture == "x86_64" and not machine.has("avx512bw", "onednn")


def _tensorflow_uses_onednn(machine: Machine) -> bool:
    choice = machine.variables.get("TF_ENABLE_ONEDNN_OPTS", "").lower()
    if choice in ("0", "1", "false", "true"):
        return machine.architecture == "x86_64" and choice in ("1", "true")
    return machine.architecture == "x86_64" and any(map(machine.has, _TENSORFLOW_WANTS))


_BELOW_AVX512 = Machines("x86-64 where oneDNN has no AVX-512, or is kept from it", _is_below_avx512)
_TENSORFLOW_ONEDNN = Machines("x86-64 where TensorFlow uses oneDNN", _tensorflow_uses_onednn)
_TENSORFLOW_ONEDNN_BFLOAT16 = Machines(
    "x86-64 where TensorFlow uses oneDNN, with AVX512_BF16",
    lambda machine: _tensorflow_uses_onednn(machine) and machine.has("avx512_bf16", "onednn"),
)
_TENSORFLOW_ONEDNN_BELOW_AVX512 = Machines(
    "x86-64 where TensorFlow uses oneDNN, which is kept from AVX-512",
    lambda machine: _tensorflow_uses_onednn(machine) and _is_below_avx512(machine) and machine.has("avx512bw"),
)
_TENSORFLOW_EIGEN = Machines(
    "x86-64 where TensorFlow does not use oneDNN: a processor without AVX512_VNNI, AVX512_BF16, AVX_VNNI and AMX, or "
    "TF_ENABLE_ONEDNN_OPTS=0",
    lambda machine: machine.architecture == "x86_64" and not _tensorflow_uses_onednn(machine),
)


def _empty(case: Any) -> bool:
    problem = case.problem
    return 0 in (*problem.input_shape, *problem.output_shape, *problem.filter_shape)


def _strided_past_kernel(case: Any) -> bool:
    """Whether some axis has a stride so far beyond its kernel that SAME would have to crop."""
    problem = case.problem
    return any(
        (outputs - 1) * stride + extent < size
        for outputs, stride, extent, size in zip(
            problem.output_size, problem.stride, problem.effective_kernel, problem.input_size, strict=True
        )
    )


def _is_conv3d_same(case: Any) -> bool:
    return len(case.input_size) == 3 and case.padding == "same_upper" and _strided_past_kernel(case)


def _is_strided_empty_batch(case: Any) -> bool:
    return bool(case.batch == 0 and max(case.stride) > 1)


def _has_empty_sums(case: Any) -> bool:
    """Whether, on some axis, a window holds no element or an element is in no window."""
    problem = case.problem
    axes = zip(
        problem.input_size,
        problem.output_size,
        problem.kernel_size,
        problem.stride,
        problem.dilation,
        problem.padding,
        strict=True,
    )
    for size, outputs, kernel, stride, dilation, (lo, _) in axes:
        windows = [{o * stride + tap * dilation - lo for tap in range(kernel)} for o in range(outputs)]
        inside = set(range(size))
        if not all(window & inside for window in windows) or inside - set().union(*windows):
            return True
    return False


# Of every framework whose convolution has no argument for a bias.
_UNFUSED_BIAS = (
    KnownDivergence(
        "bias-after-rounding",
        "There is no convolution with a bias: the sum is rounded to the result's type before the bias is added in it.",
        "float16 and bfloat16 with a bias",
        grades=("low-precision",),
        operations=("conv", "conv_transpose"),
        when=lambda case, dtype: case.bias and dtype in _NARROW,
    ),
    KnownDivergence(
        "bias-gradient-sums-in-its-own-type",
        "The gradient of the bias is summed in 16 bits.",
        "float16 and bfloat16",
        grades=("low-precision",),
        operations=("conv_bias_grad",),
        when=lambda case, dtype: dtype in _NARROW,
    ),
)

SCIPY = (
    KnownDivergence(
        "fft-spreads-nan",
        "One NaN or Inf reaches every frequency, and from there every element of the plane.",
        "operands that hold a NaN or an Inf",
        grades=("wrong", "low-precision"),
        routes=("signal.fftconvolve",),
        when=lambda case, dtype: bool(case.special),
        link="https://github.com/scipy/scipy/issues/15927",
    ),
    KnownDivergence(
        "fft-noise-where-nothing-is-summed",
        "An FFT rounds by the largest sum in the plane that it works on: where windows hold nothing but padding, or no "
        "window reads an element, a result that is zero, or small, gets noise that its own sums do not explain.",
        "an axis on which some window lies in the padding, or some element is in no window",
        grades=("wrong",),
        routes=("signal.fftconvolve",),
        when=lambda case, dtype: _has_empty_sums(case),
    ),
    KnownDivergence(
        "inserted-zeros-spread-nan",
        "SciPy has neither stride nor dilation: zeros are inserted, and a NaN or an infinity times such a zero is NaN.",
        "operands that hold a NaN or an Inf; dilation or stride above 1",
        grades=("wrong",),
        routes=("signal.correlate", "signal.convolve"),
        when=lambda case, dtype: bool(case.special) and max(*case.stride, *case.dilation) > 1,
    ),
)

TORCH = (
    KnownDivergence(
        "float16-gradients-sum-in-float16",
        "On the CPU the float16 gradients and the transposed convolution multiply and sum in float16; forward sums in "
        "float32.",
        "float16",
        grades=("low-precision",),
        operations=("conv_input_grad", "conv_filter_grad", "conv_transpose", "conv_transpose_filter_grad"),
        when=lambda case, dtype: dtype == "float16",
    ),
    KnownDivergence(
        "bfloat16-gradients-sum-in-bfloat16",
        "oneDNN's bfloat16 kernels want AVX-512; without it the gradients and the transposed convolution multiply and "
        "sum in bfloat16; forward sums in float32.",
        "bfloat16",
        grades=("low-precision",),
        operations=("conv_input_grad", "conv_filter_grad", "conv_transpose", "conv_transpose_filter_grad"),
        when=lambda case, dtype: dtype == "bfloat16",
        machines=_BELOW_AVX512,
    ),
    KnownDivergence(
        "float16-bias-gradient-sums-in-float16",
        "The sum over batch and space keeps some of its parts in float16: which, depends on the order of the axes.",
        "float16",
        grades=("low-precision",),
        operations=("conv_bias_grad",),
        when=lambda case, dtype: dtype == "float16",
    ),
    KnownDivergence(
        "bfloat16-inserted-zeros-spread-nan",
        "oneDNN's transposed convolution multiplies the zeros that stride inserts: a NaN or an infinity times such a "
        "zero is NaN.",
        "bfloat16, three spatial axes, stride above 1, operands that hold a NaN or an Inf",
        grades=("wrong",),
        operations=("conv_input_grad", "conv_transpose"),
        when=lambda case, dtype: (
            dtype == "bfloat16" and bool(case.special) and len(case.input_size) == 3 and max(case.stride) > 1
        ),
    ),
    KnownDivergence(
        "no-input-channels",
        "A convolution of no input channels gives a result of no channels, and its gradients then disagree about the "
        "shape.",
        "in_channels of 0",
        grades=("wrong", "error"),
        when=lambda case, dtype: case.in_channels == 0,
        versions=("2.13", None),
    ),
    KnownDivergence(
        "channels-last-axis-of-one-crash",
        "oneDNN ends the process on channels-last data with a padded, strided and dilated axis of size 1 and kernel 1.",
        "permuted operands; an axis of size 1 with kernel 1, padding, stride above 1 and dilation above 1",
        grades=("crashed",),
        when=lambda case, dtype: case.memory == "permuted" and 1 in case.input_size and max(case.dilation) > 1,
        versions=("2.13", None),
    ),
)

_EMPTY_BATCH_DIVISION = KnownDivergence(
    "empty-batch-division-by-zero",
    "The filter gradient made of a forward convolution fails in TensorFlow's own shape arithmetic when there is no "
    "batch.",
    "float64 and float16; the filter gradient by hand of an empty batch at stride above 1",
    grades=("error",),
    operations=("conv_filter_grad",),
    routes=("by-hand",),
    when=lambda case, dtype: dtype not in _ONEDNN and _is_strided_empty_batch(case),
    versions=("2.21", None),
)
_CONV3D_SAME = KnownDivergence(
    "conv3d-same-past-the-kernel",
    "Eigen's Conv3D pads SAME by a negative amount where the stride passes the kernel, in place of none: values shift.",
    "float64 and float16, three spatial axes, SAME, an axis whose last window ends before the image does",
    grades=("wrong",),
    when=lambda case, dtype: dtype not in _ONEDNN and _is_conv3d_same(case),
    versions=("2.21", None),
    modes={"mode": "eager"},
)

TENSORFLOW = (
    KnownDivergence(
        "empty-result-keeps-the-input-shape",
        "oneDNN's forward convolution returns early on an empty tensor, with the shape of its input; what is built on "
        "it, a bias or a gradient made by hand, then fails or has that shape.",
        "float32 and bfloat16 with an empty operand or result",
        grades=("wrong", "error"),
        when=lambda case, dtype: dtype in _ONEDNN and _empty(case),
        link=f"{_TENSORFLOW}/pull/112639",
        versions=("2.21", None),
        machines=_TENSORFLOW_ONEDNN,
    ),
    KnownDivergence(
        "empty-filter-gradient-unwritten",
        "The filter gradient over an empty dy is left as the memory was, where the sum of nothing is zero.",
        "filter gradients over an empty batch or result; what the memory held decides how it shows",
        grades=("wrong", "low-precision", "componentwise", "norm-wise"),
        operations=("conv_filter_grad", "conv_transpose_filter_grad"),
        when=lambda case, dtype: _empty(case),
        link=f"{_TENSORFLOW}/issues/126484",
        versions=("2.21", None),
        always=False,
    ),
    _EMPTY_BATCH_DIVISION,
    replace(
        _EMPTY_BATCH_DIVISION,
        name="empty-batch-division-by-zero-without-onednn",
        covers="float32 and bfloat16; the filter gradient by hand of an empty batch at stride above 1",
        when=lambda case, dtype: dtype in _ONEDNN and _is_strided_empty_batch(case),
        machines=_TENSORFLOW_EIGEN,
    ),
    KnownDivergence(
        "dilated-empty-result-without-onednn",
        "A dilated convolution is made of a rearranged batch, which TensorFlow cannot put back where the result is "
        "empty.",
        "float32 and bfloat16, an empty result of dilation above 1",
        grades=("error",),
        when=lambda case, dtype: dtype in _ONEDNN and max(case.dilation) > 1 and 0 in case.problem.output_size,
        versions=("2.21", None),
        machines=_TENSORFLOW_EIGEN,
    ),
    KnownDivergence(
        "conv3d-gradient-without-data-format",
        "In eager mode the gradient of tf.nn.convolution over three axes reads a data format that nobody set, and "
        "raises.",
        "three spatial axes, GradientTape of tf.nn.convolution",
        grades=("error",),
        operations=("conv_input_grad", "conv_filter_grad"),
        routes=("GradientTape",),
        when=lambda case, dtype: len(case.input_size) == 3,
        versions=("2.21", None),
        modes={"mode": "eager"},
    ),
    _CONV3D_SAME,
    replace(
        _CONV3D_SAME,
        name="conv3d-same-past-the-kernel-without-onednn",
        covers=_CONV3D_SAME.covers.replace("float64 and float16", "float32 and bfloat16"),
        when=lambda case, dtype: dtype in _ONEDNN and _is_conv3d_same(case),
        machines=_TENSORFLOW_EIGEN,
    ),
    KnownDivergence(
        "grouped-filter-gradient",
        "Conv2DBackpropFilter takes the channels of the input for those of a group and finds the filter too small.",
        "conv2d_backprop_filter with groups",
        grades=("error",),
        routes=("conv2d_backprop_filter",),
        when=lambda case, dtype: case.groups > 1,
        link=f"{_TENSORFLOW}/issues/50397",
    ),
    KnownDivergence(
        "depthwise-stride-with-dilation",
        "Documented as not offered, accepted with a warning, and wrong in shape or values.",
        "depthwise convolution with stride and dilation above 1",
        grades=("wrong", "error"),
        routes=("nn.depthwise_conv2d", "depthwise_tape"),
        when=lambda case, dtype: max(case.stride) > 1 and max(case.dilation) > 1,
        link=f"{_TENSORFLOW}/issues/100237",
    ),
    KnownDivergence(
        "bfloat16-group-spreads-nan",
        "A NaN reaches outputs whose window does not hold it, within its group.",
        "bfloat16 with groups and a NaN in the data",
        grades=("wrong",),
        operations=("conv",),
        when=lambda case, dtype: dtype == "bfloat16" and case.groups > 1 and case.special.endswith("nan-data"),
        versions=("2.21", None),
        machines=_TENSORFLOW_ONEDNN_BFLOAT16,
    ),
    *_UNFUSED_BIAS,
    KnownDivergence(
        "float16-sums-in-float16",
        "On the CPU the Eigen kernels, which serve float16, multiply and sum in it.",
        "float16",
        grades=("low-precision",),
        when=lambda case, dtype: dtype == "float16",
    ),
    KnownDivergence(
        "bfloat16-gradients-sum-in-bfloat16",
        "The raw backward kernels, when they are not oneDNN's, multiply and sum in bfloat16.",
        "bfloat16 gradients and transposed convolutions",
        grades=("low-precision",),
        operations=(
            "conv_input_grad",
            "conv_filter_grad",
            "conv_transpose",
            "conv_transpose_input_grad",
            "conv_transpose_filter_grad",
        ),
        when=lambda case, dtype: dtype == "bfloat16",
    ),
    KnownDivergence(
        "bfloat16-sums-in-bfloat16-without-onednn",
        "Eigen's convolution over three axes and its depthwise convolution multiply and sum in bfloat16.",
        "bfloat16, three spatial axes or the depthwise route",
        grades=("low-precision",),
        operations=("conv",),
        routes=("nn.convolution", "nn.depthwise_conv2d"),
        when=lambda case, dtype: dtype == "bfloat16",
        versions=("2.21", None),
        machines=_TENSORFLOW_EIGEN,
    ),
    KnownDivergence(
        "bfloat16-without-a-kernel",
        "TensorFlow sees AVX-512 by itself and asks oneDNN for bfloat16 kernels that a limit such as "
        "ONEDNN_MAX_CPU_ISA=AVX2 takes away.",
        "bfloat16",
        grades=("error",),
        when=lambda case, dtype: dtype == "bfloat16",
        versions=("2.21", None),
        machines=_TENSORFLOW_ONEDNN_BELOW_AVX512,
    ),
    KnownDivergence(
        "strided-point-filter-gradient-crash",
        "oneDNN's filter gradient writes past its memory and ends the process.",
        "float32, a 1x1 kernel, stride above 1, SAME; what lies in memory decides how it shows",
        grades=("crashed",),
        operations=("conv_input_grad", "conv_filter_grad"),
        when=lambda case, dtype: (
            dtype == "float32" and max(case.kernel_size) == 1 and max(case.stride) > 1 and case.padding == "same_upper"
        ),
        versions=("2.21", None),
        machines=_TENSORFLOW_ONEDNN_BELOW_AVX512,
        always=False,
    ),
)

JAX = (
    *_UNFUSED_BIAS,
    KnownDivergence(
        "crop-and-pad-reads-past-the-end",
        "XLA's CPU convolution reads outside its operand where one axis is cropped at its start and padded at its end.",
        "an axis with a negative low and a positive high padding; what lies in memory decides how it shows",
        grades=("wrong",),
        when=lambda case, dtype: dtype != "float64" and any(lo < 0 < hi for lo, hi in case.problem.padding),
        link="https://github.com/openxla/xla/issues/48713",
        always=False,
    ),
)

ONNXRUNTIME = (
    KnownDivergence(
        "no-input-channels",
        "The result of a convolution of no input channels is left as the memory was, where the sum of nothing is zero.",
        "in_channels of 0; what the memory held decides how it shows",
        grades=("wrong", "low-precision"),
        operations=("conv",),
        when=lambda case, dtype: case.in_channels == 0,
        versions=("1.31", None),
        always=False,
    ),
    KnownDivergence(
        "same-past-the-kernel",
        "auto_pad SAME_UPPER and SAME_LOWER pad by a negative amount where the stride passes the kernel, in place of "
        "none.",
        "SAME with an axis whose last window ends before the image does",
        grades=("wrong",),
        operations=("conv",),
        when=lambda case, dtype: str(case.padding).startswith("same") and _strided_past_kernel(case),
        versions=("1.31", None),
        always=False,
    ),
)
