"""Numbers from the ends of a type's range: exponents of every size, sums that overflow, subnormal operands."""

from functools import partial

from convformance.reference.operation import OPERATIONS
from convformance.test_cases.case import CONVOLUTION, FILTER_GRADIENT, TRANSPOSED, UNBIASED, Case, case

declare = partial(case, "ranges", operations=UNBIASED)

# fmt: off
CASES: tuple[Case, ...] = (
    declare(
        "A small number that counts as none, and numbers kept in a format of fewer exponents on the way.",
        input_size=(6, 5), kernel_size=(3, 2), padding=((1, 0), (0, 1)), range="wide-range", tier="smoke",
    ),
    declare(
        "A sum beyond the largest number that is cut to it, or becomes NaN, or infinity without its sign.",
        input_size=(5, 6), kernel_size=(2, 3), range="overflow", tier="smoke",
        operations=("conv", "conv_input_grad", "conv_filter_grad"),
    ),
    declare(
        "Sums that leave the range of a narrow accumulator and would have come back.",
        input_size=(6, 7), kernel_size=(3, 2), range="cancelling-overflow", operations=(*CONVOLUTION, "conv_transpose"),
    ),
    declare(
        "Subnormal operands taken for 0, though the products are normal.",
        input_size=(5, 7), kernel_size=(2, 2), batch=3, range="subnormal",
        operations=(*CONVOLUTION, "conv_transpose"),
    ),
    declare(
        "Infinities of both signs that meet where groups, or a stride, are summed apart.",
        input_size=(9, 8), kernel_size=(3, 4), stride=(2, 3), padding=((1, 2), (0, 1)), groups=2, range="overflow",
        operations=TRANSPOSED,
    ),
    declare(
        "Depthwise channels of very different size, scaled by one factor.",
        input_size=(6, 7), kernel_size=(3, 3), in_channels=5, out_channels=5, groups=5, batch=3, range="wide-range",
        operations=CONVOLUTION, dtypes=("float32", "float16"),
    ),
    declare(
        "A bias that brings a sum back, or takes it beyond the largest number.",
        input_size=(5, 4), kernel_size=(2, 3), bias=True, range="cancelling-overflow",
    ),
    declare(
        "A bias gradient whose sum overflows, and a bias added behind infinity.",
        input_size=(4, 6), kernel_size=(3, 2), bias=True, range="overflow",
    ),
    declare(
        "A long sum whose parts leave the range of float16 and whose result does not.",
        input_size=(40,), kernel_size=5, in_channels=9, range="cancelling-overflow", tier="full",
    ),
    declare(
        "Every operation with numbers from the whole range, with stride and dilation in three dimensions.",
        input_size=(5, 7, 6), kernel_size=(2, 3, 2), stride=(1, 2, 1), dilation=(2, 1, 1), batch=3, range="wide-range",
        operations=OPERATIONS, tier="full",
    ),
    declare(
        "A signal whose filter gradient sums subnormal numbers over the batch.",
        input_size=(17,), kernel_size=4, batch=7, range="subnormal", operations=FILTER_GRADIENT, tier="full",
    ),
    declare(
        "Subnormal numbers in groups with a stride.",
        input_size=(7, 8), kernel_size=(3, 2), stride=(2, 1), in_channels=6, groups=2, range="subnormal", tier="full",
    ),
    declare(
        "A pointwise convolution over many channels, whose matrix product overflows in blocks.",
        input_size=(4, 5), kernel_size=1, in_channels=40, out_channels=9, range="overflow", tier="full",
    ),
)
# fmt: on
