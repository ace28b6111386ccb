"""The cases of PyTorch, of ``torch.testing._internal``: samples of the operators and of the modules that convolve.

Each sample is run by PyTorch itself, and every convolution that it comes to is put to the member: with the values that
PyTorch gives as what is expected, and the default tolerances of ``torch.testing``; then, in float64, PyTorch's check of
a function's first derivatives, with the member's answers as values and as gradients. A sample without a batch is put as
a batch of one, and what a layer does before it convolves, such as padding with reflections, is done beforehand.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import partial
from importlib import import_module
from typing import Any
from unittest import mock

import ml_dtypes
import numpy as np
import torch
from torch.overrides import TorchFunctionMode
from torch.testing._internal import common_nn
from torch.testing._internal.common_methods_invocations import op_db
from torch.testing._internal.common_modules import module_db
from torch.testing._internal.common_utils import gradcheck

from convformance.reference.operation import BY_NAME
from tests.zoo.member import Array, Run
from tests.zoo.others import Call, Sample
from tests.zoo.others_geometry import forward, per_axis, transposed

_DTYPES = (torch.float64, torch.float32, torch.float16, torch.bfloat16)
# The gradients in what a convolution, or a transposed one, reads: PyTorch's check asks for both.
_GRADIENTS = {
    "conv": ("conv_input_grad", "conv_filter_grad"),
    "conv_transpose": ("conv_transpose_input_grad", "conv_transpose_filter_grad"),
}


def torch_operators() -> Iterator[Sample]:
    """Yield the samples of the operators ``conv*`` in every dtype that members have, then of their derivatives."""
    operators = [each for each in op_db if each.name.startswith("nn.functional.conv")]
    for operator in operators:
        for dtype in (dtype for dtype in _DTYPES if dtype in operator.dtypes):
            torch.manual_seed(0)
            for index, sample in enumerate(operator.sample_inputs("cpu", dtype)):
                name = f"{operator.name} {str(dtype).removeprefix('torch.')} {index}"
                yield from _samples(name, partial(operator, sample.input, *sample.args, **sample.kwargs))


def torch_modules() -> Iterator[Sample]:
    """Yield the samples of the modules ``Conv*`` and their lazy forms, of both lists, then of their derivatives."""
    for info in (each for each in module_db if "Conv" in each.name):
        for dtype in (dtype for dtype in _DTYPES if dtype in info.dtypes):
            torch.manual_seed(0)
            inputs = info.module_inputs_func(info, "cpu", dtype, requires_grad=False, training=True)
            for index, each in enumerate(inputs):
                constructor, arguments = each.constructor_input, each.forward_input
                module = info.module_cls(*constructor.args, **constructor.kwargs, dtype=dtype)
                name = f"{info.name} {str(dtype).removeprefix('torch.')} {index}"
                yield from _samples(name, partial(module, *arguments.args, **arguments.kwargs))
    for test in common_nn.get_new_module_tests():
        yield from _of_module_test(test)


def _of_module_test(test: dict[str, Any]) -> Iterator[Sample]:
    """Yield the samples of one entry of the older list, which names a class or has a constructor."""
    name = test.get("fullname") or "_".join(filter(None, (test["module_name"], test.get("desc"))))
    if "Conv" not in name:
        return
    torch.manual_seed(0)
    constructor = test.get("constructor") or getattr(torch.nn, test["module_name"])
    dtype = test.get("default_dtype", torch.float32)
    module = constructor(*test.get("constructor_args", ())).to(dtype)
    yield from _samples(f"module_tests {name}", partial(module, torch.randn(test["input_size"], dtype=dtype)))


class _Calls(TorchFunctionMode):
    """Writes down the convolutions that PyTorch is asked for, with what it answers."""

    def __init__(self) -> None:
        super().__init__()
        self.seen: list[tuple[Call, Array]] = []

    def __torch_function__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        result = func(*args, **(kwargs or {}))
        name = getattr(func, "__name__", "")
        if name.rstrip("123d") in ("conv", "conv_transpose") and name[-1:] == "d":
            read = _conv_transpose if "transpose" in name else _conv
            self.seen.append((read(int(name[-2]), result, *args, **(kwargs or {})), to_numpy(result)))
        return result


def _samples(name: str, ask: Any) -> Iterator[Sample]:
    """Yield a sample of values for each convolution that ``ask()`` comes to, and of its derivatives in float64."""
    with torch.no_grad(), _Calls() as calls:
        ask()
    for call, values in calls.seen:
        products = call.problem.multiplications
        want = to_tensor(values.reshape(call.problem.result_shape(call.operation)))
        yield Sample(name, (call.operation,), products, partial(_check_values, call, want))
        if call.arrays[0].dtype == np.float64 and call.arrays[0].size:
            gradients = (*_GRADIENTS[call.operation], *(("conv_bias_grad",) if _has_bias_gradient(call) else ()))
            check = partial(_check_derivatives, call)
            yield Sample(f"{name} derivatives", (call.operation, *gradients), products, check)


def _has_bias_gradient(call: Call) -> bool:
    return call.operation == "conv" and call.bias is not None


def _conv(
    rank: int,
    result: Any,
    input: Any,  # noqa: A002 - PyTorch's own names, as they are passed by name
    weight: Any,
    bias: Any = None,
    stride: Any = 1,
    padding: Any = 0,
    dilation: Any = 1,
    groups: int = 1,
) -> Call:
    """Return the call that a function of PyTorch makes, its padding a symbol or an int for both sides."""
    symbols = {"same": "same_upper", "valid": "valid"}
    pairs = symbols[padding] if isinstance(padding, str) else tuple((lo, lo) for lo in per_axis(padding, rank))
    x, w, b = _canonical(rank, input, weight, bias)
    return forward(x, w, b, stride=stride, padding=pairs, dilation=dilation, groups=groups)


def _conv_transpose(
    rank: int,
    result: Any,
    input: Any,  # noqa: A002 - PyTorch's own names, as they are passed by name
    weight: Any,
    bias: Any = None,
    stride: Any = 1,
    padding: Any = 0,
    output_padding: Any = 0,
    groups: int = 1,
    dilation: Any = 1,
) -> Call:
    """Return the call that a transposed function of PyTorch makes; its output padding is in the result's size."""
    large, begins = tuple(result.shape[-rank:]), per_axis(padding, rank)
    shared = {"stride": stride, "dilation": dilation, "groups": groups}
    return transposed(*_canonical(rank, input, weight, bias), result_size=large, begins=begins, **shared)


