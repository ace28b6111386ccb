"""MNN: ``expr.conv2d`` and ``expr.conv2d_transpose``, two spatial axes."""

from collections.abc import Mapping
from typing import Any, ClassVar

import numpy as np

from convformance.adapters import known, known_mnn
from convformance.adapters.contract import Adapter, Domain, of_numbers, route
from convformance.adapters.modes import THREADS, thread_count
from convformance.adapters.notation import Notation, options
from convformance.adapters.shapes import same_both_sides
from convformance.reference.arrays import Array
from convformance.reference.problem import OUTPUTS, Problem

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
    domain = _PLANES
    options: ClassVar[Mapping[str, tuple[str, ...]]] = {"threads": THREADS}
    refusals = (r"^call to readMap meet a error",)

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
        return {
            "conv": self._text(problem, "conv2d", names.get("input", "x"), bias),
            "transposed": self._text(problem, "conv2d_transpose", names.get("output", "x"), bias),
        }

    @route("conv", "conv2d", script="{conv}", numbers=_FLOAT32)
    @route("conv_transpose_input_grad", "conv2d", script="{conv}", numbers=_FLOAT32)
    def conv(self, problem: Problem, x: Array, w: Array, bias: Array | None = None) -> Array:
        return self._result(self.expr.conv2d, problem, x, w, problem.out_channels, bias)

    @route("conv_input_grad", "conv2d_transpose", script="{transposed}", numbers=_FLOAT32)
    @route("conv_transpose", "conv2d_transpose", script="{transposed}", numbers=_FLOAT32, offers=(OUTPUTS,))
    def transposed(self, problem: Problem, y: Array, w: Array, bias: Array | None = None) -> Array:
        if any(problem.output_padding):
            raise NotImplementedError("conv2d_transpose has no output padding")
        return self._result(self.expr.conv2d_transpose, problem, y, w, problem.in_channels, bias)
