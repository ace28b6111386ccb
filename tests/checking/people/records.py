"""Parameters in data classes, named tuples and keywords that are looked up by name."""

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view


def padded(x, pad):
    return np.pad(x, ((0, 0), (0, 0), (pad, pad), (pad, pad)))


@dataclass
class ConvSettings:
    in_channels: int
    out_channels: int
    kernel_size: tuple[int, int] = (3, 3)
    stride: int = 1
    padding: int = 0


class Conv:
    def __init__(self, settings: ConvSettings):
        self.settings = settings
        shape = (settings.out_channels, settings.in_channels, *settings.kernel_size)
        self.weight, self.bias = np.random.randn(*shape), np.zeros(settings.out_channels)

    def forward(self, x):
        step = self.settings.stride
        views = sliding_window_view(padded(x, self.settings.padding), self.settings.kernel_size, axis=(2, 3))
        y = np.einsum("ncijkl,ockl->noij", views[:, :, ::step, ::step], self.weight)
        return y + self.bias[:, None, None]


class ConvBiasTwice(Conv):
    def forward(self, x):
        return super().forward(x) + self.bias[:, None, None]


class Geometry(NamedTuple):
    strides: tuple[int, int]
    pads: tuple[int, int]


def conv_by_tuple(x, w, geometry: Geometry):
    (down, right), (above, beside) = geometry.strides, geometry.pads
    x = np.pad(x, ((0, 0), (0, 0), (above, above), (beside, beside)))
    return np.einsum("ncijkl,ockl->noij", sliding_window_view(x, w.shape[2:], axis=(2, 3))[:, :, ::down, ::right], w)


def conv_by_tuple_exchanged(x, w, geometry: Geometry):
    return conv_by_tuple(x, w, Geometry(geometry.strides[::-1], geometry.pads))


def conv_by_keywords(x, w, b=None, **options):
    step, pad = options.get("stride", 1), options.get("padding", 0)
    views = sliding_window_view(padded(x, pad), w.shape[2:], axis=(2, 3))[:, :, ::step, ::step]
    y = np.einsum("ncijkl,ockl->noij", views, w)
    return y if b is None else y + b[:, None, None]


def conv_by_keywords_unpadded(x, w, b=None, **options):
    return conv_by_keywords(x, w, b, stride=options.pop("stride", 1))


def grouped_first_bias(x, w, b, groups=1):
    inputs, outputs = w.shape[1], w.shape[0] // groups
    parts = []
    for group in range(groups):
        taken = x[:, group * inputs : (group + 1) * inputs]
        parts.append(conv_by_keywords(taken, w[group * outputs : (group + 1) * outputs], b[:outputs]))
    return np.concatenate(parts, axis=1)
