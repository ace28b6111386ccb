"""What is known to diverge in TensorFlow: see ``known``."""

from dataclasses import replace
from typing import Any

from convformance.adapters import known_ranges
from convformance.adapters.contract import KnownDivergence, Machines
from convformance.adapters.known import (
    INSERTED_ZEROS,
    UNFUSED_BIAS,
    has_strided_point,
    is_below_avx512,
    is_empty,
    strided_past_kernel,
)
from convformance.processes.machine import Machine

_ONEDNN = ("float32", "bfloat16")
# What makes TensorFlow use oneDNN by itself.
_TENSORFLOW_WANTS = ("avx512_vnni", "avx512_bf16", "avx_vnni", "amx_tile", "amx_int8", "amx_bf16")
_TENSORFLOW = "https://github.com/tensorflow/tensorflow"


def _tensorflow_uses_onednn(machine: Machine) -> bool:
    choice = machine.variables.get("TF_ENABLE_ONEDNN_OPTS", "").lower()
    if choice in ("0", "1", "false", "true"):
        return machine.is_x86_64 and choice in ("1", "true")
    return machine.is_x86_64 and any(map(machine.has, _TENSORFLOW_WANTS))


_TENSORFLOW_ONEDNN = Machines("x86-64 where TensorFlow uses oneDNN", _tensorflow_uses_onednn)
_TENSORFLOW_ONEDNN_BFLOAT16 = Machines(
    "x86-64 where TensorFlow uses oneDNN, with AVX512_BF16",
    lambda machine: _tensorflow_uses_onednn(machine) and machine.has("avx512_bf16", "onednn"),
)
_TENSORFLOW_ONEDNN_BELOW_AVX512 = Machines(
    "x86-64 where TensorFlow uses oneDNN, which is kept from AVX-512",
    lambda machine: _tensorflow_uses_onednn(machine) and is_below_avx512(machine) and machine.has("avx512bw"),
)
_TENSORFLOW_EIGEN = Machines(
    "x86-64 where TensorFlow does not use oneDNN: a processor without AVX512_VNNI, AVX512_BF16, AVX_VNNI and AMX, or "
    "TF_ENABLE_ONEDNN_OPTS=0",
    lambda machine: machine.is_x86_64 and not _tensorflow_uses_onednn(machine),
)


def _is_conv3d_same(case: Any) -> bool:
    return len(case.input_size) == 3 and case.padding == "same_upper" and strided_past_kernel(case)


def _is_grouped_conv3d(case: Any) -> bool:
    return len(case.input_size) == 3 and case.groups > 1


def _is_strided_empty_batch(case: Any) -> bool:
    return bool(case.batch == 0 and max(case.stride) > 1)


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

_CONV3D_GROUPS = KnownDivergence(
    "conv3d-transposed-groups",
    "Conv3DBackpropInput takes the channels of a group for those of the input, and says that the sizes do not agree.",
    "float64 and float16, three spatial axes, groups; the transposed convolution and its gradients",
    grades=("error",),
    operations=("conv_transpose", "conv_transpose_input_grad", "conv_transpose_filter_grad"),
    when=lambda case, dtype: dtype not in _ONEDNN and _is_grouped_conv3d(case),
    versions=("2.21", None),
)

TENSORFLOW = (
    *known_ranges.TENSORFLOW,
    KnownDivergence(
        "empty-result-keeps-the-input-shape",
        "oneDNN's forward convolution returns early on an empty tensor, with the shape of its input; what is built on "
        "it, a bias or a gradient made by hand, then fails or has that shape.",
        "float32 and bfloat16 with an empty operand or result",
        grades=("wrong", "error"),
        when=lambda case, dtype: dtype in _ONEDNN and is_empty(case),
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
        when=lambda case, dtype: is_empty(case),
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
        routes=("GradientTape", "tf.pad GradientTape"),
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
    _CONV3D_GROUPS,
    replace(
        _CONV3D_GROUPS,
        name="conv3d-transposed-groups-without-onednn",
        covers=_CONV3D_GROUPS.covers.replace("float64 and float16", "float32 and bfloat16"),
        when=lambda case, dtype: dtype in _ONEDNN and _is_grouped_conv3d(case),
        machines=_TENSORFLOW_EIGEN,
    ),
    KnownDivergence(
        "grouped-filter-gradient-unwritten",
        "Rows of the filter that no output of SAME ever multiplies are left as the memory was.",
        "bfloat16, groups, SAME, an image of one row or column; what the memory held decides how it shows",
        grades=("wrong", "low-precision", "componentwise", "norm-wise"),
        operations=("conv_filter_grad", "conv_transpose_filter_grad"),
        when=lambda case, dtype: (
            dtype == "bfloat16" and case.groups > 1 and 1 in case.input_size and str(case.padding).startswith("same")
        ),
        versions=("2.21", None),
        machines=_TENSORFLOW_ONEDNN,
        always=False,
    ),
    replace(INSERTED_ZEROS, versions=("2.21", None), machines=_TENSORFLOW_ONEDNN_BFLOAT16),
    KnownDivergence(
        "fused-rectifier-swallows-nan",
        "A graph makes one oneDNN operation of convolution, bias and rectifier, which makes a zero of a NaN.",
        "float32 and bfloat16, two spatial axes, a bias and a rectifier in a graph, operands that hold a NaN or an Inf",
        grades=("wrong",),
        operations=("conv",),
        routes=("the same in a graph",),
        when=lambda case, dtype: (
            dtype in _ONEDNN and case.bias and case.then == "relu" and bool(case.special) and len(case.input_size) == 2
        ),
        versions=("2.21", None),
        modes={"mode": "eager"},
        machines=_TENSORFLOW_ONEDNN,
    ),
    KnownDivergence(
        "float16-special-values-summed-in-float16",
        "Beside a NaN or an infinity whole numbers are summed in float16, too, and rounded on the way.",
        "float16, operands that hold a NaN or an Inf",
        grades=("norm-wise", "componentwise"),
        when=lambda case, dtype: dtype == "float16" and bool(case.special),
        always=False,
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
    *UNFUSED_BIAS,
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
    KnownDivergence(
        "wide-input-gradient-reads-past-the-end",
        "oneDNN's input gradient reads memory that is not its operands': the same call gives NaN at one time and the "
        "right numbers at another.",
        "bfloat16, more than 65,536 output channels; what lies in memory decides how it shows",
        grades=("wrong",),
        operations=("conv_input_grad",),
        routes=("GradientTape",),
        when=lambda case, dtype: dtype == "bfloat16" and case.out_channels > 65_536,
        versions=("2.21", None),
        machines=_TENSORFLOW_ONEDNN_BFLOAT16,
        always=False,
    ),
    KnownDivergence(
        "strided-point-crash",
        "oneDNN ends the process on a padded, strided and dilated axis of size 1 with a kernel of 1.",
        "bfloat16; an axis of size 1 with kernel 1, padding, stride above 1 and dilation above 1",
        grades=("crashed",),
        operations=("conv",),
        routes=("nn.conv2d",),
        when=lambda case, dtype: dtype == "bfloat16" and has_strided_point(case),
        versions=("2.21", None),
        machines=_TENSORFLOW_ONEDNN_BFLOAT16,
    ),
)
