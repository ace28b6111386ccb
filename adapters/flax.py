"""Flax: ``flax.linen.Conv`` and ``ConvTranspose``, with their words for paddings and borders."""

from collections.abc import Mapping
from typing import Any

from convformance.adapters.contract import Domain, Refusal, Request, route
from convformance.adapters.known_layers import Flax as Known
from convformance.adapters.on_jax import OnJax
from convformance.adapters.shapes import is_transposed_same
from convformance.reference.problem import BORDER, Problem

_SYMBOLS = {"same_upper": "SAME", "same_lower": "SAME_LOWER", "valid": "VALID"}
_BORDERS = {"wrap": "CIRCULAR", "reflect": "REFLECT"}
_LAYER = "nn.{}({{problem.{}}}{{arguments}}, use_bias=False).apply({{{{'params': {{{{'kernel': w}}}}}}}}, {{x}})"


def _keeps_the_size(request: Request) -> bool:
    """Whether the border is one that Flax has a word for, and as wide as it makes it."""
    widths = tuple(((extent - 1) // 2, extent // 2) for extent in request.problem.effective_kernel)
    return request.problem.border in _BORDERS and request.problem.padding == widths


_OF_DATA = Domain("a border that wraps or reflects, of half the kernel on either side", _keeps_the_size)


class Flax(Known, OnJax):
    """The layers of ``flax.linen``; a transposed one has the filter of the convolution that it is the gradient of."""

    name = "flax"
    requires = ("flax", "jax")
    activations, filters = "N*C", "*IO"
    always_stated = "padding", "transpose_kernel"  # SAME and False by default
    library = "import flax.linen as nn"
    conv_script = _LAYER.format("Conv", "out_channels")
    transposed_script = _LAYER.format("ConvTranspose", "in_channels")

    def conv_arguments(self, problem: Problem) -> Mapping[str, Any]:
        word = _BORDERS.get(problem.border) or _SYMBOLS.get(str(problem.symbol))
        sizes = {"kernel_size": problem.kernel_size, "strides": problem.stride, "kernel_dilation": problem.dilation}
        return {**sizes, "padding": word or problem.padding, "feature_group_count": problem.groups}

    @route("conv", "padding words", domain=_OF_DATA, offers=(BORDER,), script="{conv}")
    def bordered(self, problem: Problem, x: Any, w: Any, bias: Any = None) -> Any:
        return self.with_bias(self.conv(problem, x, w), bias)

    def transposed_arguments(self, problem: Problem) -> Mapping[str, Any]:
        if problem.groups > 1:
            raise Refusal("flax.linen.ConvTranspose has no groups")
        padding = "SAME" if is_transposed_same(problem) else problem.adjoint_padding
        return {**self.conv_arguments(problem), "padding": padding, "transpose_kernel": True}
