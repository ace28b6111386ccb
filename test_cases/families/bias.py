"""Bias and its gradient, for the convolution and its transpose."""

from functools import partial

from convformance.test_cases.case import Case, case

declare = partial(case, "bias", bias=True)

# fmt: off
CASES: tuple[Case, ...] = (
    declare(
        "A bias added along the wrong axis, or its gradient averaged over the batch.",
        input_size=(6, 5), kernel_size=(3, 2), batch=3, tier="smoke", dtypes=("float32",),
    ),
    declare(
        "A bias in one dimension, summed over channels.",
        input_size=(11,), kernel_size=4, stride=2, batch=3, in_channels=3, out_channels=5,
    ),
    declare(
        "A bias in three dimensions whose gradient leaves one spatial axis out.",
        input_size=(4, 5, 3), kernel_size=(2, 3, 2), in_channels=3, out_channels=5,
    ),
    declare(
        "As many images as channels and columns of the result: a bias broadcast along any of them fits.",
        input_size=(6, 4), kernel_size=(3, 2), batch=3, in_channels=5, out_channels=3,
    ),
    declare(
        "A bias given to the groups one after the other, and not to channels.",
        input_size=(7, 6), kernel_size=(2, 3), stride=(2, 1), in_channels=4, out_channels=8, groups=4,
    ),
    declare(
        "Outputs that see only padding: nothing but the bias is left there.",
        input_size=(4, 5), kernel_size=(2, 3), padding=((3, 2), (4, 3)), tier="full",
    ),
    declare(
        "Elements of a transposed convolution that no tap writes: nothing but the bias is left there.",
        input_size=(11, 8), kernel_size=(2, 1), stride=(4, 3), tier="smoke",
    ),
    declare(
        "A single output channel, whose bias is a scalar that is dropped or broadcast.",
        input_size=(5, 7), kernel_size=(2, 3), padding="same_upper", in_channels=3, out_channels=1, tier="full",
    ),
    declare(
        "A bias gradient over thousands of positions that is summed in the narrow type.",
        input_size=(45, 38), kernel_size=1, batch=3, in_channels=1, out_channels=2, operations=("conv_bias_grad",),
    ),
)
# fmt: on
