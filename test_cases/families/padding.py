"""Padding: every symbol, unequal sides, wider than the kernel, and negative."""

from functools import partial

from convformance.test_cases.case import CONVOLUTION, WIDE, Case, case

declare = partial(case, "padding")

# fmt: off
CASES: tuple[Case, ...] = (
    declare(
        "A request for no padding that is answered with padding.",
        input_size=(7, 6), kernel_size=(3, 4), padding="valid", stride=(1, 2),
    ),
    declare(
        "Full padding taken as the kernel's size, or as half of it, and not as its size less one.",
        input_size=(6, 5), kernel_size=(3, 4), padding="full", tier="smoke", dtypes=WIDE,
    ),
    declare(
        "Full padding with a stride, where the last window does not end with the padding.",
        input_size=(6, 7), kernel_size=(3, 4), padding="full", stride=(2, 3), dtypes=WIDE, tier="full",
    ),
    declare(
        "Full padding that forgets the dilation.",
        input_size=(5, 6), kernel_size=(3, 2), padding="full", dilation=(2, 3),
    ),
    declare(
        "Equal sides with unequal axes: the vertical padding used for the width.",
        input_size=(6, 7), kernel_size=(3, 4), padding=(1, 2),
    ),
    declare(
        "More padding after than before, used the other way round or the same on both sides.",
        input_size=(6, 7), kernel_size=(4, 3), padding=((0, 2), (1, 2)), tier="smoke", dtypes=WIDE,
    ),
    declare(
        "More padding before than after, and a list of begins and ends read as a list of pairs.",
        input_size=(7, 5), kernel_size=(3, 4), padding=((2, 0), (3, 1)),
    ),
    declare(
        "Padding at the start of one axis only.",
        input_size=(5, 8), kernel_size=(3, 2), padding=((2, 0), (0, 0)), operations=CONVOLUTION, dtypes=WIDE,
        tier="full",
    ),
    declare("Padding at the end of one axis only.", input_size=(8, 5), kernel_size=(2, 3), padding=((0, 0), (0, 2))),
    declare(
        "Padding wider than the kernel: outputs that see nothing but padding are zero, "
        "and add nothing to the filter gradient.",
        input_size=(4, 5), kernel_size=(2, 3), padding=((3, 2), (4, 3)), tier="smoke",
    ),
    declare(
        "Padding wider than the kernel at one end, where a crop of the adjoint turns negative.",
        input_size=(5, 4), kernel_size=(3, 2), padding=((4, 0), (0, 3)), dtypes=WIDE, tier="full",
    ),
    declare(
        "Padding wider than the kernel with a stride that steps from padding over the image's first element.",
        input_size=(5, 7), kernel_size=(2, 3), padding=((3, 3), (4, 2)), stride=(2, 3),
    ),
    declare(
        "Negative padding: a crop that is clamped to zero, or taken from the other end.",
        input_size=(8, 9), kernel_size=(3, 2), padding=((-1, 0), (0, -2)), tier="smoke", dtypes=("float32",),
    ),
    declare(
        "A crop at one end with padding at the other: the input gradient has zeros where the crop was.",
        input_size=(7, 8), kernel_size=(2, 3), padding=((-2, 1), (2, -1)),
    ),
    declare(
        "A crop with a stride, where the first element that is read decides which others are.",
        input_size=(10, 11), kernel_size=(3, 2), padding=((-1, -2), (-3, 0)), stride=(2, 3),
    ),
    declare("Unequal sides along the only axis.", input_size=(9,), kernel_size=4, padding=((3, 1),), batch=3),
    declare(
        "Six unequal sides in three dimensions, read in another order.",
        input_size=(4, 5, 3), kernel_size=(2, 3, 3), padding=((0, 1), (2, 0), (1, 3)), in_channels=3, out_channels=4,
    ),
    declare(
        "Padding at the end that a stride never reaches, counted as if it were read.",
        input_size=(8, 9), kernel_size=(3, 2), padding=((0, 1), (1, 2)), stride=(3, 4), dtypes=WIDE, tier="full",
    ),
    declare(
        "One axis cropped at its start and padded at its end, read past the end of the operand.",
        input_size=(4,), kernel_size=(1,), padding=((-1, 1),), batch=1, in_channels=8, out_channels=1, tier="full",
    ),
)
# fmt: on
