"""Symbolic SAME: every remainder of the stride, odd totals, even kernels, dilation, both sides for the odd element."""

from functools import partial

from convformance.test_cases.case import CONVOLUTION, UNBIASED, WIDE, Case, case

declare = partial(case, "same")
UPPER, LOWER = "same_upper", "same_lower"

# (input size, symbol, what is seen): stride 2 leaves 0 and 1, stride 3 leaves 0, 1 and 2 elements over.
_REMAINDERS_OF_TWO_AND_THREE = (
    ((8, 9), UPPER, "An odd total of padding split the wrong way, where both strides divide the image."),
    ((9, 10), UPPER, "Padding computed from the kernel alone, where both strides leave one element over."),
    ((8, 11), UPPER, "Padding computed for the wrong axis, where one stride divides and the other leaves two over."),
    ((9, 9), UPPER, "A remainder of one axis used for the other, on an image whose sides are equal."),
    ((8, 10), LOWER, "The odd element put at the end in place of the start."),
    ((9, 9), LOWER, "One element more at the start also along the axis whose total is even."),
)

_REMAINDERS_OF_FOUR = (
    (12, UPPER, "An even total at stride four taken for no padding, because the stride divides the image."),
    (13, UPPER, "The largest total, five, cut to half of the kernel on both sides."),
    (14, UPPER, "The remainder used where the stride less the remainder is meant."),
    (15, UPPER, "A total of three rounded to an even one."),
    (13, LOWER, "The odd element of a total of five put at the end in place of the start."),
    (15, LOWER, "The odd element of a total of three put at the end in place of the start."),
)

# fmt: off
CASES: tuple[Case, ...] = (
    *(
        declare(
            catches,
            input_size=size, kernel_size=(3, 4), padding=symbol, stride=(2, 3),
            tier="smoke" if size in ((8, 9), (9, 10)) else "standard",
            operations=UNBIASED if symbol == UPPER else CONVOLUTION,
        )
        for size, symbol, catches in _REMAINDERS_OF_TWO_AND_THREE
    ),
    *(
        declare(catches, input_size=(size,), kernel_size=6, padding=symbol, stride=4, batch=3, dtypes=WIDE)
        for size, symbol, catches in _REMAINDERS_OF_FOUR
    ),
    declare(
        "Odd kernels of unequal size at stride one: half of the height used for the width.",
        input_size=(6, 7), kernel_size=(3, 5), padding=UPPER,
    ),
    declare(
        "Even kernels at stride one: the odd element dropped, so that the size is not kept, or put at the start.",
        input_size=(7, 6), kernel_size=(2, 4), padding=UPPER,
    ),
    declare(
        "Even kernels at stride one with the odd element at the start: taken for the other SAME.",
        input_size=(7, 6), kernel_size=(2, 4), padding=LOWER, tier="smoke", dtypes=("float32",),
    ),
    declare(
        "Padding from the kernel's size in place of its dilated extent.",
        input_size=(8, 9), kernel_size=(3, 2), padding=UPPER, dilation=(2, 3),
    ),
    declare(
        "An even kernel with dilation and the odd element at the start.",
        input_size=(8, 7), kernel_size=(2, 4), padding=LOWER, dilation=(3, 1), operations=CONVOLUTION, dtypes=WIDE,
        tier="full",
    ),
    declare(
        "Stride and dilation together, where the total depends on both and on the remainder.",
        input_size=(10, 11), kernel_size=(3, 2), padding=UPPER, stride=(2, 3), dilation=(3, 2),
    ),
    declare(
        "A stride beyond the kernel, where the total would be negative and has to be clamped to zero.",
        input_size=(9, 7), kernel_size=(1, 2), padding=UPPER, stride=(2, 4),
    ),
    declare(
        "A kernel larger than the image, most of which reads padding.",
        input_size=(2, 3), kernel_size=(5, 4), padding=UPPER,
    ),
    declare(
        "Three axes with three strides, one total odd, one even and one zero.",
        input_size=(4, 7, 6), kernel_size=(2, 3, 1), padding=UPPER, stride=(1, 2, 3), in_channels=3, out_channels=4,
    ),
    declare(
        "A depthwise path that pads by half of the kernel, whatever the stride.",
        input_size=(8, 10), kernel_size=(3, 5), padding=UPPER, stride=(2, 2), in_channels=5, out_channels=5, groups=5,
    ),
    declare(
        "A stride that passes the kernel by so much that the total padding, not held at zero, would crop.",
        input_size=(4,), kernel_size=(1,), padding=UPPER, stride=(4,), in_channels=3, out_channels=5, tier="full",
    ),
)
# fmt: on
