"""Sizes that the stride does not divide, so that the last rows and columns of the input are never read."""

from functools import partial

from convformance.test_cases.case import CONVOLUTION, TRANSPOSED, WIDE, Case, case

declare = partial(case, "remainders")

# fmt: off
CASES: tuple[Case, ...] = (
    declare(
        "One unread row: an input gradient that is one row short.",
        input_size=(8, 7), kernel_size=(3, 2), stride=(2, 1), tier="smoke", operations=(*CONVOLUTION, "conv_transpose"),
        dtypes=WIDE,
    ),
    declare(
        "Two unread columns: an input gradient aligned to the wrong end.",
        input_size=(6, 10), kernel_size=(2, 2), stride=(1, 3),
    ),
    declare(
        "Unread rows and columns: a filter gradient by convolution "
        "that is larger than the kernel and has to be cropped.",
        input_size=(12, 11), kernel_size=(2, 3), stride=(4, 3),
    ),
    declare(
        "Unread elements that are padding on one axis and image on the other.",
        input_size=(8, 9), kernel_size=(3, 4), stride=(3, 3), padding=((1, 1), (0, 0)),
    ),
    declare(
        "As many unread elements as the stride allows, more than the kernel holds.",
        input_size=(9,), kernel_size=2, stride=4, batch=3, tier="full",
    ),
    declare(
        "Unread elements behind a dilated kernel, counted with the kernel's size in place of its extent.",
        input_size=(12, 11), kernel_size=(3, 2), stride=(3, 2), dilation=(2, 3),
    ),
    declare(
        "Three axes with none, one and two unread elements.",
        input_size=(5, 7, 9), kernel_size=(2, 2, 1), stride=(3, 2, 3), in_channels=3, out_channels=4,
        operations=(*TRANSPOSED, "conv_filter_grad"),
    ),
    declare(
        "A depthwise convolution whose unread rows keep what the memory of the gradient held.",
        input_size=(10, 8), kernel_size=(3, 2), stride=(2, 4), in_channels=5, out_channels=5, groups=5,
    ),
)
# fmt: on
