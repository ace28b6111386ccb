"""PyTorch: ``torch.nn.functional``, autograd, ``torch.nn.grad`` and the ATen operator below them, for ranks 1 to 3.

What torch has no argument for goes through ``F.pad``: it pads and crops, and gradients flow through it.
"""

from collections.abc import Callable, Mapping
from typing import Any, ClassVar

from convformance.adapters import known, known_derivatives, known_raw
from convformance.adapters import torch_geometry as geometry
from convformance.adapters.contract import EVERY_QUESTION, Domain, UsageError, in_memory, of_numbers, route
from convformance.adapters.modes import THREADS, thread_count
from convformance.adapters.notation import Notation, options
from convformance.adapters.torch_beyond import TorchBeyond
from convformance.adapters.torch_derivatives import TorchDerivatives
from convformance.adapters.torch_exported import MODES, TorchExported
from convformance.adapters.torch_raw import TorchRaw
from convformance.adapters.torch_settings import settings_text, with_settings
from convformance.processes.machine import nvidia_driver
from convformance.reference.arrays import Array
from convformance.reference.dtypes import COMPLEX, FLOATS
from convformance.reference.geometry import Size
from convformance.reference.problem import OUTPUTS, Problem

_DERIVED = of_numbers("floating-point and complex numbers", *FLOATS, *COMPLEX)
# Integers of 8 bits are summed in 8.
_NUMBERS = of_numbers("floating-point and complex numbers, int32", *FLOATS, *COMPLEX, "int32")


