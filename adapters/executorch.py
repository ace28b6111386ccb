"""ExecuTorch: convolutions of PyTorch, exported, lowered to XNNPACK or to its own kernels, and run by its runtime."""

from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import Any, ClassVar

from convformance.adapters import known, known_executorch
from convformance.adapters.beyond import FOLLOWED, numbers
from convformance.adapters.bits import BFLOAT16, dtype_named, from_bits, to_bits
from convformance.adapters.contract import Adapter, route
from convformance.adapters.notation import Notation, options
from convformance.adapters.shapes import check_no_crop, part_of_full, slices_text
from convformance.reference.arrays import Array
from convformance.reference.following import EPSILON, normalises, rectifies
from convformance.reference.geometry import Size
from convformance.reference.problem import THEN, Problem

_SYMBOLS = {"valid": "valid", "same_upper": "same"}
# The types that XNNPACK computes; it takes a filter and a bias that are parameters of the model. Others go elsewhere.
_XNNPACK = ("float32", "float16")
_SETUP = (
    "import torch",
    "import torch.nn.functional as F",
    "from executorch.backends.xnnpack.partition.xnnpack_partitioner import XnnpackPartitioner",
    "from executorch.exir import to_edge_transform_and_lower",
    "from executorch.runtime import Runtime",
)
_RUN = """\
def run(function, x, *stored):
    class Model(torch.nn.Module):
        def forward(self, x):
            return function(x, *self.stored)
    model = Model()
    model.stored = torch.nn.ParameterList(stored)
    exported = torch.export.export(model.eval(), (x,))
    lowered = to_edge_transform_and_lower(exported, partitioner=[{partitioner}])
    program = Runtime.get().load_program(lowered.to_executorch().buffer)
    return program.load_method("forward").execute((x,))[0]"""

Function = Callable[..., Any]


