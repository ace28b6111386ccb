"""Back ends that run ONNX models: they give ``run(model, feeds)``, or ``load(model)``, and have every route."""

from collections.abc import Callable, Mapping
from functools import partial
from typing import Any, ClassVar

import numpy as np

from convformance.adapters import onnx_graphs
from convformance.adapters.beyond import FOLLOWED, NORMALISED, repeated
from convformance.adapters.contract import Adapter, Domain, of_numbers, route
from convformance.adapters.onnx_graphs import BORDERS, Graph
from convformance.reference.arrays import Array
from convformance.reference.dtypes import INTEGERS, operand_dtypes, result_dtype
from convformance.reference.geometry import Size
from convformance.reference.problem import BORDER, OUTPUTS, THEN, Problem

_REPEATED = repeated(BORDERS)
_BYTES = of_numbers("int8 and uint8, with zero points", *(set(INTEGERS) - {"int32"}), zero_points=True)
# The upstream is the filter of a node there, and has no elements where the output is empty.
_FILTER_GRADIENT = Domain(
    "an output with elements; no negative padding in front of an axis",
    lambda request: 0 not in request.problem.output_shape and min(request.problem.lows) >= 0,
)

Feeds = Mapping[str, Array]
Loaded = Callable[[Feeds], Any]


class OnnxOperators(Adapter):
    """A back end that runs ONNX models of ``Conv`` and ``ConvTranspose``, and what stands before and behind them.

    A subclass gives ``run(model, feeds)``, the result of a serialised model on arrays by the names of its inputs; one
    that compiles gives ``load(model)``, a function of the feeds, which is called once for a problem. In the mode
    ``filter=constant`` the filter is a constant of the model, as in exported ones. ``running`` are the lines of a
    script that run ``model`` on ``inputs``, the last one an expression; ``notation`` has to import what they need.
    """

    requires: ClassVar[tuple[str, ...]] = ("onnx",)
    options: ClassVar[Mapping[str, tuple[str, ...]]] = {"filter": ("input", "constant")}
    running: ClassVar[str] = ""

    def __init__(self, **mode: str) -> None:
        super().__init__(**mode)
        import onnx

        self.onnx: Any = onnx

    def run(self, model: bytes, feeds: Feeds) -> Any:
        """Return the only result of a serialised model."""
        raise NotImplementedError(f"{type(self).__name__} gives neither run(model, feeds) nor load(model)")

    def load(self, model: bytes) -> Loaded:
        """Return the model as a function of its inputs, compiled where the back end compiles."""
        return partial(self.run, model)

    def script_fields(self, problem: Problem, names: Mapping[str, str], bias: str) -> Mapping[str, str]:
        """Return the lines that make each model and run it."""
        first = names.get("input") or names["output"]
        is_constant = self.mode.get("filter") == "constant"
        graphs = {
            "conv": onnx_graphs.convolution(problem),
            "conv_transpose": onnx_graphs.transposed(problem),
            "bordered": onnx_graphs.bordered(problem),
        }
        texts = {name: graph.text(first, bias, self.running, constant=is_constant) for name, graph in graphs.items()}
        return {**texts, "folded": graphs["conv"].text(first, bias, self.running, constant=True)}

    @route("conv", "Conv", script="{conv}", builds=True)
    def onnx_conv(self, problem: Problem, dtype: str, bias: bool = False) -> Any:
        """``Conv``, with ``auto_pad`` where the padding is a symbol that ONNX has."""
        return self._of(onnx_graphs.convolution(problem), problem, "conv", dtype, bias)

    @route("conv_input_grad", "ConvTranspose", script="{conv_transpose}", builds=True)
    @route("conv_transpose", "ConvTranspose", script="{conv_transpose}", offers=(OUTPUTS,), builds=True)
    def onnx_conv_transpose(self, problem: Problem, dtype: str, bias: bool = False) -> Any:
        """``ConvTranspose`` with explicit pads and output padding."""
        return self._of(onnx_graphs.transposed(problem), problem, "conv_transpose", dtype, bias)

    @route("conv", "Pad and Conv", script="{bordered}", domain=_REPEATED, offers=(BORDER,), builds=True)
    def onnx_pad(self, problem: Problem, dtype: str, bias: bool = False) -> Any:
        return self._of(onnx_graphs.bordered(problem), problem, "conv", dtype, bias)

    @route("conv", "Conv and what follows", script="{conv}", domain=FOLLOWED, offers=(THEN,), builds=True)
    def onnx_follow(self, problem: Problem, dtype: str, bias: bool = False) -> Any:
        return self._of(onnx_graphs.convolution(problem), problem, "conv", dtype, bias)

    @route("conv", "Conv of a constant, folded", script="{folded}", domain=NORMALISED, offers=(THEN,), builds=True)
    def onnx_fold(self, problem: Problem, dtype: str, bias: bool = False) -> Any:
        return self._of(onnx_graphs.convolution(problem), problem, "conv", dtype, bias, constant=True)

    @route(
        "conv_transpose",
        "ConvTranspose and what follows",
        script="{conv_transpose}",
        domain=FOLLOWED,
        offers=(THEN,),
        builds=True,
    )
    def onnx_follow_transposed(self, problem: Problem, dtype: str, bias: bool = False) -> Any:
        return self._of(onnx_graphs.transposed(problem), problem, "conv_transpose", dtype, bias)

    def _of(
        self, graph: Graph, problem: Problem, operation: str, dtype: str, bias: bool, *, constant: bool = False
    ) -> Loaded:
        """Return a function of the operands of ``operation`` that runs ``graph``."""
        shapes = [*problem.operand_shapes(operation), *([problem.operation_bias_shape(operation)] if bias else [])]
        return self._function(graph, dict(zip(graph.operands, shapes, strict=False)), dtype, constant=constant)

    def _function(
        self, graph: Graph, shapes: Mapping[str, Size], dtype: str, *, constant: bool = False
    ) -> Callable[..., Any]:
        """Return a function of operands of these shapes: the model is made, and loaded, once if none is a constant."""
        kinds = dict(zip(shapes, (*operand_dtypes(dtype), dtype), strict=False))
        shape_and_dtype = {name: (shape, kinds[name]) for name, shape in shapes.items()}
        is_constant = constant or self.mode.get("filter") == "constant"
        stored_names = [name for name in shapes if name != "x" and (constant or name == "w")] if is_constant else []
        inputs = {name: each for name, each in shape_and_dtype.items() if name not in stored_names}

        def load(stored: Feeds) -> Loaded:
            return self.load(graph.serialised(self.onnx, inputs, stored, result_dtype(dtype)))

        loaded = None if stored_names else load({})

        def function(*operands: Array) -> Any:
            feeds = dict(zip(shapes, operands, strict=True))
            stored = {name: feeds.pop(name) for name in stored_names}
            return (loaded or load(stored))(feeds)

        return function


