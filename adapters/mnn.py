"""MNN: ``expr.conv2d`` and ``expr.conv2d_transpose``, two spatial axes."""

from collections.abc import Mapping
from typing import Any, ClassVar

from convformance.adapters.contract import Refusal, route
from convformance.adapters.known_mnn import Known
from convformance.adapters.modes import THREADS, thread_count
from convformance.adapters.shapes import same_both_sides
from convformance.adapters.written import Texts
from convformance.reference.problem import Problem


class Mnn(Known, Texts):
    """MNN on the CPU; filter and bias are constants."""

    name, distribution, requires = "mnn", "MNN", ("MNN",)
    options: ClassVar[Mapping[str, tuple[str, ...]]] = {"threads": THREADS}
    setup = "import MNN.expr as F", "import numpy as np"

    def mode_lines(self) -> tuple[str, ...]:
        return (f"F.set_thread_number({thread_count(self.mode['threads'])})",)

    def script_fields(self, problem: Problem, names: Mapping[str, str], bias: str) -> Mapping[str, str]:
        name = "conv2d" if "input" in names else "conv2d_transpose"
        return {"call": _text(problem, name, names.get("input") or names["output"], bool(bias))}

    @route("conv", "conv2d", script="{call}")
    @route("conv_transpose_input_grad", "conv2d", script="{call}")
    def conv(self, problem: Problem, x: Any, w: Any, bias: Any = None) -> Any:
        return self.value(_text(problem, "conv2d", "x", bias is not None), x=x, w=w, bias=bias)

    @route("conv_input_grad", "conv2d_transpose", script="{call}")
    @route("conv_transpose", "conv2d_transpose", script="{call}")
    def transposed(self, problem: Problem, x: Any, w: Any, bias: Any = None) -> Any:
        if any(problem.output_padding):
            raise Refusal(f"expr.conv2d_transpose has no output padding, and this is {problem.output_padding}")
        return self.value(_text(problem, "conv2d_transpose", "x", bias is not None), x=x, w=w, bias=bias)


def _text(problem: Problem, name: str, x: str, has_bias: bool) -> str:
    word = {"valid": "VALID", "same_upper": "SAME"}.get(problem.symbol or "") if name == "conv2d" else None
    padding = (0, 0) if word else same_both_sides(problem)
    geometry = ", ".join(str(each[::-1]) for each in (problem.stride, padding, problem.dilation))
    channels = problem.out_channels if name == "conv2d" else problem.in_channels
    bias = "bias" if has_bias else f"np.zeros({channels}, {x}.dtype)"
    return f"""\
image, filters, shift = (F.const(each, list(each.shape)) for each in ({x}, w, {bias}))
result = F.{name}(F.convert(image, F.NC4HW4), filters, shift, {geometry}, {problem.groups}, F.{word or "CAFFE"})
np.array(F.convert(result, F.NCHW).read())"""
