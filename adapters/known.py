"""Known divergences of the built-in adapters, as data: what was looked at, why it is so, and where it is discussed.

Each is a fact about the machines and the versions it names, found by this suite and confirmed by its reproduction
script. What a case or a machine needs to be covered is said twice, in ``covers`` for people and in ``when`` for the
suite. No version ends a divergence but one that was seen without it.
"""

from dataclasses import replace
from typing import Any

from convformance.adapters import known_devices, known_ranges
from convformance.adapters.contract import KnownDivergence, Machines
from convformance.adapters.known_devices import ON_GPUS, ON_PROCESSORS
from convformance.processes.machine import Machine
from convformance.reference.dtypes import COMPLEX

_NARROW = ("float16", "bfloat16")
# The kinds of machines that these tables come from; all but the first as libraries see it when they are limited.
KINDS_SEEN = ("x86-64 with AVX-512 and bfloat16", "x86-64 with AVX-512", "x86-64 with AVX2")
# What some of them were looked at on, besides.
AMX, HOPPER = "x86-64 with AMX", "GPU of compute capability 9.0"


def is_below_avx512(machine: Machine) -> bool:
    return machine.is_x86_64 and not machine.has("avx512bw", "onednn")


BELOW_AVX512 = Machines("x86-64 where oneDNN has no AVX-512, or is kept from it", is_below_avx512)

_WITH_AVX512 = Machines("x86-64 where oneDNN uses AVX-512", lambda machine: machine.has("avx512bw", "onednn"))


_WITH_AMX = Machines("x86-64 where oneDNN uses AMX", lambda machine: machine.has("amx_tile", "onednn"))


def is_empty(case: Any) -> bool:
    problem = case.problem
    return 0 in (*problem.input_shape, *problem.output_shape, *problem.filter_shape)


def is_cropped(case: Any) -> bool:
    return bool(min(map(min, case.problem.padding)) < 0)


def has_one_channel_a_group(case: Any) -> bool:
    return bool(case.groups == case.problem.in_channels == case.problem.out_channels)


def strided_past_kernel(case: Any) -> bool:
    """Whether some axis has a stride so far beyond its kernel that SAME would have to crop."""
    problem = case.problem
    return any(
        (outputs - 1) * stride + extent < size
        for outputs, stride, extent, size in zip(
            problem.output_size, problem.stride, problem.effective_kernel, problem.input_size, strict=True
        )
    )


def has_strided_point(case: Any) -> bool:
    """Whether an axis of size 1 has a kernel of 1, padding, and stride and dilation above 1."""
    problem = case.problem
    axes = zip(problem.input_size, problem.kernel_size, problem.stride, problem.dilation, problem.padding, strict=True)
    return any(
        size == kernel == 1 and min(stride, dilation) > 1 and max(pair) > 0
        for size, kernel, stride, dilation, pair in axes
    )


def _has_gaps(case: Any) -> bool:
    """Whether dilation leaves gaps between taps on some axis."""
    return any(d > 1 and k > 1 for d, k in zip(case.dilation, case.kernel_size, strict=True))


def _is_beyond_the_image(case: Any) -> bool:
    """Whether on some axis the kernel reaches further than the image."""
    sizes = zip(case.problem.effective_kernel, case.problem.input_size, strict=True)
    return any(extent > size for extent, size in sizes)


def _is_strided_line(case: Any) -> bool:
    return bool(case.problem.rank == 1 and max(case.stride) > 1)


def _goes_to_nnpack(case: Any) -> bool:
    """Whether PyTorch without oneDNN leaves the case to NNPACK: what it pads itself, it hands over without padding."""
    problem = case.problem
    is_even = all(lo == hi >= 0 for lo, hi in problem.padding)
    axes = zip(problem.padding, problem.kernel_size, strict=True)
    return bool(
        problem.rank == 2
        and problem.batch >= 16
        and max(*problem.stride, *problem.dilation) == 1
        and max(problem.kernel_size) < 17
        and (not is_even or all(lo < kernel for (lo, _), kernel in axes))
    )


