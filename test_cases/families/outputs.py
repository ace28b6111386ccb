"""Transposed convolutions with an output padding from the stride up to the dilation, which some libraries allow.

No convolution has such a result as its input and the operand as its output: a further window would fit in. ``outputs``
is the size of the operand, ``input_size`` that of the result.
"""

from functools import partial

from convformance.test_cases.case import TRANSPOSED, WIDE, Case, case

declare = partial(case, "outputs", operations=TRANSPOSED)

# fmt: off
CASES: tuple[Case, ...] = (
    declare(
        "An output padding of the stride, for which the size of the operand is worked out backwards and is one more.",
        input_size=(7, 8), kernel_size=(3, 2), dilation=(2, 3), outputs=(2, 3), tier="smoke", dtypes=("float32",),
    ),
    declare(
        "The largest output padding, one less than the dilation, in one dimension.",
        input_size=(12,), kernel_size=3, dilation=4, outputs=(1,), in_channels=3, out_channels=5,
    ),
    declare(
        "An output padding beyond the stride on one axis and within it on the other.",
        input_size=(12, 9), kernel_size=(2, 3), stride=(2, 3), dilation=(5, 2), outputs=(3, 2),
    ),
    declare(
        "An output padding beyond the stride, cut by padding: rows in the middle of the taps' reach, not behind it.",
        input_size=(8, 8), kernel_size=(3, 2), stride=(1, 2), padding=((2, 2), (1, 1)), dilation=(3, 4), outputs=(4, 2),
    ),
    declare(
        "Groups, whose filter gradient sums over the operand and not over all windows that fit.",
        input_size=(8, 7), kernel_size=2, dilation=3, groups=2, outputs=(3, 2),
    ),
    declare(
        "A result in three dimensions whose output padding differs by axis.",
        input_size=(5, 6, 5), kernel_size=2, stride=(1, 2, 1), dilation=(2, 3, 3), outputs=(2, 1, 1), in_channels=2,
        out_channels=3, dtypes=WIDE,
    ),
    declare(
        "A bias on elements that no tap writes, as they lie in the output padding.",
        input_size=(9, 7), kernel_size=2, dilation=(4, 3), outputs=(2, 2), bias=True, operations=("conv_transpose",),
    ),
    declare(
        "An output padding beyond the stride of operands that are slices of larger arrays.",
        input_size=(8, 9), kernel_size=(3, 2), dilation=(2, 4), outputs=(3, 3), memory="sliced", tier="full",
    ),
    declare(
        "A NaN in the last row of an operand that reaches no further than its taps.",
        input_size=(8, 7), kernel_size=(2, 3), dilation=(4, 2), outputs=(2, 2), special="nan-data", dtypes=WIDE,
        tier="full",
    ),
)
# fmt: on
