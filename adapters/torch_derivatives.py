"""PyTorch's other ways to the same seven operations: derivatives of derivatives, forward mode, and ``vmap``.

A convolution is linear in the data and in the filter. So its derivative in one of them, along a direction, is the
convolution of that direction; the derivative of an input gradient in its filter is an input gradient; and a map over
images or channels is the operation over all of them.
"""

from collections.abc import Callable
from dataclasses import replace
from functools import partial
from typing import Any

from convformance.adapters.contract import Adapter, Domain, route
from convformance.adapters.sampling import sampled
from convformance.reference.geometry import Size
from convformance.reference.problem import Problem

_SOME = sampled("derivatives", share=100, full=2)
_WIDE = _SOME & Domain("float64 and float32", lambda request: request.dtype in ("float64", "float32"))
_GROUPS = _SOME & Domain("groups", lambda request: request.problem.groups > 1)

Function = Callable[..., Any]

_JVP = "torch.func.jvp(lambda {0}: {1}, (torch.zeros_like({0}),), ({0},))[1]"
_TWICE = """\
direction, {0} = {0}, torch.zeros_like({0}).requires_grad_()
y = {1}
dy = torch.zeros_like(y).requires_grad_()
(gradient,) = torch.autograd.grad(y, {0}, dy, create_graph=True)
torch.autograd.grad(gradient, dy, direction)[0]"""
_GRADIENT_TWICE = """\
direction, {0}, {1} = {0}, torch.zeros_like({0}).requires_grad_(), {2}.requires_grad_()
(gradient,) = torch.autograd.grad({3}, {0}, dy, create_graph=True)
torch.autograd.grad(gradient, {1}, direction)[0]"""
_FORWARD_OVER_REVERSE = """\
def gradient({0}):
    return torch.func.vjp(lambda {1}: {3}, {2})[1](dy)[0]

torch.func.jvp(gradient, (torch.zeros_like({0}),), ({0},))[1]"""
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


