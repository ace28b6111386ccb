"""Grouped and depthwise convolutions, with and without a channel multiplier."""

from functools import partial

from convformance.test_cases.case import CONVOLUTION, TRANSPOSED, WIDE, Case, case

declare = partial(case, "groups")

# fmt: off
CASES: tuple[Case, ...] = (
    declare(
        "Groups ignored, or every group given the filters of the first.",
        input_size=(7, 6), kernel_size=(3, 2), groups=2, tier="smoke",
    ),
    declare(
        "Three groups with more outputs than inputs each, in channel order where group order is meant.",
        input_size=(6, 7), kernel_size=(2, 3), in_channels=6, out_channels=9, groups=3,
    ),
    declare(
        "Fewer outputs than inputs in each group, with the depth of a group computed from the wrong side.",
        input_size=(7, 5), kernel_size=(3, 2), in_channels=8, out_channels=4, groups=2, dtypes=WIDE, tier="full",
    ),
    declare(
        "Groups of one output each, taken for depthwise.",
        input_size=(5, 7), kernel_size=(2, 3), in_channels=6, out_channels=2, groups=2,
    ),
    declare(
        "A depthwise convolution that sums over channels, or skips the last ones of a block.",
        input_size=(6, 7), kernel_size=(3, 2), in_channels=5, out_channels=5, groups=5, tier="smoke", dtypes=WIDE,
    ),
    declare(
        "A multiplier of two laid out multiplier first.",
        input_size=(7, 6), kernel_size=(2, 3), in_channels=4, out_channels=8, groups=4,
    ),
    declare(
        "A multiplier equal to the number of channels, where a transposed filter has the right shape.",
        input_size=(5, 6), kernel_size=(3, 2), in_channels=3, out_channels=9, groups=3, operations=CONVOLUTION,
        dtypes=WIDE, tier="full",
    ),
    declare(
        "A multiplier with stride and unequal padding, for which special kernels are written.",
        input_size=(8, 9), kernel_size=(3, 2), stride=(2, 3), padding=((1, 0), (0, 1)), in_channels=3, out_channels=6,
        groups=3,
    ),
    declare(
        "A grouped convolution with stride, the input gradient of which falls back to the dense kernel.",
        input_size=(9, 8), kernel_size=(3, 2), stride=(2, 3), groups=2,
    ),
    declare(
        "A grouped convolution with dilation, for which filter and group axes are merged in the wrong order.",
        input_size=(8, 9), kernel_size=(2, 3), dilation=(3, 2), in_channels=6, out_channels=4, groups=2,
    ),
    declare(
        "A depthwise convolution with stride, where rows of the image are skipped in the wrong channel.",
        input_size=(9, 8), kernel_size=(3, 2), stride=(2, 1), padding=((1, 1), (0, 1)), in_channels=7, out_channels=7,
        groups=7,
    ),
    declare(
        "A depthwise convolution that ignores its dilation.",
        input_size=(8, 9), kernel_size=(3, 2), dilation=(2, 3), in_channels=5, out_channels=5, groups=5,
    ),
    declare(
        "As many inputs as outputs in each group: a filter not transposed within its group has the right shape.",
        input_size=(6, 7), kernel_size=(3, 2), in_channels=6, out_channels=6, groups=2,
        operations=("conv_input_grad", "conv_transpose", "conv_transpose_filter_grad"),
    ),
    declare(
        "As many groups as inputs and outputs in each: a group axis in the wrong place has the right shape.",
        input_size=(7, 5), kernel_size=(2, 3), in_channels=4, out_channels=4, groups=2,
    ),
    declare(
        "Groups of a one-dimensional convolution that is run in two dimensions.",
        input_size=(13,), kernel_size=3, stride=2, batch=3, in_channels=8, out_channels=12, groups=4,
    ),
    declare(
        "A depthwise convolution in three dimensions with a multiplier.",
        input_size=(5, 4, 6), kernel_size=(2, 3, 2), in_channels=3, out_channels=6, groups=3, dtypes=WIDE, tier="full",
    ),
    declare(
        "A pointwise grouped convolution sent to one dense matrix product.",
        input_size=(5, 6), kernel_size=1, batch=3, in_channels=6, out_channels=4, groups=2, operations=CONVOLUTION,
        dtypes=("float32", "bfloat16"), tier="full",
    ),
    declare(
        "A transposed grouped convolution whose number of outputs is taken from one group.",
        input_size=(8, 7), kernel_size=(3, 2), stride=(2, 2), padding=((1, 0), (0, 1)), in_channels=9, out_channels=6,
        groups=3, operations=TRANSPOSED,
    ),
    declare(
        "A row of the kernel longer than a vector of 64 in groups, which are computed by a loop of their own.",
        input_size=(3, 72), kernel_size=(2, 67), groups=2, dtypes=WIDE,
    ),
    declare(
        "A long kernel with a stride in groups of two channels.",
        input_size=(150,), kernel_size=66, stride=3, in_channels=8, out_channels=4, groups=4, dtypes=WIDE,
    ),
    declare(
        "Eight depthwise channels, which fill a vector, and five images.",
        input_size=(7, 6), kernel_size=(3, 2), batch=5, in_channels=8, out_channels=8, groups=8,
    ),
    declare(
        "Two filters for each of sixteen depthwise channels, which fill two vectors.",
        input_size=(6, 7), kernel_size=(2, 3), stride=(1, 2), in_channels=16, out_channels=32, groups=16, dtypes=WIDE,
    ),
)
# fmt: on
