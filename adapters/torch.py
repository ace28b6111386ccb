"""PyTorch: ``torch.nn.functional``, autograd, ``torch.nn.grad`` and the ATen operator below them, for ranks 1 to 3.

What torch has no argument for goes through ``F.pad``: it pads and crops, and gradients flow through it.
"""

from collections.abc import Callable, Mapping
from typing import Any, ClassVar, NamedTuple

import ml_dtypes
import numpy as np

from convformance.adapters import known, known_derivatives, known_raw
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
from convformance.reference.geometry import Pairs, Size
from convformance.reference.problem import OUTPUTS, Problem

# The paddings torch has a word for; its "same" puts the odd element at the end.
_PADDING_NAMES = {"valid": "valid", "same_upper": "same"}
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
        r"Kernel size can't be greater than actual input size",
        r"padding='same' is not supported for strided convolutions",
        r"Only zero batch or zero channel inputs are supported",
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
        if array.dtype == ml_dtypes.bfloat16:  # NumPy and torch know the type by different names: hand over the bits
            tensor = self.torch.from_numpy(array.view(np.int16)).view(self.torch.bfloat16)
        else:
            tensor = self.torch.from_numpy(array)
        return self._in_memory_order(tensor if self.on_cpu else tensor.to(self.mode["device"]))

    def to_numpy(self, native: Any) -> Array:
        """Return the tensor as a NumPy array on the host."""
        tensor = native.detach().cpu()
        if tensor.dtype == self.torch.bfloat16:
            bits: Array = tensor.view(self.torch.int16).numpy()
            return bits.view(ml_dtypes.bfloat16)
        return np.asarray(tensor.numpy())

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
        fields["conv"] = _conv_text(problem, bias)
        fields["conv_with_bias"] = _conv_text(problem, ", bias")
        fields["transposed"] = _transposed_text(problem, names.get("output", "x"), bias)
        for kind in ("input", "weight"):
            fields[f"nn_{kind}_grad"] = _nn_grad_text(problem, kind)
        for result in range(3):
            fields[f"backward_{result}"] = _backward_text(problem, result, transposed=False)
            fields[f"backward_transposed_{result}"] = _backward_text(problem, result, transposed=True)
        return fields | self._beyond_fields(problem, bias)

    @route("conv", "F.conv", script="{conv}", numbers=_NUMBERS)
    def convolve(self, problem: Problem, x: Any, w: Any, bias: Any = None) -> Any:
        """``F.conv1d``, ``F.conv2d`` or ``F.conv3d``, with torch's own word for a symbolic padding."""
        terms = _conv_terms(problem)
        function = getattr(self.functional, f"conv{problem.rank}d")
        x = self._pad(x, terms.zeros)
        return function(x, w, bias, problem.stride, terms.padding, problem.dilation, problem.groups)

    @route("conv_input_grad", "F.conv_transpose", script="{transposed}", numbers=_NUMBERS)
    @route("conv_transpose", "F.conv_transpose", script="{transposed}", numbers=_NUMBERS, offers=(OUTPUTS,))
    def transpose(self, problem: Problem, y: Any, w: Any, bias: Any = None) -> Any:
        terms = _transposed_terms(problem)
        function = getattr(self.functional, f"conv_transpose{problem.rank}d")
        padded = self._pad(y, terms.zeros)
        full = function(
            padded, w, bias, problem.stride, terms.padding, terms.output_padding, problem.groups, problem.dilation
        )
        return self._pad(full, terms.crop)

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
        terms = _terms(problem)
        function = getattr(self.torch.nn.grad, f"conv{problem.rank}d_input")
        shape = (*problem.input_shape[:2], *_padded(problem.input_size, terms.zeros))
        dx = function(shape, w, dy, problem.stride, terms.padding, problem.dilation, problem.groups)
        return self._pad(dx, _negated(terms.zeros))

    @route("conv_filter_grad", "nn.grad", script="{nn_weight_grad}")
    def nn_grad_weight(self, problem: Problem, x: Any, dy: Any) -> Any:
        terms = _terms(problem)
        function = getattr(self.torch.nn.grad, f"conv{problem.rank}d_weight")
        padded = self._pad(x, terms.zeros)
        return function(
            padded, problem.filter_shape, dy, problem.stride, terms.padding, problem.dilation, problem.groups
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
        terms = _transposed_terms(problem) if transposed else _terms(problem)
        results = self.torch.ops.aten.convolution_backward(
            self._pad(dy, _negated(terms.crop)),
            self._pad(x, terms.zeros),
            w,
            problem.bias_shape,
            problem.stride,
            terms.padding,
            problem.dilation,
            transposed,
            terms.output_padding,
            problem.groups,
            [index == wanted for index in range(3)],
        )
        return self._pad(results[0], _negated(terms.zeros)) if wanted == 0 else results[wanted]

    def _gradient(self, result: Any, operand: Any, cotangent: Any) -> Any:
        """Return the gradient, of complex numbers the conjugate of the transpose: hence the conjugates above."""
        (gradient,) = self.torch.autograd.grad(result, operand, cotangent)
        return gradient

    def _pad(self, tensor: Any, pairs: Pairs) -> Any:
        """Return ``tensor`` padded or cropped; ``F.pad`` wants the last axis first."""
        return self.functional.pad(tensor, _last_axis_first(pairs)) if any(map(any, pairs)) else tensor

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


class _Terms(NamedTuple):
    """A geometry as torch can say it: its arguments, what ``F.pad`` adds before, and what it takes away after."""

    padding: Size | str
    output_padding: Size
    zeros: Pairs
    crop: Pairs = ()


def _terms(problem: Problem) -> _Terms:
    """Return a convolution's terms: torch pads both ends alike."""
    none = (0,) * problem.rank
    if all(lo == hi >= 0 for lo, hi in problem.padding):
        return _Terms(tuple(lo for lo, _ in problem.padding), none, ())
    return _Terms(none, none, problem.padding)


def _conv_terms(problem: Problem) -> _Terms:
    """Return a convolution's terms for ``F.conv``, which has its own names for some paddings."""
    terms = _terms(problem)
    name = _PADDING_NAMES.get(problem.symbol or "")
    return terms._replace(padding=name, zeros=()) if name else terms


def _transposed_terms(problem: Problem) -> _Terms:
    """Return a transposed convolution's terms: torch's own, or the crop of a result without padding.

    Where that result does not reach, zeros round the operand let torch itself compute what lies there.
    """
    steps = zip(problem.output_padding, problem.stride, problem.dilation, strict=True)
    if all(lo == hi >= 0 for lo, hi in problem.padding) and all(0 <= extra < max(s, d) for extra, s, d in steps):
        return _Terms(tuple(lo for lo, _ in problem.padding), problem.output_padding, ())
    axes = zip(
        problem.input_size, problem.output_size, problem.effective_kernel, problem.stride, problem.padding, strict=True
    )
    zeros, crop = zip(*(_cropped_axis(i, (o - 1) * s + e, s, lo) for i, o, e, s, (lo, _) in axes), strict=True)
    none = (0,) * problem.rank
    return _Terms(none, none, zeros, crop)


def _cropped_axis(size: int, full: int, stride: int, lo: int) -> tuple[tuple[int, int], tuple[int, int]]:
    """Return the zeros before and after the operand, and the padding (never positive) of its result, for one axis.

    The result without padding has ``full`` elements; those from ``lo`` on are wanted, ``size`` of them.
    """
    before, after = -(min(lo, 0) // stride), -(min(full - size - lo, 0) // stride)
    start = lo + before * stride
    return (before, after), (-start, size + start - full - (before + after) * stride)


def _padded(size: Size, pairs: Pairs) -> Size:
    return tuple(entry + lo + hi for entry, (lo, hi) in zip(size, pairs, strict=True)) if pairs else size


def _negated(pairs: Pairs) -> Pairs:
    return tuple((-lo, -hi) for lo, hi in pairs)


def _last_axis_first(pairs: Pairs) -> list[int]:
    return [entry for pair in reversed(pairs) for entry in pair]


# How a script writes the calls above, of operands with the names that the operation gives them.


def _pad_text(tensor: str, pairs: Pairs) -> str:
    return f"F.pad({tensor}, {_last_axis_first(pairs)})" if any(map(any, pairs)) else tensor


def _conv_text(problem: Problem, bias: str) -> str:
    terms = _conv_terms(problem)
    geometry = options(stride=problem.stride, padding=terms.padding, dilation=problem.dilation, groups=problem.groups)
    return f"F.conv{problem.rank}d({_pad_text('x', terms.zeros)}, w{bias}{geometry})"


def _transposed_text(problem: Problem, small: str, bias: str) -> str:
    terms = _transposed_terms(problem)
    paddings = options(padding=terms.padding, output_padding=terms.output_padding)
    geometry = options(stride=problem.stride, dilation=problem.dilation, groups=problem.groups)
    call = f"F.conv_transpose{problem.rank}d({_pad_text(small, terms.zeros)}, w{bias}{paddings}{geometry})"
    return _pad_text(call, terms.crop)


def _nn_grad_text(problem: Problem, kind: str) -> str:
    terms = _terms(problem)
    geometry = options(stride=problem.stride, padding=terms.padding, dilation=problem.dilation, groups=problem.groups)
    function = f"torch.nn.grad.conv{problem.rank}d_{kind}"
    if kind == "weight":
        return f"{function}({_pad_text('x', terms.zeros)}, {problem.filter_shape}, dy{geometry})"
    shape = (*problem.input_shape[:2], *_padded(problem.input_size, terms.zeros))
    return _pad_text(f"{function}({shape}, w, dy{geometry})", _negated(terms.zeros))


def _backward_text(problem: Problem, result: int, transposed: bool) -> str:
    terms = _transposed_terms(problem) if transposed else _terms(problem)
    operands = f"{_pad_text('dy', _negated(terms.crop))}, {_pad_text('x', terms.zeros)}, w"
    geometry = f"{problem.stride}, {terms.padding}, {problem.dilation}, {transposed}, {terms.output_padding}"
    mask = [index == result for index in range(3)]
    call = f"convolution_backward({operands}, {problem.bias_shape}, {geometry}, {problem.groups}, {mask})[{result}]"
    return _pad_text(f"torch.ops.aten.{call}", _negated(terms.zeros) if result == 0 else ())