class TorchDerivatives(Adapter):
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

    @route("conv", "jvp-x", script=_JVP.format("x", "{conv}"), domain=_SOME)
    def jvp_data(self, problem: Problem, x: Any, w: Any) -> Any:
        return self._along(lambda x: self.convolve(problem, x, w), x)

    @route("conv", "jvp-w", script=_JVP.format("w", "{conv}"), domain=_SOME)
    def jvp_filter(self, problem: Problem, x: Any, w: Any) -> Any:
        return self._along(lambda w: self.convolve(problem, x, w), w)

    @route("conv", "double-backward-x", script=_TWICE.format("x", "{conv}"), domain=_SOME)
    def twice_data(self, problem: Problem, x: Any, w: Any) -> Any:
        return self._twice(lambda x: self.convolve(problem, x, w), x)

    @route("conv", "double-backward-w", script=_TWICE.format("w", "{conv}"), domain=_SOME)
    def twice_filter(self, problem: Problem, x: Any, w: Any) -> Any:
        return self._twice(lambda w: self.convolve(problem, x, w), w)

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

    @route(
        "conv_input_grad",
        "double-backward",
        domain=_SOME,
        script=_GRADIENT_TWICE.format("w", "x", "{x_zeros}", "{conv}"),
    )
    def twice_input(self, problem: Problem, dy: Any, w: Any) -> Any:
        x = self.zeros_like(problem.input_shape, dy)
        return self._gradient_twice(lambda x, w: self.convolve(problem, x, w), x, w, dy)

    @route(
        "conv_input_grad",
        "forward-over-reverse",
        script=_FORWARD_OVER_REVERSE.format("w", "x", "{x_zeros}", "{conv}"),
        domain=_SOME,
    )
    def forward_input(self, problem: Problem, dy: Any, w: Any) -> Any:
        x = self.zeros_like(problem.input_shape, dy)
        return self._along(lambda w: self._pulled(lambda x: self.convolve(problem, x, w), x, dy), w)

    @route("conv_input_grad", "vmap-dy", script=_INPUT_OF_IMAGES, domain=_SOME)
    def vmap_input(self, problem: Problem, dy: Any, w: Any) -> Any:
        x = self.zeros_like(problem.input_shape, dy)[:1]

        def single(image: Any) -> Any:
            return self._pulled(lambda x: self.convolve(problem, x, w), x, image[None])[0]

        return self.torch.func.vmap(single)(dy)

    @route(
        "conv_filter_grad",
        "double-backward",
        domain=_SOME,
        script=_GRADIENT_TWICE.format("x", "w", "{w_zeros}", "{conv}"),
    )
    def twice_weights(self, problem: Problem, x: Any, dy: Any) -> Any:
        w = self.zeros_like(problem.filter_shape, dy)
        return self._gradient_twice(lambda w, x: self.convolve(problem, x, w), w, x, dy)

    @route(
        "conv_filter_grad",
        "forward-over-reverse",
        script=_FORWARD_OVER_REVERSE.format("x", "w", "{w_zeros}", "{conv}"),
        domain=_SOME,
    )
    def forward_weights(self, problem: Problem, x: Any, dy: Any) -> Any:
        w = self.zeros_like(problem.filter_shape, dy)
        return self._along(lambda x: self._pulled(lambda w: self.convolve(problem, x, w), w, dy), x)

    @route("conv_filter_grad", "per-sample", script=_PER_SAMPLE, domain=_WIDE)
    def per_sample(self, problem: Problem, x: Any, dy: Any) -> Any:
        """The gradient of every image for itself, added up; in 16 bits that would round each of them."""
        w = self.zeros_like(problem.filter_shape, dy)

        def gradient(image: Any, dy: Any) -> Any:
            return self._pulled(lambda w: self.convolve(problem, image[None], w), w, dy[None])

        return self.torch.func.vmap(gradient)(x, dy).sum(0)

    @route("conv_transpose", "jvp-x", script=_JVP.format("x", "{transposed}"), domain=_SOME)
    def jvp_transposed(self, problem: Problem, x: Any, w: Any) -> Any:
        return self._along(lambda x: self.transpose(problem, x, w), x)

    @route("conv_transpose", "double-backward-w", script=_TWICE.format("w", "{transposed}"), domain=_SOME)
    def twice_transposed(self, problem: Problem, x: Any, w: Any) -> Any:
        return self._twice(lambda w: self.transpose(problem, x, w), w)

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

    @route(
        "conv_transpose_input_grad",
        "double-backward",
        script=_GRADIENT_TWICE.format("w", "x", "{y_zeros}", "{transposed}"),
        domain=_SOME,
    )
    def twice_transposed_input(self, problem: Problem, dy: Any, w: Any) -> Any:
        x = self.zeros_like(problem.output_shape, dy)
        return self._gradient_twice(lambda x, w: self.transpose(problem, x, w), x, w, dy)

    @route(
        "conv_transpose_filter_grad",
        "double-backward",
        script=_GRADIENT_TWICE.format("x", "w", "{w_zeros}", "{transposed}"),
        domain=_SOME,
    )
    def twice_transposed_weights(self, problem: Problem, x: Any, dy: Any) -> Any:
        w = self.zeros_like(problem.filter_shape, dy)
        return self._gradient_twice(lambda w, x: self.transpose(problem, x, w), w, x, dy)

    def _along(self, function: Function, direction: Any) -> Any:
        """Return the derivative of a linear function along a direction: its value there."""
        return self.torch.func.jvp(function, (self.torch.zeros_like(direction),), (direction,))[1]

    def _pulled(self, function: Function, point: Any, upstream: Any) -> Any:
        """Return the gradient of ``function`` at ``point``."""
        return self.torch.func.vjp(function, point)[1](upstream)[0]

    def _twice(self, function: Function, direction: Any) -> Any:
        """Return the derivative, in its upstream, of the gradient of a linear function along a direction."""
        point = self.torch.zeros_like(direction).requires_grad_()
        result = function(point)
        upstream = self.torch.zeros_like(result).requires_grad_()
        (gradient,) = self.torch.autograd.grad(result, point, upstream, create_graph=True)
        return self.torch.autograd.grad(gradient, upstream, direction)[0]

    def _gradient_twice(self, function: Function, point: Any, direction: Any, upstream: Any) -> Any:
        """Return the derivative in its first argument of the gradient of ``function`` in its second, along a direction.

        Of a bilinear function that is its gradient in the first argument, where the second is the direction.
        """
        first, second = point.requires_grad_(), self.torch.zeros_like(direction).requires_grad_()
        (gradient,) = self.torch.autograd.grad(function(first, second), second, upstream, create_graph=True)
        return self.torch.autograd.grad(gradient, first, direction)[0]
