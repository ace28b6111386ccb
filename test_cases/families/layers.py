"""Layers of well-known networks at their real sizes, one image at a time."""

from functools import partial

from convformance.test_cases.case import CONVOLUTION, FORWARD, INPUT_GRADIENT, Case, case

declare = partial(case, "layers", batch=1, tier="full", operations=CONVOLUTION, dtypes=("float32",))

# fmt: off
CASES: tuple[Case, ...] = (
    declare(
        "The first layer of AlexNet: a large kernel, stride four and an image of 227 that leaves nothing over.",
        input_size=(227, 227), kernel_size=11, stride=4, in_channels=3, out_channels=96, dtypes=("float32", "bfloat16"),
    ),
    declare(
        "A layer of VGG, three by three with a border, for which fast algorithms are chosen.",
        input_size=(56, 56), kernel_size=3, padding=1, in_channels=64, out_channels=128,
    ),
    declare(
        "The last layers of VGG: few pixels, 512 channels and sums of 4608 products.",
        input_size=(14, 14), kernel_size=3, padding=1, in_channels=512, out_channels=256,
        dtypes=("float32", "bfloat16"),
    ),
    declare(
        "The first layer of ResNet: seven by seven at stride two, padded by three and one column unread.",
        input_size=(224, 224), kernel_size=7, stride=2, padding=3, in_channels=3, out_channels=64,
        dtypes=("float32", "float16"),
    ),
    declare(
        "The first layer of ResNet with symbolic SAME, two before and three after.",
        input_size=(224, 224), kernel_size=7, stride=2, padding="same_upper", in_channels=3, out_channels=64,
    ),
    declare(
        "A pointwise layer of ResNet that narrows 256 channels to 64.",
        input_size=(56, 56), kernel_size=1, in_channels=256, out_channels=64, dtypes=("float32", "bfloat16"),
    ),
    declare(
        "A shortcut of ResNet: pointwise with stride two, three quarters of the image unread.",
        input_size=(56, 56), kernel_size=1, stride=2, in_channels=256, out_channels=128, dtypes=("float32", "float16"),
    ),
    declare(
        "A depthwise layer of MobileNet at stride two with symbolic SAME.",
        input_size=(112, 112), kernel_size=3, stride=2, padding="same_upper", in_channels=64, out_channels=64,
        groups=64, dtypes=("float32", "bfloat16"),
    ),
    declare(
        "A depthwise layer of ConvNeXt with a kernel of seven.",
        input_size=(28, 28), kernel_size=7, padding=3, in_channels=192, out_channels=192, groups=192,
    ),
    declare(
        "A grouped layer of ResNeXt: 32 groups of four channels.",
        input_size=(28, 28), kernel_size=3, padding=1, in_channels=128, out_channels=128, groups=32,
    ),
    declare(
        "A dilated layer of DeepLab: dilation twelve on 33 by 33, two taps of three often in padding.",
        input_size=(33, 33), kernel_size=3, padding=12, dilation=12, in_channels=64, out_channels=64,
    ),
    declare(
        "A dilated layer of WaveNet in one dimension, padded at the start alone.",
        input_size=(2000,), kernel_size=2, padding=((256, 0),), dilation=256, in_channels=32, out_channels=64,
    ),
    declare(
        "A layer of C3D on sixteen frames, three dimensions with a border of one.",
        input_size=(16, 28, 28), kernel_size=3, padding=1, in_channels=16, out_channels=32,
    ),
    declare(
        "A layer of the DCGAN generator: transposed, four by four at stride two.",
        input_size=(32, 32), kernel_size=4, stride=2, padding=1, in_channels=64, out_channels=128,
        operations=(*INPUT_GRADIENT, "conv_transpose_filter_grad"),
    ),
    declare(
        "The patch embedding of a vision transformer: windows that tile the image, 768 products each.",
        input_size=(224, 224), kernel_size=16, stride=16, in_channels=3, out_channels=192, operations=FORWARD,
        dtypes=("float32", "bfloat16"),
    ),
)
# fmt: on
