"""One NaN or infinity in an operand: which elements of the result must show it, and which must not."""

from functools import partial

from convformance.test_cases.case import CONVOLUTION, Case, case

declare = partial(case, "special", operations=(*CONVOLUTION, "conv_transpose"))

# fmt: off
CASES: tuple[Case, ...] = (
    declare(
        "A NaN in the data that is lost in a maximum or a conversion, or that spreads beyond its windows.",
        input_size=(7, 6), kernel_size=(3, 2), special="nan-data", tier="smoke", operations=("conv",),
    ),
    declare(
        "An infinity in the data that becomes NaN by a transform or by a difference of partial sums.",
        input_size=(6, 7), kernel_size=(2, 3), special="inf-data",
    ),
    declare(
        "A NaN in one filter that reaches the outputs of other filters.",
        input_size=(6, 5), kernel_size=(3, 2), special="nan-filter",
    ),
    declare(
        "An infinity in one filter that reaches the outputs of other filters, or saturates.",
        input_size=(5, 6), kernel_size=(2, 3), special="inf-filter",
    ),
    declare(
        "A product of zero and NaN skipped because a factor is zero: sparsity that changes the answer.",
        input_size=(7, 5), kernel_size=(3, 2), special="zero-filter-nan-data", tier="smoke",
    ),
    declare(
        "A NaN in one group that leaks into another by channels computed together.",
        input_size=(6, 5), kernel_size=(2, 3), in_channels=6, out_channels=4, groups=2, special="nan-data",
    ),
    declare(
        "A NaN between windows that a stride steps over: no output may see it.",
        input_size=(11, 9), kernel_size=(1, 2), stride=(3, 4), special="nan-data",
    ),
    declare(
        "A NaN in one channel of a depthwise block, the others of which must stay clean.",
        input_size=(6, 7), kernel_size=(3, 2), in_channels=5, out_channels=5, groups=5, special="nan-filter",
        operations=CONVOLUTION,
    ),
    declare(
        "An infinity in a padded signal that a fast transform spreads over the whole of it.",
        input_size=(15,), kernel_size=5, padding="same_upper", special="inf-data",
    ),
    declare(
        "A NaN in three dimensions that a folded axis carries into the neighbouring plane.",
        input_size=(4, 5, 6), kernel_size=(2, 3, 2), in_channels=3, out_channels=4, special="nan-data",
        operations=("conv", "conv_input_grad"), tier="full",
    ),
    declare(
        "A NaN in one filter that moves by a stride and meets padding.",
        input_size=(8, 7), kernel_size=(2, 3), stride=(2, 1), padding=((1, 0), (0, 1)), special="nan-filter",
    ),
    declare(
        "An infinity in a signal with a stride, read as a large number.",
        input_size=(13,), kernel_size=4, stride=3, special="inf-data",
    ),
    declare(
        "A product of zero and NaN near padding, in three images.",
        input_size=(5, 7), kernel_size=(2, 3), padding=((1, 0), (0, 2)), batch=3, special="zero-filter-nan-data",
    ),
    declare(
        "A product of zero and NaN in a signal with a stride.",
        input_size=(12,), kernel_size=3, stride=2, special="zero-filter-nan-data",
    ),
)
# fmt: on
