"""Known divergences of IREE."""

from typing import Any

from convformance.adapters.contract import Adapter, KnownDivergence
from convformance.adapters.known import KINDS_SEEN, has_one_channel_a_group, is_cropped

_CONV = ("conv", "conv_transpose_input_grad")
_TRANSPOSED = ("conv_input_grad", "conv_transpose")
_SEEN = ("3.13.0", None)


def _has_a_group_for_each_channel(case: Any) -> bool:
    return has_one_channel_a_group(case) and case.groups > 1 and case.problem.rank < 3


def _has_one_output_of_a_longer_axis(case: Any) -> bool:
    problem = case.problem
    sizes = problem.padded_size, problem.kernel_size, problem.output_size, problem.dilation
    axes = zip(*sizes, strict=True)
    return any(outputs == dilation == 1 < kernel < size for size, kernel, outputs, dilation in axes)


def _is_alike_at_both_ends(case: Any) -> bool:
    return all(lo == hi for lo, hi in case.problem.padding)


KNOWN = (
    KnownDivergence(
        "negative-pads-fail-in-a-slice",
        "Negative pads become offsets of a slice, and fail in the compiler's check of that.",
        "negative padding",
        grades=("error",),
        operations=_CONV,
        when=lambda case, dtype: is_cropped(case),
        versions=_SEEN,
    ),
    KnownDivergence(
        "transposed-depthwise-of-two-ranks",
        "It becomes a depthwise convolution, and the filter keeps the axis of the groups.",
        "a group for each channel on both sides, up to two axes, one padding for both ends of an axis",
        grades=("error",),
        operations=_TRANSPOSED,
        when=lambda case, dtype: _has_a_group_for_each_channel(case) and _is_alike_at_both_ends(case),
        versions=_SEEN,
    ),
    KnownDivergence(
        "one-output-of-a-longer-axis",
        "The compiler takes a stride with one step for none, and the data for as long as the kernel.",
        "one output along an axis that is longer than the kernel, with its padding; no dilation",
        grades=("error",),
        operations=_CONV,
        when=lambda case, dtype: _has_one_output_of_a_longer_axis(case),
        versions=_SEEN,
    ),
)


class Known(Adapter):
    """What was seen of IREE."""

    known_divergences = KNOWN
    kinds_seen = KINDS_SEEN[:1]
    looked_at = "3.13.0"
    refusals = (r"failed to legalize operation '[\w.]+' that was explicitly marked illegal",)
