"""MLX: ``mx.conv_general`` and ``mx.conv_transpose1d`` to ``3d`` on the CPU, gradients by ``mx.vjp``."""

from collections.abc import Mapping
from typing import Any, ClassVar

from convformance.adapters.contract import route
from convformance.adapters.known_mlx import Known
from convformance.adapters.notation import options
from convformance.adapters.shapes import number_in_line, same_both_sides
from convformance.adapters.written import Written
from convformance.reference.problem import OUTPUTS, Problem


class Mlx(Known, Written):
    """MLX on the CPU, as it comes or compiled; the bias is added behind, as in its layers."""

    name, requires = "mlx", ("mlx",)
    options: ClassVar[Mapping[str, tuple[str, ...]]] = {"mode": ("eager", "compile")}
    compilers: ClassVar[Mapping[str, str]] = {"compile": "mx.compile(call)"}
    bias_after = True
    activations, filters, transposed_filters = "N*C", "O*I", "(GI)*O"
    setup = "import mlx.core as mx", "mx.set_default_device(mx.cpu)"
    operand, native = "mx.array({numbers}, mx.{dtype})", "mx.array(array, getattr(mx, str(array.dtype)))"
    bfloat16, bits, computed = "native.view(mx.bfloat16)", "native.view(mx.uint16)", "mx.eval(native)\nnative"
    conv_script = "mx.conv_general({x}, w{arguments})"
    transposed_script = "mx.conv_transpose{problem.rank}d({x}, w{arguments})"
    vjp_script = "mx.vjp(lambda {variable}: {call}, [{zeros}], [dy])[1][0]"
    zeros_script = "mx.zeros({shape}, dy.dtype)"

    def conv_arguments(self, problem: Problem) -> Mapping[str, Any]:
        sizes = {"stride": problem.stride, "kernel_dilation": problem.dilation, "groups": problem.groups}
        return {**sizes, "padding": (problem.lows, problem.highs)}

    def transposed_arguments(self, problem: Problem) -> Mapping[str, Any]:
        sizes = {name: number_in_line(getattr(problem, name)) for name in ("stride", "dilation", "output_padding")}
        return {**sizes, "padding": number_in_line(same_both_sides(problem)), "groups": problem.groups}

    @route("conv_input_grad", "input_dilation", filters="(GI)*O", script="{dilated}")
    @route("conv_transpose", "input_dilation", offers=(OUTPUTS,), script="{dilated}")
    def input_dilation(self, problem: Problem, y: Any, w: Any, bias: Any = None) -> Any:
        return self.with_bias(self.value(self._of_dilated(problem, "y"), y=y, w=w), bias)

    def script_fields(self, problem: Problem, names: Mapping[str, str], bias: str) -> Mapping[str, str]:
        dilated = self._of_dilated(problem, names.get("output", "x")) + self.bias_text(problem, bias)
        return {**super().script_fields(problem, names, bias), "dilated": dilated}

    def _of_dilated(self, problem: Problem, image: str) -> str:
        padding = tuple(zip(*problem.adjoint_padding, strict=True))
        own = {**self.conv_arguments(problem), "stride": 1, "padding": padding, "input_dilation": problem.stride}
        return f"mx.conv_general({image}, w{options(**own)}, flip=True)"
