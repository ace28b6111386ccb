"""Backward passes that people write for PyTorch's automatic differentiation."""

import torch
import torch.nn.functional as F
from torch import nn


def _windows(x, w, stride):
    return x.unfold(2, w.shape[2], stride).unfold(3, w.shape[3], stride)


class ConvFunction(torch.autograd.Function):
    @staticmethod
    def forward(ctx, x, w, b):
        ctx.save_for_backward(x, w)
        return F.conv2d(x, w, b)

    @staticmethod
    def backward(ctx, grad_output):
        x, w = ctx.saved_tensors
        grad_w = torch.einsum("bohw,bchwij->ocij", grad_output, _windows(x, w, 1))
        return F.conv_transpose2d(grad_output, w), grad_w, grad_output.sum((0, 2, 3))


class ConvFunctionUnturned(ConvFunction):
    @staticmethod
    def backward(ctx, grad_output):
        x, w = ctx.saved_tensors
        wide = F.pad(grad_output, (w.shape[3] - 1,) * 2 + (w.shape[2] - 1,) * 2)
        grad_w = torch.einsum("bohw,bchwij->ocij", grad_output, _windows(x, w, 1))
        return F.conv2d(wide, w.transpose(0, 1)), grad_w, grad_output.sum((0, 2, 3))


class ConvFunctionMean(ConvFunction):
    @staticmethod
    def backward(ctx, grad_output):
        x, w = ctx.saved_tensors
        grad_w = torch.einsum("bohw,bchwij->ocij", grad_output, _windows(x, w, 1)) / len(x)
        return F.conv_transpose2d(grad_output, w), grad_w, grad_output.sum((0, 2, 3))


class ConvFunctionWithoutBias(ConvFunction):
    @staticmethod
    def backward(ctx, grad_output):
        grad_x, grad_w, _ = ConvFunction.backward(ctx, grad_output)
        return grad_x, grad_w, None


class StridedFunction(torch.autograd.Function):
    @staticmethod
    def forward(ctx, x, w, stride):
        ctx.save_for_backward(x, w)
        ctx.stride = stride
        return F.conv2d(x, w, stride=stride)

    @staticmethod
    def backward(ctx, grad_output):
        x, w = ctx.saved_tensors
        grad_x = torch.nn.grad.conv2d_input(x.shape, w, grad_output, stride=ctx.stride)
        grad_w = torch.einsum("bohw,bchwij->ocij", grad_output, _windows(x, w, ctx.stride))
        return grad_x, grad_w, None


class StridedFunctionForgetful(StridedFunction):
    @staticmethod
    def backward(ctx, grad_output):
        x, w = ctx.saved_tensors
        grad_x = torch.nn.grad.conv2d_input(x.shape, w, grad_output, stride=ctx.stride)
        rows, columns = grad_output.shape[2:]
        grad_w = torch.einsum("bohw,bchwij->ocij", grad_output, _windows(x, w, 1)[:, :, :rows, :columns])
        return grad_x, grad_w, None


def strided_conv(x, w, stride=1):
    return StridedFunction.apply(x, w, stride)


def strided_conv_forgetful(x, w, stride=1):
    return StridedFunctionForgetful.apply(x, w, stride)


class Layer(nn.Module):
    def __init__(self, in_channels, out_channels, kernel_size):
        super().__init__()
        self.weight = nn.Parameter(torch.randn(out_channels, in_channels, *kernel_size))
        self.bias = nn.Parameter(torch.zeros(out_channels))

    def forward(self, x):
        return ConvFunction.apply(x, self.weight, self.bias)


class LayerUnturned(Layer):
    def forward(self, x):
        return ConvFunctionUnturned.apply(x, self.weight, self.bias)


class LayerMean(Layer):
    def forward(self, x):
        return ConvFunctionMean.apply(x, self.weight, self.bias)


class LayerWithoutBias(Layer):
    def forward(self, x):
        return ConvFunctionWithoutBias.apply(x, self.weight, self.bias)


class LayerByUnfold(nn.Module):
    """Whose backward pass is the library's own."""

    def __init__(self, in_channels, out_channels, kernel_size):
        super().__init__()
        self.kernel_size = kernel_size
        self.weight = nn.Parameter(torch.randn(out_channels, in_channels, *kernel_size))

    def forward(self, x):
        return torch.einsum("bchwij,ocij->bohw", _windows(x, self.weight, 1), self.weight)


class LayerDetached(LayerByUnfold):
    def forward(self, x):
        return torch.einsum("bchwij,ocij->bohw", _windows(x, self.weight, 1), self.weight.detach())