class Torch(TorchRaw, TorchBeyond, TorchDerivatives, TorchExported):
    """``torch`` on one thread or more, eager, compiled or exported for each problem, on any device it knows."""

    name = "torch"
    known_divergences = (*known.TORCH, *known_derivatives.TORCH, *known_raw.TORCH_RAW)
    kinds_seen = (*known.KINDS_SEEN, known.AMX, known.HOPPER)
    looked_at = "2.13.0"
    requires = ("torch",)
    compile_cache: ClassVar[Mapping[str, str]] = {
        "TORCHINDUCTOR_CACHE_DIR": "{folder}",
        "TORCHINDUCTOR_FX_GRAPH_CACHE": "1",
    }
    without_cache: ClassVar[Mapping[str, str]] = {
        "TORCHINDUCTOR_FX_GRAPH_CACHE": "0",
        "TORCHINDUCTOR_AUTOGRAD_CACHE": "0",
    }
    options: ClassVar[Mapping[str, tuple[str, ...]]] = {
        "mode": ("eager", *MODES),
        "mkldnn": ("on", "off"),
        "tf32": ("on", "off"),
        "layout": ("contiguous", "channels_last"),
        "device": ("cpu", "*"),
        "threads": THREADS,
    }
    refusals = (
        *geometry.REFUSALS,
        r"expected weight to be at least \d+ at dimension 0",
        r"non-empty .* weight tensor expected",
        r"Output size is too small",
        r"not implemented for '\w+'",
        r"GET was unable to find an engine to execute this computation",  # cuDNN has none for int32
    )

    def __init__(self, **mode: str) -> None:
        super().__init__(**mode)
        import torch

        self.torch: Any = torch
        self.functional: Any = torch.nn.functional
        self._threads = thread_count(self.mode["threads"])
        torch.set_num_threads(self._threads)
        try:
            self.on_cpu = torch.empty(0, device=self.mode["device"]).is_cpu
        except (RuntimeError, AssertionError, NotImplementedError) as error:
            raise UsageError(f"adapter torch: device={self.mode['device']!r} cannot be used: {error}") from error

    @classmethod
    def memory_domain(cls, mode: Mapping[str, str]) -> Domain:
        """Return any layout, unless the mode asks for one of its own or for another device's memory."""
        is_copied = mode["layout"] != "contiguous" or mode["device"] != "cpu"
        return in_memory() if is_copied else EVERY_QUESTION

    def device(self) -> str:
        """Return the device, and what torch calls it where it has a name."""
        text = self.mode["device"]
        return f"{text} ({self.torch.cuda.get_device_name(text)})" if text.startswith("cuda") else text

    def device_facts(self) -> Mapping[str, str]:
        """Return of a CUDA device its name, compute capability and the versions of what it computes with."""
        if not self.mode["device"].startswith("cuda"):
            return {}
        cuda = self.torch.cuda
        # Only builds with CUDA have it; 13020 is 13.2.
        driver = getattr(self.torch._C, "_cuda_getDriverVersion", int)()
        return {
            "name": cuda.get_device_name(self.mode["device"]),
            "capability": ".".join(map(str, cuda.get_device_capability(self.mode["device"]))),
            "driver": f"CUDA {driver // 1000}.{driver % 1000 // 10}" if driver else nvidia_driver(),
            "CUDA": str(self.torch.version.cuda),
            "cuDNN": str(self.torch.backends.cudnn.version()),
        }

    def to_native(self, array: Array) -> Any:
        """Return a tensor over the very memory of ``array``, unless the mode asks for another layout or device."""
        tensor = geometry.tensor_over(self.torch, array)
        return self._in_memory_order(tensor if self.on_cpu else tensor.to(self.mode["device"]))

    def to_numpy(self, native: Any) -> Array:
        """Return the tensor as a NumPy array on the host."""
        return geometry.array_of(self.torch, native.detach().cpu())

    def wait(self, native: Any) -> Any:
        """Return ``native`` once the device is done."""
        if not self.on_cpu:
            self.torch.accelerator.synchronize()
        return native

    def wrap(self, function: Callable[..., Any]) -> Callable[..., Any]:
        """Return ``function`` compiled, and with what else the mode says."""
        return with_settings(self.torch, self._compiled(function), self.mode, self._threads)

    def notation(self) -> Notation:
        """Return how a script writes torch in this mode."""
        device = "" if self.mode["device"] == "cpu" else f", device={self.mode['device']!r}"
        return Notation(
            setup=(
                "import torch",
                "import torch.nn.functional as F",
                f"torch.set_num_threads({self.mode['threads']})",
                *settings_text(self.mode),
                *self._compiled_setup(),
            ),
            operand=f"torch.tensor({{numbers}}, dtype=torch.{{dtype}}{device})",
            order=self._order_text(),
            strided=f"torch.empty_strided({{shape}}, {{strides}}, dtype=torch.{{dtype}}{device})",
            compiled=self._compiled_text(),
        )

    def script_fields(self, problem: Problem, names: Mapping[str, str], bias: str) -> Mapping[str, str]:
        """Return the calls that scripts are made of, and the operands that a gradient does not depend on."""
        shapes = {"x": problem.input_shape, "w": problem.filter_shape, "y": problem.output_shape}
        fields = {f"{name}_zeros": f"dy.new_zeros({shape}){self._order_text()}" for name, shape in shapes.items()}
        fields["conv"] = geometry.conv_text(problem, bias)
        fields["conv_with_bias"] = geometry.conv_text(problem, ", bias")
        fields["transposed"] = geometry.transposed_text(problem, names.get("output", "x"), bias)
        for kind in ("input", "weight"):
            fields[f"nn_{kind}_grad"] = _nn_grad_text(problem, kind)
        for result in range(3):
            fields[f"backward_{result}"] = _backward_text(problem, result, transposed=False)
            fields[f"backward_transposed_{result}"] = _backward_text(problem, result, transposed=True)
        return fields | self._beyond_fields(problem, bias)

    @route("conv", "F.conv", script="{conv}", numbers=_NUMBERS)
    def convolve(self, problem: Problem, x: Any, w: Any, bias: Any = None) -> Any:
        """``F.conv1d``, ``F.conv2d`` or ``F.conv3d``, with torch's own word for a symbolic padding."""
        return geometry.convolved(self.functional, problem, x, w, bias)

    @route("conv_input_grad", "F.conv_transpose", script="{transposed}", numbers=_NUMBERS)
    @route("conv_transpose", "F.conv_transpose", script="{transposed}", numbers=_NUMBERS, offers=(OUTPUTS,))
    def transpose(self, problem: Problem, y: Any, w: Any, bias: Any = None) -> Any:
        each = geometry.transposed_terms(problem)
        function = getattr(self.functional, f"conv_transpose{problem.rank}d")
        paddings = {"padding": each.padding, "output_padding": each.output_padding}
        full = function(geometry.pad(self.functional, y, each.zeros), w, bias, **paddings, **geometry.steps(problem))
        return geometry.pad(self.functional, full, each.crop)

    @route(
        "conv_input_grad",
        "autograd",
        script="x = {x_zeros}.requires_grad_()\ntorch.autograd.grad({conv}, x, dy)[0]",
        numbers=_DERIVED,
    )
    def autograd_input(self, problem: Problem, dy: Any, w: Any) -> Any:
        x = self.zeros_like(problem.input_shape, dy).requires_grad_()
        return self._gradient(self.convolve(problem, x, w.conj()), x, dy)

    @route(
        "conv_filter_grad",
        "autograd",
        script="w = {w_zeros}.requires_grad_()\ntorch.autograd.grad({conv}, w, dy)[0]",
        numbers=_DERIVED,
    )
    def autograd_filter(self, problem: Problem, x: Any, dy: Any) -> Any:
        w = self.zeros_like(problem.filter_shape, dy).requires_grad_()
        return self._gradient(self.convolve(problem, x.conj(), w), w, dy)

    @route(
        "conv_bias_grad",
        "autograd",
        script="x, w = {x_zeros}, {w_zeros}\nbias = dy.new_zeros({problem.bias_shape}).requires_grad_()\n"
        "torch.autograd.grad({conv_with_bias}, bias, dy)[0]",
        numbers=_DERIVED,
    )
    def autograd_bias(self, problem: Problem, dy: Any) -> Any:
        x, w = self.zeros_like(problem.input_shape, dy), self.zeros_like(problem.filter_shape, dy)
        bias = self.zeros_like(problem.bias_shape, dy).requires_grad_()
        return self._gradient(self.convolve(problem, x, w, bias), bias, dy)

    @route(
        "conv_transpose_input_grad",
        "autograd",
        script="x = {y_zeros}.requires_grad_()\ntorch.autograd.grad({transposed}, x, dy)[0]",
        numbers=_DERIVED,
        offers=(OUTPUTS,),
    )
    def autograd_transposed_input(self, problem: Problem, dx: Any, w: Any) -> Any:
        y = self.zeros_like(problem.output_shape, dx).requires_grad_()
        return self._gradient(self.transpose(problem, y, w.conj()), y, dx)

    @route(
        "conv_transpose_filter_grad",
        "autograd",
        script="w = {w_zeros}.requires_grad_()\ntorch.autograd.grad({transposed}, w, dy)[0]",
        numbers=_DERIVED,
        offers=(OUTPUTS,),
    )
    def autograd_transposed_filter(self, problem: Problem, y: Any, dx: Any) -> Any:
        w = self.zeros_like(problem.filter_shape, dx).requires_grad_()
        return self._gradient(self.transpose(problem, y.conj(), w), w, dx)

    @route("conv_input_grad", "nn.grad", script="{nn_input_grad}")
    def nn_grad_input(self, problem: Problem, dy: Any, w: Any) -> Any:
        each = geometry.terms(problem)
        function = getattr(self.torch.nn.grad, f"conv{problem.rank}d_input")
        shape = (*problem.input_shape[:2], *geometry.padded_size(problem.input_size, each.zeros))
        dx = function(shape, w, dy, problem.stride, each.padding, problem.dilation, problem.groups)
        return geometry.pad(self.functional, dx, geometry.negated(each.zeros))

    @route("conv_filter_grad", "nn.grad", script="{nn_weight_grad}")
    def nn_grad_weight(self, problem: Problem, x: Any, dy: Any) -> Any:
        each = geometry.terms(problem)
        function = getattr(self.torch.nn.grad, f"conv{problem.rank}d_weight")
        padded = geometry.pad(self.functional, x, each.zeros)
        return function(
            padded, problem.filter_shape, dy, problem.stride, each.padding, problem.dilation, problem.groups
        )

    @route("conv_input_grad", "convolution_backward", script="x = {x_zeros}\n{backward_0}")
    def backward_input(self, problem: Problem, dy: Any, w: Any) -> Any:
        return self._backward(problem, dy, self.zeros_like(problem.input_shape, dy), w, wanted=0)

    @route("conv_filter_grad", "convolution_backward", script="w = {w_zeros}\n{backward_1}")
    def backward_filter(self, problem: Problem, x: Any, dy: Any) -> Any:
        return self._backward(problem, dy, x, self.zeros_like(problem.filter_shape, dy), wanted=1)

    @route("conv_bias_grad", "convolution_backward", script="x, w = {x_zeros}, {w_zeros}\n{backward_2}")
    def backward_bias(self, problem: Problem, dy: Any) -> Any:
        return self._backward(
            problem, dy, self.zeros_like(problem.input_shape, dy), self.zeros_like(problem.filter_shape, dy), wanted=2
        )

    @route(
        "conv_transpose_input_grad",
        "convolution_backward",
        script="x = {y_zeros}\n{backward_transposed_0}",
        offers=(OUTPUTS,),
    )
    def backward_transposed_input(self, problem: Problem, dx: Any, w: Any) -> Any:
        return self._backward(problem, dx, self.zeros_like(problem.output_shape, dx), w, wanted=0, transposed=True)

    @route(
        "conv_transpose_filter_grad",
        "convolution_backward",
        script="w = {w_zeros}\n{backward_transposed_1}",
        offers=(OUTPUTS,),
    )
    def backward_transposed_filter(self, problem: Problem, y: Any, dx: Any) -> Any:
        return self._backward(problem, dx, y, self.zeros_like(problem.filter_shape, dx), wanted=1, transposed=True)

    def _backward(self, problem: Problem, dy: Any, x: Any, w: Any, wanted: int, transposed: bool = False) -> Any:
        each = geometry.transposed_terms(problem) if transposed else geometry.terms(problem)
        results = self.torch.ops.aten.convolution_backward(
            geometry.pad(self.functional, dy, geometry.negated(each.crop)),
            geometry.pad(self.functional, x, each.zeros),
            w,
            problem.bias_shape,
            problem.stride,
            each.padding,
            problem.dilation,
            transposed,
            each.output_padding,
            problem.groups,
            [index == wanted for index in range(3)],
        )
        return (
            geometry.pad(self.functional, results[0], geometry.negated(each.zeros)) if wanted == 0 else results[wanted]
        )

    def _gradient(self, result: Any, operand: Any, cotangent: Any) -> Any:
        """Return the gradient, of complex numbers the conjugate of the transpose: hence the conjugates above."""
        (gradient,) = self.torch.autograd.grad(result, operand, cotangent)
        return gradient

    def zeros_like(self, shape: Size, like: Any) -> Any:
        """Return the operand that a gradient does not depend on."""
        return self._in_memory_order(like.new_zeros(shape))

    def _in_memory_order(self, tensor: Any) -> Any:
        """Return ``tensor`` in the memory order of the mode; for rank 1, too, for which torch has no name."""
        if self.mode["layout"] == "contiguous" or tensor.ndim < 3:
            return tensor
        return tensor.movedim(1, -1).contiguous().movedim(-1, 1)

    def _order_text(self) -> str:
        return "" if self.mode["layout"] == "contiguous" else ".movedim(1, -1).contiguous().movedim(-1, 1)"


