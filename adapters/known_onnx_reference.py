"""Known divergences of the reference evaluator of ONNX."""

from dataclasses import replace

from convformance.adapters.divergence import KnownDivergence
from convformance.adapters.known import BIAS_AFTER_ROUNDING, has_one_channel_a_group

_NEWEST = "1.23.2"
_TRANSPOSED = ("conv_input_grad", "conv_transpose")


KNOWN = (
    replace(
        BIAS_AFTER_ROUNDING,
        reason="The sum is rounded to the result's type before the bias, which the operator takes, is added in it.",
    ),
    KnownDivergence(
        "transposed-by-groups",
        "Groups are sliced by the number of output channels and written one channel at a time, so that shapes do not "
        "fit unless every group has one channel on either side.",
        "groups above 1, but for one channel a group on both sides",
        grades=("error",),
        operations=_TRANSPOSED,
        routes=("ConvTranspose", "ConvTranspose and what follows"),
        when=lambda case, dtype: case.groups > 1 and not has_one_channel_a_group(case),
        versions=(_NEWEST, None),
    ),
    KnownDivergence(
        "transposed-bias-by-groups",
        "Every group is given the bias of all of them, and adds its first number.",
        "groups of one channel on either side, with a bias",
        grades=("wrong",),
        operations=("conv_transpose",),
        when=lambda case, dtype: case.groups > 1 and case.bias and has_one_channel_a_group(case),
        versions=(_NEWEST, None),
    ),
    KnownDivergence(
        "transposed-empty-axis",
        "The columns are reshaped to an array one size of which is to follow from no elements.",
        "an axis without outputs, or no input channels",
        grades=("error",),
        operations=_TRANSPOSED,
        when=lambda case, dtype: 0 in (*case.problem.output_size, case.problem.in_channels),
        versions=(_NEWEST, None),
    ),
    KnownDivergence(
        "transposed-empty-batch",
        "The result is made with the first image: without one there is nothing to return, and a TypeError.",
        "an empty batch",
        grades=("error",),
        operations=_TRANSPOSED,
        when=lambda case, dtype: case.problem.batch == 0,
        versions=(_NEWEST, None),
    ),
    KnownDivergence(
        "transposed-float16-sums-in-float16",
        "The products of each tap are summed in the type of the operands; Conv sums in float32.",
        "float16",
        grades=("low-precision",),
        operations=_TRANSPOSED,
        when=lambda case, dtype: dtype == "float16",
        versions=(_NEWEST, None),
    ),
)
