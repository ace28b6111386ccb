"""Channel counts around the blocks of vector code: remainders of 4, 8 and 16 on either side."""

from functools import partial

from convformance.test_cases.case import CONVOLUTION, NARROW, TRANSPOSED, WIDE, Case, case

declare = partial(case, "channels")
spatial = partial(declare, input_size=(5, 4), kernel_size=(3, 2))
pointwise = partial(declare, input_size=(4, 3), kernel_size=1, operations=CONVOLUTION)

# fmt: off
CASES: tuple[Case, ...] = (
    spatial(
        "Inputs in blocks of four or eight: the one that is left over dropped.",
        in_channels=5, out_channels=8, tier="smoke",
    ),
    spatial("Six inputs: a block of four done and the remaining two dropped.", in_channels=6, out_channels=16),
    spatial("Whole blocks of inputs with half a block of outputs.", in_channels=8, out_channels=12, tier="full"),
    spatial(
        "Blocks of four that do not fill a vector of eight, and outputs that leave one over.",
        in_channels=12, out_channels=5,
    ),
    spatial("A full vector of sixteen inputs with one and a half of outputs.", in_channels=16, out_channels=24),
    spatial("One input more than a vector of sixteen.", in_channels=17, out_channels=6, tier="full"),
    spatial("One output more than two vectors of sixteen.", in_channels=24, out_channels=33, dtypes=WIDE, tier="full"),
    spatial("One input more than two vectors of sixteen, one output more than one.", in_channels=33, out_channels=17),
    spatial(
        "A single input, for which layouts with and without a channel axis look alike.",
        in_channels=1, out_channels=7, tier="smoke",
    ),
    spatial(
        "A single output from many inputs, summed by a dot product of its own.",
        in_channels=31, out_channels=1, tier="full",
    ),
    pointwise("A pointwise product whose depth leaves seven of a block of eight over.", in_channels=15, out_channels=9),
    pointwise(
        "A pointwise product with a depth of three vectors and one.",
        in_channels=49, out_channels=2, dtypes=("float32", *NARROW), tier="full",
    ),
    declare(
        "A transposed convolution whose outputs leave one of a block over while its inputs fill blocks.",
        input_size=(7, 6), kernel_size=(3, 2), stride=(2, 2), in_channels=9, out_channels=16, operations=TRANSPOSED,
    ),
    declare(
        "A depthwise convolution whose channels leave three over in every block size.",
        input_size=(6, 5), kernel_size=(3, 2), in_channels=19, out_channels=19, groups=19, operations=CONVOLUTION,
    ),
)
# fmt: on
