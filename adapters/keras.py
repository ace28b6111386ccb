"""Keras 3: ``keras.ops.conv`` and ``conv_transpose`` on PyTorch, JAX or TensorFlow, gradients by each one's own."""

from collections.abc import Mapping
from typing import Any

from convformance.adapters.contract import Refusal
from convformance.adapters.keras_backends import OnBackends
from convformance.adapters.known_keras import Known
from convformance.adapters.shapes import check_no_crop, crop_text, is_transposed_same, zeros_around
from convformance.reference.problem import Problem


class Keras(Known, OnBackends):
    """Keras on one of its back ends; a padding that it has no word for is made by ``keras.ops.pad``, or by slices."""

    name = "keras"
    requires = ("keras",)
    activations, filters = "N*C", "*IO"
    bias_after = True
    operand = 'keras.ops.convert_to_tensor({numbers}, "{dtype}")'
    native, numpy = "keras.ops.convert_to_tensor(array, str(array.dtype))", "keras.ops.convert_to_numpy(native)"
    lists = "keras.ops.convert_to_numpy({name}).tolist()"
    zeros_script = "keras.ops.zeros({shape}, dy.dtype)"

    def conv_arguments(self, problem: Problem) -> Mapping[str, Any]:
        word = "same" if problem.symbol == "same_upper" else "valid"
        return {"strides": problem.stride, "padding": word, "dilation_rate": problem.dilation}

    def conv_text(self, problem: Problem) -> str:
        check_no_crop(problem)
        pads = zeros_around(problem, self.activations, "same_upper")
        return f"keras.ops.conv({f'keras.ops.pad(x, {pads})' if pads else 'x'}, w{{arguments}})"

    def transposed_arguments(self, problem: Problem) -> Mapping[str, Any]:
        if problem.groups > 1 or min(problem.lows) < 0:
            raise Refusal("conv_transpose has no groups, and pads nothing")
        sizes = {"strides": problem.stride, "dilation_rate": problem.dilation}
        if is_transposed_same(problem):
            return {**sizes, "padding": "same"}
        ends = zip(problem.output_padding, problem.highs, strict=True)
        return {**sizes, "padding": "valid", "output_padding": tuple(max(extra - hi, 0) for extra, hi in ends)}

    def transposed_text(self, problem: Problem) -> str:
        return "keras.ops.conv_transpose(x, w{arguments})" + (
            "" if is_transposed_same(problem) else crop_text(problem, self.activations)
        )
