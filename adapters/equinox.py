"""Equinox: its layers ``Conv`` and ``ConvTranspose``, with their words for paddings and borders."""

from collections.abc import Mapping
from typing import Any

from convformance.adapters.contract import Domain, route
from convformance.adapters.known_layers import Equinox as Known
from convformance.adapters.on_jax import OnJax
from convformance.reference.problem import BORDER, Problem

_SYMBOLS = {"same_upper": "SAME", "same_lower": "SAME_LOWER", "valid": "VALID"}
_BORDERS = {"zero": "ZEROS", "reflect": "REFLECT", "edge": "REPLICATE", "wrap": "CIRCULAR"}
_LAYER = (
    "jax.vmap(eqx.tree_at(lambda layer: layer.weight, eqx.nn.{name}({{problem.rank}}, {channels}{{arguments}}, "
    "use_bias=False, key=jax.random.key(0)), {w}))({{x}})"
)
_INPUTS, _OUTPUTS = "{problem.in_channels}", "{problem.out_channels}"
_OF_DATA = Domain("a border that reflects, repeats the edge or wraps", lambda request: request.problem.border != "zero")


class Equinox(Known, OnJax):
    """The layers of Equinox; the filter of a transposed one is rotated, as its manual says."""

    name = "equinox"
    requires = ("equinox", "jax")
    transposed_filters = "(GI)O*"
    library = "import equinox as eqx"
    conv_script = _LAYER.format(name="Conv", channels=f"{_INPUTS}, {_OUTPUTS}", w="w")
    transposed_script = _LAYER.format(
        name="ConvTranspose", channels=f"{_OUTPUTS}, {_INPUTS}", w="jnp.flip(w, range(2, w.ndim))"
    )

    def conv_arguments(self, problem: Problem) -> Mapping[str, Any]:
        padding = _SYMBOLS.get(str(problem.symbol), problem.padding)
        sizes = {"kernel_size": problem.kernel_size, "stride": problem.stride, "dilation": problem.dilation}
        return {**sizes, "padding": padding, "groups": problem.groups, "padding_mode": _BORDERS[problem.border]}

    @route("conv", "padding_mode", domain=_OF_DATA, offers=(BORDER,), script="{conv}")
    def bordered(self, problem: Problem, x: Any, w: Any, bias: Any = None) -> Any:
        return self.with_bias(self.conv(problem, x, w), bias)

    def transposed_arguments(self, problem: Problem) -> Mapping[str, Any]:
        extra = problem.output_padding
        if str(problem.symbol).startswith("same"):  # where it takes away from stride times outputs
            axes = zip(problem.output_size, problem.stride, problem.input_size, strict=True)
            extra = tuple(outputs * stride - size for outputs, stride, size in axes)
        return {**self.conv_arguments(problem), "output_padding": extra}
