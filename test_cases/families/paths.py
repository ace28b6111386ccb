"""The ordinary shapes that fast paths are written for: what other families, unequal by default, steer past."""

from functools import partial

from convformance.test_cases.case import CONVOLUTION, FORWARD, TRANSPOSED, Case, case

declare = partial(case, "paths", dtypes=("float32", "bfloat16"), operations=CONVOLUTION, batch=1)
depthwise = partial(declare, in_channels=16, out_channels=16, groups=16)
padded = ((1, 1), (1, 1))

# fmt: off
CASES: tuple[Case, ...] = (
    depthwise("The depthwise 3x3 of mobile networks.", input_size=(9, 9), kernel_size=3, padding=padded, tier="smoke"),
    depthwise(
        "The depthwise 3x3 that halves an image.",
        input_size=(10, 10), kernel_size=3, stride=2, padding=padded,
    ),
    depthwise(
        "The depthwise 3x3 that halves an image whose padding is all at the end.",
        input_size=(10, 10), kernel_size=3, stride=2, padding="same_upper", dtypes=("float32", "float16"),
    ),
    depthwise("The depthwise 5x5 of mobile networks.", input_size=(9, 9), kernel_size=5, padding=((2, 2), (2, 2))),
    depthwise(
        "The depthwise 5x5 that halves an image.",
        input_size=(11, 11), kernel_size=5, stride=2, padding=((2, 2), (2, 2)), dtypes=("float32",),
    ),
    depthwise(
        "The depthwise 7x7, with twice the channels of a vector.",
        input_size=(9, 9), kernel_size=7, padding=((3, 3), (3, 3)), in_channels=32, out_channels=32, groups=32,
    ),
    depthwise(
        "The depthwise 3x3 with dilation.",
        input_size=(9, 9), kernel_size=3, padding=((2, 2), (2, 2)), dilation=2, dtypes=("float32",),
    ),
    depthwise(
        "Depthwise filters of signals, all padding in front.",
        input_size=(20,), kernel_size=4, padding=((3, 0),), batch=2,
    ),
    depthwise(
        "Causal depthwise with dilation, as models of sound and text have it.",
        input_size=(24,), kernel_size=3, padding=((4, 0),), dilation=2,
    ),
    depthwise(
        "Depthwise filters of volumes.",
        input_size=(5, 6, 6), kernel_size=3, padding=((1, 1), (1, 1), (1, 1)), dtypes=("float32",),
    ),
    depthwise(
        "The depthwise 3x3 with a bias.",
        input_size=(8, 8), kernel_size=3, padding=padded, bias=True, operations=("conv",),
    ),
    declare(
        "The depthwise 3x3 with two filters a channel.",
        input_size=(8, 8), kernel_size=3, padding=padded, in_channels=8, out_channels=16, groups=8,
    ),
    declare(
        "The dense 3x3 that keeps the size.",
        input_size=(8, 8), kernel_size=3, padding=padded, in_channels=16, out_channels=16,
    ),
    declare(
        "The dense 3x3 with two vectors of channels, where Winograd's algorithm is chosen.",
        input_size=(10, 10), kernel_size=3, padding=padded, in_channels=16, out_channels=24,
    ),
    declare(
        "The dense 3x3 that halves an image.",
        input_size=(12, 12), kernel_size=3, stride=2, padding=padded, in_channels=16, out_channels=32,
    ),
    declare(
        "The dense 3x3 with a bias.",
        input_size=(8, 8), kernel_size=3, padding=padded, in_channels=8, out_channels=16, bias=True,
        operations=FORWARD,
    ),
    declare(
        "The dense 3x3 with dilation and a bias.",
        input_size=(10, 10), kernel_size=3, padding=((2, 2), (2, 2)), dilation=2, in_channels=8, out_channels=8,
        bias=True, operations=FORWARD, dtypes=("float32",),
    ),
    declare(
        "The pointwise product of mobile networks.",
        input_size=(7, 7), kernel_size=1, in_channels=32, out_channels=64,
    ),
    declare(
        "The pointwise product that halves an image.",
        input_size=(8, 8), kernel_size=1, stride=2, in_channels=16, out_channels=32, dtypes=("float32",),
    ),
    declare(
        "The pointwise product with a bias and padding, which then is what the border holds.",
        input_size=(5, 5), kernel_size=1, padding=padded, in_channels=8, out_channels=8, bias=True, operations=FORWARD,
    ),
    declare(
        "A pointwise product of signals.",
        input_size=(17,), kernel_size=1, in_channels=16, out_channels=8, batch=2,
    ),
    declare(
        "The causal convolution of signals, its padding all in front.",
        input_size=(20,), kernel_size=3, padding=((2, 0),), in_channels=16, out_channels=16,
    ),
    declare(
        "The first layer of many networks: 7x7 that halves three colours.",
        input_size=(18, 18), kernel_size=7, stride=2, padding=((3, 3), (3, 3)), in_channels=3, out_channels=16,
    ),
    declare(
        "The patches of a vision transformer: a kernel as wide as its stride.",
        input_size=(16, 16), kernel_size=4, stride=4, in_channels=3, out_channels=16, bias=True, operations=FORWARD,
    ),
    declare(
        "A kernel of two by two that halves an image.",
        input_size=(9, 9), kernel_size=2, stride=2, in_channels=8, out_channels=8,
        operations=(*CONVOLUTION, *TRANSPOSED),
    ),
    declare(
        "The transposed 4x4 that doubles an image.",
        input_size=(12, 12), kernel_size=4, stride=2, padding=padded, in_channels=8, out_channels=16,
        operations=(*TRANSPOSED, "conv_input_grad"),
    ),
    declare(
        "The transposed 2x2 that doubles an image.",
        input_size=(10, 10), kernel_size=2, stride=2, in_channels=8, out_channels=16, operations=TRANSPOSED,
    ),
    declare(
        "The transposed 3x3 with a row more than the least, and a bias.",
        input_size=(8, 8), kernel_size=3, stride=2, padding=padded, in_channels=8, out_channels=8, bias=True,
        operations=("conv_transpose",),
    ),
    declare(
        "Groups of four channels, half a vector.",
        input_size=(7, 7), kernel_size=3, padding=padded, in_channels=16, out_channels=16, groups=4,
    ),
    declare(
        "Groups of eight channels, as wide as a vector.",
        input_size=(7, 7), kernel_size=3, padding=padded, in_channels=32, out_channels=32, groups=4,
        dtypes=("float32",),
    ),
    declare(
        "The spatial half of a kernel in three dimensions.",
        input_size=(4, 8, 8), kernel_size=(1, 3, 3), padding=((0, 0), (1, 1), (1, 1)), in_channels=8, out_channels=8,
    ),
    declare(
        "The temporal half of a kernel in three dimensions.",
        input_size=(8, 4, 4), kernel_size=(3, 1, 1), padding=((1, 1), (0, 0), (0, 0)), in_channels=8, out_channels=8,
        dtypes=("float32",),
    ),
    declare(
        "The dense 3x3x3 that keeps the size.",
        input_size=(6, 6, 6), kernel_size=3, padding=((1, 1), (1, 1), (1, 1)), in_channels=8, out_channels=8,
        dtypes=("float32",),
    ),
    declare(
        "A batch of eight, as small training steps have it.",
        input_size=(8, 8), kernel_size=3, padding=padded, batch=8, in_channels=3, out_channels=8,
    ),
    declare(
        "A batch of sixteen, from which on some libraries take another algorithm.",
        input_size=(8, 8), kernel_size=3, padding=padded, batch=16, in_channels=4, out_channels=8,
    ),
    declare(
        "A batch of sixteen with dilation.",
        input_size=(9, 9), kernel_size=3, padding=((2, 2), (2, 2)), dilation=2, batch=16, dtypes=("float32",),
    ),
    declare(
        "A batch one larger than a block.",
        input_size=(6, 6), kernel_size=3, padding=padded, batch=17, in_channels=8, out_channels=8,
    ),
    declare(
        "A batch one larger than two blocks, transposed.",
        input_size=(8, 8), kernel_size=3, padding=padded, stride=2, batch=33, operations=TRANSPOSED,
        dtypes=("float32",),
    ),
    declare(
        "An image larger than a tile on both axes.",
        input_size=(66, 65), kernel_size=3, padding=padded, in_channels=2, out_channels=4, dtypes=("float32",),
    ),
)
# fmt: on
