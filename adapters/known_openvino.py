"""Known divergences of OpenVINO on the CPU."""

from dataclasses import replace
from typing import Any

from convformance.adapters.contract import Adapter, KnownDivergence
from convformance.adapters.known import (
    BELOW_AVX512,
    BIAS_AFTER_ROUNDING,
    KINDS_SEEN,
    RECTIFIER_SWALLOWS_NAN,
    is_cropped,
)
from convformance.adapters.known_ranges import WITH_BFLOAT16, subnormals

_TRANSPOSED = ("conv_input_grad", "conv_transpose")
# The first that was asked, and the one that was first asked without AVX-512.
_OLDEST, _NEWEST = "2024.6.0", "2026.4.1"


def _has_empty_axis(case: Any) -> bool:
    return 0 in case.problem.output_size


def _sums_nothing(case: Any) -> bool:
    """Whether there is nothing to sum: no channels, or an image, or a gradient, without elements."""
    problem = case.problem
    return 0 in (problem.in_channels, problem.out_channels, *problem.input_size, *problem.output_size)


KNOWN = (
    KnownDivergence(
        "copied-bfloat16-is-misread",
        "The bits of a NumPy array of bfloat16 are taken for numbers of another type where a request copies it: the "
        "double of 1.5 is 0.25. An array whose memory is shared is read as it is.",
        "bfloat16",
        grades=("wrong", "low-precision", "componentwise", "norm-wise"),
        when=lambda case, dtype: dtype == "bfloat16",
        modes={"arrays": "copied"},
        versions=(_NEWEST, None),
        always=False,
    ),
    replace(
        BIAS_AFTER_ROUNDING,
        reason="The sum is rounded to the result's type before the bias, which the operator takes, is added in it.",
        covers="bfloat16 with a bias",
        when=lambda case, dtype: case.bias and dtype == "bfloat16",
    ),
    KnownDivergence(
        "bfloat16-cut-off",
        "Without AVX-512 the conversion to bfloat16 adds half a unit only where the last digit that stays is 1, and "
        "cuts off the rest: 257.5 becomes 256.",
        "bfloat16",
        grades=("low-precision", "componentwise"),
        when=lambda case, dtype: dtype == "bfloat16",
        versions=(_NEWEST, None),
        machines=BELOW_AVX512,
    ),
    KnownDivergence(
        "float64-in-float32",
        "The CPU plugin converts float64 to float32, computes, and converts back: the result has the type that was "
        "asked for, 24 bits, and the range of float32.",
        "float64",
        grades=("low-precision", "componentwise", "norm-wise", "wrong"),
        when=lambda case, dtype: dtype == "float64",
        versions=(_OLDEST, None),
    ),
    KnownDivergence(
        "transposed-of-an-empty-axis",
        "An axis of size 0 is taken for one of size 1 when the shape of the result is computed.",
        "an axis without outputs",
        grades=("wrong",),
        operations=_TRANSPOSED,
        when=lambda case, dtype: _has_empty_axis(case),
        versions=(_OLDEST, None),
    ),
    KnownDivergence(
        "negative-pads-fail-in-a-kernel",
        "Negative pads are not checked when a model is read, and fail where its kernels are made, in words that do not "
        "say so.",
        "negative padding",
        grades=("error",),
        when=lambda case, dtype: is_cropped(case),
        versions=(_OLDEST, None),
    ),
    KnownDivergence(
        "nothing-to-sum",
        "A sum without terms is 0; the result is memory that nobody wrote, or no kernel can be made.",
        "no channels, or an image without elements whose padding has results",
        grades=("wrong", "error"),
        when=lambda case, dtype: _sums_nothing(case),
        versions=(_OLDEST, None),
        always=False,
    ),
    KnownDivergence(
        "bfloat16-group-spreads-nan",
        "A NaN in one group shows in the results of another.",
        "bfloat16 and groups, with a NaN",
        grades=("wrong",),
        operations=("conv",),
        when=lambda case, dtype: dtype == "bfloat16" and case.groups > 1 and case.special.startswith("nan"),
        versions=(_NEWEST, None),
        machines=WITH_BFLOAT16,
        always=False,
    ),
    replace(RECTIFIER_SWALLOWS_NAN, versions=(_NEWEST, None)),
    subnormals(
        "The processor's products of bfloat16 take subnormal numbers for 0, in whatever mode it is.",
        "bfloat16, subnormal operands",
        "bfloat16",
        versions=(_NEWEST, None),
        machines=WITH_BFLOAT16,
    ),
)


class Known(Adapter):
    """What was seen of OpenVINO."""

    known_divergences = KNOWN
    kinds_seen = KINDS_SEEN
    looked_at = "2026.4.1"
    refusals = (r"larger than the data shape after padding", r"Unsupported padding mode: \[wrap\]")