# Of every framework whose convolution has no argument for a bias.
BIAS_AFTER_ROUNDING = KnownDivergence(
    "bias-after-rounding",
    "There is no convolution with a bias: the sum is rounded to the result's type before the bias is added in it.",
    "float16 and bfloat16 with a bias",
    grades=("low-precision", "componentwise"),
    operations=("conv", "conv_transpose"),
    when=lambda case, dtype: case.bias and dtype in _NARROW,
)
RECTIFIER_SWALLOWS_NAN = KnownDivergence(
    "rectifier-swallows-nan",
    "A rectifier takes the larger of 0 and a number, which makes 0 of a NaN.",
    "a rectifier behind a NaN",
    grades=("wrong",),
    operations=("conv", "conv_transpose"),
    when=lambda case, dtype: case.then.endswith("relu") and case.special.startswith("nan"),
)
BIAS_GRADIENT_IN_ITS_OWN_TYPE = KnownDivergence(
    "bias-gradient-sums-in-its-own-type",
    "The gradient of the bias is summed in 16 bits.",
    "float16 and bfloat16",
    grades=("low-precision",),
    operations=("conv_bias_grad",),
    when=lambda case, dtype: dtype in _NARROW,
)
UNFUSED_BIAS = (BIAS_AFTER_ROUNDING, BIAS_GRADIENT_IN_ITS_OWN_TYPE)

# Of PyTorch and TensorFlow, each on the machines that its own table says.
INSERTED_ZEROS = KnownDivergence(
    "bfloat16-inserted-zeros-spread-nan",
    "oneDNN multiplies the zeros that stride inserts: a NaN or an infinity times such a zero is NaN.",
    "bfloat16, three spatial axes, stride above 1, operands that hold a NaN or an Inf",
    grades=("wrong",),
    operations=("conv_input_grad", "conv_transpose"),
    when=lambda case, dtype: (
        dtype == "bfloat16" and bool(case.special) and len(case.input_size) == 3 and max(case.stride) > 1
    ),
    machines=known_ranges.WITH_BFLOAT16,
)

SCIPY = (
    *known_ranges.SCIPY,
    KnownDivergence(
        "direct-spreads-nan-over-dilation",
        "scipy.signal knows no dilation: a NaN or an Inf times a zero that stands between two taps is NaN.",
        "operands that hold a NaN or an Inf, an axis with dilation above 1 and two taps or more",
        grades=("wrong",),
        routes=("signal.convolve", "signal.correlate", "np.pad and signal.correlate"),
        when=lambda case, dtype: bool(case.special) and _has_gaps(case),
        always=False,
    ),
    KnownDivergence(
        "fft-spreads-nan",
        "One NaN or Inf reaches every frequency, and from there every element of the plane.",
        "operands that hold a NaN or an Inf",
        grades=("wrong", "low-precision"),
        routes=("signal.fftconvolve",),
        when=lambda case, dtype: bool(case.special),
        link="https://github.com/scipy/scipy/issues/15927",
    ),
)

