"""Equinox: its layers ``Conv`` and ``ConvTranspose``, with their words for paddings and borders."""

from collections.abc import Mapping
from typing import Any

from convformance.adapters.contract import Domain, route
from convformance.adapters.known import JAX
from convformance.adapters.known_devices import without_devices
from convformance.adapters.on_jax import OnJax
from convformance.reference.problem import BORDER, Problem

_SYMBOLS = {"same_upper": "SAME", "same_lower": "SAME_LOWER", "valid": "VALID"}
_BORDERS = {"zero": "ZEROS", "reflect": "REFLECT", "edge": "REPLICATE", "wrap": "CIRCULAR"}
_LAYER = (
    "jax.vmap(eqx.tree_at(lambda layer: layer.weight, eqx.nn.{name}({{problem.rank}}, {channels}{{arguments}}, "
    "use_bias=False, key=jax.random.key(0)), {w}))({{x}})"
)
_OF_DATA = Domain(
    "a border that reflects, repeats the edge or wraps", lambda request: request.problem.border in list(_BORDERS)[1:]
)


class Equinox(OnJax):
    """The layers of Equinox; the filter of a transposed one is rotated, as its manual says."""

    name = "equinox"
    requires = ("equinox", "jax")
    looked_at = "0.13.8"
    known_divergences = without_devices(JAX)
    refusals = (r"Must have `output_padding < stride`", r"index can.t contain negative values")
    transposed_filters = "(GI)O*"
    import_text = "import equinox as eqx"
    conv_script = _LAYER.format(name="Conv", channels="{problem.in_channels}, {problem.out_channels}", w="w")
    transposed_script = _LAYER.format(
        name="ConvTranspose",
        channels="{problem.out_channels}, {problem.in_channels}",
        w="jnp.flip(w, range(2, w.ndim))",
    )

    def __init__(self, **mode: str) -> None:
        super().__init__(**mode)
        import equinox

        self.equinox: Any = equinox

    def conv_arguments(self, problem: Problem) -> Mapping[str, Any]:
        padding = _SYMBOLS.get(str(problem.symbol), problem.padding)
        sizes = {"kernel_size": problem.kernel_size, "stride": problem.stride, "dilation": problem.dilation}
        return {**sizes, "padding": padding, "groups": problem.groups, "padding_mode": _BORDERS[problem.border]}

    def conv(self, problem: Problem, x: Any, w: Any) -> Any:
        return self._applied("Conv", problem, problem.in_channels, problem.out_channels, w, x)

    @route("conv", "padding_mode", domain=_OF_DATA, offers=(BORDER,), script="{conv}")
    def bordered(self, problem: Problem, x: Any, w: Any, bias: Any = None) -> Any:
        return self.with_bias(self.conv(problem, x, w), bias)

    def transposed_arguments(self, problem: Problem) -> Mapping[str, Any]:
        if str(problem.symbol).startswith("same"):  # an output padding takes away from stride times outputs
            axes = zip(problem.output_size, problem.stride, problem.input_size, strict=True)
            extra = tuple(outputs * stride - size for outputs, stride, size in axes)
        else:
            extra = problem.output_padding
        return {**self.conv_arguments(problem), "output_padding": extra}

    def conv_transpose(self, problem: Problem, y: Any, w: Any) -> Any:
        rotated = self.jax.numpy.flip(w, range(2, w.ndim))
        return self._applied("ConvTranspose", problem, problem.out_channels, problem.in_channels, rotated, y)

    def _applied(self, name: str, problem: Problem, inputs: int, outputs: int, w: Any, x: Any) -> Any:
        arguments = self.conv_arguments(problem) if name == "Conv" else self.transposed_arguments(problem)
        kinds = {"use_bias": False, "key": self.jax.random.key(0)}
        layer = getattr(self.equinox.nn, name)(problem.rank, inputs, outputs, **arguments, **kinds)
        return self.jax.vmap(self.equinox.tree_at(lambda each: each.weight, layer, w))(x)
