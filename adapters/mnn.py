"""MNN: ``expr.conv2d`` and ``expr.conv2d_transpose``, two spatial axes."""

from collections.abc import Mapping
from typing import Any, ClassVar

import numpy as np

from convformance.adapters import known, known_mnn
from convformance.adapters.contract import Adapter, Domain, Refusal, of_numbers, route
from convformance.adapters.modes import THREADS, thread_count
from convformance.adapters.notation import Notation
from convformance.adapters.shapes import same_both_sides
from convformance.reference.arrays import Array
from convformance.reference.geometry import Size
from convformance.reference.problem import Problem

_SYMBOLS = {"valid": "VALID", "same_upper": "SAME"}
_PLANES = Domain("two spatial axes", lambda request: request.problem.rank == 2)
_FLOAT32 = of_numbers("float32, which it computes in", "float32")


class Mnn(Adapter):
    """MNN on the CPU; filter and bias are constants."""

    name = "mnn"
    distribution = "MNN"
    known_divergences = known_mnn.MNN
    kinds_seen = known.KINDS_SEEN[:1]
    looked_at = "3.6.1"
    requires = ("MNN",)
    domain = _PLANES & _FLOAT32
    options: ClassVar[Mapping[str, tuple[str, ...]]] = {"threads": THREADS}

    def __init__(self, **mode: str) -> None:
        super().__init__(**mode)
        import MNN

        self.expr: Any = MNN.expr
        self.expr.set_thread_number(thread_count(self.mode["threads"]))

    def notation(self) -> Notation:
        """Return how a script writes MNN in this mode."""
        threads = f"F.set_thread_number({self.mode['threads']})"
        return Notation(setup=("import MNN.expr as F", "import numpy as np", threads))

    def script_fields(self, problem: Problem, names: Mapping[str, str], bias: str) -> Mapping[str, str]:
        """Return either call."""
        x, y = names.get("input", "x"), names.get("output", "x")
        return {"conv": _text(problem, "conv2d", x, bias), "transposed": _text(problem, "conv2d_transpose", y, bias)}

    @route("conv", "conv2d", script="{conv}")
    @route("conv_transpose_input_grad", "conv2d", script="{conv}")
    def conv(self, problem: Problem, x: Array, w: Array, bias: Array | None = None) -> Array:
        return self._result("conv2d", problem, x, w, np.zeros(problem.out_channels, x.dtype) if bias is None else bias)

    @route("conv_input_grad", "conv2d_transpose", script="{transposed}")
    @route("conv_transpose", "conv2d_transpose", script="{transposed}")
    def transposed(self, problem: Problem, y: Array, w: Array, bias: Array | None = None) -> Array:
        if any(problem.output_padding):
            raise Refusal(f"expr.conv2d_transpose has no output padding, and this is {problem.output_padding}")
        zeros = np.zeros(problem.in_channels, y.dtype)
        return self._result("conv2d_transpose", problem, y, w, zeros if bias is None else bias)

    def _result(self, name: str, problem: Problem, x: Array, w: Array, bias: Array) -> Array:
        F = self.expr
        mode, padding = _padding(problem, name)
        x, w, bias = (F.const(array, list(array.shape)) for array in (x, w, bias))
        steps = [each[::-1] for each in (problem.stride, padding, problem.dilation)]
        y = getattr(F, name)(F.convert(x, F.NC4HW4), w, bias, *steps, problem.groups, getattr(F, mode))
        return np.array(F.convert(y, F.NCHW).read())


def _padding(problem: Problem, name: str) -> tuple[str, Size]:
    """Return MNN's padding mode, and one padding for both sides of an axis."""
    word = _SYMBOLS.get(problem.symbol or "") if name == "conv2d" else None
    return (word, (0, 0)) if word else ("CAFFE", same_both_sides(problem))


def _text(problem: Problem, name: str, x: str, bias: str) -> str:
    mode, padding = _padding(problem, name)
    geometry = ", ".join(str(each[::-1]) for each in (problem.stride, padding, problem.dilation))
    channels = problem.out_channels if name == "conv2d" else problem.in_channels
    added = "bias" if bias else f"np.zeros({channels}, {x}.dtype)"
    return f"""\
image, filters, shift = (F.const(each, list(each.shape)) for each in ({x}, w, {added}))
result = F.{name}(F.convert(image, F.NC4HW4), filters, shift, {geometry}, {problem.groups}, F.{mode})
np.array(F.convert(result, F.NCHW).read())"""
