"""TensorFlow's other ways to the same operations: forward mode, tapes of tapes, vectorised maps, depthwise backprops.

See ``derivatives``: a convolution is linear in the data and in the filter. All of these go through the functions
for two spatial axes.
"""

from collections.abc import Callable
from typing import Any

from convformance.adapters.contract import Domain, route
from convformance.adapters.derivatives import (
    COMMON,
    FILTER,
    FORWARD_OVER_REVERSE,
    JVP,
    Derivatives,
    Style,
    derived,
)
from convformance.adapters.layouts import shape_in
from convformance.adapters.notation import options
from convformance.adapters.sampling import sampled
from convformance.adapters.tensorflow_calls import TensorflowCalls
from convformance.adapters.tensorflow_geometry import (
    cropped_shape,
    crops,
    native_padding,
    opposite,
    pad_text,
)
from convformance.reference.geometry import Size
from convformance.reference.problem import Problem

TWO_AXES = Domain("two spatial axes", lambda request: request.problem.rank == 2)
DEPTHWISE = TWO_AXES & Domain(
    "a group for each input channel", lambda request: request.problem.groups == request.problem.in_channels
)
_SOME = sampled("derivatives", share=100, full=2) & TWO_AXES
_FEW = sampled(share=200, full=20) & TWO_AXES  # a map is traced anew for each problem, which takes a third of a second

Function = Callable[..., Any]

_JVP = """\
direction, {variable} = {variable}, tf.zeros_like({variable})
with tf.autodiff.ForwardAccumulator({variable}, direction) as accumulator:
    y = {call}
accumulator.jvp(y)"""
_TWICE = """\
direction, {variable}, dy = {variable}, tf.zeros_like({variable}), tf.zeros({result}, {variable}.dtype)
with tf.GradientTape() as outer:
    outer.watch(dy)
    with tf.GradientTape() as inner:
        inner.watch({variable})
        y = {call}
    gradient = inner.gradient(y, {variable}, output_gradients=dy)
outer.gradient(gradient, dy, output_gradients=direction)"""
_GRADIENT_TWICE = """\
direction, {direction}, {variable} = {direction}, tf.zeros_like({direction}), tf.zeros({zeros}, dy.dtype)
with tf.GradientTape() as outer:
    outer.watch({variable})
    with tf.GradientTape() as inner:
        inner.watch({direction})
        y = {call}
    gradient = inner.gradient(y, {direction}, output_gradients=dy)
outer.gradient(gradient, {variable}, output_gradients=direction)"""
_FORWARD_OVER_REVERSE = """\
direction, {direction}, {variable} = {direction}, tf.zeros_like({direction}), tf.zeros({zeros}, dy.dtype)
with tf.autodiff.ForwardAccumulator({direction}, direction) as accumulator:
    with tf.GradientTape() as tape:
        tape.watch({variable})
        y = {call}
    gradient = tape.gradient(y, {variable}, output_gradients=dy)
accumulator.jvp(gradient)"""


def _depthwise_geometry_text(problem: Problem) -> str:
    dilations = options(dilations=(1, *problem.dilation, 1))
    return f"{(1, *problem.stride, 1)}, {native_padding(problem)!r}{dilations}"


