"""Shapes on purpose so equal that a swapped axis, a missing transpose or a reshape gives the right shape."""

from functools import partial

from convformance.test_cases.case import CONVOLUTION, WIDE, Case, case

declare = partial(case, "traps")

# fmt: off
CASES: tuple[Case, ...] = (
    declare(
        "As many inputs as outputs: a filter whose channel roles were not exchanged has the right shape.",
        input_size=(7, 6), kernel_size=(3, 2), in_channels=4, out_channels=4, tier="smoke", dtypes=WIDE,
    ),
    declare(
        "Channels, height and width all equal: an array in the wrong layout has the right shape.",
        input_size=(5, 5), kernel_size=(3, 2), in_channels=5, out_channels=3,
    ),
    declare(
        "As many images as input channels: batch and channels exchanged, "
        "as a filter gradient by convolution does on purpose.",
        input_size=(6, 5), kernel_size=(2, 3), batch=3, in_channels=3, out_channels=4,
    ),
    declare(
        "As many images as output channels: a result reshaped where it had to be transposed.",
        input_size=(5, 6), kernel_size=(2, 3), batch=3, in_channels=4, out_channels=3,
    ),
    declare(
        "Every axis of every array four or two long: no swap of axes changes a shape.",
        input_size=(4, 4), kernel_size=2, stride=2, batch=4, in_channels=4, out_channels=4, tier="smoke",
        dtypes=("float32",),
    ),
    declare(
        "A filter whose four axes are equal: every permutation of it has the right shape.",
        input_size=(6, 5), kernel_size=3, in_channels=3, out_channels=3,
    ),
    declare(
        "An output as large as the kernel: in the filter gradient, image and output gradient exchanged.",
        input_size=(5, 7), kernel_size=(3, 4),
    ),
    declare(
        "A kernel with the sides of the image exchanged, padded to make the output as large as the image.",
        input_size=(4, 5), kernel_size=(5, 4), padding="same_upper", operations=CONVOLUTION, dtypes=WIDE, tier="full",
    ),
    declare(
        "Output planes whose sides exchange with those of the image: "
        "a transposed plane has the same number of elements.",
        input_size=(6, 4), kernel_size=(3, 1), padding=((0, 0), (1, 1)), operations=CONVOLUTION, dtypes=WIDE,
        tier="full",
    ),
    declare(
        "Equal stride and dilation: exchanging the two, as the filter gradient does, changes nothing.",
        input_size=(9, 11), kernel_size=(3, 2), stride=(2, 3), dilation=(2, 3),
    ),
    declare(
        "A square image and a square kernel with unequal strides: only values show that they were exchanged.",
        input_size=(7, 7), kernel_size=3, stride=(2, 1), padding=((0, 0), (1, 1)),
    ),
    declare(
        "A square image with padding that, exchanged between the axes or the sides, gives the same shape.",
        input_size=(6, 6), kernel_size=3, padding=((2, 0), (0, 2)),
    ),
    declare(
        "A square image with dilations that a square kernel and padding make indistinguishable by shape.",
        input_size=(9, 9), kernel_size=3, padding=((1, 1), (2, 2)), dilation=(1, 2), operations=CONVOLUTION,
        dtypes=WIDE, tier="full",
    ),
    declare(
        "As many outputs as inputs times taps: a filter flattened in another order fits the matrix product.",
        input_size=(5, 6), kernel_size=(2, 3), in_channels=2, out_channels=12, operations=CONVOLUTION, dtypes=WIDE,
        tier="full",
    ),
    declare(
        "A batch as large as the number of output positions: a sum over the wrong one fits.",
        input_size=(4, 3), kernel_size=(2, 3), batch=3, in_channels=2, out_channels=5,
    ),
    declare(
        "A cube with a cubic kernel and as many inputs as outputs: no order of the three axes changes a shape.",
        input_size=(4, 4, 4), kernel_size=2, in_channels=3, out_channels=3,
    ),
    declare(
        "Results of the shape of their operands: a transposed convolution taken for the convolution, "
        "two activations exchanged.",
        input_size=(6, 5), kernel_size=(3, 5), padding="same_upper", in_channels=4, out_channels=4, tier="smoke",
    ),
    declare(
        "A signal and its result of one shape, in which one is taken for the other.",
        input_size=(9,), kernel_size=3, padding=1, batch=3, in_channels=5, out_channels=5,
    ),
)
# fmt: on
