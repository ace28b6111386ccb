"""TensorFlow's other ways to the same operations: forward mode, tapes of tapes, vectorised maps, depthwise backprops.

See ``torch_derivatives``: a convolution is linear in the data and in the filter. All of these go through the functions
for two spatial axes.
"""

from collections.abc import Callable
from typing import Any

from convformance.adapters.contract import Adapter, Domain, route
from convformance.adapters.layouts import shape_in
from convformance.adapters.notation import options
from convformance.adapters.sampling import sampled
from convformance.adapters.tensorflow_geometry import (
    cropped_shape,
    crops,
    native_padding,
    opposite,
    pad_text,
)
from convformance.reference.geometry import Pairs, Size
from convformance.reference.problem import Problem

TWO_AXES = Domain("two spatial axes", lambda request: request.problem.rank == 2)
DEPTHWISE = TWO_AXES & Domain(
    "a group for each input channel", lambda request: request.problem.groups == request.problem.in_channels
)
_SOME = sampled("derivatives", share=100, full=2) & TWO_AXES
_FEW = sampled(share=200, full=20) & TWO_AXES  # a map is traced anew for each problem, which takes a third of a second

Function = Callable[..., Any]

_JVP = """\
direction, {0} = {0}, tf.zeros_like({0})
with tf.autodiff.ForwardAccumulator({0}, direction) as accumulator:
    y = {1}
accumulator.jvp(y)"""
_TWICE = """\
direction, {0}, dy = {0}, tf.zeros_like({0}), tf.zeros({2}, {0}.dtype)
with tf.GradientTape() as outer:
    outer.watch(dy)
    with tf.GradientTape() as inner:
        inner.watch({0})
        y = {1}
    gradient = inner.gradient(y, {0}, output_gradients=dy)
outer.gradient(gradient, dy, output_gradients=direction)"""
_GRADIENT_TWICE = """\
direction, {0}, {1} = {0}, tf.zeros_like({0}), tf.zeros({2}, dy.dtype)
with tf.GradientTape() as outer:
    outer.watch({1})
    with tf.GradientTape() as inner:
        inner.watch({0})
        y = {3}
    gradient = inner.gradient(y, {0}, output_gradients=dy)
outer.gradient(gradient, {1}, output_gradients=direction)"""
_FORWARD_OVER_REVERSE = """\
direction, {0}, {1} = {0}, tf.zeros_like({0}), tf.zeros({2}, dy.dtype)
with tf.autodiff.ForwardAccumulator({0}, direction) as accumulator:
    with tf.GradientTape() as tape:
        tape.watch({1})
        y = {3}
    gradient = tape.gradient(y, {1}, output_gradients=dy)
accumulator.jvp(gradient)"""


def _depthwise_geometry_text(problem: Problem) -> str:
    dilations = options(dilations=(1, *problem.dilation, 1))
    return f"{(1, *problem.stride, 1)}, {native_padding(problem)!r}{dilations}"


