"""Derivatives of convolutions: what every other way to the same maps must get right."""

from functools import partial

from convformance.test_cases.case import CONVOLUTION, FILTER_GRADIENT, NARROW, WIDE, Case, case

declare = partial(case, "derivatives", dtypes=("float32",))

# fmt: off
CASES: tuple[Case, ...] = (
    declare(
        "A derivative of a derivative that leaves out the stride, the dilation, the groups or one side of the padding.",
        input_size=(7, 8), kernel_size=(3, 2), stride=(2, 1), padding=((1, 0), (0, 2)), dilation=(1, 2), groups=2,
        batch=3, tier="smoke",
    ),
    declare(
        "As many channels in as out in each group: a second derivative that forgets to exchange them has the shape.",
        input_size=(6, 7), kernel_size=3, stride=(1, 2), padding=1, in_channels=6, out_channels=6, groups=3,
    ),
    declare(
        "A second derivative through an empty batch that is cut off from its operand, or has the shape of another.",
        input_size=(5, 6), kernel_size=(3, 2), padding=(1, 0), batch=0,
    ),
    declare(
        "A gradient of a depthwise convolution that takes its dilation for 1, which SAME gives the right shape.",
        input_size=(7, 8), kernel_size=3, padding="same_upper", dilation=2, in_channels=3, out_channels=3, groups=3,
        operations=CONVOLUTION,
    ),
    declare(
        "The input gradient of a depthwise convolution without filters, left as the memory was.",
        input_size=(6, 5), kernel_size=(2, 3), in_channels=4, out_channels=0, groups=4,
        operations=("conv_input_grad",), dtypes=WIDE,
    ),
    declare(
        "Rows of the data that no output reads, of which a second derivative guesses the number from the stride.",
        input_size=(11,), kernel_size=2, stride=4, padding=((1, 0),), batch=3, tier="full",
    ),
    declare(
        "Three axes, of which a map over images or channels takes one for another.",
        input_size=(4, 5, 3), kernel_size=(2, 3, 2), stride=(1, 2, 1), padding=((1, 0), (0, 1), (1, 1)), batch=3,
        tier="full",
    ),
    declare(
        "Steps between two derivatives that are rounded to 16 bits.",
        input_size=(6, 5), kernel_size=(3, 2), in_channels=16, out_channels=8, dtypes=NARROW, tier="full",
    ),
    declare(
        "A filter gradient whose window a compiler shortens, and with it no longer fits what it multiplies.",
        input_size=(2, 3), kernel_size=(4, 3), stride=(2, 1), padding=((3, 3), (2, 0)), dilation=(1, 2), batch=1,
        in_channels=1, out_channels=1, operations=FILTER_GRADIENT, tier="full",
    ),
)
# fmt: on
