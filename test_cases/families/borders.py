"""Borders that repeat the data in place of zeros, and the gradients that flow back through them."""

from functools import partial

from convformance.test_cases.case import CONVOLUTION, WIDE, Case, case

declare = partial(case, "borders", operations=CONVOLUTION)

# fmt: off
CASES: tuple[Case, ...] = (
    declare(
        "A reflection taken for zeros, or a border's gradient that is dropped and not added to what it repeats.",
        input_size=(5, 6), kernel_size=3, padding=1, border="reflect", tier="smoke", dtypes=("float32",),
    ),
    declare(
        "A reflection that repeats the element at the edge too.",
        input_size=(6, 5), kernel_size=(3, 5), padding=((1, 1), (2, 2)), border="symmetric",
    ),
    declare(
        "The edge repeated on one axis and zeros on the other.",
        input_size=(5, 6), kernel_size=(3, 5), padding=((1, 1), (2, 2)), border="edge",
    ),
    declare(
        "A circular border that wraps round the wrong axis, or takes the near end for the far one.",
        input_size=(4, 7), kernel_size=(3, 5), padding=((1, 1), (2, 2)), border="wrap",
    ),
    declare(
        "A border of other widths at both ends, of which the first is used twice.",
        input_size=(6, 5), kernel_size=(2, 4), padding=((1, 0), (2, 1)), border="reflect",
    ),
    declare(
        "As wide a reflection as there can be: the last element but the one at the edge is not read.",
        input_size=(4, 3), kernel_size=(5, 3), padding=((3, 3), (2, 2)), border="reflect", in_channels=3,
    ),
    declare(
        "A circular border as wide as the image, of which every element lies in the padded image three times.",
        input_size=(3, 2), kernel_size=2, padding=((3, 3), (2, 2)), border="wrap", in_channels=3, out_channels=5,
    ),
    declare(
        "An edge repeated wider than the image is.",
        input_size=(2, 3), kernel_size=(4, 3), padding=((5, 3), (1, 4)), border="edge", dtypes=("float32",),
    ),
    declare(
        "A circular signal, padded before the data alone in place of at both ends.",
        input_size=(9,), kernel_size=4, padding=((2, 1),), border="wrap", in_channels=3, batch=3,
    ),
    declare(
        "A border in three dimensions whose corners repeat one axis only.",
        input_size=(3, 4, 5), kernel_size=3, padding=1, border="edge", in_channels=2, out_channels=3,
    ),
    declare(
        "A circular border in three dimensions with another width on each axis.",
        input_size=(4, 3, 5), kernel_size=(3, 1, 5), padding=((1, 1), (0, 0), (2, 2)), border="wrap", in_channels=2,
        out_channels=3, dtypes=WIDE,
    ),
    declare(
        "A reflection in three dimensions, which libraries have for fewer axes.",
        input_size=(4, 3, 5), kernel_size=(3, 2, 3), padding=((1, 1), (1, 0), (1, 1)), border="reflect", in_channels=2,
        out_channels=3, dtypes=WIDE,
    ),
    declare(
        "A border with a stride that leaves part of it unread.",
        input_size=(7, 8), kernel_size=(3, 2), stride=(2, 3), padding=((1, 1), (1, 2)), border="reflect",
    ),
    declare(
        "A border as wide as the kernel and not as the dilated one.",
        input_size=(7, 8), kernel_size=3, padding=((2, 2), (3, 3)), dilation=(2, 3), border="wrap",
    ),
    declare(
        "A border in front of groups, padded in the channels too.",
        input_size=(5, 4), kernel_size=3, padding=1, groups=2, border="edge", in_channels=4, out_channels=6,
    ),
    declare(
        "A depthwise filter over a reflected image, as smoothing has it.",
        input_size=(8, 9), kernel_size=5, padding=2, groups=6, border="reflect", in_channels=6, out_channels=6,
        dtypes=WIDE,
    ),
    declare(
        "SAME with an odd element at the end, and the data again in place of zeros.",
        input_size=(5, 6), kernel_size=(2, 4), padding="same_upper", border="symmetric", tier="full",
    ),
    declare(
        "A bias added before the border is made.",
        input_size=(5, 6), kernel_size=3, padding=1, border="edge", bias=True, operations=("conv",),
    ),
    declare(
        "A NaN at the edge, which its border repeats.",
        input_size=(2, 3), kernel_size=3, padding=1, border="edge", special="nan-data", operations=("conv",),
        dtypes=WIDE,
    ),
    declare(
        "A border of operands that are slices of larger arrays: what is read lies beside the data.",
        input_size=(5, 6), kernel_size=3, padding=((1, 2), (2, 1)), border="reflect", memory="sliced", tier="full",
    ),
    declare(
        "A border of images with their channels last.",
        input_size=(5, 6), kernel_size=(3, 2), padding=((1, 1), (1, 0)), border="wrap", memory="permuted", tier="full",
    ),
    declare(
        "A border of one element on an axis of one element.",
        input_size=(1, 5), kernel_size=(3, 2), padding=((1, 1), (0, 1)), border="symmetric", tier="full",
    ),
    declare(
        "Rows of a reflected image around the widths of vector code.",
        input_size=(3, 33), kernel_size=(1, 7), padding=((0, 0), (3, 3)), border="reflect", in_channels=8,
        out_channels=16, dtypes=("float32",), tier="full",
    ),
)
# fmt: on
