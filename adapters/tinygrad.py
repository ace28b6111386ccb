"""tinygrad, interpreted by its device PYTHON: ``conv2d`` and ``conv_transpose2d`` of any rank, gradients of tensors.

Its device CPU needs clang. The interpreter takes seconds for one question, so that a small sample is asked.
"""

from collections.abc import Mapping
from math import prod
from typing import Any

from convformance.adapters.automatic import Automatic, Function
from convformance.adapters.bits import BFLOAT16, from_bits, to_bits
from convformance.adapters.contract import Domain, Request
from convformance.adapters.known import KINDS_SEEN
from convformance.adapters.known_tinygrad import TINYGRAD
from convformance.adapters.notation import Notation
from convformance.adapters.sampling import sampled
from convformance.reference.arrays import Array
from convformance.reference.problem import Problem

_PRODUCTS = 3_000


def _is_small(request: Request) -> bool:
    problem = request.problem
    return prod(problem.output_shape) * prod(problem.filter_shape[1:]) <= _PRODUCTS


class Tinygrad(Automatic):
    """tinygrad in its interpreter."""

    name = "tinygrad"
    requires = ("tinygrad",)
    looked_at = "0.14.0"
    known_divergences = TINYGRAD
    kinds_seen = KINDS_SEEN[:1]
    domain = Domain(f"at most {_PRODUCTS} products", _is_small) & sampled(share=4)
    refusals = (r"kernel size cannot be greater than actual input size",)
    conv_script = "{x}.conv2d(w{bias}{arguments})"
    transposed_script = "{x}.conv_transpose2d(w{bias}{arguments})"
    vjp_script = "{variable} = {zeros}\n{call}.gradient({variable}, gradient=dy)[0]"
    zeros_script = "Tensor.zeros{shape}"

    def __init__(self, **mode: str) -> None:
        super().__init__(**mode)
        import tinygrad
        from tinygrad.helpers import DEV

        DEV.value = "PYTHON"

        self.tinygrad: Any = tinygrad

    def notation(self) -> Notation:
        setup = "import os", 'os.environ["DEV"] = "PYTHON"', "from tinygrad import Tensor"
        return Notation(setup, 'Tensor({numbers}, dtype="{dtype}")', strided="")

    def to_native(self, array: Array) -> Any:
        tensor = self.tinygrad.Tensor(to_bits(array))
        return tensor.bitcast(self.tinygrad.dtypes.bfloat16) if array.dtype == BFLOAT16 else tensor

    def to_numpy(self, native: Any) -> Array:
        if native.dtype == self.tinygrad.dtypes.bfloat16:
            return from_bits(native.bitcast(self.tinygrad.dtypes.uint16).numpy())
        array: Array = native.numpy()
        return array

    def wait(self, native: Any) -> Any:
        return native.realize()

    def zeros(self, shape: tuple[int, ...], like: Any) -> Any:
        return self.tinygrad.Tensor.zeros(*shape, dtype=like.dtype)

    def vjp(self, function: Function, at: Any, upstream: Any) -> Any:
        return function(at).gradient(at, gradient=upstream)[0]

    def conv_arguments(self, problem: Problem) -> Mapping[str, Any]:
        padding = tuple(entry for pair in reversed(problem.padding) for entry in pair)
        return {"groups": problem.groups, "stride": problem.stride, "dilation": problem.dilation, "padding": padding}

    def conv(self, problem: Problem, x: Any, w: Any, bias: Any = None) -> Any:
        return x.conv2d(w, bias, **self.conv_arguments(problem))

    def transposed_arguments(self, problem: Problem) -> Mapping[str, Any]:
        return {**self.conv_arguments(problem), "output_padding": problem.output_padding}

    def conv_transpose(self, problem: Problem, y: Any, w: Any, bias: Any = None) -> Any:
        return y.conv_transpose2d(w, bias, **self.transposed_arguments(problem))
