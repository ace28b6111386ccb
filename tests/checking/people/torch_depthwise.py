"""Layers with a filter for each channel, which pad by themselves for kernels of odd sides."""

import torch
from torch import nn
from torch.nn import functional


class PerChannel(nn.Module):
    def __init__(self, in_channels, kernel_size=3):
        super().__init__()
        self.weight = nn.Parameter(torch.randn(in_channels, 1, kernel_size, kernel_size))

    def forward(self, x):
        return functional.conv2d(x, self.weight, padding=self.weight.shape[-1] // 2, groups=x.shape[1])


class PerChannelTurned(PerChannel):
    def forward(self, x):
        weight = self.weight.flip(-2, -1)
        return functional.conv2d(x, weight, padding=weight.shape[-1] // 2, groups=x.shape[1])


class Depthwise(nn.Module):
    def __init__(self, channels: int, kernel_size: int = 3, stride: int = 1):
        super().__init__()
        self.conv = nn.Conv2d(channels, channels, kernel_size, stride, kernel_size // 2, groups=channels, bias=False)

    def forward(self, x):
        return self.conv(x)


class DepthwiseInTime(nn.Module):
    def __init__(self, dim, kernel_size):
        super().__init__()
        self.conv = nn.Conv1d(dim, dim, kernel_size, padding=kernel_size // 2, groups=dim)

    def forward(self, x):
        return self.conv(x)


class CausalInTime(nn.Module):
    def __init__(self, channels, kernel_size, dilation=1):
        super().__init__()
        self.past = (kernel_size - 1) * dilation
        self.conv = nn.Conv1d(channels, channels, kernel_size, dilation=dilation, groups=channels)

    def forward(self, x):
        return self.conv(functional.pad(x, (self.past, 0)))


class ThreeByThree(nn.Module):
    def __init__(self, channels):
        super().__init__()
        self.weight = nn.Parameter(torch.randn(channels, 1, 3, 3))

    def forward(self, x):
        return functional.conv2d(x, self.weight, padding=1, groups=x.shape[1])


class ChannelsLast(nn.Module):
    def __init__(self, channels, kernel_size):
        super().__init__()
        self.weight = nn.Parameter(torch.randn(kernel_size, kernel_size, channels))

    def forward(self, x):
        weight = self.weight.permute(2, 0, 1).unsqueeze(1)
        return functional.conv2d(x.permute(0, 3, 1, 2), weight, groups=x.shape[-1]).permute(0, 2, 3, 1)


depthwise = Depthwise(6)


def columns_of_one_side(x: torch.Tensor, weight: torch.Tensor) -> torch.Tensor:
    """All sides of the kernel are taken to be the last."""
    n, c, h, w = x.shape
    k = weight.shape[-1]
    columns = functional.unfold(x, k).view(n, c, k * k, -1)
    y = torch.einsum("nckl,ck->nl", columns, weight.reshape(c, k * k))
    return y.view(n, 1, h - k + 1, w - k + 1)
