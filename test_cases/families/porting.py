"""What people confuse who write a convolution by hand or carry a model from one framework to another."""

from functools import partial

from convformance.test_cases.case import (
    CONVOLUTION,
    FILTER_GRADIENT,
    FORWARD,
    INPUT_GRADIENT,
    TRANSPOSED,
    WIDE,
    Case,
    case,
)

declare = partial(case, "porting")

# fmt: off
CASES: tuple[Case, ...] = (
    declare(
        "The convolution of signal processing, whose kernel is rotated by 180 degrees, "
        "in place of the cross-correlation.",
        input_size=(6, 7), kernel_size=(3, 4), operations=FORWARD, tier="smoke", dtypes=("float32",),
    ),
    declare(
        "An input gradient that gathers without rotating the filter, or scatters and rotates it as well.",
        input_size=(7, 6), kernel_size=(2, 3), in_channels=3, operations=INPUT_GRADIENT,
    ),
    declare(
        "A filter gradient rotated by 180 degrees, because the operands of the correlation were exchanged.",
        input_size=(6, 5), kernel_size=(3, 2), padding=((1, 0), (0, 1)), in_channels=3, operations=FILTER_GRADIENT,
    ),
    declare(
        "An input gradient that leaves the channel roles of the filter as they are, "
        "which fits where they are equally many.",
        input_size=(6, 8), kernel_size=(3, 2), in_channels=3, out_channels=3, operations=INPUT_GRADIENT, dtypes=WIDE,
        tier="full",
    ),
    declare(
        "Gradients that forget the stride.",
        input_size=(9, 13), kernel_size=(3, 4), stride=(2, 3), in_channels=3,
        operations=(*CONVOLUTION, "conv_transpose"), dtypes=WIDE, tier="full",
    ),
    declare(
        "Gradients whose sizes are computed back from the output: an input one row short, a kernel one row too large.",
        input_size=(6, 7), kernel_size=(3, 2), stride=(2, 3), in_channels=3,
        operations=(*INPUT_GRADIENT, *FILTER_GRADIENT), dtypes=WIDE, tier="full",
    ),
    declare(
        "A filter gradient averaged over the batch, where the loss has to do that.",
        input_size=(5, 6), kernel_size=(2, 3), batch=5, in_channels=3, operations=FILTER_GRADIENT,
    ),
    declare(
        "A bias gradient summed over batch, channels and height, as if channels came last.",
        input_size=(6, 5), kernel_size=(2, 1), batch=3, in_channels=2, out_channels=5, bias=True,
        operations=("conv_bias_grad",), dtypes=WIDE, tier="full",
    ),
    declare(
        "A col2im whose padding is one for SAME, whatever the kernel, while im2col computed it.",
        input_size=(8, 7), kernel_size=(5, 2), padding="same_upper", in_channels=3, operations=INPUT_GRADIENT,
        dtypes=WIDE, tier="full",
    ),
    declare(
        "Padding of the width computed from the height of the output.",
        input_size=(5, 10), kernel_size=(4, 3), padding="same_upper", stride=(3, 2), operations=FORWARD,
    ),
    declare(
        "The first entry of stride, padding or dilation used for every axis.",
        input_size=(12, 9), kernel_size=(3, 2), stride=(3, 1), padding=(0, 2), dilation=(2, 1), operations=CONVOLUTION,
    ),
    declare(
        "A pair of paddings that a binding reads as the number of a padding mode.",
        input_size=(3, 8), kernel_size=(1, 7), padding=(0, 3), operations=FORWARD,
    ),
    declare(
        "SAME taken to keep the size at every stride, with half a stride of padding for each element.",
        input_size=(512,), kernel_size=3, padding="same_upper", stride=2, in_channels=2, out_channels=3,
        operations=FORWARD,
    ),
    declare(
        "A reader's own idea of SAME at stride two, on sides that leave a remainder of one.",
        input_size=(7, 5), kernel_size=(3, 2), padding="same_upper", stride=2, batch=1, in_channels=1, out_channels=2,
        dtypes=("float32",), tier="full",
    ),
    declare(
        "Padding of a transposed convolution added to the operand, where it means a crop of the result.",
        input_size=(8, 9), kernel_size=(4, 3), stride=(2, 1), padding=(1, 2), operations=TRANSPOSED,
    ),
    declare(
        "The smallest result of a transposed convolution, where another framework gives the largest.",
        input_size=(7, 8), kernel_size=(3, 2), stride=(2, 3), in_channels=3, operations=INPUT_GRADIENT,
    ),
    declare(
        "The largest result of a transposed convolution, where another framework gives the smallest.",
        input_size=(8, 10), kernel_size=(3, 2), stride=(2, 3), in_channels=3, operations=INPUT_GRADIENT,
    ),
    declare(
        "A SAME transposed convolution with an odd kernel whose result is cropped at the start and shifted by one.",
        input_size=(10,), kernel_size=5, stride=2, padding="same_upper", batch=3, operations=INPUT_GRADIENT,
    ),
    declare(
        "A transposed convolution that neither flips its kernel nor exchanges its channels.",
        input_size=(7, 8), kernel_size=(4, 2), in_channels=3, out_channels=5, operations=TRANSPOSED,
        dtypes=("float32", "bfloat16"),
    ),
    declare(
        "Flattening before a dense layer in channel order for one framework and in pixel order for the other.",
        input_size=(4, 3), kernel_size=(4, 3), in_channels=5, operations=CONVOLUTION,
    ),
    declare(
        "Dilation counted from zero, the number of gaps in place of the step between taps.",
        input_size=(9, 11), kernel_size=(3, 4), dilation=(3, 2), in_channels=3, operations=CONVOLUTION,
    ),
)
# fmt: on