class OnnxIntegers(OnnxOperators):
    """One that has ``ConvInteger``, too."""

    def script_fields(self, problem: Problem, names: Mapping[str, str], bias: str) -> Mapping[str, str]:
        return {**super().script_fields(problem, names, bias), "conv_integer": self._integer_text(problem)}

    def _integer_text(self, problem: Problem) -> str:
        graph = onnx_graphs.integers(problem, ("uint8", "uint8"))
        is_constant = self.mode.get("filter") == "constant"
        return graph.text("x", "", self.running, constant=is_constant, result="int32")

    @route("conv", "ConvInteger", script="{conv_integer}", numbers=_BYTES, builds=True)
    def onnx_integers(self, problem: Problem, dtype: str) -> Any:
        """``ConvInteger``, with the zero points that are not 0."""
        return self._of(onnx_graphs.integers(problem, operand_dtypes(dtype)), problem, "conv", dtype, bias=False)


class OnnxModels(OnnxOperators):
    """One that is asked gradients of the filter, too: ``Conv`` with images and channels exchanged."""

    @route("conv_transpose_input_grad", "Conv", script="{conv}", builds=True)
    def onnx_transposed_input(self, problem: Problem, dtype: str) -> Any:
        return self._of(onnx_graphs.convolution(problem), problem, "conv", dtype, bias=False)

    @route("conv_filter_grad", "Conv", domain=_FILTER_GRADIENT, builds=True)
    def onnx_filter(self, problem: Problem, dtype: str) -> Any:
        """``Conv`` of the data by the upstream."""
        return self._filter_function(problem, dtype)

    @route("conv_transpose_filter_grad", "Conv", domain=_FILTER_GRADIENT, builds=True)
    def onnx_transposed_filter(self, problem: Problem, dtype: str) -> Any:
        """The same with the roles of data and upstream exchanged."""
        function = self._filter_function(problem, dtype)
        return lambda x, dy: function(dy, x)

    def _filter_function(self, problem: Problem, dtype: str) -> Callable[[Array, Array], Any]:
        per_group = problem.in_channels // problem.groups
        images = (per_group, problem.groups * problem.batch, *problem.input_size)
        upstream = (problem.out_channels, problem.batch, *problem.output_size)
        run = self._function(onnx_graphs.filter_gradient(problem), {"x": images, "w": upstream}, dtype)
        taps = tuple(slice(size) for size in problem.kernel_size)

        def function(large: Array, small: Array) -> Any:
            by_group = large.reshape(problem.batch, problem.groups, per_group, *problem.input_size)
            moved = np.moveaxis(by_group, (0, 1, 2), (2, 1, 0)).reshape(images)
            gradient = run(np.ascontiguousarray(moved), np.ascontiguousarray(small.swapaxes(0, 1)))
            return self.to_numpy(gradient).swapaxes(0, 1)[:, :, *taps]

        return function
