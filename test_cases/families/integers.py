"""Integers of 8 bits with their zero points, and of 32, summed in int32; padding stands for 0, which is the zero point.

No sum of magnitudes reaches 2**31: what a machine does beyond that, wrapping or not, is not asked.
"""

from functools import partial

from convformance.test_cases.case import FORWARD, UNBIASED, Case, case

BYTES = ("int8", "uint8", "int8xuint8", "uint8xint8")
LIKE = ("int8", "uint8")  # both operands of one type

declare = partial(case, "integers", operations=("conv",), dtypes=BYTES)
of_32_bits = partial(case, "integers", operations=UNBIASED, dtypes=("int32",))

# fmt: off
CASES: tuple[Case, ...] = (
    declare(
        "Padding filled with 0 in place of the zero point, or a zero point that is not subtracted.",
        input_size=(6, 5), kernel_size=(3, 2), padding=((1, 0), (0, 1)), zero_points=(3, 5), tier="smoke",
    ),
    declare(
        "Sums of neighbouring products kept in 16 bits, which saturate at the ends of the types.",
        input_size=(5, 6), kernel_size=(2, 3), in_channels=8, groups=2, out_channels=4,
    ),
    declare(
        "Integers under stride and dilation, which windows of bytes are gathered by.",
        input_size=(11, 10), kernel_size=(3, 2), stride=(2, 1), dilation=(1, 3), zero_points=(100, 0), batch=1,
    ),
    declare(
        "A correction of the zero point by sums over whole windows, where those are cut off by the border.",
        input_size=(7, 6), kernel_size=3, padding=((2, 1), (1, 2)), stride=2, zero_points=(128, 200), dtypes=("uint8",),
    ),
    declare(
        "Zero points at the ends of a signed type: their differences need nine bits.",
        input_size=(6, 7), kernel_size=(2, 3), padding=((0, 1), (1, 1)), zero_points=(-128, 127), dtypes=("int8",),
    ),
    declare(
        "A zero point of the other operand's sign, where one kernel serves both signs.",
        input_size=(6, 5), kernel_size=(2, 2), padding=((1, 1), (0, 0)), zero_points=(250, -100),
        dtypes=("uint8xint8",),
    ),
    declare(
        "Depthwise integers, whose windows have a kernel of their own.",
        input_size=(7, 6), kernel_size=3, padding=((1, 1), (1, 1)), in_channels=5, out_channels=5, groups=5,
        zero_points=(17, 0),
    ),
    declare(
        "A pointwise convolution of integers: a product of matrices of a length that fills no block.",
        input_size=(3, 5), kernel_size=1, in_channels=19, out_channels=9, zero_points=(0, 64),
    ),
    declare(
        "A signal of integers, in a kernel made for images.",
        input_size=(13,), kernel_size=4, stride=2, padding=((3, 1),), in_channels=3, zero_points=(9, 1), tier="full",
    ),
    declare(
        "Integers in three dimensions, sent to two by a reshape.",
        input_size=(4, 5, 3), kernel_size=(2, 3, 2), padding=((1, 0), (0, 1), (1, 1)), in_channels=3, out_channels=4,
        zero_points=(1, 2), tier="full",
    ),
    declare(
        "SAME padding of integers, which a framework makes itself.",
        input_size=(8, 7), kernel_size=(3, 2), stride=(2, 3), padding="same_upper", zero_points=(7, 90), tier="full",
    ),
    declare(
        "Blocks of channels of vector code, with a tail, of integers.",
        input_size=(5, 6), kernel_size=(3, 3), padding=((1, 1), (1, 1)), batch=1, in_channels=32, out_channels=18,
        zero_points=(5, 0), tier="full",
    ),
    case(
        "integers", "Gradients and transposes of integers of 8 bits, summed in 32.",
        input_size=(7, 6), kernel_size=(3, 2), stride=(2, 1), padding=((1, 0), (0, 1)), dtypes=LIKE,
    ),
    case(
        "integers", "Gradients and transposes of grouped integers of 8 bits.",
        input_size=(6, 8), kernel_size=(2, 3), dilation=(2, 1), groups=2, dtypes=LIKE, tier="full",
    ),
    of_32_bits(
        "Sums of integers computed in float32, which loses the last of 31 bits.",
        input_size=(6, 5), kernel_size=(3, 2), tier="smoke",
    ),
    of_32_bits(
        "Integers of 32 bits under stride, padding and dilation.",
        input_size=(9, 8), kernel_size=(2, 3), stride=(3, 2), padding=((1, 0), (2, 1)), dilation=(2, 1), batch=1,
    ),
    of_32_bits(
        "Grouped integers of 32 bits, under a SAME padding.",
        input_size=(6, 7), kernel_size=(3, 2), groups=2, padding="same_upper",
        operations=(*FORWARD, "conv_filter_grad"),
    ),
    of_32_bits(
        "Depthwise integers of 32 bits, whose sums are short.",
        input_size=(5, 6), kernel_size=(2, 3), in_channels=5, out_channels=5, groups=5, tier="full",
    ),
    of_32_bits(
        "A signal of integers of 32 bits, under stride and padding.",
        input_size=(12,), kernel_size=3, stride=2, padding=((2, 1),),
    ),
    of_32_bits(
        "Integers of 32 bits in three dimensions, which some sum as floats.",
        input_size=(4, 3, 5), kernel_size=(2, 1, 3), in_channels=2, out_channels=3, tier="full",
    ),
)
# fmt: on
