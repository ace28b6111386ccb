"""Operands that do not lie as a new array does: other strides, other alignment, memory beside them that traps."""

from functools import partial

from convformance.test_cases.case import CONVOLUTION, TRANSPOSED, Case, case

declare = partial(case, "memory")
sliced = partial(declare, memory="sliced")
permuted = partial(declare, memory="permuted")
expanded = partial(declare, memory="expanded")
unaligned = partial(declare, memory="unaligned")
ones = partial(declare, memory="ones")
guarded = partial(declare, memory="guarded")

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
    expanded(
        "Numbers that a stride of 0 repeats, read as if they lay one after the other.",
        input_size=(7, 6), kernel_size=(3, 2), dtypes=("float32",), tier="smoke",
    ),
    expanded(
        "A repeated signal: an image for every batch, a filter for every group, a gradient that is one number.",
        input_size=(13,), kernel_size=4, stride=2, groups=2, dtypes=("bfloat16",),
    ),
    expanded(
        "A pointwise product of a matrix whose rows all begin at the same number.",
        input_size=(5, 6), kernel_size=1, in_channels=8, out_channels=16, dtypes=("float32", "float16"),
    ),
    expanded(
        "A bias of one number for all channels, and the gradient of a sum, which is one number everywhere.",
        input_size=(6, 5), kernel_size=(2, 3), bias=True, dtypes=("float32",),
    ),
    expanded(
        "Depthwise filters that are all the same one.",
        input_size=(8, 9), kernel_size=3, padding=((1, 1), (1, 1)), in_channels=16, out_channels=16, groups=16,
        dtypes=("float32", "bfloat16"), tier="full",
    ),
    expanded(
        "Volumes repeated along one axis.",
        input_size=(4, 5, 3), kernel_size=(2, 3, 2), padding=((1, 0), (0, 1), (1, 1)), tier="full",
        dtypes=("float64", "float32"),
    ),
    unaligned(
        "Vectors read from where they would begin if operands lay where vectors do.",
        input_size=(9, 8), kernel_size=3, padding=((1, 1), (1, 1)), in_channels=16, out_channels=32, batch=1,
        dtypes=("float32",),
    ),
    unaligned(
        "Depthwise operands that begin one element behind where vectors do.",
        input_size=(8, 9), kernel_size=3, in_channels=16, out_channels=16, groups=16, batch=1,
        dtypes=("float32", "float16"),
    ),
    unaligned(
        "A signal that begins one element behind where vectors do, its length no multiple of theirs.",
        input_size=(37,), kernel_size=5, stride=2, dtypes=("float64", "bfloat16"),
    ),
    unaligned(
        "A pointwise product of matrices that begin one element behind where vectors do, with a bias that does.",
        input_size=(4, 5), kernel_size=1, in_channels=32, out_channels=16, bias=True, dtypes=("float32", "bfloat16"),
        tier="full",
    ),
    ones(
        "The stride of an axis of one channel taken for a layout: it may be any number, as nothing is read with it.",
        input_size=(6, 7), kernel_size=(2, 3), batch=1, in_channels=1, out_channels=3,
        dtypes=("float32",),
    ),
    ones(
        "Depthwise filters, whose axis of one channel has any stride, taken for channels-last ones.",
        input_size=(6, 5), kernel_size=(3, 2), in_channels=4, out_channels=4, groups=4, dtypes=("float32", "bfloat16"),
    ),
    ones(
        "A signal, and an image of one row: axes of size 1 from whose strides a layout is guessed.",
        input_size=(1, 9), kernel_size=(1, 3), padding=((0, 0), (1, 1)), stride=(1, 2), batch=1,
    ),
    ones(
        "A pointwise filter, whose last two axes have any stride.",
        input_size=(5, 4), kernel_size=1, batch=3, in_channels=6, out_channels=1, dtypes=("float32",),
    ),
    ones(
        "A volume of one slice, one image and one channel.",
        input_size=(1, 6, 5), kernel_size=(1, 2, 3), batch=1, in_channels=1, out_channels=4,
        dtypes=("float32", "bfloat16"),
    ),
    ones(
        "Images of one channel, with stride and padding, whose rows are counted by the stride of that channel.",
        input_size=(7, 5), kernel_size=3, stride=(2, 1), padding=1, batch=3, in_channels=1, out_channels=4,
        dtypes=("float32",),
    ),
    guarded(
        "Reading past the end of an operand, or before its beginning, which changes no number and ends the process "
        "where that memory is somebody else's.",
        input_size=(8, 8), kernel_size=(3, 2), in_channels=4, out_channels=8, dtypes=("float32",), tier="smoke",
    ),
    guarded(
        "Reading past the end in rows and channels that are no multiple of a vector.",
        input_size=(7, 9), kernel_size=3, padding=((1, 1), (1, 1)), in_channels=7, out_channels=5, batch=1,
        dtypes=("float32", "bfloat16"),
    ),
    guarded(
        "Reading past the end of an image that is cropped at its start and padded at its end.",
        input_size=(8, 8), kernel_size=(3, 3), padding=((-1, 2), (0, 1)), in_channels=4, out_channels=16, batch=4,
        dtypes=("float32", "float16"),
    ),
    guarded(
        "Reading past the end of depthwise operands, a vector of channels at a time.",
        input_size=(8, 9), kernel_size=3, padding=((1, 1), (1, 1)), in_channels=16, out_channels=16, groups=16, batch=1,
        dtypes=("float32",),
    ),
    guarded(
        "Reading past the end of a signal with stride and dilation.",
        input_size=(32,), kernel_size=4, stride=2, dilation=3, padding=((3, 1),), in_channels=4, out_channels=8,
        dtypes=("float32", "bfloat16"),
    ),
    guarded(
        "Reading past the end of the matrices of a pointwise product.",
        input_size=(4, 5), kernel_size=1, in_channels=16, out_channels=24, batch=1, dtypes=("float32",), tier="full",
    ),
    guarded(
        "Reading past the end of volumes.",
        input_size=(4, 6, 8), kernel_size=(2, 3, 3), padding=((0, 1), (1, 1), (1, 1)), in_channels=2, out_channels=8,
        dtypes=("float32",), tier="full",
    ),
)
# fmt: on
