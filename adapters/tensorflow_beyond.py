"""TensorFlow beyond an ordinary convolution: ``tf.pad`` makes a border, ``tf.nn`` has what follows.

Eager calls are made one by one; the same in a graph are rewritten, as a convolution with its bias and its rectifier
into one operation.
"""

from collections.abc import Callable
from typing import Any

from convformance.adapters.beyond import FOLLOWED, NORMALISED, OWN, repeated
from convformance.adapters.contract import Domain, route
from convformance.adapters.layouts import shape_in
from convformance.adapters.tensorflow_calls import TensorflowCalls, biased_text
from convformance.adapters.tensorflow_derivatives import TWO_AXES
from convformance.reference.following import EPSILON, normalises, rectifies, statistics
from convformance.reference.geometry import Size
from convformance.reference.problem import BORDER, THEN, Problem

_MODES = {"reflect": "REFLECT", "symmetric": "SYMMETRIC"}
_REPEATED = repeated(_MODES)
_FUSED = NORMALISED & TWO_AXES & Domain("float32, float16 and bfloat16", lambda request: request.dtype != "float64")


def _tape_text(operand: str, shape: str) -> str:
    return f"""\
{operand} = tf.zeros({{{shape}}}, dy.dtype)
with tf.GradientTape() as tape:
    tape.watch({operand})
    y = {{bordered}}
tape.gradient(y, {operand}, output_gradients=dy)"""


class TensorflowBeyond(TensorflowCalls):
    """The routes of TensorFlow that offer a border or something that follows; a part of the adapter for it."""

    @route("conv", "tf.pad", script="{bordered_biased}", domain=_REPEATED, offers=(BORDER,))
    def pad_and_convolve(self, problem: Problem, x: Any, w: Any, bias: Any = None) -> Any:
        padded = self.tf.pad(x, _widths(problem), _MODES[problem.border])
        return self.convolved(problem.unpadded, padded, w, bias)

    @route(
        "conv_input_grad",
        "tf.pad GradientTape",
        script=_tape_text("x", "x_shape"),
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
        "tf.pad GradientTape",
        script=_tape_text("w", "w_shape"),
        domain=_REPEATED,
        offers=(BORDER,),
    )
    def padded_filter_gradient(self, problem: Problem, x: Any, dy: Any) -> Any:
        return self._gradient(
            lambda w: self.pad_and_convolve(problem, x, w), shape_in(problem.filter_shape, self.filters), dy
        )

    @route("conv", "nn.convolution and what follows", script="{followed}", domain=FOLLOWED, offers=(THEN,))
    def convolve_and_follow(self, problem: Problem, x: Any, w: Any, bias: Any = None) -> Any:
        return self.followed(problem, self.convolved(problem, x, w, bias), problem.out_channels)

    @route("conv", "the same in a graph", script="{graph}", domain=FOLLOWED, offers=(THEN,))
    def convolve_in_a_graph(self, problem: Problem, x: Any, w: Any, bias: Any = None) -> Any:
        arrays = (x, w) if bias is None else (x, w, bias)
        graph = self.tf.function(lambda *each: self.convolve_and_follow(problem, *each), autograph=False)
        return graph(*arrays)

    @route("conv", "fused_batch_norm", script="{fused}", domain=_FUSED, offers=(THEN,))
    def convolve_and_normalise(self, problem: Problem, x: Any, w: Any, bias: Any = None) -> Any:
        y = self.convolved(problem, x, w, bias)
        mean, variance, shift, scale = self.statistics(problem.out_channels, self.tf.float32)
        fused = self.tf.compat.v1.nn.fused_batch_norm
        y = fused(y, scale, shift, mean, variance, epsilon=EPSILON, is_training=False)[0]
        return self.tf.nn.relu(y) if rectifies(problem.then) else y

    @route("conv_transpose", "nn.conv_transpose and what follows", script="{followed}", domain=FOLLOWED, offers=(THEN,))
    def transpose_and_follow(self, problem: Problem, y: Any, w: Any, bias: Any = None) -> Any:
        return self.followed(problem, self.transposed(problem, y, w, bias), problem.in_channels)

    def _gradient(self, function: Callable[[Any], Any], shape: Size, upstream: Any) -> Any:
        """Return the gradient of the linear ``function`` in its argument of ``shape``."""
        argument = self.tf.zeros(shape, upstream.dtype)
        with self.tf.GradientTape() as tape:
            tape.watch(argument)
            result = function(argument)
        return tape.gradient(result, argument, output_gradients=upstream)

    def _beyond_fields(self, problem: Problem, calls: dict[str, str], bias: str) -> dict[str, str]:
        """Return what scripts of these routes are made of; ``calls``: the convolutions without their bias."""
        call = biased_text(calls["call"], bias)
        relu = "tf.nn.relu(y)" if rectifies(problem.then) else "y"
        normal, fused = _normal_text(problem.out_channels if calls["is_large"] else problem.in_channels)
        then = normal if normalises(problem.then) else ""
        inner = f"y = {call}\n{then}return {relu}".replace("\n", "\n    ")
        operands = ", ".join(["x, w", *filter(None, [bias.strip(", ")])])
        return {
            "bordered": calls["bordered"],
            "bordered_biased": biased_text(calls["bordered"], bias),
            "followed": f"y = {call}\n{then}{relu}",
            "graph": f"@tf.function(autograph=False)\ndef graph({operands}):\n    {inner}\ngraph({operands})",
            "fused": f"y = {call}\n{fused}{relu}",
        }


def _widths(problem: Problem) -> tuple[tuple[int, int], ...]:
    return (0, 0), *problem.padding, (0, 0)


def bordered_text(problem: Problem, call: str) -> str:
    """Return the text of a call, of x with its border."""
    mode = _MODES.get(problem.border, "CONSTANT")
    return call.replace("(x, w", f"(tf.pad(x, {_widths(problem)}, {mode!r}), w", 1)


def _normal_text(channels: int) -> tuple[str, str]:
    """Return the lines of a batch normalisation of y: the plain one, and the fused one."""
    each = statistics(channels)
    mean, variance, shift, scale = (array.tolist() for array in (each.mean, each.variance, each.shift, each.scale))
    stepwise = (
        f"numbers = [tf.constant(each, y.dtype) for each in ({mean}, {variance}, {shift}, {scale})]\n"
        f"y = tf.nn.batch_normalization(y, *numbers, {EPSILON})\n"
    )
    statistics_text = f"{scale}, {shift}, {mean}, {variance}, epsilon={EPSILON}, is_training=False"
    return stepwise, f"y = tf.compat.v1.nn.fused_batch_norm(y, {statistics_text})[0]\n"