class TensorflowDerivatives(Adapter):
    """The routes by derivatives and maps, for an adapter that has the convolution of two spatial axes."""

    tf: Any

    def conv2d(self, problem: Problem, x: Any, w: Any, bias: Any = None) -> Any:
        """Return the convolution of two spatial axes."""
        raise NotImplementedError

    def conv2d_transpose(self, problem: Problem, x: Any, w: Any, bias: Any = None) -> Any:
        """Return the transposed convolution of two spatial axes."""
        raise NotImplementedError

    def padded(self, array: Any, pairs: Pairs) -> Any:
        """Return ``array`` with zeros round its spatial axes; negative pairs crop."""
        raise NotImplementedError

    @route("conv", "jvp-x", script=_JVP.format("x", "{conv2d}"), domain=_SOME)
    def jvp_data(self, problem: Problem, x: Any, w: Any) -> Any:
        return self._along(lambda x: self.conv2d(problem, x, w), x)

    @route("conv", "jvp-w", script=_JVP.format("w", "{conv2d}"), domain=_SOME)
    def jvp_filter(self, problem: Problem, x: Any, w: Any) -> Any:
        return self._along(lambda w: self.conv2d(problem, x, w), w)

    @route("conv", "tape-of-tape-x", script=_TWICE.format("x", "{conv2d}", "{y_shape}"), domain=_SOME)
    def twice_data(self, problem: Problem, x: Any, w: Any) -> Any:
        return self._twice(lambda x: self.conv2d(problem, x, w), x, problem.output_shape)

    @route("conv", "tape-of-tape-w", script=_TWICE.format("w", "{conv2d}", "{y_shape}"), domain=_SOME)
    def twice_filter(self, problem: Problem, x: Any, w: Any) -> Any:
        return self._twice(lambda w: self.conv2d(problem, x, w), w, problem.output_shape)

    @route(
        "conv",
        "vectorized_map-x",
        script="def single(image):\n    x = image[None]\n    return {conv2d}[0]\n\ntf.vectorized_map(single, x)",
        domain=_FEW,
    )
    def map_images(self, problem: Problem, x: Any, w: Any) -> Any:
        return self.tf.vectorized_map(lambda image: self.conv2d(problem, image[None], w)[0], x)

    @route(
        "conv_input_grad",
        "tape-of-tape",
        script=_GRADIENT_TWICE.format("w", "x", "{x_shape}", "{conv2d}"),
        domain=_SOME,
    )
    def twice_input(self, problem: Problem, dy: Any, w: Any) -> Any:
        x = self.tf.zeros(shape_in(problem.input_shape, self.activations), dy.dtype)
        return self._gradient_twice(lambda x, w: self.conv2d(problem, x, w), x, w, dy)

    @route(
        "conv_input_grad",
        "forward-over-reverse",
        script=_FORWARD_OVER_REVERSE.format("w", "x", "{x_shape}", "{conv2d}"),
        domain=_SOME,
    )
    def forward_input(self, problem: Problem, dy: Any, w: Any) -> Any:
        x = self.tf.zeros(shape_in(problem.input_shape, self.activations), dy.dtype)
        return self._forward_over_reverse(lambda x, w: self.conv2d(problem, x, w), x, w, dy)

    @route(
        "conv_filter_grad",
        "tape-of-tape",
        script=_GRADIENT_TWICE.format("x", "w", "{w_shape}", "{conv2d}"),
        domain=_SOME,
    )
    def twice_weights(self, problem: Problem, x: Any, dy: Any) -> Any:
        w = self.tf.zeros(shape_in(problem.filter_shape, self.filters), dy.dtype)
        return self._gradient_twice(lambda w, x: self.conv2d(problem, x, w), w, x, dy)

    @route(
        "conv_filter_grad",
        "forward-over-reverse",
        script=_FORWARD_OVER_REVERSE.format("x", "w", "{w_shape}", "{conv2d}"),
        domain=_SOME,
    )
    def forward_weights(self, problem: Problem, x: Any, dy: Any) -> Any:
        w = self.tf.zeros(shape_in(problem.filter_shape, self.filters), dy.dtype)
        return self._forward_over_reverse(lambda w, x: self.conv2d(problem, x, w), w, x, dy)

    @route("conv_transpose", "jvp-w", script=_JVP.format("w", "{conv2d_transpose}"), domain=_SOME)
    def jvp_transposed(self, problem: Problem, x: Any, w: Any) -> Any:
        return self._along(lambda w: self.conv2d_transpose(problem, x, w), w)

    @route(
        "conv_transpose_input_grad",
        "tape-of-tape",
        script=_GRADIENT_TWICE.format("w", "x", "{y_shape}", "{conv2d_transpose}"),
        domain=_SOME,
    )
    def twice_transposed_input(self, problem: Problem, dy: Any, w: Any) -> Any:
        x = self.tf.zeros(shape_in(problem.output_shape, self.activations), dy.dtype)
        return self._gradient_twice(lambda x, w: self.conv2d_transpose(problem, x, w), x, w, dy)

    @route(
        "conv_transpose_filter_grad",
        "forward-over-reverse",
        script=_FORWARD_OVER_REVERSE.format("x", "w", "{w_shape}", "{conv2d_transpose}"),
        domain=_SOME,
    )
    def forward_transposed_weights(self, problem: Problem, x: Any, dy: Any) -> Any:
        w = self.tf.zeros(shape_in(problem.filter_shape, self.filters), dy.dtype)
        return self._forward_over_reverse(lambda w, x: self.conv2d_transpose(problem, x, w), w, x, dy)

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

    def _along(self, function: Function, direction: Any) -> Any:
        """Return the derivative of a linear function along a direction: its value there."""
        point = self.tf.zeros_like(direction)
        with self.tf.autodiff.ForwardAccumulator(point, direction) as accumulator:
            result = function(point)
        return accumulator.jvp(result)

    def _twice(self, function: Function, direction: Any, shape: Size) -> Any:
        """Return the derivative, in its upstream, of the gradient of a linear function along a direction."""
        upstream = self.tf.zeros(shape_in(shape, self.activations), direction.dtype)
        point = self.tf.zeros_like(direction)
        with self.tf.GradientTape() as outer:
            outer.watch(upstream)
            with self.tf.GradientTape() as inner:
                inner.watch(point)
                result = function(point)
            gradient = inner.gradient(result, point, output_gradients=upstream)
        return outer.gradient(gradient, upstream, output_gradients=direction)

    def _gradient_twice(self, function: Function, point: Any, direction: Any, upstream: Any) -> Any:
        """Return the derivative in its first argument of the gradient of ``function`` in its second, along a direction.

        Of a bilinear function that is its gradient in the first argument, where the second is the direction.
        """
        second = self.tf.zeros_like(direction)
        with self.tf.GradientTape() as outer:
            outer.watch(point)
            with self.tf.GradientTape() as inner:
                inner.watch(second)
                result = function(point, second)
            gradient = inner.gradient(result, second, output_gradients=upstream)
        return outer.gradient(gradient, point, output_gradients=direction)

    def _forward_over_reverse(self, function: Function, point: Any, direction: Any, upstream: Any) -> Any:
        """Return the derivative along a direction, in its second argument, of the gradient in the first."""
        second = self.tf.zeros_like(direction)
        with self.tf.autodiff.ForwardAccumulator(second, direction) as accumulator:
            with self.tf.GradientTape() as tape:
                tape.watch(point)
                result = function(point, second)
            gradient = tape.gradient(result, point, output_gradients=upstream)
        return accumulator.jvp(gradient)


def _depthwise_shape(problem: Problem) -> Size:
    return *problem.kernel_size, problem.in_channels, problem.out_channels // problem.groups
