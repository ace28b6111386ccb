"""Known divergences of ExecuTorch."""

from convformance.adapters.divergence import KnownDivergence

_REASON = "ExecuTorch's own kernels sum in the type of the operands."
_SEEN = ("1.5.1", None)

KNOWN = (
    KnownDivergence(
        "bfloat16-sums-in-bfloat16",
        _REASON + " XNNPACK is not asked bfloat16.",
        "bfloat16",
        grades=("low-precision",),
        when=lambda case, dtype: dtype == "bfloat16",
        versions=_SEEN,
    ),
    KnownDivergence(
        "float16-sums-in-float16",
        _REASON,
        "float16 without XNNPACK",
        grades=("low-precision",),
        when=lambda case, dtype: dtype == "float16",
        versions=_SEEN,
        modes={"backend": "portable"},
    ),
    KnownDivergence(
        "float16-depthwise-sums-in-float16",
        "XNNPACK sums in float32 where a group has more than one channel, and in float16 where it has one.",
        "float16, one channel a group",
        grades=("low-precision",),
        operations=("conv",),
        when=lambda case, dtype: dtype == "float16" and case.problem.in_channels == case.problem.groups,
        versions=_SEEN,
        modes={"backend": "xnnpack"},
    ),
    KnownDivergence(
        "float16-nan-becomes-minus-infinity",
        "XNNPACK keeps every float16 result between two bounds, here the infinities, and the larger of NaN and minus "
        "infinity is minus infinity to it.",
        "float16, operands that hold a NaN",
        grades=("wrong",),
        operations=("conv", "conv_transpose"),
        when=lambda case, dtype: dtype == "float16" and "nan" in case.special,
        versions=_SEEN,
        modes={"backend": "xnnpack"},
    ),
    KnownDivergence(
        "channels-last-input-cannot-be-lowered",
        "An input whose channels are last in memory ends the pass that sorts layouts for XNNPACK in an exception.",
        "permuted operands, float32 and float16",
        grades=("error",),
        operations=("conv", "conv_transpose"),
        when=lambda case, dtype: dtype in ("float32", "float16") and case.memory == "permuted",
        versions=_SEEN,
        modes={"backend": "xnnpack"},
    ),
    KnownDivergence(
        "empty-batch-ends-the-process",
        "The runtime works out other strides for an input without images than it is given, and ends the process.",
        "an empty batch, in types that XNNPACK does not compute",
        grades=("crashed",),
        operations=("conv", "conv_transpose"),
        when=lambda case, dtype: dtype in ("float64", "bfloat16") and case.batch == 0,
        versions=_SEEN,
    ),
)