TORCH = (
    *known_ranges.TORCH,
    replace(BIAS_AFTER_ROUNDING, machines=ON_GPUS),
    *known_devices.TORCH,
    KnownDivergence(
        "float16-gradients-sum-in-float16",
        "On the CPU the float16 gradients and the transposed convolution multiply and sum in float16; forward sums in "
        "float32.",
        "float16",
        grades=("low-precision",),
        operations=("conv_input_grad", "conv_filter_grad", "conv_transpose", "conv_transpose_filter_grad"),
        when=lambda case, dtype: dtype == "float16",
        machines=ON_PROCESSORS,
    ),
    KnownDivergence(
        "bfloat16-gradients-sum-in-bfloat16",
        "oneDNN's bfloat16 kernels want AVX-512; without it the gradients and the transposed convolution multiply and "
        "sum in bfloat16; forward sums in float32.",
        "bfloat16",
        grades=("low-precision",),
        operations=("conv_input_grad", "conv_filter_grad", "conv_transpose", "conv_transpose_filter_grad"),
        when=lambda case, dtype: dtype == "bfloat16",
        machines=BELOW_AVX512,
    ),
    KnownDivergence(
        "float16-bias-gradient-sums-in-float16",
        "The sum over batch and space keeps some of its parts in float16: which, depends on the order of the axes.",
        "float16",
        grades=("low-precision",),
        operations=("conv_bias_grad",),
        when=lambda case, dtype: dtype == "float16",
        machines=ON_PROCESSORS,
    ),
    KnownDivergence(
        "bfloat16-bias-gradient-sums-in-bfloat16",
        "Without oneDNN's kernels the sum over batch and space keeps some of its parts in bfloat16.",
        "bfloat16",
        grades=("low-precision",),
        operations=("conv_bias_grad",),
        when=lambda case, dtype: dtype == "bfloat16",
        machines=BELOW_AVX512,
    ),
    KnownDivergence(
        "bfloat16-output-padding-past-the-stride",
        "oneDNN does not take an output padding of the stride or more; what answers in its place sums in bfloat16.",
        "bfloat16, transposed convolutions with an output padding from the stride up to the dilation",
        grades=("low-precision",),
        operations=("conv_transpose", "conv_transpose_filter_grad"),
        when=lambda case, dtype: dtype == "bfloat16" and case.outputs is not None,
        versions=("2.11", None),
        machines=_WITH_AVX512,
    ),
    KnownDivergence(
        "float16-filter-gradient-wants-contiguous",
        "A filter whose axes of size 1 have odd strides makes a gradient with such strides, which is then refused.",
        "float16, groups, operands with odd strides along axes of size 1",
        grades=("error",),
        operations=("conv_transpose_filter_grad",),
        routes=("autograd", "convolution_backward"),
        when=lambda case, dtype: dtype == "float16" and case.groups > 1 and case.memory == "ones",
        versions=("2.13", None),
        always=False,
    ),
    KnownDivergence(
        "fused-transposed-groups",
        "fuse_conv_bn_weights takes the channels of a group of a transposed convolution for all of them, and raises.",
        "a batch normalisation folded into a transposed convolution with groups",
        grades=("error",),
        operations=("conv_transpose",),
        routes=("fuse_conv_bn_weights",),
        when=lambda case, dtype: case.groups > 1,
        versions=("2.11", None),
    ),
    INSERTED_ZEROS,
    KnownDivergence(
        "bfloat16-unwritten-with-amx",
        "oneDNN's filter gradients for AMX leave taps that meet nothing but padding as the memory was.",
        "bfloat16, a kernel beyond the image; what the memory held decides how it shows",
        grades=("wrong", "low-precision", "componentwise", "norm-wise"),
        operations=("conv_filter_grad", "conv_transpose_filter_grad"),
        when=lambda case, dtype: dtype == "bfloat16" and _is_beyond_the_image(case),
        versions=("2.11", None),
        machines=_WITH_AMX,
        always=False,
    ),
    KnownDivergence(
        "bfloat16-infinity-gives-nan-with-amx",
        "oneDNN's convolution along a line for AMX makes NaN of infinity: it multiplies what fills its tiles up.",
        "bfloat16, one spatial axis with a stride above 1, operands that hold an infinity",
        grades=("wrong",),
        operations=("conv",),
        when=lambda case, dtype: dtype == "bfloat16" and "inf" in case.special and _is_strided_line(case),
        versions=("2.11", None),
        machines=_WITH_AMX,
        always=False,
    ),
    KnownDivergence(
        "no-input-channels",
        "A convolution of no input channels gives a result of no channels, and its gradients then disagree about the "
        "shape.",
        "in_channels of 0",
        grades=("wrong", "error"),
        when=lambda case, dtype: case.in_channels == 0,
        versions=("2.11", None),
    ),
    KnownDivergence(
        "nnpack-transforms",
        "Without oneDNN, batches of 16 and more go to NNPACK, whose Winograd and Fourier transforms are not exact and "
        "spread large numbers over a tile.",
        "float32, two spatial axes, 16 images or more, stride and dilation 1, a kernel below 17, padding below it",
        grades=("wrong", "componentwise", "norm-wise"),
        operations=("conv",),
        routes=("F.conv",),
        when=lambda case, dtype: dtype == "float32" and _goes_to_nnpack(case),
        modes={"mkldnn": "off"},
        machines=ON_PROCESSORS,
    ),
    KnownDivergence(
        "export-of-conjugates",
        "torch.export leaves the tracing tensor of a conjugate among the constants of a program with a gradient.",
        "complex64 and complex128, by autograd",
        grades=("error",),
        routes=("autograd",),
        when=lambda case, dtype: dtype in COMPLEX,
        versions=("2.13", None),
        modes={"mode": "export"},
    ),
    KnownDivergence(
        "channels-last-axis-of-one-crash",
        "oneDNN ends the process on channels-last data with a padded, strided and dilated axis of size 1 and kernel 1.",
        "permuted operands; an axis of size 1 with kernel 1, padding, stride above 1 and dilation above 1",
        grades=("crashed",),
        when=lambda case, dtype: case.memory == "permuted" and has_strided_point(case),
        versions=("2.13", None),
        machines=ON_PROCESSORS,
    ),
)

