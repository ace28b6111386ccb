"""The calls of TensorFlow that every rank has, for TensorFlow itself and for what runs its models, and their texts.

``nn.convolution`` and ``nn.conv_transpose`` know SAME and VALID only, so explicit pads are made around them with
``tf.pad`` and slices.
"""

from itertools import chain
from typing import Any

from convformance.adapters.beyond import numbers
from convformance.adapters.contract import Adapter
from convformance.adapters.layouts import shape_in
from convformance.adapters.notation import options
from convformance.adapters.tensorflow_geometry import SYMBOLS, opposite, pad_text, resized
from convformance.reference.following import EPSILON, normalises, rectifies
from convformance.reference.geometry import Pairs
from convformance.reference.problem import Problem

# Arguments that TensorFlow checks, in a graph as in a call.
REFUSALS = (
    "not supported in conjunction with",
    "only supports equal length strides",
    "Negative dimension size caused by subtracting",
)


class TensorflowCalls(Adapter):
    """The convolution and its transpose of any rank, and what follows one."""

    tf: Any
    activations, filters = "N*C", "*IO"

    def padded(self, array: Any, pairs: Pairs) -> Any:
        """Return ``array`` with zeros round its spatial axes; negative pairs crop."""
        if max(chain(*pairs)) > 0:
            array = self.tf.pad(array, ((0, 0), *((max(lo, 0), max(hi, 0)) for lo, hi in pairs), (0, 0)))
        if min(chain(*pairs)) >= 0:
            return array
        sizes = zip(array.shape[1:-1], pairs, strict=True)
        return array[(slice(None), *(slice(max(-lo, 0), size - max(-hi, 0)) for size, (lo, hi) in sizes))]

    def around(self, problem: Problem, x: Any) -> tuple[Any, str]:
        """Return the data with what TensorFlow has no word for round it, and the word for the rest."""
        symbol = SYMBOLS.get(str(problem.symbol))
        return (x, symbol) if symbol else (self.padded(x, problem.padding), "VALID")

    def convolved(self, problem: Problem, x: Any, w: Any, bias: Any = None) -> Any:
        """Return ``nn.convolution`` and its bias."""
        x, padding = self.around(problem, x)
        return self.biased(self.tf.nn.convolution(x, w, problem.stride, padding, None, problem.dilation), bias)

    def transposed(self, problem: Problem, y: Any, w: Any, bias: Any = None) -> Any:
        """Return ``nn.conv_transpose``, cropped, and its bias."""
        symbol, pads = _transposed_padding(problem)
        shape = shape_in(resized(problem.input_shape, pads), self.activations)
        full = self.tf.nn.conv_transpose(y, w, shape, problem.stride, symbol, None, problem.dilation)
        return self.biased(self.padded(full, opposite(pads)), bias)

    def followed(self, problem: Problem, y: Any, channels: int) -> Any:
        """Return what follows y."""
        if normalises(problem.then):
            y = self.tf.nn.batch_normalization(y, *self.statistics(channels, y.dtype), EPSILON)
        return self.tf.nn.relu(y) if rectifies(problem.then) else y

    def statistics(self, channels: int, dtype: Any) -> tuple[Any, Any, Any, Any]:
        """Return mean, variance, shift and scale of a batch normalisation."""
        return numbers(channels, "float32", lambda array: self.tf.constant(array.tolist(), dtype))

    def biased(self, y: Any, bias: Any) -> Any:
        return y if bias is None else self.tf.nn.bias_add(y, bias)


def _transposed_padding(problem: Problem) -> tuple[str, Pairs]:
    """Return the word for what TensorFlow crops, and what is to be cropped of its result."""
    symbol = SYMBOLS.get(str(problem.symbol))
    return (symbol, ((0, 0),) * problem.rank) if symbol else ("VALID", problem.padding)


# How a script writes them.


def around_text(problem: Problem, x: str) -> tuple[str, str]:
    """Return the data with what TensorFlow has no word for round it, and the word for the rest."""
    symbol = SYMBOLS.get(str(problem.symbol))
    return (x, symbol) if symbol else (pad_text(x, problem.padding), "VALID")


def convolution_text(problem: Problem, x: str = "x") -> str:
    x, padding = around_text(problem, x)
    return f"tf.nn.convolution({x}, w, {problem.stride}, {padding!r}{options(dilations=problem.dilation)})"


def conv_transpose_text(problem: Problem, x: str = "x") -> str:
    symbol, pads = _transposed_padding(problem)
    shape = shape_in(resized(problem.input_shape, pads), TensorflowCalls.activations)
    geometry = f"{problem.stride}, {symbol!r}{options(dilations=problem.dilation)}"
    return pad_text(f"tf.nn.conv_transpose({x}, w, {shape}, {geometry})", opposite(pads))


def biased_text(call: str, bias: str) -> str:
    return f"tf.nn.bias_add({call}{bias})" if bias else call
