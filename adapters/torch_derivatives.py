"""PyTorch's other ways to the same seven operations: derivatives of derivatives, forward mode, and ``vmap``.

A map over images or channels is the operation over all of them.
"""

from collections.abc import Callable
from dataclasses import replace
from functools import partial
from typing import Any

from convformance.adapters.contract import Adapter, Domain, route
from convformance.adapters.derivatives import COMMON, DATA, FILTER, JVP, TWICE, Derivatives, Style, derived
from convformance.adapters.sampling import sampled
from convformance.reference.geometry import Size
from convformance.reference.problem import Problem

_SOME = sampled("derivatives", share=100, full=2)
_WIDE = _SOME & Domain("float64 and float32", lambda request: request.dtype in ("float64", "float32"))
_GROUPS = _SOME & Domain("groups", lambda request: request.problem.groups > 1)

Function = Callable[..., Any]

_JVP = "torch.func.jvp(lambda {variable}: {call}, (torch.zeros_like({variable}),), ({variable},))[1]"
_TWICE = """\
direction, {variable} = {variable}, torch.zeros_like({variable}).requires_grad_()
y = {call}
dy = torch.zeros_like(y).requires_grad_()
(gradient,) = torch.autograd.grad(y, {variable}, dy, create_graph=True)
torch.autograd.grad(gradient, dy, direction)[0]"""
_GRADIENT_TWICE = """\
direction, {direction} = {direction}, torch.zeros_like({direction}).requires_grad_()
{variable} = {zeros}.requires_grad_()
(gradient,) = torch.autograd.grad({call}, {direction}, dy, create_graph=True)
torch.autograd.grad(gradient, {variable}, direction)[0]"""
_FORWARD_OVER_REVERSE = """\
def gradient({direction}):
    return torch.func.vjp(lambda {variable}: {call}, {zeros})[1](dy)[0]

torch.func.jvp(gradient, (torch.zeros_like({direction}),), ({direction},))[1]"""
_PER_SAMPLE = """\
def gradient(image, dy):
    x = image[None]
    return torch.func.vjp(lambda w: {conv}, {w_zeros})[1](dy[None])[0]

torch.func.vmap(gradient)(x, dy).sum(0)"""
_INPUT_OF_IMAGES = """\
x = {x_zeros}

def single(image):
    dy = image[None]
    return torch.func.vjp(lambda x: {conv}, x[:1])[1](dy)[0][0]

torch.func.vmap(single)(dy)"""


def _of_group(problem: Problem) -> Problem:
    """Return the problem of each group for itself."""
    groups = problem.groups
    channels = problem.in_channels // groups, problem.out_channels // groups
    return replace(problem, groups=1, in_channels=channels[0], out_channels=channels[1])


def _groups_text(adapter: Adapter, problem: Problem) -> str:
    conv = adapter.script_fields(_of_group(problem), {}, "")["conv"]
    parts = f"x.unflatten(1, ({problem.groups}, -1)), w.unflatten(0, ({problem.groups}, -1))"
    return f"parts = {parts}\ntorch.func.vmap(lambda x, w: {conv}, (1, 0), 1)(*parts).flatten(1, 2)"


