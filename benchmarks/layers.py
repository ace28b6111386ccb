"""The layers that are measured: common ones of published networks, each stressing another part of a convolution."""

from dataclasses import replace

from convformance.reference import Problem

# One image each; see ``of_batch``.
LAYERS: dict[str, Problem] = {
    # AlexNet's first: few channels, a large kernel, a large stride.
    "11x11/4 3-96 @224": Problem.of(
        input_size=(224, 224), kernel_size=11, in_channels=3, out_channels=96, stride=4, padding=2
    ),
    # VGG's and ResNet's standard layer.
    "3x3 64-64 @56": Problem.of(input_size=(56, 56), kernel_size=3, in_channels=64, out_channels=64, padding=1),
    # A bottleneck: one product and nothing else.
    "1x1 256-64 @56": Problem.of(input_size=(56, 56), kernel_size=1, in_channels=256, out_channels=64),
    # ResNet's first.
    "7x7/2 3-64 @224": Problem.of(
        input_size=(224, 224), kernel_size=7, in_channels=3, out_channels=64, stride=2, padding=3
    ),
    # Late in a network: a large filter, few positions.
    "3x3 256-256 @14": Problem.of(input_size=(14, 14), kernel_size=3, in_channels=256, out_channels=256, padding=1),
    "3x3/2 128-128 @56": Problem.of(
        input_size=(56, 56), kernel_size=3, in_channels=128, out_channels=128, stride=2, padding=1
    ),
    "depthwise 3x3 128 @56": Problem.of(
        input_size=(56, 56), kernel_size=3, in_channels=128, out_channels=128, padding=1, groups=128
    ),
}


def of_batch(layer: str, batch: int) -> Problem:
    """Return the problem of a layer with that many images."""
    return replace(LAYERS[layer], batch=batch)


def is_dense(layer: str) -> bool:
    """Say whether a layer has one group, for the geometric means."""
    return LAYERS[layer].groups == 1
