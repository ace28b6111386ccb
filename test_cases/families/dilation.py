"""Dilated kernels: unequal by axis, together with stride, and wider than the input."""

from functools import partial

from convformance.test_cases.case import CONVOLUTION, TRANSPOSED, WIDE, Case, case

declare = partial(case, "dilation")

# fmt: off
CASES: tuple[Case, ...] = (
    declare(
        "The vertical dilation used for both axes, or ignored.",
        input_size=(9, 8), kernel_size=(3, 2), dilation=(2, 1), tier="smoke", dtypes=("float64", "bfloat16"),
    ),
    declare(
        "The horizontal dilation used for both axes, or the two exchanged.",
        input_size=(8, 11), kernel_size=(2, 3), dilation=(1, 3),
    ),
    declare(
        "Unequal dilations with offsets computed from the wrong one.",
        input_size=(10, 11), kernel_size=(3, 2), dilation=(2, 4), padding=((1, 0), (0, 2)),
    ),
    declare(
        "Stride and dilation exchanged, above all in the filter gradient, where they change places by right.",
        input_size=(12, 13), kernel_size=(3, 4), stride=(2, 3), dilation=(3, 2),
    ),
    declare(
        "Stride and dilation that share a factor, so that some input columns are never read by any tap.",
        input_size=(11, 12), kernel_size=(3, 2), stride=(2, 4), dilation=(4, 2),
    ),
    declare(
        "A dilation larger than the image, where most taps read padding and the extent is valid only with it.",
        input_size=(4, 5), kernel_size=(2, 3), padding=((2, 4), (6, 5)), dilation=(5, 6),
    ),
    declare(
        "A dilation of a single tap, which changes nothing and must not change sizes.",
        input_size=(6, 8), kernel_size=(1, 3), dilation=(4, 2), dtypes=WIDE, tier="full",
    ),
    declare(
        "Zeros inserted into the kernel, one too many or one too few between two taps.",
        input_size=(17,), kernel_size=4, dilation=3, batch=3,
    ),
    declare(
        "A transposed convolution that spreads its input by the dilation and its kernel by the stride.",
        input_size=(16,), kernel_size=3, stride=3, padding=((2, 0),), dilation=2, operations=TRANSPOSED, tier="smoke",
    ),
    declare(
        "Three dilations in another order.",
        input_size=(4, 6, 8), kernel_size=(2, 3, 2), dilation=(1, 2, 3), in_channels=3, out_channels=4,
    ),
    declare(
        "A dilated kernel that ends exactly with the image: one output, "
        "and an extent counted one too long leaves none.",
        input_size=(7, 9), kernel_size=(3, 5), dilation=(3, 2),
    ),
    declare(
        "A dilated kernel with a crop of its gradient that needs the dilated extent on both sides.",
        input_size=(7, 6), kernel_size=(2, 3), padding=((3, 1), (2, 4)), dilation=(4, 2), operations=CONVOLUTION,
        tier="full",
    ),
)
# fmt: on