JAX = (
    *known_ranges.JAX,
    *known_devices.JAX,
    replace(BIAS_AFTER_ROUNDING, machines=ON_PROCESSORS),
    replace(BIAS_AFTER_ROUNDING, name="bias-after-rounding-on-gpus", machines=ON_GPUS, always=False),
    BIAS_GRADIENT_IN_ITS_OWN_TYPE,
    KnownDivergence(
        "grouped-filter-gradient-spreads-nan",
        "XLA computes the filter gradients of all pairs of groups, or batches them, and a NaN or an infinity times a "
        "zero that does not belong there is NaN.",
        "groups, operands that hold a NaN or an Inf",
        grades=("wrong",),
        operations=("conv_filter_grad", "conv_transpose_filter_grad"),
        when=lambda case, dtype: case.groups > 1 and bool(case.special),
    ),
    KnownDivergence(
        "grouped-filter-gradient-of-all-pairs",
        "XLA computes the filter gradients of all pairs of groups, in memory that grows with the square of the groups: "
        "69 GB for 65,537 of them with two taps each.",
        "more than 65,536 groups; on a machine with that much memory it is only slow",
        grades=("error", "crashed", "timed-out"),
        operations=("conv_filter_grad", "conv_transpose_filter_grad"),
        when=lambda case, dtype: case.groups > 65_536,
        always=False,
    ),
    KnownDivergence(
        "crop-and-pad-reads-past-the-end",
        "XLA's CPU convolution reads outside its operand where one axis is cropped at its start and padded at its end.",
        "an axis with a negative low and a positive high padding; what lies in memory decides how it shows",
        grades=("wrong",),
        when=lambda case, dtype: dtype != "float64" and any(lo < 0 < hi for lo, hi in case.problem.padding),
        link="https://github.com/openxla/xla/issues/48713",
        always=False,
        machines=ON_PROCESSORS,
    ),
)

_AVX2_ALONE = Machines(
    "x86-64 with AVX2, without AVX-512 and VNNI",
    lambda machine: machine.has("avx2") and not any(map(machine.has, ("avx512f", "avx512_vnni", "avx_vnni"))),
)

ONNXRUNTIME = (
    KnownDivergence(
        "products-in-16-bits",
        "ConvInteger of int8 data and a uint8 filter adds products two by two in 16 bits, which saturate: the sum of "
        "-128 * 255 and -128 * 255 is -32768.",
        "int8 data and a uint8 filter, with two products in a sum or more",
        grades=("wrong",),
        operations=("conv",),
        routes=("ConvInteger",),
        when=lambda case, dtype: dtype == "int8xuint8" and case.problem.longest_sum("conv") > 1,
        versions=("1.31", None),
        machines=_AVX2_ALONE,
    ),
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
        when=lambda case, dtype: str(case.padding).startswith("same") and strided_past_kernel(case),
        versions=("1.31", None),
        always=False,
    ),
)
