"""Complex numbers. A gradient is the transpose of the map, as that of real numbers is: nothing is conjugated."""

from functools import partial

from convformance.reference.dtypes import COMPLEX
from convformance.test_cases.case import CONVOLUTION, FORWARD, OPERATIONS_OF_A_BIAS, Case, case

declare = partial(case, "complex", dtypes=COMPLEX)

# fmt: off
CASES: tuple[Case, ...] = (
    declare(
        "A conjugated filter, a lost imaginary part, a product of imaginary parts with the wrong sign.",
        input_size=(6, 5), kernel_size=(3, 2), tier="smoke", dtypes=("complex64",),
    ),
    declare(
        "Complex numbers under stride, padding and dilation.",
        input_size=(9, 8), kernel_size=(2, 3), stride=(2, 1), padding=((1, 0), (0, 2)), dilation=(1, 2), batch=1,
    ),
    declare(
        "Grouped complex numbers, cut into groups between the parts.",
        input_size=(6, 7), kernel_size=(3, 2), groups=2, dtypes=("complex64",),
    ),
    declare(
        "Depthwise complex numbers, each channel of two parts.",
        input_size=(7, 5), kernel_size=3, padding=((1, 1), (1, 1)), in_channels=5, out_channels=5, groups=5,
        dtypes=("complex64",), operations=CONVOLUTION,
    ),
    declare(
        "A complex bias, of which each part belongs to one of the sum.",
        input_size=(5, 6), kernel_size=(2, 3), bias=True, operations=OPERATIONS_OF_A_BIAS, dtypes=("complex64",),
    ),
    declare(
        "A complex signal, as a radio has it, under stride and padding.",
        input_size=(13,), kernel_size=4, stride=2, padding=((2, 1),), dtypes=("complex64",),
    ),
    declare(
        "Complex numbers in three dimensions, whose parts are a fourth.",
        input_size=(4, 3, 5), kernel_size=(2, 3, 2), in_channels=2, out_channels=3, tier="full",
    ),
    declare(
        "A pointwise convolution of complex numbers: one product of matrices, which a library may conjugate.",
        input_size=(4, 5), kernel_size=1, in_channels=9, out_channels=7, batch=1, dtypes=("complex64",),
    ),
    declare(
        "SAME padding of complex numbers, which a framework makes for each part.",
        input_size=(8, 7), kernel_size=(3, 2), padding="same_upper", tier="full",
    ),
    declare(
        "Complex numbers whose axes are permuted in memory, two floats an element.",
        input_size=(6, 5), kernel_size=(2, 3), memory="permuted", operations=FORWARD, tier="full",
    ),
    declare(
        "Long sums of complex numbers: the errors of each part grow as those of real sums do.",
        input_size=(6, 7), kernel_size=5, padding=((2, 2), (2, 2)), in_channels=32, out_channels=8, batch=1,
        tier="full",
    ),
    declare(
        "A transposed convolution of complex numbers with rows left over.",
        input_size=(8, 9), kernel_size=(3, 2), stride=(2, 3), operations=("conv_transpose", "conv_input_grad"),
        tier="full",
    ),
)
# fmt: on
