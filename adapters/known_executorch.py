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
)
