"""Transposed convolutions at every legal result size, which stride leaves open, and their neighbours by shape."""

from functools import partial
from itertools import product

from convformance.reference.geometry import Pairs, Size, transposed_sizes
from convformance.test_cases.case import TRANSPOSED, WIDE, Case, case

# The input gradient is the same map, for many frameworks by another way in.
declare = partial(case, "transposed", operations=("conv_input_grad", *TRANSPOSED))


def _every_size(
    catches: str, *, output_size: Size, kernel_size: Size, stride: Size, padding: Pairs, dilation: Size
) -> tuple[Case, ...]:
    """Return one case for each legal result size of a transposed convolution of ``output_size``."""
    sizes = tuple(product(*transposed_sizes(output_size, kernel_size, stride, padding, dilation)))
    return tuple(
        declare(
            catches.format(number=f"{number} of {len(sizes)}"),
            input_size=size,
            kernel_size=kernel_size,
            stride=stride,
            padding=padding,
            dilation=dilation,
            in_channels=3,
            out_channels=5,
        )
        for number, size in enumerate(sizes, start=1)
    )


# fmt: off
CASES: tuple[Case, ...] = (
    *_every_size(
        "At stride two, legal size {number}: output padding dropped, or added before the result in place of after it.",
        output_size=(5,),
        kernel_size=(3,),
        stride=(2,),
        padding=((1, 1),),
        dilation=(1,),
    ),
    *_every_size(
        "At a stride beyond the kernel, legal size {number}: elements that no tap writes are not zero.",
        output_size=(4,),
        kernel_size=(2,),
        stride=(3,),
        padding=((0, 0),),
        dilation=(1,),
    ),
    *_every_size(
        "With dilation and unequal padding, legal size {number}: "
        "output padding computed from the kernel and not its extent.",
        output_size=(4,),
        kernel_size=(3,),
        stride=(4,),
        padding=((2, 1),),
        dilation=(3,),
    ),
    *_every_size(
        "With unequal strides and padding, legal size {number}: output padding of one axis used for the other.",
        output_size=(3, 2),
        kernel_size=(4, 2),
        stride=(2, 3),
        padding=((1, 0), (0, 1)),
        dilation=(1, 1),
    ),
    declare(
        "The smallest size in three dimensions, where two of the three strides leave a choice.",
        input_size=(4, 4, 4), kernel_size=(2, 3, 1), stride=(2, 1, 3), in_channels=3, out_channels=4, dtypes=WIDE,
        tier="full",
    ),
    declare(
        "The largest size in three dimensions, with another output padding on each axis.",
        input_size=(5, 4, 6), kernel_size=(2, 3, 1), stride=(2, 1, 3), in_channels=3, out_channels=4,
    ),
    declare(
        "Symbolic SAME with the result a multiple of the stride: cropped by half of the kernel on both sides.",
        input_size=(8, 9), kernel_size=(3, 5), stride=(2, 3), padding="same_upper", tier="smoke", dtypes=WIDE,
    ),
    declare(
        "Symbolic SAME with a result one short of a multiple of the stride: cropped at the wrong end.",
        input_size=(7, 8), kernel_size=(3, 5), stride=(2, 3), padding="same_upper",
    ),
    declare(
        "Symbolic SAME with the odd element at the start and a kernel smaller than the stride.",
        input_size=(9, 7), kernel_size=(2, 3), stride=(4, 2), padding="same_lower",
    ),
    declare(
        "Padding that crops more than the kernel adds, so that whole rows of the operand are left out of the result.",
        input_size=(5, 4), kernel_size=(2, 3), stride=(2, 2), padding=((3, 2), (3, 4)), dtypes=WIDE, tier="full",
    ),
    declare(
        "Padding read as padding of the operand and not as a crop of the result.",
        input_size=(7, 6), kernel_size=(4, 3), padding=((1, 2), (0, 1)), tier="smoke", dtypes=("float32",),
    ),
    declare(
        "Unequal strides and dilations with a result that neither the smallest nor the largest rule gives.",
        input_size=(14, 18), kernel_size=(3, 2), stride=(3, 4), padding=((0, 1), (2, 0)), dilation=(2, 5),
    ),
    declare(
        "A pointwise kernel with stride: a spread of the operand with zeros between.",
        input_size=(7, 8), kernel_size=1, stride=(2, 3), dtypes=WIDE, tier="full",
    ),
    declare(
        "A negative padding, which makes the result larger than any tap reaches.",
        input_size=(9, 10), kernel_size=(3, 2), stride=(2, 3), padding=((-1, 0), (0, -2)), dtypes=WIDE, tier="full",
    ),
)
# fmt: on
