"""Sums of ten to five thousand products, which show what they are accumulated in."""

from functools import partial

from convformance.test_cases.case import CONVOLUTION, FILTER_GRADIENT, FORWARD, INPUT_GRADIENT, Case, case

declare = partial(case, "precision", operations=CONVOLUTION)

# fmt: off
CASES: tuple[Case, ...] = (
    declare(
        "Sums of ten products, rounded after every one in the narrow type.",
        input_size=(9,), kernel_size=2, in_channels=5, out_channels=3,
    ),
    declare(
        "Sums of a hundred products, cut into pieces that are rounded to the narrow type.",
        input_size=(5, 6), kernel_size=(3, 2), in_channels=16, out_channels=5, tier="smoke",
    ),
    declare(
        "Sums of six hundred products, where a narrow accumulator loses a digit.",
        input_size=(4, 5), kernel_size=(3, 3), in_channels=65, out_channels=3, operations=FORWARD,
    ),
    declare(
        "Sums of fifteen hundred products in a pointwise convolution.",
        input_size=(2, 3), kernel_size=1, in_channels=1536, out_channels=3, operations=(*FORWARD, *FILTER_GRADIENT),
    ),
    declare(
        "Sums of 4608 products, the 512 channels of a deep layer, where a narrow accumulator stands still.",
        input_size=(3, 4), kernel_size=3, in_channels=512, out_channels=2, operations=FORWARD,
    ),
    declare(
        "Input gradients summed over 512 output channels.",
        input_size=(4, 3), kernel_size=(3, 2), in_channels=2, out_channels=512, operations=INPUT_GRADIENT,
    ),
    declare(
        "Filter gradients summed over five thousand positions, where batch and space are added in the narrow type.",
        input_size=(41, 42), kernel_size=(2, 3), batch=3, in_channels=1, out_channels=2, operations=FILTER_GRADIENT,
        tier="smoke",
    ),
    declare(
        "Filter gradients summed over a large batch of single positions, added by another loop.",
        input_size=(2, 3), kernel_size=(2, 3), batch=600, in_channels=2, out_channels=3,
        operations=("conv_filter_grad",), tier="full",
    ),
    declare(
        "Rounding that grows with the taps of a long kernel, and with them the difference of a fast transform.",
        input_size=(400,), kernel_size=300, in_channels=2, out_channels=3,
    ),
)
# fmt: on
