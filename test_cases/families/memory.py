"""Operands that do not lie contiguously: parts of larger arrays, and arrays with permuted axes."""

from functools import partial

from convformance.test_cases.case import CONVOLUTION, TRANSPOSED, Case, case

declare = partial(case, "memory")
sliced = partial(declare, memory="sliced")
permuted = partial(declare, memory="permuted")

# fmt: off
CASES: tuple[Case, ...] = (
    sliced(
        "Strides of the operands ignored: neighbours in memory read in place of neighbours in the array.",
        input_size=(7, 6), kernel_size=(3, 2), tier="smoke", operations=CONVOLUTION, dtypes=("float32",),
    ),
    permuted(
        "Operands with permuted axes read in the order of their memory.",
        input_size=(6, 7), kernel_size=(2, 3), tier="smoke", dtypes=("float32",),
    ),
    sliced(
        "Slices of a one-dimensional signal, sent to two dimensions by a reshape that has to copy.",
        input_size=(13,), kernel_size=4, stride=2, batch=3,
    ),
    permuted(
        "A one-dimensional signal with permuted axes and padding: a padded copy that keeps what its memory held.",
        input_size=(11,), kernel_size=4, padding=((3, 2),), batch=3, tier="full",
    ),
    sliced(
        "Slices with stride, where the step of the array and the step of the window multiply.",
        input_size=(9, 8), kernel_size=(3, 2), stride=(2, 3), padding=((1, 0), (0, 1)), dtypes=("float64", "bfloat16"),
    ),
    permuted(
        "A pointwise convolution, which permuted operands turn into a product with transposed matrices.",
        input_size=(5, 6), kernel_size=1, batch=3,
    ),
    permuted(
        "Grouped operands with permuted axes, cut into groups along the axis that lies innermost.",
        input_size=(6, 5), kernel_size=(3, 2), groups=2,
    ),
    sliced(
        "Slices of depthwise filters, packed as if they lay one after the other.",
        input_size=(6, 5), kernel_size=(2, 3), in_channels=5, out_channels=5, groups=5, operations=CONVOLUTION,
        tier="full",
    ),
    permuted(
        "Permuted axes in three dimensions, taken for the native layout.",
        input_size=(4, 5, 3), kernel_size=(2, 3, 2), in_channels=3, out_channels=5, operations=CONVOLUTION,
    ),
    permuted(
        "A single channel, for which strides do not tell one layout from the other.",
        input_size=(5, 6), kernel_size=(3, 2), in_channels=1, out_channels=4, operations=CONVOLUTION,
    ),
    sliced(
        "Slices given to a transposed convolution, which writes where it should read on.",
        input_size=(8, 9), kernel_size=(3, 2), stride=(2, 3), operations=TRANSPOSED,
    ),
    permuted(
        "An axis of one element, whose stride in memory says nothing: "
        "dilated, padded and strided, it ends some processes.",
        input_size=(2, 1), kernel_size=(1, 1), stride=(1, 2), padding=((0, 0), (1, 1)), dilation=(1, 2), batch=1,
        in_channels=2, out_channels=1, dtypes=("float32", "bfloat16"), operations=("conv", "conv_transpose_input_grad"),
        tier="full",
    ),
    declare(
        "A channels-last image that is padded into memory of its own.",
        input_size=(7, 8), kernel_size=(2, 3), stride=(2, 1), padding=((0, 2), (1, 0)), memory="permuted",
    ),
)
# fmt: on
