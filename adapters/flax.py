"""Flax: ``flax.linen.Conv`` and ``ConvTranspose``, with their words for paddings and borders."""

from collections.abc import Mapping
from typing import Any

from convformance.adapters.contract import Domain, Refusal, Request, route
from convformance.adapters.known import JAX
from convformance.adapters.known_devices import without_devices
from convformance.adapters.on_jax import OnJax
from convformance.adapters.shapes import is_transposed_same
from convformance.reference.problem import BORDER, Problem

_SYMBOLS = {"same_upper": "SAME", "same_lower": "SAME_LOWER", "valid": "VALID"}
_BORDERS = {"wrap": "CIRCULAR", "reflect": "REFLECT"}


def _keeps_the_size(request: Request) -> bool:
    """Whether the border is one that Flax has a word for, and as wide as it makes it."""
    problem = request.problem
    widths = tuple(((extent - 1) // 2, extent // 2) for extent in problem.effective_kernel)
    return problem.border in _BORDERS and problem.padding == widths


_OF_DATA = Domain("a border that wraps or reflects, of half the kernel on either side", _keeps_the_size)


class Flax(OnJax):
    """The layers of ``flax.linen``; a transposed one has the filter of the convolution that it is the gradient of."""

    name = "flax"
    requires = ("flax", "jax")
    looked_at = "0.12.8"
    known_divergences = without_devices(JAX)
    activations, filters = "N*C", "*IO"
    import_text = "import flax.linen as nn"
    conv_script = "nn.Conv({problem.out_channels}{arguments}, use_bias=False).apply({{'params': {{'kernel': w}}}}, {x})"
    transposed_script = (
        "nn.ConvTranspose({problem.in_channels}{arguments}, use_bias=False, transpose_kernel=True)"
        ".apply({{'params': {{'kernel': w}}}}, {x})"
    )

    def __init__(self, **mode: str) -> None:
        super().__init__(**mode)
        from flax import linen

        self.linen: Any = linen

    def conv_arguments(self, problem: Problem) -> Mapping[str, Any]:
        word = _BORDERS.get(problem.border) or _SYMBOLS.get(str(problem.symbol))
        sizes = {"kernel_size": problem.kernel_size, "strides": problem.stride, "kernel_dilation": problem.dilation}
        return {**sizes, "padding": word or problem.padding, "feature_group_count": problem.groups}

    def conv(self, problem: Problem, x: Any, w: Any) -> Any:
        layer = self.linen.Conv(problem.out_channels, **self.conv_arguments(problem), use_bias=False)
        return layer.apply({"params": {"kernel": w}}, x)

    @route("conv", "padding words", domain=_OF_DATA, offers=(BORDER,), script="{conv}")
    def bordered(self, problem: Problem, x: Any, w: Any, bias: Any = None) -> Any:
        return self.with_bias(self.conv(problem, x, w), bias)

    def transposed_arguments(self, problem: Problem) -> Mapping[str, Any]:
        sizes = {"kernel_size": problem.kernel_size, "strides": problem.stride, "kernel_dilation": problem.dilation}
        return {**sizes, "padding": "SAME" if is_transposed_same(problem) else problem.adjoint_padding}

    def conv_transpose(self, problem: Problem, y: Any, w: Any) -> Any:
        if problem.groups > 1:
            raise Refusal("flax.linen.ConvTranspose has no groups")
        sizes = self.transposed_arguments(problem)
        layer = self.linen.ConvTranspose(problem.in_channels, **sizes, use_bias=False, transpose_kernel=True)
        return layer.apply({"params": {"kernel": w}}, y)
