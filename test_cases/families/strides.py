"""Strides of one to four, unequal by axis, within the kernel and beyond it."""

from functools import partial

from convformance.test_cases.case import CONVOLUTION, WIDE, Case, case

declare = partial(case, "strides")

# fmt: off
CASES: tuple[Case, ...] = (
    declare(
        "The vertical stride used for both axes.",
        input_size=(9, 8), kernel_size=(3, 2), stride=(2, 1), tier="smoke",
    ),
    declare(
        "The horizontal stride used for both axes, or the two exchanged.",
        input_size=(8, 13), kernel_size=(2, 4), stride=(1, 3),
    ),
    declare(
        "Unequal strides exchanged; a gradient that is right for strides one and two only.",
        input_size=(15, 13), kernel_size=(5, 4), stride=(4, 3), dtypes=WIDE, tier="full",
    ),
    declare(
        "Windows that overlap by one element, added once too little in the input gradient.",
        input_size=(13,), kernel_size=4, stride=3, batch=3,
    ),
    declare(
        "A stride of four that a blocked loop takes for a multiple of its block.",
        input_size=(21,), kernel_size=5, stride=4, padding=((1, 0),),
    ),
    declare(
        "Three strides in another order.",
        input_size=(7, 8, 7), kernel_size=(3, 2, 3), stride=(2, 3, 1), in_channels=3, out_channels=4,
    ),
    declare(
        "Three strides in another order, some beyond the kernel.",
        input_size=(7, 5, 10), kernel_size=(2, 1, 3), stride=(3, 1, 4), dtypes=WIDE, tier="full",
    ),
    declare(
        "Elements between windows that no output reads: their input gradient is zero, not what the memory held.",
        input_size=(11, 14), kernel_size=(2, 3), stride=(3, 4), tier="smoke", dtypes=WIDE,
    ),
    declare(
        "A stride beyond the kernel on one axis and within it on the other.",
        input_size=(10, 11), kernel_size=(2, 4), stride=(4, 3),
    ),
    declare(
        "A pointwise convolution that goes straight to a matrix product and forgets the stride.",
        input_size=(7, 8), kernel_size=1, stride=(2, 3), tier="smoke",
    ),
    declare(
        "A pointwise convolution with stride whose windows start in padding.",
        input_size=(6, 8), kernel_size=1, stride=(2, 3), padding=((1, 0), (2, 1)), dtypes=WIDE, tier="full",
    ),
    declare(
        "Patches that tile the image, where the stride equals the kernel and im2col becomes a reshape.",
        input_size=(8, 9), kernel_size=(2, 3), stride=(2, 3),
    ),
    declare(
        "A stride beyond the whole image: one output on each axis, most of the input unread.",
        input_size=(5, 4), kernel_size=(3, 2), stride=(7, 6),
    ),
    declare(
        "A stride whose zero-inserted output gradient needs more padding after it than before it.",
        input_size=(12, 9), kernel_size=(4, 2), stride=(3, 2), padding=((2, 0), (0, 1)), operations=CONVOLUTION,
        tier="full",
    ),
)
# fmt: on
