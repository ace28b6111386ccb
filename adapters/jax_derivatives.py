"""JAX's other ways to the same seven operations: derivatives of derivatives, forward mode, ``vmap``, batch groups.

See ``derivatives``: a convolution is linear in the data and in the filter.
"""

from collections.abc import Callable
from typing import Any

from convformance.adapters.contract import Domain, route
from convformance.adapters.derivatives import (
    COMMON,
    DATA,
    FILTER,
    FORWARD_OVER_REVERSE,
    JVP,
    TWICE,
    Derivatives,
    Style,
    derived,
)
from convformance.adapters.layouts import shape_in
from convformance.adapters.sampling import sampled
from convformance.reference.geometry import Size
from convformance.reference.problem import Problem

_SOME = sampled("derivatives", share=400, full=8)
_GROUPS = _SOME & Domain("groups", lambda request: request.problem.groups > 1)
_WIDE = _SOME & Domain("float64 and float32", lambda request: request.dtype in ("float64", "float32"))
_ONE_GROUP = _SOME & Domain("one group", lambda request: request.problem.groups == 1)

Function = Callable[..., Any]

_JVP = "jax.jvp(lambda {variable}: {call}, (jnp.zeros_like({variable}),), ({variable},))[1]"
_TWICE = """\
_, pullback = jax.vjp(lambda {variable}: {call}, jnp.zeros_like({variable}))
dy = jnp.zeros({result}, {variable}.dtype)
jax.vjp(lambda dy: pullback(dy)[0], dy)[1]({variable})[0]"""
_GRADIENT_TWICE = """\
def gradient({variable}):
    return jax.vjp(lambda {direction}: {call}, jnp.zeros_like({direction}))[1](dy)[0]

jax.vjp(gradient, {zeros})[1]({direction})[0]"""
_FORWARD_OVER_REVERSE = """\
def gradient({direction}):
    return jax.vjp(lambda {variable}: {call}, {zeros})[1](dy)[0]

jax.jvp(gradient, (jnp.zeros_like({direction}),), ({direction},))[1]"""


