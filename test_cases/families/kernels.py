"""Kernels that are odd, even, rectangular, pointwise, and as large as the input or larger."""

from functools import partial

from convformance.test_cases.case import CONVOLUTION, WIDE, Case, case

declare = partial(case, "kernels")

# fmt: off
CASES: tuple[Case, ...] = (
    declare(
        "Height and width of the kernel exchanged.",
        input_size=(7, 9), kernel_size=(3, 5), tier="smoke", operations=CONVOLUTION,
    ),
    declare("A centre assumed in an even kernel, which has none.", input_size=(8, 9), kernel_size=(2, 4)),
    declare(
        "A kernel that is odd along one axis and even along the other, padded as if both were odd.",
        input_size=(9, 7), kernel_size=(5, 2), padding=((2, 2), (1, 0)), dtypes=WIDE, tier="full",
    ),
    declare(
        "A pointwise kernel sent to a matrix product with rows and columns of the image in the wrong place.",
        input_size=(5, 7), kernel_size=1, batch=3,
    ),
    declare("A kernel of one row, rotated along the wrong axis or not at all.", input_size=(6, 9), kernel_size=(1, 5)),
    declare(
        "A kernel of one column, rotated along the wrong axis or not at all.",
        input_size=(9, 6), kernel_size=(4, 1), dtypes=WIDE, tier="full",
    ),
    declare(
        "A kernel as large as the image: a dense layer, where flattening in another order gives the same shape.",
        input_size=(5, 4), kernel_size=(5, 4), tier="smoke", operations=CONVOLUTION, dtypes=("float32", "bfloat16"),
    ),
    declare(
        "A kernel as large as the image along one axis only.",
        input_size=(6, 8), kernel_size=(6, 3), operations=CONVOLUTION, dtypes=WIDE, tier="full",
    ),
    declare(
        "A kernel larger than the image, valid only by its padding: a size check that leaves the padding out.",
        input_size=(3, 4), kernel_size=(5, 6), padding=((1, 2), (2, 1)), tier="smoke",
    ),
    declare(
        "A kernel larger than the image along one axis, with taps that read padding for every output.",
        input_size=(2, 9), kernel_size=(6, 3), padding=((3, 2), (0, 1)),
    ),
    declare(
        "A kernel larger than any unrolled loop, with a tail in each direction.",
        input_size=(11, 9), kernel_size=(7, 5), in_channels=3, out_channels=5,
    ),
    declare(
        "A long kernel, the last taps of which fall out of a blocked loop.",
        input_size=(37,), kernel_size=19, in_channels=3, out_channels=5,
    ),
    declare(
        "A kernel that is flat along the middle axis, "
        "for which a three-dimensional convolution is folded into two dimensions.",
        input_size=(6, 5, 7), kernel_size=(3, 1, 2), in_channels=3, out_channels=4, dtypes=WIDE, tier="full",
    ),
    declare(
        "A pointwise kernel in three dimensions, where depth, height and width may be folded only in their own order.",
        input_size=(3, 4, 5), kernel_size=1, operations=CONVOLUTION, tier="full",
    ),
    declare(
        "A kernel as long as the signal: one output, "
        "which a matrix product computes with the kernel the other way round.",
        input_size=(7,), kernel_size=7, batch=3,
    ),
)
# fmt: on
