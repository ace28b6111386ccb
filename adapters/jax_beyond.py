"""JAX beyond an ordinary convolution: ``jnp.pad`` makes a border, ``jax.nn`` and arithmetic are what follows."""

from collections.abc import Callable
from typing import Any

from convformance.adapters.beyond import FOLLOWED, OWN, numbers, repeated
from convformance.adapters.contract import Adapter, route
from convformance.adapters.layouts import shape_in
from convformance.reference.following import EPSILON, normalises, rectifies, statistics
from convformance.reference.geometry import Size
from convformance.reference.problem import BORDER, THEN, Problem

_MODES = {"edge": "edge", "reflect": "reflect", "symmetric": "symmetric", "wrap": "wrap"}
_REPEATED = repeated(_MODES)


class JaxBeyond(Adapter):
    """The routes of JAX that offer a border or something that follows; a part of the adapter for JAX."""

    jax: Any
    numpy: Any

    @route("conv", "jnp.pad", script="{bordered}", domain=_REPEATED, offers=(BORDER,))
    def pad_and_convolve(self, problem: Problem, x: Any, w: Any, bias: Any = None) -> Any:
        return self._convolved(problem.unpadded, self.numpy.pad(x, self._widths(problem), problem.border), w, bias)

    @route(
        "conv_input_grad",
        "jnp.pad vjp",
        script="jax.vjp(lambda x: {bordered}, {x_zeros})[1](dy)[0]",
        domain=_REPEATED,
        offers=(BORDER,),
        accumulator=OWN,
    )
    def padded_input_gradient(self, problem: Problem, dy: Any, w: Any) -> Any:
        return self._gradient(
            lambda x: self.pad_and_convolve(problem, x, w), shape_in(problem.input_shape, self.activations), dy
        )

    @route(
        "conv_filter_grad",
        "jnp.pad vjp",
        script="jax.vjp(lambda w: {bordered}, {w_zeros})[1](dy)[0]",
        domain=_REPEATED,
        offers=(BORDER,),
    )
    def padded_filter_gradient(self, problem: Problem, x: Any, dy: Any) -> Any:
        return self._gradient(
            lambda w: self.pad_and_convolve(problem, x, w), shape_in(problem.filter_shape, self.filters), dy
        )

    @route("conv", "conv_general_dilated and what follows", script="{followed}", domain=FOLLOWED, offers=(THEN,))
    def convolve_and_follow(self, problem: Problem, x: Any, w: Any, bias: Any = None) -> Any:
        return self._followed(problem, self._convolved(problem, x, w, bias), problem.out_channels)

    @route("conv_transpose", "lhs_dilation and what follows", script="{followed}", domain=FOLLOWED, offers=(THEN,))
    def transpose_and_follow(self, problem: Problem, y: Any, w: Any, bias: Any = None) -> Any:
        return self._followed(problem, self._transposed(problem, y, w, bias), problem.in_channels)

    def _convolved(self, problem: Problem, x: Any, w: Any, bias: Any) -> Any:
        """Return the convolution with zeros in its padding."""
        raise NotImplementedError

    def _transposed(self, problem: Problem, y: Any, w: Any, bias: Any) -> Any:
        """Return the transposed convolution."""
        raise NotImplementedError

    def _gradient(self, function: Callable[[Any], Any], shape: Size, upstream: Any) -> Any:
        """Return the gradient of the linear ``function`` in its argument of ``shape``."""
        return self.jax.vjp(function, self.numpy.zeros(shape, upstream.dtype))[1](upstream)[0]

    def _widths(self, problem: Problem) -> tuple[tuple[int, int], ...]:
        """Return what ``jnp.pad`` adds to each axis in the layout of the mode."""
        if self.activations.endswith("C"):
            return (0, 0), *problem.padding, (0, 0)
        return (0, 0), (0, 0), *problem.padding

    def _followed(self, problem: Problem, y: Any, channels: int) -> Any:
        if normalises(problem.then):
            shape = self._by_channel(channels, y.ndim)
            mean, variance, shift, scale = numbers(
                channels, "float32", lambda array: self.numpy.asarray(array, y.dtype).reshape(shape)
            )
            y = (y - mean) * self.jax.lax.rsqrt(variance + EPSILON) * scale + shift
        return self.jax.nn.relu(y) if rectifies(problem.then) else y

    def _by_channel(self, channels: int, ndim: int) -> Size:
        """Return a shape of that many axes whose only long one is that of the channels."""
        axis = ndim - 1 if self.activations.endswith("C") else 1
        return tuple(channels if each == axis else 1 for each in range(ndim))

    def _bordered_text(self, problem: Problem, call: str) -> str:
        """Return the call of a convolution, of x with its border."""
        padded = f"jnp.pad(x, {self._widths(problem)}, {problem.border!r})"
        return call.replace("(x, w", f"({padded}, w", 1)

    def _followed_text(self, problem: Problem, call: str, channels: int) -> str:
        """Return the lines that end in what follows a call."""
        lines = [f"y = {call}"]
        if normalises(problem.then):
            each, shape = statistics(channels), self._by_channel(channels, problem.rank + 2)
            named = {"mean": each.mean, "variance": each.variance, "shift": each.shift, "scale": each.scale}
            lines += [f"{name} = jnp.array({list(map(float, n))}, y.dtype).reshape{shape}" for name, n in named.items()]
            lines.append(f"y = (y - mean) * jax.lax.rsqrt(variance + {EPSILON}) * scale + shift")
        return "\n".join([*lines, "jax.nn.relu(y)" if rectifies(problem.then) else "y"])
