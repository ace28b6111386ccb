"""Known divergences of MLX's CPU back end."""

from typing import Any

from convformance.adapters.contract import Adapter, KnownDivergence
from convformance.adapters.known import BIAS_AFTER_ROUNDING, KINDS_SEEN, is_empty

# In every version that was asked, and in the one that other mistakes are gone from.
_ALWAYS, _SINCE = ("0.29.4", None), ("0.32.4", None)


def _crops_between_zeros(case: Any) -> bool:
    """Whether zeros are inserted on an axis whose result has to be cropped by a negative padding."""
    axes = zip(case.problem.adjoint_padding, case.problem.stride, strict=True)
    return any(stride > 1 and min(pair) < 0 for pair, stride in axes)


def _pads_result_more_than_input(case: Any) -> bool:
    """Whether an axis has more output padding than padding, and a stride."""
    problem = case.problem
    axes = zip(problem.output_padding, problem.highs, problem.stride, strict=True)
    return any(stride > 1 and extra > max(hi, 0) for extra, hi, stride in axes)


MLX = (
    KnownDivergence(
        "crops-before-it-inserts-zeros",
        "A negative padding crops the input before zeros are inserted into it: a transposed convolution whose padding "
        "is wider than the extent of its kernel less one has the wrong size, as has conv_general with input_dilation.",
        "stride above 1 on an axis whose padding is wider than the extent of the kernel less one, or crops the result",
        grades=("wrong", "error"),
        operations=("conv_transpose", "conv_input_grad", "conv_transpose_input_grad", "conv_transpose_filter_grad"),
        routes=("conv_transpose", "input_dilation", "vjp"),
        when=lambda case, dtype: _crops_between_zeros(case),
        versions=_SINCE,
    ),
    KnownDivergence(
        "transposed-gradient-loses-rows",
        "The gradient of a transposed convolution for its input lacks as many rows as the output padding is larger "
        "than the padding.",
        "an axis with stride above 1 and more output padding than padding",
        grades=("wrong", "error"),
        operations=("conv_transpose_input_grad",),
        when=lambda case, dtype: _pads_result_more_than_input(case),
        versions=_SINCE,
    ),
    KnownDivergence(
        "empty-filter-gradient-fails",
        "The gradient for the filter of a batch without images fails in a reshape: Cannot infer the shape of an empty "
        "array.",
        "arrays without elements",
        grades=("error",),
        operations=("conv_filter_grad", "conv_transpose_filter_grad"),
        when=lambda case, dtype: is_empty(case),
        versions=_ALWAYS,
    ),
    KnownDivergence(
        "nothing-crashes",
        "Where there are no images or no channels a size is divided by zero, which ends the process (SIGFPE).",
        "arrays without elements",
        grades=("crashed",),
        when=lambda case, dtype: is_empty(case),
        versions=_ALWAYS,
        always=False,
    ),
    KnownDivergence(
        "float64-in-float32",
        "A convolution of float64 returns float64 and computes in float32; a matrix product of float64 does not.",
        "float64",
        grades=("low-precision", "wrong"),
        when=lambda case, dtype: dtype == "float64",
        versions=_ALWAYS,
    ),
    BIAS_AFTER_ROUNDING,
)


class Known(Adapter):
    """What was seen of MLX on the CPU."""

    known_divergences = MLX
    kinds_seen = KINDS_SEEN[:1]
    looked_at = "0.32.4"
    refusals = (
        r"Can only handle groups != 1 in 1D or 2D",
        r"Spatial dimensions of input after padding cannot be smaller than weight",
        r"got unsupported data type",
    )
