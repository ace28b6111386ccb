"""Sizes past what 16 bits count: 32,767 and 65,535 of anything that an index may be kept in."""

from functools import partial

from convformance.test_cases.case import CONVOLUTION, FORWARD, TRANSPOSED, UNBIASED, Case, case

declare = partial(case, "limits", tier="full", dtypes=("float32", "bfloat16"), batch=1, in_channels=1, out_channels=1)

# fmt: off
CASES: tuple[Case, ...] = (
    declare(
        "More images than 16 bits count.",
        input_size=(3,), kernel_size=2, batch=65_537, out_channels=2,
    ),
    declare(
        "More images than 16 bits count, in planes, with stride and padding.",
        input_size=(3, 2), kernel_size=2, stride=2, padding=((1, 0), (0, 1)), batch=65_537, operations=CONVOLUTION,
        dtypes=("float32",),
    ),
    declare(
        "A kernel of more taps than 15 bits count.",
        input_size=(182, 183), kernel_size=(181, 182), out_channels=2,
    ),
    declare(
        "A kernel of more taps than 16 bits count, along one axis.",
        input_size=(65_601,), kernel_size=65_537, dtypes=("float32",),
    ),
    declare(
        "An axis of more rows than 16 bits count.",
        input_size=(65_600, 2), kernel_size=(3, 2), padding=((1, 1), (0, 0)), out_channels=2,
    ),
    declare(
        "An axis of more columns than 16 bits count, with stride and dilation.",
        input_size=(2, 65_600), kernel_size=(1, 3), stride=(1, 2), dilation=(1, 2), in_channels=2,
        operations=(*CONVOLUTION, "conv_transpose"),
    ),
    declare(
        "A signal longer than 16 bits count, with a bias.",
        input_size=(65_600,), kernel_size=4, out_channels=2, bias=True, operations=FORWARD,
    ),
    declare(
        "More input channels than 16 bits count.",
        input_size=(3, 2), kernel_size=(2, 1), in_channels=65_537,
    ),
    declare(
        "More output channels than 16 bits count.",
        input_size=(2, 3), kernel_size=(1, 2), out_channels=65_537,
    ),
    declare(
        "More groups than 16 bits count.",
        input_size=(3, 2), kernel_size=(2, 1), in_channels=65_537, out_channels=65_537, groups=65_537,
        dtypes=("float32",), operations=CONVOLUTION,
    ),
    declare(
        "More positions than 16 bits count, a few more than 256 of them along either axis.",
        input_size=(257, 258), kernel_size=2, out_channels=3, operations=(*CONVOLUTION, *TRANSPOSED),
    ),
    declare(
        "An image of more than 200 on both axes, with stride and padding.",
        input_size=(225, 211), kernel_size=3, stride=2, padding=((1, 1), (1, 1)), in_channels=3, out_channels=8,
        operations=UNBIASED, dtypes=("float32",),
    ),
    declare(
        "A padding past 16 bits on one side.",
        input_size=(5,), kernel_size=2, padding=((65_536, 1),), dtypes=("float32",), operations=CONVOLUTION,
    ),
    declare(
        "A stride and a dilation past what 15 bits count.",
        input_size=(66_000,), kernel_size=2, stride=32_769, dilation=32_769, batch=2, dtypes=("float32",),
    ),
)
# fmt: on
