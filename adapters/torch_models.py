"""Back ends that run what ``torch.export`` makes of PyTorch's functions: they give ``load(exported)``."""

from collections.abc import Callable, Mapping
from functools import partial
from typing import Any, ClassVar

from convformance.adapters import torch_geometry as geometry
from convformance.adapters.beyond import FOLLOWED, numbers
from convformance.adapters.bits import dtype_named
from convformance.adapters.contract import Adapter, route
from convformance.adapters.notation import Notation, options
from convformance.adapters.shapes import check_no_crop, part_of_full, slices_text
from convformance.reference.arrays import Array
from convformance.reference.following import normalises
from convformance.reference.geometry import Size
from convformance.reference.problem import THEN, Problem

_RUN = """\
def run(function, x, *stored):
    class Model(torch.nn.Module):
        def forward(self, x):
            return function(x, *self.stored)
    model = Model()
    model.stored = torch.nn.ParameterList(stored)
    exported = torch.export.export(model.eval(), (x,))
    {running}"""

Function = Callable[..., Any]


class TorchModels(Adapter):
    """A back end that runs exported models of ``F.conv`` and ``F.conv_transpose``, and of what follows.

    A subclass gives ``load(exported)``, a function of the inputs of a model; of the types ``stored``, all operands but
    the first are parameters of the model, which is then made for each question. ``imports`` are the lines of a script
    behind those of torch, ``running_text`` gives those that run ``exported`` on ``x``, the last one with ``return``.
    """

    refusals: ClassVar[tuple[str, ...]] = geometry.REFUSALS
    imports: ClassVar[tuple[str, ...]] = ()
    stored: tuple[str, ...] = ()

    def __init__(self, **mode: str) -> None:
        super().__init__(**mode)
        import torch

        self.torch: Any = torch
        self.functional: Any = torch.nn.functional
        torch.set_num_threads(1)

    def load(self, exported: Any) -> Function:
        """Return the exported model as a function of its inputs."""
        raise NotImplementedError(f"{type(self).__name__} gives no load(exported)")

    def running_text(self) -> str:
        """Return the lines that run ``exported`` on ``x`` in this mode."""
        raise NotImplementedError(f"{type(self).__name__} gives no running_text()")

    def notation(self) -> Notation:
        """Return how a script writes a model, which has the filter as a parameter, and runs it."""
        run = _RUN.format(running=self.running_text().replace("\n", "\n    "))
        setup = "import torch", "import torch.nn.functional as F", *self.imports, run
        return Notation(setup, "torch.tensor({numbers}, dtype=torch.{dtype})", strided="")

    def to_native(self, array: Array) -> Any:
        return geometry.tensor_over(self.torch, array)

    def to_numpy(self, native: Any) -> Array:
        return geometry.array_of(self.torch, native)

    def script_fields(self, problem: Problem, names: Mapping[str, str], bias: str) -> Mapping[str, str]:
        """Return either call, in a model whose parameters are the other operands."""
        calls = {"conv": geometry.conv_text(problem, bias), "transposed": _transposed_text(problem, bias)}
        return {name: f"run(lambda x, w{bias}: {call}, x, w{bias})" for name, call in calls.items()}

    @route("conv", "F.conv", script="{conv}", builds=True)
    def conv(self, problem: Problem, dtype: str, bias: bool = False) -> Function:
        return self._function(partial(geometry.convolved, self.functional, problem), problem, "conv", dtype, bias)

    @route("conv_transpose", "F.conv_transpose", script="{transposed}", builds=True)
    def conv_transpose(self, problem: Problem, dtype: str, bias: bool = False) -> Function:
        return self._function(partial(self._transposed, problem), problem, "conv_transpose", dtype, bias)

    @route("conv", "F.conv and what follows", domain=FOLLOWED, offers=(THEN,), builds=True)
    def followed(self, problem: Problem, dtype: str, bias: bool = False) -> Function:
        has_numbers = normalises(problem.then)
        constants = numbers(problem.out_channels, dtype_named(dtype), self.to_native) if has_numbers else ()

        def call(*operands: Any) -> Any:
            y = geometry.convolved(self.functional, problem, *operands)
            return geometry.followed(self.functional, problem, y, constants)

        return self._function(call, problem, "conv", dtype, bias)

    def _transposed(self, problem: Problem, y: Any, w: Any, bias: Any = None) -> Any:
        padding, window = _crop(problem)
        function = getattr(self.functional, f"conv_transpose{problem.rank}d")
        full = function(y, w, bias, padding=padding, output_padding=problem.output_padding, **geometry.steps(problem))
        return full[:, :, *window] if window else full

    def _function(self, call: Function, problem: Problem, operation: str, dtype: str, bias: bool) -> Function:
        """Return a function of the operands: its model is made once if none of them is a parameter of the model."""
        if dtype in self.stored:
            return lambda first, *stored: self._loaded(call, (first,), stored)(first)
        shapes = [*problem.operand_shapes(operation), *([problem.operation_bias_shape(operation)] if bias else [])]
        kind = getattr(self.torch, dtype)
        return self._loaded(call, tuple(self.torch.zeros(shape, dtype=kind) for shape in shapes), ())

    def _loaded(self, call: Function, operands: tuple[Any, ...], stored: tuple[Any, ...]) -> Function:
        return self.load(self.torch.export.export(_model(self.torch, call, stored), operands))


def _model(torch: Any, call: Function, stored: tuple[Any, ...]) -> Any:
    """Return a model that calls ``call`` on its inputs and its parameters."""

    class Model(torch.nn.Module):  # type: ignore[misc]
        def __init__(self) -> None:
            super().__init__()
            self.stored = torch.nn.ParameterList(stored)

        def forward(self, *operands: Any) -> Any:
            return call(*operands, *self.stored)

    return Model().eval()


def _crop(problem: Problem) -> tuple[Size, tuple[slice, ...]]:
    """Return what a transposed convolution takes off both sides, or the part that is wanted where they differ."""
    if geometry.pads_alike(problem):
        return problem.lows, ()
    check_no_crop(problem)
    return (0,) * problem.rank, part_of_full(problem)


def _transposed_text(problem: Problem, bias: str) -> str:
    padding, window = _crop(problem)
    arguments = options(padding=padding, output_padding=problem.output_padding, **geometry.steps(problem))
    cropped = f"[:, :, {slices_text(window)}]" if window else ""
    return f"F.conv_transpose{problem.rank}d(x, w{bias}{arguments}){cropped}"