@derived(
    Style(
        "tape-of-tape",
        _JVP,
        _TWICE,
        _GRADIENT_TWICE,
        _FORWARD_OVER_REVERSE,
        "{conv2d}",
        "{conv2d_transpose}",
        zeros="{{{array}_shape}}",
    ),
    *COMMON,
    ("conv_transpose", JVP, FILTER),
    ("conv_transpose_filter_grad", FORWARD_OVER_REVERSE, ""),
    domain=_SOME,
)
class TensorflowDerivatives(TensorflowCalls, Derivatives):
    """The routes by derivatives and maps, for an adapter that has the convolution of two spatial axes."""

    def conv2d(self, problem: Problem, x: Any, w: Any, bias: Any = None) -> Any:
        """Return the convolution of two spatial axes."""
        raise NotImplementedError

    def conv2d_transpose(self, problem: Problem, x: Any, w: Any, bias: Any = None) -> Any:
        """Return the transposed convolution of two spatial axes."""
        raise NotImplementedError

    @route(
        "conv",
        "vectorized_map-x",
        script="def single(image):\n    x = image[None]\n    return {conv2d}[0]\n\ntf.vectorized_map(single, x)",
        domain=_FEW,
    )
    def map_images(self, problem: Problem, x: Any, w: Any) -> Any:
        return self.tf.vectorized_map(lambda image: self.conv2d(problem, image[None], w)[0], x)

    def _depthwise_input_text(self, problem: Problem) -> str:
        shape = shape_in(cropped_shape(problem), self.activations)
        filters = f"tf.reshape(w, {_depthwise_shape(problem)})"
        call = f"tf.nn.depthwise_conv2d_backprop_input({shape}, {filters}, dy, {_depthwise_geometry_text(problem)})"
        return pad_text(call, opposite(crops(problem)))

    @route("conv_input_grad", "depthwise_conv2d_backprop_input", script=_depthwise_input_text, domain=DEPTHWISE)
    def depthwise_backprop_input(self, problem: Problem, dy: Any, w: Any) -> Any:
        dx = self.tf.nn.depthwise_conv2d_backprop_input(
            shape_in(cropped_shape(problem), self.activations),
            self.tf.reshape(w, _depthwise_shape(problem)),
            dy,
            (1, *problem.stride, 1),
            native_padding(problem),
            dilations=(1, *problem.dilation, 1),
        )
        return self.padded(dx, opposite(crops(problem)))

    def _depthwise_filter_text(self, problem: Problem) -> str:
        x = pad_text("x", crops(problem))
        operands = f"{x}, {_depthwise_shape(problem)}, dy, {_depthwise_geometry_text(problem)}"
        return (
            f"dw = tf.nn.depthwise_conv2d_backprop_filter({operands})\n"
            f"tf.reshape(dw, {shape_in(problem.filter_shape, self.filters)})"
        )

    @route("conv_filter_grad", "depthwise_conv2d_backprop_filter", script=_depthwise_filter_text, domain=DEPTHWISE)
    def depthwise_backprop_filter(self, problem: Problem, x: Any, dy: Any) -> Any:
        dw = self.tf.nn.depthwise_conv2d_backprop_filter(
            self.padded(x, crops(problem)),
            _depthwise_shape(problem),
            dy,
            (1, *problem.stride, 1),
            native_padding(problem),
            dilations=(1, *problem.dilation, 1),
        )
        return self.tf.reshape(dw, shape_in(problem.filter_shape, self.filters))

    def bilinear(self, problem: Problem, data: Any, w: Any, *, is_transposed: bool) -> Any:
        return (self.conv2d_transpose if is_transposed else self.conv2d)(problem, data, w)

    def zeros(self, shape: Size, like: Any, *, is_filter: bool = False) -> Any:
        layout = self.filters if is_filter else self.activations
        return self.tf.zeros(shape_in(shape, layout), like.dtype)

    def along(self, function: Function, direction: Any) -> Any:
        point = self.tf.zeros_like(direction)
        with self.tf.autodiff.ForwardAccumulator(point, direction) as accumulator:
            result = function(point)
        return accumulator.jvp(result)

    def twice(self, function: Function, direction: Any, upstream: Any) -> Any:
        point = self.tf.zeros_like(direction)
        with self.tf.GradientTape() as outer:
            outer.watch(upstream)
            with self.tf.GradientTape() as inner:
                inner.watch(point)
                result = function(point)
            gradient = inner.gradient(result, point, output_gradients=upstream)
        return outer.gradient(gradient, upstream, output_gradients=direction)

    def gradient_twice(self, function: Function, point: Any, direction: Any, upstream: Any) -> Any:
        second = self.tf.zeros_like(direction)
        with self.tf.GradientTape() as outer:
            outer.watch(point)
            with self.tf.GradientTape() as inner:
                inner.watch(second)
                result = function(point, second)
            gradient = inner.gradient(result, second, output_gradients=upstream)
        return outer.gradient(gradient, point, output_gradients=direction)

    def forward_over_reverse(self, function: Function, point: Any, direction: Any, upstream: Any) -> Any:
        second = self.tf.zeros_like(direction)
        with self.tf.autodiff.ForwardAccumulator(second, direction) as accumulator:
            with self.tf.GradientTape() as tape:
                tape.watch(point)
                result = function(point, second)
            gradient = tape.gradient(result, point, output_gradients=upstream)
        return accumulator.jvp(gradient)


def _depthwise_shape(problem: Problem) -> Size:
    return *problem.kernel_size, problem.in_channels, problem.out_channels // problem.groups
