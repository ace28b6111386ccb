"""MLX: ``mx.conv_general`` and ``mx.conv_transpose1d`` to ``3d`` on the CPU, gradients by ``mx.vjp``."""

from collections.abc import Callable, Mapping
from typing import Any, ClassVar

from convformance.adapters.automatic import Automatic, Function
from convformance.adapters.bits import BFLOAT16, from_bits, to_bits
from convformance.adapters.contract import route
from convformance.adapters.known import KINDS_SEEN
from convformance.adapters.known_mlx import MLX
from convformance.adapters.notation import Notation
from convformance.adapters.shapes import number_in_line, same_both_sides
from convformance.reference.arrays import Array
from convformance.reference.problem import OUTPUTS, Problem


class Mlx(Automatic):
    """MLX on the CPU, as it comes or compiled; the bias is added behind, as in its layers."""

    name = "mlx"
    requires = ("mlx",)
    known_divergences = MLX
    kinds_seen = KINDS_SEEN[:1]
    looked_at = "0.32.4"
    options: ClassVar[Mapping[str, tuple[str, ...]]] = {"mode": ("eager", "compile")}
    refusals = (
        r"Can only handle groups != 1 in 1D or 2D",
        r"Spatial dimensions of input after padding cannot be smaller than weight",
        r"got unsupported data type",
    )
    bias_after = True
    activations, filters, transposed_filters = "N*C", "O*I", "(GI)*O"
    conv_script = "mx.conv_general({x}, w{arguments})"
    transposed_script = "mx.conv_transpose{problem.rank}d({x}, w{arguments})"
    vjp_script = "mx.vjp(lambda {variable}: {call}, [{zeros}], [dy])[1][0]"
    zeros_script = "mx.zeros({shape}, dy.dtype)"

    def __init__(self, **mode: str) -> None:
        super().__init__(**mode)
        import mlx.core

        self.mx: Any = mlx.core
        self.mx.set_default_device(self.mx.cpu)

    def notation(self) -> Notation:
        setup = "import mlx.core as mx", "mx.set_default_device(mx.cpu)"
        compiled = "mx.compile(call)" if self.mode["mode"] == "compile" else ""
        return Notation(setup, "mx.array({numbers}, mx.{dtype})", strided="", compiled=compiled)

    def to_native(self, array: Array) -> Any:
        native = self.mx.array(to_bits(array), getattr(self.mx, str(to_bits(array).dtype)))
        return native.view(self.mx.bfloat16) if array.dtype == BFLOAT16 else native

    def to_numpy(self, native: Any) -> Array:
        is_bfloat16 = native.dtype == self.mx.bfloat16
        return from_bits(super().to_numpy(native.view(self.mx.uint16))) if is_bfloat16 else super().to_numpy(native)

    def wait(self, native: Any) -> Any:
        self.mx.eval(native)
        return native

    def wrap(self, function: Callable[..., Any]) -> Callable[..., Any]:
        compiled: Callable[..., Any] = self.mx.compile(function) if self.mode["mode"] == "compile" else function
        return compiled

    def vjp(self, function: Function, at: Any, upstream: Any) -> Any:
        return self.mx.vjp(function, [at], [upstream])[1][0]

    def conv_arguments(self, problem: Problem) -> Mapping[str, Any]:
        sizes = {"stride": problem.stride, "kernel_dilation": problem.dilation, "groups": problem.groups}
        return {**sizes, "padding": (problem.lows, problem.highs)}

    def conv(self, problem: Problem, x: Any, w: Any) -> Any:
        return self.mx.conv_general(x, w, **self.conv_arguments(problem))

    def transposed_arguments(self, problem: Problem) -> Mapping[str, Any]:
        sizes = {name: number_in_line(getattr(problem, name)) for name in ("stride", "dilation", "output_padding")}
        return {**sizes, "padding": number_in_line(problem.lows), "groups": problem.groups}

    def conv_transpose(self, problem: Problem, y: Any, w: Any) -> Any:
        same_both_sides(problem)
        return getattr(self.mx, f"conv_transpose{problem.rank}d")(y, w, **self.transposed_arguments(problem))

    def adjoint_arguments(self, problem: Problem) -> Mapping[str, Any]:
        """Return the keyword arguments of the convolution of a dilated image by a flipped filter, but for the flip."""
        padding = tuple(zip(*problem.adjoint_padding, strict=True))
        return {**self.conv_arguments(problem), "stride": 1, "padding": padding, "input_dilation": problem.stride}

    @route("conv_input_grad", "input_dilation", filters="(GI)*O", script="{dilated}")
    @route("conv_transpose", "input_dilation", offers=(OUTPUTS,), script="{dilated}")
    def input_dilation(self, problem: Problem, y: Any, w: Any, bias: Any = None) -> Any:
        return self.with_bias(self.mx.conv_general(y, w, **self.adjoint_arguments(problem), flip=True), bias)

    def script_fields(self, problem: Problem, names: Mapping[str, str], bias: str) -> Mapping[str, str]:
        """Return the calls of all back ends of this kind, and the one with ``input_dilation``."""
        text = f"mx.conv_general({names.get('output', 'x')}, w{{arguments}}, flip=True)"
        dilated = self._call_text(text, self.adjoint_arguments, problem, bias)
        return {**super().script_fields(problem, names, bias), "dilated": dilated}
