"""Known divergences of OpenCV's module dnn."""

from typing import Any

from convformance.adapters.contract import Adapter, KnownDivergence
from convformance.adapters.known import KINDS_SEEN, has_one_channel_a_group
from convformance.adapters.known_ranges import subnormals

_NEWEST = ("5.0.0.93", None)


def _same_differs(case: Any) -> bool:
    """Whether SAME asks for another padding in front than half of the kernel without its dilation."""
    problem = case.problem
    is_same = (problem.symbol or "").startswith("same")
    return is_same and any(lo != (size - 1) // 2 for lo, size in zip(problem.lows, problem.kernel_size, strict=True))


def _is_limited(case: Any) -> bool:
    return bool(case.special) or case.range in ("overflow", "cancelling-overflow")


def _is_line_of_nine(sizes: tuple[int, ...]) -> bool:
    return tuple(sizes) in {(9,), (1, 9), (9, 1)}


def _is_padded_point(sizes: tuple[int, ...], case: Any) -> bool:
    return set(sizes) == {1} and any(map(any, case.problem.padding))


def _has_no_result(case: Any) -> bool:
    return 0 in (case.problem.batch, *case.problem.output_size)


KNOWN = (
    KnownDivergence(
        "same-pads-by-the-kernel-alone",
        "auto_pad SAME_UPPER and SAME_LOWER pad half of the kernel in front, rounded down, whatever stride, dilation "
        "and the word itself ask for.",
        "SAME where that is not the padding in front of every axis",
        grades=("wrong",),
        operations=("conv", "conv_transpose_input_grad"),
        when=lambda case, dtype: _same_differs(case),
        versions=_NEWEST,
    ),
    KnownDivergence(
        "limited-to-the-largest-number",
        "A convolution limits its result to the largest number of float32, which stands in place of infinity and of "
        "NaN.",
        "operands that hold a NaN or an Inf; sums that overflow",
        grades=("wrong",),
        operations=("conv", "conv_filter_grad", "conv_transpose_input_grad", "conv_transpose_filter_grad"),
        when=lambda case, dtype: _is_limited(case),
        versions=_NEWEST,
    ),
    KnownDivergence(
        "bias-lost-before-a-normalisation",
        "A batch normalisation is fused into a convolution whose bias is no constant, and the bias is forgotten.",
        "a bias and a batch normalisation behind it",
        grades=("wrong",),
        operations=("conv",),
        routes=("Conv and what follows",),
        when=lambda case, dtype: case.bias and case.then.startswith("batch_norm"),
        versions=_NEWEST,
    ),
    KnownDivergence(
        "nine-taps-in-a-line",
        "A kernel of nine taps in a line, without dilation, is taken for one of 3 x 3: every element is wrong.",
        "up to two spatial axes, a kernel of 9, 1 x 9 or 9 x 1, dilation 1, but for depthwise convolutions",
        grades=("wrong",),
        operations=("conv", "conv_transpose_input_grad"),
        when=lambda case, dtype: (
            _is_line_of_nine(case.kernel_size) and max(case.dilation) == 1 and not has_one_channel_a_group(case)
        ),
        versions=_NEWEST,
        always=False,
    ),
    KnownDivergence(
        "gradient-with-nine-outputs-in-a-line",
        "The same where the upstream is the filter of a convolution whose dilation is the stride.",
        "up to two spatial axes, nine outputs in a line, stride 1",
        grades=("wrong",),
        operations=("conv_filter_grad", "conv_transpose_filter_grad"),
        when=lambda case, dtype: _is_line_of_nine(case.problem.output_size) and max(case.stride) == 1,
        versions=_NEWEST,
    ),
    KnownDivergence(
        "pointwise-with-padding",
        "A kernel of one tap is taken for a product of matrices, which reads past the image where that is padded.",
        "a kernel of one tap, with padding",
        grades=("wrong",),
        operations=("conv", "conv_transpose_input_grad"),
        when=lambda case, dtype: _is_padded_point(case.kernel_size, case),
        versions=_NEWEST,
        always=False,
    ),
    KnownDivergence(
        "gradient-of-one-output-with-padding",
        "The same where the upstream is the filter: one number an image, whose input is padded.",
        "one output, with padding",
        grades=("wrong",),
        operations=("conv_filter_grad", "conv_transpose_filter_grad"),
        when=lambda case, dtype: _is_padded_point(case.problem.output_size, case),
        versions=_NEWEST,
        always=False,
    ),
    KnownDivergence(
        "transposed-group-spreads-nan",
        "A NaN in one group shows in the results of another.",
        "groups, with a NaN",
        grades=("wrong",),
        operations=("conv_input_grad", "conv_transpose"),
        when=lambda case, dtype: case.groups > 1 and case.special.startswith("nan"),
        versions=_NEWEST,
        always=False,
    ),
    KnownDivergence(
        "empty-result",
        "Of a result without elements a size is divided by zero, which ends the process (SIGFPE), or its size is "
        "negative, and memory for it cannot be had.",
        "a result without elements",
        grades=("crashed", "error"),
        when=lambda case, dtype: _has_no_result(case),
        versions=_NEWEST,
        always=False,
    ),
    subnormals(
        "Kernels of convolutions take subnormal numbers for 0.",
        "float32, subnormal operands",
        "float32",
        versions=_NEWEST,
    ),
)


class Known(Adapter):
    """What was seen of OpenCV."""

    known_divergences = KNOWN
    kinds_seen = KINDS_SEEN[:1]
    looked_at = "5.0.0.93"
    refusals = (
        r"pad\d* >= 0",
        r"blob data type = \w+ is not supported",
        r"wtype0 == CV_32F",
        r"func != nullptr",
        r"sctype == CV_32F",
        r"weights\.type\(\) == 5",
        r"!wshape\.empty\(\)",
    )