# How a script writes the gradients, of operands with the names that the operation gives them.


def _nn_grad_text(problem: Problem, kind: str) -> str:
    each = geometry.terms(problem)
    sizes = options(stride=problem.stride, padding=each.padding, dilation=problem.dilation, groups=problem.groups)
    function = f"torch.nn.grad.conv{problem.rank}d_{kind}"
    if kind == "weight":
        return f"{function}({geometry.pad_text('x', each.zeros)}, {problem.filter_shape}, dy{sizes})"
    shape = (*problem.input_shape[:2], *geometry.padded_size(problem.input_size, each.zeros))
    return geometry.pad_text(f"{function}({shape}, w, dy{sizes})", geometry.negated(each.zeros))


def _backward_text(problem: Problem, result: int, transposed: bool) -> str:
    each = geometry.transposed_terms(problem) if transposed else geometry.terms(problem)
    operands = f"{geometry.pad_text('dy', geometry.negated(each.crop))}, {geometry.pad_text('x', each.zeros)}, w"
    sizes = f"{problem.stride}, {each.padding}, {problem.dilation}, {transposed}, {each.output_padding}"
    mask = [index == result for index in range(3)]
    call = f"convolution_backward({operands}, {problem.bias_shape}, {sizes}, {problem.groups}, {mask})[{result}]"
    return geometry.pad_text(f"torch.ops.aten.{call}", geometry.negated(each.zeros) if result == 0 else ())