@derived(
    Style("double-backward", _JVP, _TWICE, _GRADIENT_TWICE, _FORWARD_OVER_REVERSE, "{conv}", "{transposed}"),
    *COMMON,
    ("conv_transpose", JVP, DATA),
    ("conv_transpose", TWICE, FILTER),
    ("conv_transpose_filter_grad", TWICE, ""),
    domain=_SOME,
)
class TorchDerivatives(Derivatives):
    """The routes by derivatives and by ``vmap``, for an adapter that has the convolution and its transpose."""

    torch: Any

    def convolve(self, problem: Problem, x: Any, w: Any, bias: Any = None) -> Any:
        """Return the convolution."""
        raise NotImplementedError

    def transpose(self, problem: Problem, y: Any, w: Any, bias: Any = None) -> Any:
        """Return the transposed convolution."""
        raise NotImplementedError

    def zeros_like(self, shape: Size, like: Any) -> Any:
        """Return zeros of ``shape``, with the dtype and on the device of ``like``."""
        raise NotImplementedError

    @route(
        "conv",
        "vmap-x",
        script="def single(image):\n    x = image[None]\n    return {conv}[0]\n\ntorch.func.vmap(single)(x)",
        domain=_SOME,
    )
    def vmap_images(self, problem: Problem, x: Any, w: Any) -> Any:
        return self.torch.func.vmap(lambda image: self.convolve(problem, image[None], w)[0])(x)

    @route(
        "conv",
        "vmap-w",
        script="filters = w.unflatten(0, ({problem.groups}, -1))\n\ndef single(w):\n    return {conv}\n\n"
        "torch.func.vmap(single, 1, 2)(filters).flatten(1, 2)",
        domain=_SOME,
    )
    def vmap_filters(self, problem: Problem, x: Any, w: Any) -> Any:
        """One filter of each group at a time."""
        filters = w.unflatten(0, (problem.groups, -1))
        return self.torch.func.vmap(lambda w: self.convolve(problem, x, w), 1, 2)(filters).flatten(1, 2)

    @route("conv", "vmap-groups", script=_groups_text, domain=_GROUPS)
    def vmap_groups(self, problem: Problem, x: Any, w: Any) -> Any:
        """Both operands, a group at a time."""
        parts = x.unflatten(1, (problem.groups, -1)), w.unflatten(0, (problem.groups, -1))
        single = partial(self.convolve, _of_group(problem))
        return self.torch.func.vmap(single, (1, 0), 1)(*parts).flatten(1, 2)

    @route("conv_input_grad", "vmap-dy", script=_INPUT_OF_IMAGES, domain=_SOME)
    def vmap_input(self, problem: Problem, dy: Any, w: Any) -> Any:
        x = self.zeros_like(problem.input_shape, dy)[:1]

        def single(image: Any) -> Any:
            return self.pulled(lambda x: self.convolve(problem, x, w), x, image[None])[0]

        return self.torch.func.vmap(single)(dy)

    @route("conv_filter_grad", "per-sample", script=_PER_SAMPLE, domain=_WIDE)
    def per_sample(self, problem: Problem, x: Any, dy: Any) -> Any:
        """The gradient of every image for itself, added up; in 16 bits that would round each of them."""
        w = self.zeros_like(problem.filter_shape, dy)

        def gradient(image: Any, dy: Any) -> Any:
            return self.pulled(lambda w: self.convolve(problem, image[None], w), w, dy[None])

        return self.torch.func.vmap(gradient)(x, dy).sum(0)

    @route(
        "conv_transpose",
        "vmap-w",
        script="filters = w\n\ndef single(w):\n    return {transposed}\n\n"
        "torch.func.vmap(single, 1, 2)(filters.unsqueeze(2)).flatten(1, 2)",
        domain=_SOME,
    )
    def vmap_transposed(self, problem: Problem, x: Any, w: Any) -> Any:
        """One channel of each group's result at a time."""
        return self.torch.func.vmap(lambda w: self.transpose(problem, x, w), 1, 2)(w.unsqueeze(2)).flatten(1, 2)

    def bilinear(self, problem: Problem, data: Any, w: Any, *, is_transposed: bool) -> Any:
        return (self.transpose if is_transposed else self.convolve)(problem, data, w)

    def zeros(self, shape: Size, like: Any, *, is_filter: bool = False) -> Any:
        return self.zeros_like(shape, like)

    def along(self, function: Function, direction: Any) -> Any:
        return self.torch.func.jvp(function, (self.torch.zeros_like(direction),), (direction,))[1]

    def twice(self, function: Function, direction: Any, upstream: Any) -> Any:
        point = self.torch.zeros_like(direction).requires_grad_()
        (gradient,) = self.torch.autograd.grad(function(point), point, upstream.requires_grad_(), create_graph=True)
        return self.torch.autograd.grad(gradient, upstream, direction)[0]

    def gradient_twice(self, function: Function, point: Any, direction: Any, upstream: Any) -> Any:
        first, second = point.requires_grad_(), self.torch.zeros_like(direction).requires_grad_()
        (gradient,) = self.torch.autograd.grad(function(first, second), second, upstream, create_graph=True)
        return self.torch.autograd.grad(gradient, first, direction)[0]

    def pulled(self, function: Function, point: Any, upstream: Any) -> Any:
        return self.torch.func.vjp(function, point)[1](upstream)[0]
