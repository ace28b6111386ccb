"""A convolution with its bias and what follows it: a rectifier, a batch normalisation as in inference, or both.

Compilers and runtimes make one operation of them, and fold the normalisation into filter and bias.
"""

from functools import partial

from convformance.test_cases.case import WIDE, Case, case

declare = partial(case, "composition", bias=True, operations=("conv",))

# fmt: off
CASES: tuple[Case, ...] = (
    declare(
        "A rectifier before the bias in place of behind it.",
        input_size=(6, 5), kernel_size=(3, 2), then="relu", tier="smoke", dtypes=("float32",),
    ),
    declare(
        "A normalisation by the variance and not its root, without epsilon, or folded into the filter alone.",
        input_size=(5, 6), kernel_size=(2, 3), then="batch_norm", tier="smoke", dtypes=("float32",),
    ),
    declare(
        "A rectifier that follows convolution and transposed convolution in every type.",
        input_size=(7, 6), kernel_size=3, padding=1, then="relu", operations=("conv", "conv_transpose"),
    ),
    declare(
        "A normalisation of the channels of the operand in place of those of the result.",
        input_size=(6, 7), kernel_size=(3, 2), in_channels=5, out_channels=5, then="batch_norm",
        operations=("conv", "conv_transpose"),
    ),
    declare(
        "A rectifier between convolution and normalisation in place of behind both.",
        input_size=(7, 6), kernel_size=(2, 3), then="batch_norm_relu", operations=("conv", "conv_transpose"),
    ),
    declare(
        "A normalisation without a bias to fold it into.",
        input_size=(7, 8), kernel_size=3, padding=1, bias=False, then="batch_norm_relu",
    ),
    declare(
        "A normalisation folded into the filters of groups in the wrong order.",
        input_size=(6, 7), kernel_size=3, padding=1, groups=2, then="batch_norm", operations=("conv", "conv_transpose"),
    ),
    declare(
        "A depthwise convolution with normalisation and rectifier, as mobile networks are made of it.",
        input_size=(9, 10), kernel_size=3, stride=2, padding=1, groups=8, in_channels=8, out_channels=8, bias=False,
        then="batch_norm_relu",
    ),
    declare(
        "Blocks of channels with everything, for which fused kernels are written.",
        input_size=(9, 8), kernel_size=3, padding=1, in_channels=16, out_channels=32, batch=1, then="batch_norm_relu",
        dtypes=("float32", "bfloat16"),
    ),
    declare(
        "A pointwise convolution with its rectifier, fused into a matrix product.",
        input_size=(8, 7), kernel_size=1, in_channels=16, out_channels=24, then="relu",
    ),
    declare(
        "A NaN that a rectifier makes a zero.",
        input_size=(6, 5), kernel_size=(3, 2), then="relu", special="nan-data",
    ),
    declare(
        "A NaN of one filter, in one channel of a padded signal that is then rectified.",
        input_size=(9,), kernel_size=3, padding=1, then="relu", special="nan-filter", dtypes=WIDE,
    ),
    declare(
        "A NaN that a normalisation hands on to its rectifier, behind a pointwise convolution.",
        input_size=(5, 6), kernel_size=1, then="batch_norm_relu", special="nan-data", dtypes=WIDE,
    ),
    declare(
        "An infinity that a rectifier or a normalisation does not hand on.",
        input_size=(6, 7), kernel_size=(2, 3), then="batch_norm_relu", special="inf-data", dtypes=WIDE,
    ),
    declare(
        "A normalisation along the axis of a signal in place of its channels.",
        input_size=(13,), kernel_size=4, stride=2, in_channels=3, out_channels=5, then="batch_norm", dtypes=WIDE,
    ),
    declare(
        "A normalised volume with its rectifier, with dilation and uneven padding.",
        input_size=(4, 6, 5), kernel_size=(2, 3, 2), padding=((1, 0), (2, 1), (0, 1)), dilation=(1, 2, 1),
        in_channels=3, out_channels=4, then="batch_norm_relu", dtypes=WIDE, tier="full",
    ),
    declare(
        "A rectifier over outputs that only their bias decides on, as they see nothing but padding.",
        input_size=(4, 5), kernel_size=(2, 3), padding=((3, 2), (4, 3)), then="relu", tier="full",
    ),
    declare(
        "A rectifier fused into a result of operands that are slices of larger arrays.",
        input_size=(6, 5), kernel_size=(2, 3), then="relu", memory="sliced", tier="full",
    ),
    declare(
        "A long sum in 16 bits that is rounded once more by each step that follows.",
        input_size=(6, 5), kernel_size=3, in_channels=96, out_channels=4, then="batch_norm_relu", tier="full",
    ),
)
# fmt: on