@derived(
    Style("vjp-of-vjp", _JVP, _TWICE, _GRADIENT_TWICE, _FORWARD_OVER_REVERSE, "{conv}", "{dilated}"),
    *COMMON,
    ("conv_transpose", JVP, FILTER),
    ("conv_transpose", TWICE, DATA),
    ("conv_transpose_filter_grad", FORWARD_OVER_REVERSE, ""),
    domain=_SOME,
)
class JaxDerivatives(Derivatives):
    """The routes by derivatives, ``vmap`` and batch groups, for an adapter with the convolution and its transpose."""

    jax: Any
    lax: Any
    numpy: Any

    def conv(self, problem: Problem, x: Any, w: Any, bias: Any = None) -> Any:
        """Return the convolution."""
        raise NotImplementedError

    def dilated_lhs(self, problem: Problem, dy: Any, w: Any, bias: Any = None) -> Any:
        """Return the transposed convolution."""
        raise NotImplementedError

    def conv_transpose(self, problem: Problem, x: Any, w: Any, bias: Any = None) -> Any:
        """Return the transposed convolution of one group by the function of that name."""
        raise NotImplementedError

    def dimensions(self, problem: Problem) -> tuple[str, str, str]:
        """Return the dimension numbers of the layout."""
        raise NotImplementedError

    @route(
        "conv",
        "vmap-x",
        script="def single(image):\n    x = image[None]\n    return {conv}[0]\n\njax.vmap(single)(x)",
        domain=_SOME,
    )
    def vmap_images(self, problem: Problem, x: Any, w: Any) -> Any:
        return self.jax.vmap(lambda image: self.conv(problem, image[None], w)[0])(x)

    @route(
        "conv",
        "vmap-w",
        script="filters = w.reshape{filters_by_group}\n"
        "jax.vmap(lambda w: {conv}, {filter_axis}, {channel_axis})(filters).reshape{y_shape}",
        domain=_SOME,
    )
    def vmap_filters(self, problem: Problem, x: Any, w: Any) -> Any:
        """One filter of each group at a time."""
        shape, filter_axis, channel_axis = self.by_group(problem)
        mapped = self.jax.vmap(lambda w: self.conv(problem, x, w), filter_axis, channel_axis)
        return mapped(w.reshape(shape)).reshape(shape_in(problem.output_shape, self.activations))

    def by_group(self, problem: Problem) -> tuple[Size, int, int]:
        """Return the filter's shape with an axis for the filters of a group, that axis, and the same of the result."""
        shape = shape_in(problem.filter_shape, self.filters)
        axis = self.dimensions(problem)[1].index("O")
        split = (*shape[:axis], problem.groups, problem.out_channels // problem.groups, *shape[axis + 1 :])
        return split, axis + 1, self.dimensions(problem)[2].index("C") + 1

    def _batch_groups_text(self, problem: Problem) -> str:
        geometry = f"{problem.stride}, {problem.padding}, rhs_dilation={problem.dilation}"
        names = f"dimension_numbers={self.dimensions(problem)}, batch_group_count={problem.groups}"
        axis, split, merged = self._images_by_group(problem)
        images = f"jnp.moveaxis(x.reshape{split}, {axis}, 0).reshape{merged}"
        return f"jax.lax.conv_general_dilated({images}, w, {geometry}, {names})"

    @route("conv", "batch_group_count", script=_batch_groups_text, domain=_GROUPS)
    def batch_groups(self, problem: Problem, x: Any, w: Any) -> Any:
        """The groups as parts of the batch, each of which meets its own filters."""
        axis, split, merged = self._images_by_group(problem)
        return self.lax.conv_general_dilated(
            self.numpy.moveaxis(x.reshape(split), axis, 0).reshape(merged),
            w,
            problem.stride,
            problem.padding,
            rhs_dilation=problem.dilation,
            dimension_numbers=self.dimensions(problem),
            batch_group_count=problem.groups,
        )

    def _images_by_group(self, problem: Problem) -> tuple[int, Size, Size]:
        """Return the axis of groups in the data, its shape with it, and the shape with the groups in the batch."""
        shape, axis = shape_in(problem.input_shape, self.activations), self.dimensions(problem)[0].index("C")
        inputs = problem.in_channels // problem.groups
        split = (*shape[:axis], problem.groups, inputs, *shape[axis + 1 :])
        rest = tuple(inputs if at == axis else size for at, size in enumerate(shape))[1:]
        return axis, split, (problem.groups * problem.batch, *rest)

    @route(
        "conv_input_grad",
        "batch_group_count",
        script=lambda self, problem: (
            f"jax.vjp(lambda x: {self._batch_groups_text(problem)}, "
            f"jnp.zeros({shape_in(problem.input_shape, self.activations)}, dy.dtype))[1](dy)[0]"
        ),
        domain=_GROUPS,
    )
    def batch_groups_input(self, problem: Problem, dy: Any, w: Any) -> Any:
        return self.pulled(lambda x: self.batch_groups(problem, x, w), self.zeros(problem.input_shape, dy), dy)

    @route(
        "conv_filter_grad",
        "batch_group_count",
        script=lambda self, problem: (
            f"jax.vjp(lambda w: {self._batch_groups_text(problem)}, "
            f"jnp.zeros({shape_in(problem.filter_shape, self.filters)}, dy.dtype))[1](dy)[0]"
        ),
        domain=_GROUPS,
    )
    def batch_groups_filter(self, problem: Problem, x: Any, dy: Any) -> Any:
        w = self.zeros(problem.filter_shape, dy, is_filter=True)
        return self.pulled(lambda w: self.batch_groups(problem, x, w), w, dy)

    @route(
        "conv_input_grad",
        "linear_transpose",
        script="jax.linear_transpose(lambda x: {conv}, {x_zeros})(dy)[0]",
        domain=_SOME,
    )
    def linear_transpose(self, problem: Problem, dy: Any, w: Any) -> Any:
        x = self.zeros(problem.input_shape, dy)
        return self.jax.linear_transpose(lambda x: self.conv(problem, x, w), x)(dy)[0]

    @route(
        "conv_filter_grad",
        "per-sample",
        script="single = jax.vmap(lambda x, dy: jax.vjp(lambda w: {conv}, {w_zeros})[1](dy)[0])\n"
        "single(x[:, None], dy[:, None]).sum(0)",
        domain=_WIDE,
    )
    def per_sample(self, problem: Problem, x: Any, dy: Any) -> Any:
        """The gradient of every image for itself, added up; in 16 bits that would round each of them."""
        w = self.zeros(problem.filter_shape, dy, is_filter=True)

        def gradient(x: Any, dy: Any) -> Any:
            return self.pulled(lambda w: self.conv(problem, x, w), w, dy)

        return self.jax.vmap(gradient)(x[:, None], dy[:, None]).sum(0)

    @route(
        "conv_transpose_input_grad",
        "lax.conv_transpose",
        script="jax.vjp(lambda x: {transposed}, {y_zeros})[1](dy)[0]",
        domain=_ONE_GROUP,
    )
    def conv_transpose_input(self, problem: Problem, dy: Any, w: Any) -> Any:
        return self.pulled(lambda x: self.conv_transpose(problem, x, w), self.zeros(problem.output_shape, dy), dy)

    @route(
        "conv_transpose_filter_grad",
        "lax.conv_transpose",
        script="jax.vjp(lambda w: {transposed}, {w_zeros})[1](dy)[0]",
        domain=_ONE_GROUP,
    )
    def conv_transpose_filter(self, problem: Problem, x: Any, dy: Any) -> Any:
        w = self.zeros(problem.filter_shape, dy, is_filter=True)
        return self.pulled(lambda w: self.conv_transpose(problem, x, w), w, dy)

    def bilinear(self, problem: Problem, data: Any, w: Any, *, is_transposed: bool) -> Any:
        return (self.dilated_lhs if is_transposed else self.conv)(problem, data, w)

    def zeros(self, shape: Size, like: Any, *, is_filter: bool = False) -> Any:
        layout = self.filters if is_filter else self.activations
        return self.numpy.zeros(shape_in(shape, layout), like.dtype)

    def along(self, function: Function, direction: Any) -> Any:
        return self.jax.jvp(function, (self.numpy.zeros_like(direction),), (direction,))[1]

    def twice(self, function: Function, direction: Any, upstream: Any) -> Any:
        _, pullback = self.jax.vjp(function, self.numpy.zeros_like(direction))
        return self.pulled(lambda dy: pullback(dy)[0], upstream, direction)

    def gradient_twice(self, function: Function, point: Any, direction: Any, upstream: Any) -> Any:
        zeros = self.numpy.zeros_like(direction)
        return self.pulled(
            lambda first: self.pulled(lambda second: function(first, second), zeros, upstream), point, direction
        )

    def pulled(self, function: Function, point: Any, upstream: Any) -> Any:
        return self.jax.vjp(function, point)[1](upstream)[0]