class Executorch(Adapter):
    """ExecuTorch on the CPU; ``backend`` is XNNPACK, or nothing but its own kernels."""

    name = "executorch"
    known_divergences = known_executorch.KNOWN
    kinds_seen = known.KINDS_SEEN[:1]
    looked_at = "1.5.1"
    requires = ("executorch", "torch")
    options: ClassVar[Mapping[str, tuple[str, ...]]] = {"backend": ("xnnpack", "portable")}
    refusals = (
        r"failed with error 0x1[0-2]$",  # what is not supported, not implemented, or an invalid argument
        r"padding='same' is not supported for strided convolutions",
        r"Kernel size can't be greater than actual input size",
        r"Only zero batch or zero channel inputs are supported",
        r"0 in strides is not supported for ExecuTorch",
    )

    def __init__(self, **mode: str) -> None:
        super().__init__(**mode)
        import torch
        from executorch.backends.xnnpack.partition.xnnpack_partitioner import XnnpackPartitioner
        from executorch.exir import to_edge_transform_and_lower
        from executorch.runtime import Runtime

        self.torch: Any = torch
        self.functional: Any = torch.nn.functional
        torch.set_num_threads(1)
        self.partitioner = [XnnpackPartitioner()] if self.mode["backend"] == "xnnpack" else []
        self.lower = to_edge_transform_and_lower
        self.runtime = Runtime.get()

    def notation(self) -> Notation:
        """Return how a script writes a model, which has the filter as a parameter, and runs it."""
        partitioner = "XnnpackPartitioner()" if self.partitioner else ""
        setup = *_SETUP, _RUN.format(partitioner=partitioner)
        return Notation(setup, "torch.tensor({numbers}, dtype=torch.{dtype})", strided="")

    def to_native(self, array: Array) -> Any:
        tensor = self.torch.from_numpy(to_bits(array))
        return tensor.view(self.torch.bfloat16) if array.dtype == BFLOAT16 else tensor

    def to_numpy(self, native: Any) -> Array:
        is_brain = native.dtype == self.torch.bfloat16
        array: Array = native.view(self.torch.uint16).numpy() if is_brain else native.numpy()
        return from_bits(array) if is_brain else array

    def script_fields(self, problem: Problem, names: Mapping[str, str], bias: str) -> Mapping[str, str]:
        """Return either call, in a model whose parameters are the other operands."""
        zeros, padding = _padding(problem)
        padded = f"F.pad(x, {zeros})" if any(zeros) else "x"
        conv = f"F.conv{problem.rank}d({padded}, w{bias}{options(padding=padding, **_steps(problem))})"
        padding, window = _crop(problem)
        steps = options(padding=padding, output_padding=problem.output_padding, **_steps(problem))
        transposed = f"F.conv_transpose{problem.rank}d(x, w{bias}{steps})"
        if window:
            transposed += f"[:, :, {slices_text(window)}]"
        calls = {"conv": conv, "transposed": transposed}
        return {name: f"run(lambda x, w{bias}: {call}, x, w{bias})" for name, call in calls.items()}

    @route("conv", "F.conv", script="{conv}", builds=True)
    def conv(self, problem: Problem, dtype: str, bias: bool = False) -> Function:
        return self._function(partial(self._convolved, problem), problem, "conv", dtype, bias)

    @route("conv_transpose", "F.conv_transpose", script="{transposed}", builds=True)
    def conv_transpose(self, problem: Problem, dtype: str, bias: bool = False) -> Function:
        return self._function(partial(self._transposed, problem), problem, "conv_transpose", dtype, bias)

    @route("conv", "F.conv and what follows", domain=FOLLOWED, offers=(THEN,), builds=True)
    def followed(self, problem: Problem, dtype: str, bias: bool = False) -> Function:
        constants = (
            numbers(problem.out_channels, dtype_named(dtype), self.to_native) if normalises(problem.then) else ()
        )
        return self._function(partial(self._followed, problem, constants), problem, "conv", dtype, bias)

    def _convolved(self, problem: Problem, x: Any, w: Any, bias: Any = None) -> Any:
        zeros, padding = _padding(problem)
        x = self.functional.pad(x, zeros) if any(zeros) else x
        function = getattr(self.functional, f"conv{problem.rank}d")
        return function(x, w, bias, padding=padding, **_steps(problem))

    def _transposed(self, problem: Problem, y: Any, w: Any, bias: Any = None) -> Any:
        padding, window = _crop(problem)
        function = getattr(self.functional, f"conv_transpose{problem.rank}d")
        full = function(y, w, bias, padding=padding, output_padding=problem.output_padding, **_steps(problem))
        return full[:, :, *window] if window else full

    def _followed(self, problem: Problem, constants: Sequence[Any], x: Any, w: Any, bias: Any = None) -> Any:
        y = self._convolved(problem, x, w, bias)
        if constants:
            mean, variance, shift, scale = constants
            y = self.functional.batch_norm(y, mean, variance, scale, shift, eps=EPSILON)
        return self.functional.relu(y) if rectifies(problem.then) else y

    def _function(self, call: Function, problem: Problem, operation: str, dtype: str, bias: bool) -> Function:
        """Return a function of the operands: its program is made once if none of them is a parameter of the model."""
        if self.partitioner and dtype in _XNNPACK:
            return lambda first, *stored: self._program(call, (first,), stored)(first)
        shapes = [*problem.operand_shapes(operation), *([problem.operation_bias_shape(operation)] if bias else [])]
        kind = getattr(self.torch, dtype)
        return self._program(call, tuple(self.torch.zeros(shape, dtype=kind) for shape in shapes), ())

    def _program(self, call: Function, operands: tuple[Any, ...], stored: tuple[Any, ...]) -> Function:
        """Return what the runtime loads of a model that calls ``call``; ``stored`` are its parameters."""
        exported = self.torch.export.export(_model(self.torch, call, stored), operands)
        lowered = self.lower(exported, partitioner=self.partitioner)
        program = self.runtime.load_program(lowered.to_executorch().buffer)  # a method alone outlives its bytes
        return lambda *operands: program.load_method("forward").execute([each.contiguous() for each in operands])[0]


def _model(torch: Any, call: Function, stored: tuple[Any, ...]) -> Any:
    """Return a model that calls ``call`` on its inputs and its parameters."""

    class Model(torch.nn.Module):  # type: ignore[misc]
        def __init__(self) -> None:
            super().__init__()
            self.stored = torch.nn.ParameterList(stored)

        def forward(self, *operands: Any) -> Any:
            return call(*operands, *self.stored)

    return Model().eval()


def _steps(problem: Problem) -> dict[str, Any]:
    return {"stride": problem.stride, "dilation": problem.dilation, "groups": problem.groups}


def _padding(problem: Problem) -> tuple[list[int], Size | str]:
    """Return what ``F.pad`` adds, the last axis first, and what is left for the convolution, alike on both sides."""
    word = _SYMBOLS.get(problem.symbol or "")
    if word or (problem.lows == problem.highs and min(problem.lows) >= 0):
        return [], word or problem.lows
    return [entry for pair in reversed(problem.padding) for entry in pair], (0,) * problem.rank


def _crop(problem: Problem) -> tuple[Size, tuple[slice, ...]]:
    """Return what a transposed convolution takes off both sides, or the part that is wanted where they differ."""
    if problem.lows == problem.highs and min(problem.lows) >= 0:
        return problem.lows, ()
    check_no_crop(problem)
    return (0,) * problem.rank, part_of_full(problem)
