"""Keras 3: ``keras.ops.conv`` and ``conv_transpose`` on PyTorch, JAX or TensorFlow, gradients by each one's own."""

from collections.abc import Callable, Mapping
from typing import Any, ClassVar

from convformance.adapters.automatic import Automatic, Function
from convformance.adapters.contract import Refusal
from convformance.adapters.keras_backends import BACKENDS
from convformance.adapters.known import KINDS_SEEN
from convformance.adapters.known_keras import KERAS
from convformance.adapters.notation import Notation
from convformance.adapters.shapes import check_no_crop, is_transposed_same, part_of_full, slices_text
from convformance.adapters.torch_geometry import REFUSALS
from convformance.reference.arrays import Array
from convformance.reference.geometry import Pairs
from convformance.reference.problem import Problem


class Keras(Automatic):
    """Keras on one of its back ends; a padding that it has no word for is made by ``keras.ops.pad``, or by slices."""

    name = "keras"
    requires = ("keras",)
    known_divergences = KERAS
    kinds_seen = KINDS_SEEN
    looked_at = "3.15.1"
    options: ClassVar[Mapping[str, tuple[str, ...]]] = {"backend": ("torch", "jax", "tensorflow")}
    process_options = ("backend",)
    refusals = (
        r"not supported in conjunction",
        r"resulted in an empty output",
        r"do not yet support dilation rates larger than",
        *REFUSALS,
    )
    activations, filters = "N*C", "*IO"
    bias_after = True
    zeros_script = "keras.ops.zeros({shape}, dy.dtype)"

    def __init__(self, **mode: str) -> None:
        super().__init__(**mode)
        self.backend = BACKENDS[self.mode["backend"]](self.mode["backend"])
        self.ops: Any = self.backend.keras.ops
        self.vjp_script = self.backend.vjp_script

    def notation(self) -> Notation:
        return Notation(
            self.backend.setup,
            'keras.ops.convert_to_tensor({numbers}, "{dtype}")',
            strided="",
            compiled=self.backend.compiled,
            lists="keras.ops.convert_to_numpy({name}).tolist()",
        )

    def to_native(self, array: Array) -> Any:
        return self.ops.convert_to_tensor(array, str(array.dtype))

    def to_numpy(self, native: Any) -> Array:
        array: Array = self.ops.convert_to_numpy(native)
        return array

    def wrap(self, function: Callable[..., Any]) -> Callable[..., Any]:
        return self.backend.wrap(function)

    def vjp(self, function: Function, at: Any, upstream: Any) -> Any:
        return self.backend.vjp(function, at, upstream)

    def conv_arguments(self, problem: Problem) -> Mapping[str, Any]:
        word = "same" if problem.symbol == "same_upper" else "valid"
        return {"strides": problem.stride, "padding": word, "dilation_rate": problem.dilation}

    def conv(self, problem: Problem, x: Any, w: Any) -> Any:
        check_no_crop(problem)
        x = self.ops.pad(x, _pads(problem)) if _pads(problem) else x
        return self.ops.conv(x, w, **self.conv_arguments(problem))

    def conv_text(self, problem: Problem) -> str:
        x = f"keras.ops.pad(x, {_pads(problem)})" if _pads(problem) else "x"
        return f"keras.ops.conv({x}, w{{arguments}})"

    def transposed_arguments(self, problem: Problem) -> Mapping[str, Any]:
        sizes = {"strides": problem.stride, "dilation_rate": problem.dilation}
        if is_transposed_same(problem):
            return {**sizes, "padding": "same"}
        ends = zip(problem.output_padding, problem.highs, strict=True)
        return {**sizes, "padding": "valid", "output_padding": tuple(max(extra - hi, 0) for extra, hi in ends)}

    def conv_transpose(self, problem: Problem, y: Any, w: Any) -> Any:
        if problem.groups > 1 or min(problem.lows) < 0:
            raise Refusal("conv_transpose has no groups, and pads nothing")
        full = self.ops.conv_transpose(y, w, **self.transposed_arguments(problem))
        return full if is_transposed_same(problem) else full[:, *part_of_full(problem)]

    def transposed_text(self, problem: Problem) -> str:
        is_cropped = any(map(any, problem.padding)) and not is_transposed_same(problem)
        crops = f"[:, {slices_text(part_of_full(problem))}]" if is_cropped else ""
        return f"keras.ops.conv_transpose(x, w{{arguments}}){crops}"


def _pads(problem: Problem) -> Pairs:
    """Return the zeros that have no word, round every axis; nothing where there are none."""
    has_word = problem.symbol == "same_upper" or not any(map(any, problem.padding))
    return () if has_word else ((0, 0), *problem.padding, (0, 0))
