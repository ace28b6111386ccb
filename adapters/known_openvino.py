"""Known divergences of OpenVINO on the CPU."""

from dataclasses import replace
from typing import Any

from convformance.adapters.divergence import KnownDivergence
from convformance.adapters.known import BELOW_AVX512, BIAS_AFTER_ROUNDING

_TRANSPOSED = ("conv_input_grad", "conv_transpose")
# The first that was asked, and the one that was first asked without AVX-512.
_OLDEST, _NEWEST = "2024.6.0", "2026.4.1"


def _is_cropped(case: Any) -> bool:
    return bool(min(map(min, case.problem.padding)) < 0)


def _has_empty_axis(case: Any) -> bool:
    return 0 in case.problem.output_size


def _has_no_channels(case: Any) -> bool:
    return 0 in (case.problem.in_channels, case.problem.out_channels)


KNOWN = (
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
        when=lambda case, dtype: _is_cropped(case),
        versions=(_OLDEST, None),
    ),
    KnownDivergence(
        "no-channels",
        "Without channels a sum has no terms and is 0; the result is memory that nobody wrote, or no kernel can be "
        "made.",
        "no input channels or no output channels",
        grades=("wrong", "error"),
        when=lambda case, dtype: _has_no_channels(case),
        versions=(_OLDEST, None),
        always=False,
    ),
)
