"""What is known to diverge in derivatives of derivatives and in maps over an axis: see ``known``."""

from typing import Any

from convformance.adapters.contract import KnownDivergence


def _shortens_a_window(case: Any) -> bool:
    """Whether an axis of 2 has stride 2 and an even kernel of 4 or more padded in full, and another has a kernel."""
    problem = case.problem
    axes = zip(problem.input_size, problem.kernel_size, problem.stride, problem.dilation, problem.padding, strict=True)
    shortened = [
        size == stride == 2 and kernel >= 4 and kernel % 2 == 0 and dilation == 1 and lo == kernel - 1 <= hi
        for size, kernel, stride, dilation, (lo, hi) in axes
    ]
    others = (kernel > 1 for kernel, shortens in zip(problem.kernel_size, shortened, strict=True) if not shortens)
    return any(shortened) and any(others)


TORCH = (
    KnownDivergence(
        "empty-batch-cuts-derivatives",
        "The gradient of a convolution of an empty batch is not connected with its operands: a second derivative says "
        "that they were not used.",
        "an empty batch, routes through a gradient of a gradient",
        grades=("error",),
        routes=("double-backward", "double-backward-x", "double-backward-w"),
        when=lambda case, dtype: case.batch == 0,
        versions=("2.11", None),
    ),
    KnownDivergence(
        "vmap-of-empty-batch",
        "A convolution that is mapped over an axis of no images is computed as if there were one: its shape is wrong, "
        "and what is done with it raises.",
        "an empty batch, vmap over the images",
        grades=("error", "wrong"),
        routes=("vmap-x", "vmap-dy", "per-sample"),
        when=lambda case, dtype: case.batch == 0,
        versions=("2.11", None),
    ),
)

JAX = (
    KnownDivergence(
        "filter-gradient-ends-the-process",
        "XLA's algebraic simplifier shortens the window of a strided convolution and not what it multiplies: it finds "
        "that they do not match, and ends the process.",
        "two spatial axes or more: one of size 2 with stride 2, an even kernel of 4 or more and a padding of one less "
        "before it and as much or more behind it, and another with a kernel above 1",
        grades=("crashed",),
        operations=("conv_transpose_filter_grad",),
        when=lambda case, dtype: _shortens_a_window(case),
        versions=("0.10", None),
    ),
    KnownDivergence(
        "second-derivative-spreads-nan",
        "An input gradient that comes of a filter gradient's derivative multiplies the zeros that stride and dilation "
        "insert: a NaN or an infinity times such a zero is NaN.",
        "operands that hold a NaN or an Inf, stride or dilation above 1",
        grades=("wrong",),
        operations=("conv_input_grad", "conv_transpose_input_grad"),
        routes=("vjp-of-vjp",),
        when=lambda case, dtype: bool(case.special) and max(*case.stride, *case.dilation) > 1,
        versions=("0.10", None),
        always=False,
    ),
)

TENSORFLOW = (
    KnownDivergence(
        "depthwise-backprop-ignores-dilation",
        "The gradients of the depthwise convolution take a dilation and compute with none: the values are those of "
        "neighbouring taps, or the sizes are said not to agree.",
        "depthwise convolution with dilation above 1",
        grades=("wrong", "error"),
        routes=("depthwise_conv2d_backprop_input", "depthwise_conv2d_backprop_filter"),
        when=lambda case, dtype: max(case.dilation) > 1,
        link="https://github.com/tensorflow/tensorflow/issues/113320",
        versions=("2.21", None),
    ),
    KnownDivergence(
        "depthwise-without-filters-unwritten",
        "The input gradient of a depthwise convolution without filters is left as the memory was, where the sum of "
        "nothing is zero.",
        "depthwise convolution, out_channels of 0; what the memory held decides how it shows",
        grades=("wrong", "low-precision", "componentwise", "norm-wise"),
        operations=("conv_input_grad",),
        routes=("depthwise_tape", "depthwise_conv2d_backprop_input"),
        when=lambda case, dtype: case.out_channels == 0,
        versions=("2.21", None),
        always=False,
    ),
)