def _canonical(rank: int, x: Any, w: Any, bias: Any) -> tuple[Array, Array, Array | None]:
    """Return the operands as arrays, with a batch of one where there is none."""
    batched = x if x.ndim == rank + 2 else x.unsqueeze(0)
    return to_numpy(batched), to_numpy(w), None if bias is None else to_numpy(bias)


def _check_values(call: Call, want: Any, run: Run) -> None:
    torch.testing.assert_close(to_tensor(call.answer(run)), want)


def _check_derivatives(call: Call, run: Run) -> None:
    """Check the first derivatives as PyTorch does: numerical ones of the values beside those that are offered."""
    operands = (*call.arrays, *(() if call.bias is None else (call.bias,)))
    tensors = [to_tensor(array.copy()).requires_grad_() for array in operands]
    function = partial(_Differentiable.apply, _Implementation(call, run))
    # What is vectorised by `vmap` is PyTorch's own code, which an array of NumPy does not go through; and of a failure
    # nobody reads the text, for which all derivatives would be computed one by one.
    with mock.patch.object(import_module("torch.autograd.gradcheck"), "_run_slow_mode_and_get_error", return_value=""):
        gradcheck(function, tensors, check_batched_grad=False)


@dataclass(frozen=True)
class _Implementation:
    """A member in the part of PyTorch's kernels: one convolution, and its gradients in all that it reads."""

    call: Call
    run: Run

    def values(self, *tensors: Any) -> Any:
        """Return the answer to other operands of the same shapes."""
        arrays = [to_numpy(tensor.detach()) for tensor in tensors]
        call = Call(self.call.operation, self.call.problem, tuple(arrays[:2]), arrays[2] if len(arrays) > 2 else None)
        return to_tensor(call.answer(self.run))

    def gradients(self, dy: Any, *tensors: Any) -> list[Any]:
        """Return the gradients in the operands, and in the bias where there is one.

        Each is copied at once, as an implementation may write the next into the same memory.
        """
        arrays = [to_numpy(tensor.detach()) for tensor in (dy, *tensors)]
        results = [to_tensor(self._gradient(name, *arrays[:3])) for name in _GRADIENTS[self.call.operation]]
        if self.call.bias is not None:
            results.append(to_tensor(self._bias_gradient(arrays[0])))
        return results

    def _gradient(self, operation: str, dy: Array, x: Array, w: Array) -> Array:
        by_name = {"dy": dy, "x": x, "w": w}
        operands = tuple(by_name[name] for name in BY_NAME[operation].operands)
        return Call(operation, self.call.problem, operands).answer(self.run)

    def _bias_gradient(self, dy: Array) -> Array:
        """Return the gradient in the bias; that of a transposed convolution is none of the seven operations."""
        if not _has_bias_gradient(self.call):
            return np.asarray(dy.sum(axis=(0, *range(2, dy.ndim))))
        return Call("conv_bias_grad", self.call.problem, (dy,)).answer(self.run)


class _Differentiable(torch.autograd.Function):
    """An implementation as a function that PyTorch differentiates."""

    @staticmethod
    def forward(ctx: Any, implementation: _Implementation, *tensors: Any) -> Any:
        ctx.implementation = implementation
        ctx.save_for_backward(*tensors)
        return implementation.values(*tensors)

    @staticmethod
    @torch.autograd.function.once_differentiable
    def backward(ctx: Any, dy: Any) -> Any:
        return None, *ctx.implementation.gradients(dy, *ctx.saved_tensors)


def to_numpy(tensor: Any) -> Array:
    """Return the tensor as an array of its own memory, bfloat16 included."""
    tensor = tensor.detach().contiguous()
    if tensor.dtype == torch.bfloat16:
        return tensor.view(torch.int16).numpy().view(ml_dtypes.bfloat16).copy()
    return np.array(tensor.numpy())


def to_tensor(array: Array) -> Any:
    """Return the array as a tensor, bfloat16 included."""
    if array.dtype == ml_dtypes.bfloat16:
        return torch.from_numpy(np.ascontiguousarray(array).view(np.int16)).view(torch.bfloat16)
    return torch.from_numpy(np.array(array, order="C"))
