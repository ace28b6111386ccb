"""Keras 3: ``keras.ops.conv`` and ``conv_transpose`` on PyTorch, JAX or TensorFlow, gradients by each one's own."""

import os
from collections.abc import Callable, Mapping
from typing import Any, ClassVar

from convformance.adapters.automatic import Automatic, Function
from convformance.adapters.contract import Refusal, UsageError
from convformance.adapters.keras_backends import BACKENDS
from convformance.adapters.known import KINDS_SEEN
from convformance.adapters.known_keras import KERAS
from convformance.adapters.notation import Notation
from convformance.adapters.shapes import part_of_full, slices_text
from convformance.reference.arrays import Array
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
        r"Kernel size can't be greater than actual input size",
        r"Only zero batch or zero channel inputs are supported",
    )
    activations, filters = "N*C", "*IO"
    bias_after = True
    zeros_script = "keras.ops.zeros({shape}, dy.dtype)"

    def __init__(self, **mode: str) -> None:
        super().__init__(**mode)
        name = self.mode["backend"]
        self.ops: Any = _keras_on(name).ops
        self.backend = BACKENDS[name]()
        self.vjp_script = self.backend.vjp_script

    def notation(self) -> Notation:
        chosen = "import os", f'os.environ["KERAS_BACKEND"] = "{self.mode["backend"]}"', "import keras"
        return Notation(
            (*chosen, *self.backend.imports),
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
        return {"strides": problem.stride, "padding": _word(problem), "dilation_rate": problem.dilation}

    def conv(self, problem: Problem, x: Any, w: Any) -> Any:
        if _word(problem) == "valid" and any(map(any, problem.padding)):
            if min(map(min, problem.padding)) < 0:
                raise Refusal("Keras pads, and crops nothing")
            x = self.ops.pad(x, ((0, 0), *problem.padding, (0, 0)))
        return self.ops.conv(x, w, **self.conv_arguments(problem))

    def conv_text(self, problem: Problem) -> str:
        padded = _word(problem) == "valid" and any(map(any, problem.padding))
        x = f"keras.ops.pad(x, {((0, 0), *problem.padding, (0, 0))})" if padded else "x"
        return f"keras.ops.conv({x}, w{{arguments}})"

    def transposed_arguments(self, problem: Problem) -> Mapping[str, Any]:
        sizes = {"strides": problem.stride, "dilation_rate": problem.dilation}
        if _is_same_transposed(problem):
            return {**sizes, "padding": "same"}
        ends = zip(problem.output_padding, problem.highs, strict=True)
        return {**sizes, "padding": "valid", "output_padding": tuple(max(extra - hi, 0) for extra, hi in ends)}

    def conv_transpose(self, problem: Problem, y: Any, w: Any) -> Any:
        if problem.groups > 1 or min(problem.lows) < 0:
            raise Refusal("conv_transpose has no groups, and pads nothing")
        full = self.ops.conv_transpose(y, w, **self.transposed_arguments(problem))
        return full if _is_same_transposed(problem) else full[:, *part_of_full(problem)]

    def transposed_text(self, problem: Problem) -> str:
        is_cropped = any(map(any, problem.padding)) and not _is_same_transposed(problem)
        crops = f"[:, {slices_text(part_of_full(problem))}]" if is_cropped else ""
        return f"keras.ops.conv_transpose(x, w{{arguments}}){crops}"


def _word(problem: Problem) -> str:
    return "same" if problem.symbol == "same_upper" else "valid"


def _is_same_transposed(problem: Problem) -> bool:
    """Whether the transposed convolution is the one that Keras calls same: as many elements as stride times outputs."""
    axes = zip(problem.input_size, problem.output_size, problem.stride, strict=True)
    return _word(problem) == "same" and all(size == outputs * stride for size, outputs, stride in axes)


def _keras_on(backend: str) -> Any:
    """Return Keras on ``backend``, which it reads from the environment; processes begun later see it as it was."""
    before = os.environ.pop("KERAS_BACKEND", None)
    os.environ["KERAS_BACKEND"] = backend
    try:
        import keras
    finally:
        del os.environ["KERAS_BACKEND"]
        if before is not None:
            os.environ["KERAS_BACKEND"] = before
    if keras.config.backend() != backend:
        raise UsageError(f"adapter keras: backend={backend} comes too late: Keras runs in this process")
    return keras
