"""Empty batches, empty images, empty results, and single elements."""

from functools import partial

from convformance.test_cases.case import CONVOLUTION, TRANSPOSED, WIDE, Case, case

declare = partial(case, "empty", dtypes=WIDE)

# fmt: off
CASES: tuple[Case, ...] = (
    declare(
        "A batch of none: the filter gradient is zero, and not what the memory held.",
        input_size=(5, 6), kernel_size=(3, 2), batch=0, tier="smoke", operations=(*CONVOLUTION, "conv_transpose"),
        dtypes=("float32", "bfloat16"),
    ),
    declare(
        "A batch of none in one dimension with groups, where work is divided by the size of the batch.",
        input_size=(9,), kernel_size=4, stride=2, batch=0, groups=2,
    ),
    declare(
        "A batch of none in three dimensions.",
        input_size=(4, 5, 3), kernel_size=(2, 3, 1), batch=0, operations=CONVOLUTION, tier="full",
    ),
    declare(
        "A batch of none with a bias: the bias gradient is a sum of nothing and zero.",
        input_size=(6, 5), kernel_size=(2, 3), batch=0, bias=True,
    ),
    declare(
        "A kernel larger than the image along one axis: an empty result, zero gradients, no negative size.",
        input_size=(2, 6), kernel_size=(3, 2), tier="smoke",
    ),
    declare(
        "A dilated kernel wider than the image by its extent alone, on both axes.",
        input_size=(4, 5), kernel_size=(3, 2), dilation=(2, 5), operations=CONVOLUTION,
    ),
    declare(
        "An image without columns that padding fills: every output sees nothing but padding.",
        input_size=(4, 0), kernel_size=(2, 3), padding=((0, 0), (2, 3)),
    ),
    declare(
        "A transposed convolution whose padding crops everything: an empty result is legal, its gradients are zero.",
        input_size=(0, 3), kernel_size=(2, 3), stride=(1, 2), padding=((2, 1), (0, 0)), operations=TRANSPOSED,
    ),
    declare(
        "No input channels: a sum of nothing, so the result is zero and keeps its channels.",
        input_size=(5, 4), kernel_size=(2, 3), in_channels=0, out_channels=3, operations=CONVOLUTION,
        dtypes=("float32",),
    ),
    declare(
        "No output channels: an empty result and an input gradient of zeros.",
        input_size=(5, 4), kernel_size=(2, 3), in_channels=3, out_channels=0, operations=CONVOLUTION,
        dtypes=("float32",),
    ),
    declare(
        "One element in every array: sizes of one that are squeezed, broadcast or taken for a scalar.",
        input_size=(1, 1), kernel_size=1, batch=1, in_channels=1, out_channels=1,
    ),
    declare(
        "A single element in the middle of a kernel that otherwise reads padding.",
        input_size=(1, 1), kernel_size=(3, 4), padding=((1, 1), (2, 1)), batch=1, in_channels=2, out_channels=3,
    ),
    declare(
        "A single output from a single channel in one dimension, where all axes can be taken for each other.",
        input_size=(3,), kernel_size=3, batch=1, in_channels=1, out_channels=1, tier="full",
    ),
)
# fmt: on
