"""Known divergences of PaddlePaddle's CPU kernels."""

from typing import Any

from convformance.adapters.contract import Adapter, KnownDivergence
from convformance.adapters.known import KINDS_SEEN

_SINCE = ("3.3.1", None)


def _is_past_empty(case: Any) -> bool:
    """Whether the kernel is so much wider than the padded input that its number of positions would be negative."""
    problem = case.problem
    axes = zip(problem.padded_size, problem.effective_kernel, problem.stride, strict=True)
    return any(size - extent + stride < 0 for size, extent, stride in axes)


PADDLE = (
    KnownDivergence(
        "same-forgets-dilation",
        "Under the padding SAME the dilation is set to 1, without a word.",
        "SAME, dilation above 1 on an axis with two taps or more",
        grades=("wrong",),
        operations=("conv", "conv_input_grad", "conv_filter_grad"),
        when=lambda case, dtype: (
            case.padding == "same_upper"
            and any(step > 1 and taps > 1 for step, taps in zip(case.dilation, case.kernel_size, strict=True))
        ),
        versions=_SINCE,
    ),
    KnownDivergence(
        "negative-result-fails",
        "Where a kernel is wider than the padded input the size of the result is computed as a negative number, and "
        "its memory cannot be had (The meta data must be valid).",
        "a kernel that is wider than the padded input by more than the stride",
        grades=("error",),
        operations=("conv", "conv_input_grad", "conv_filter_grad"),
        when=lambda case, dtype: _is_past_empty(case),
        versions=_SINCE,
    ),
    KnownDivergence(
        "no-input-channels",
        "A convolution of no input channels gives a result of no channels.",
        "in_channels of 0",
        grades=("wrong",),
        operations=("conv",),
        when=lambda case, dtype: case.in_channels == 0,
        versions=_SINCE,
    ),
)


class Known(Adapter):
    """What was seen of PaddlePaddle."""

    known_divergences = PADDLE
    kinds_seen = KINDS_SEEN
    looked_at = "3.3.1"
    refusals = (
        r"Invalid padding, all value should be larger than or equal to 0",
        r"is not registered\. Selected wrong DataType",
        r"Output_\w+ and padding\(.*\) are inconsistent",
        r"input_\w+\(.*\) and output_\w+\(.*\) are mismatching",
        r"size of output_padding should not be greater than stride",
        r"the size of filter at axis \d+ should be greater than",
    )
