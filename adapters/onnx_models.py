"""Back ends that run ONNX models: they give the lines of a script that do so, or functions, and have every route."""

from collections.abc import Callable, Mapping
from contextlib import nullcontext
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, ClassVar

import numpy as np

from convformance.adapters import onnx_graphs
from convformance.adapters.beyond import FOLLOWED, NORMALISED, repeated
from convformance.adapters.contract import Refusal, of_numbers, route
from convformance.adapters.onnx_graphs import BORDERS, Graph
from convformance.adapters.written import Texts
from convformance.reference.arrays import Array
from convformance.reference.dtypes import INTEGERS, operand_dtypes, result_dtype
from convformance.reference.geometry import Size
from convformance.reference.problem import BORDER, OUTPUTS, THEN, Problem

_REPEATED = repeated(BORDERS)
_BYTES = of_numbers("int8 and uint8, with zero points", *(set(INTEGERS) - {"int32"}), zero_points=True)

_FOLDER = "{folder}"

Feeds = Mapping[str, Array]
Loaded = Callable[[Feeds], Any]


class OnnxOperators(Texts):
    """A back end that runs ONNX models of ``Conv`` and ``ConvTranspose``, and what stands before and behind them.

    A subclass gives lines, which are run as a script shows them: ``loading`` those that load ``model``, once for a
    problem, ``running`` those that run it on ``inputs``, arrays by their names, the last one an expression, and
    ``imports`` those that import what either needs beside NumPy; others among them stand behind every import.
    ``{folder}`` in ``loading`` is a folder that is gone once the model is loaded, and nothing in a script.

    In their place may stand ``run(model, feeds)``, the result of a serialised model on arrays by the names of its
    inputs, or ``load(model)``, a function of the feeds, which is called once for a problem; the lines are then those of
    a script alone. In the mode ``filter=constant`` the filter is a constant of the model, as in exported ones.
    """

    requires: ClassVar[tuple[str, ...]] = ("onnx",)
    options: ClassVar[Mapping[str, tuple[str, ...]]] = {"filter": ("input", "constant")}
    imports: ClassVar[tuple[str, ...]] = ()
    loading: str = ""
    running: str = ""

    def __init__(self, **mode: str) -> None:
        import onnx

        self.onnx: Any = onnx
        lines = "import numpy as np", *self.imports, "from onnx import helper, numpy_helper"
        self.setup = tuple(sorted(lines, key=lambda line: not line.startswith(("import ", "from "))))
        super().__init__(**mode)

    @property
    def _stored(self) -> tuple[str, ...]:
        """The operands that are constants of the model in this mode."""
        return ("w",) if self.mode.get("filter") == "constant" else ()

    def run(self, model: bytes, feeds: Feeds) -> Any:
        """Return the only result of a serialised model."""
        return self.load(model)(feeds)

    def load(self, model: bytes) -> Loaded:
        """Return the model as a function of its inputs, compiled where the back end compiles."""
        if type(self).run is not OnnxOperators.run:
            return partial(self.run, model)
        if not self.running:
            raise NotImplementedError(f"{type(self).__name__} gives neither running, run(model, feeds) nor load(model)")
        with TemporaryDirectory() if _FOLDER in self.loading else nullcontext("") as folder:
            lines = self.loading.replace(_FOLDER, f"{Path(folder).as_posix()}/")
            names = self.names_after(lines, model=self.onnx.load_from_string(model))
        return lambda feeds: self.value(self.running, **names, inputs=feeds)

    def running_text(self) -> str:
        """Return the lines of a script that load ``model`` and run it."""
        return "\n".join(filter(None, (self.loading.replace(_FOLDER, ""), self.running)))

    def script_fields(self, problem: Problem, names: Mapping[str, str], bias: str) -> Mapping[str, str]:
        """Return the lines that make each model and run it."""
        first = names.get("input") or names["output"]
        graphs = {
            "conv": onnx_graphs.convolution(problem),
            "conv_transpose": onnx_graphs.transposed(problem),
            "bordered": onnx_graphs.bordered(problem),
        }
        running = self.running_text()
        texts = {name: graph.text(first, bias, running, stored=self._stored) for name, graph in graphs.items()}
        return {**texts, "folded": graphs["conv"].text(first, bias, running, stored=("w", "bias"))}

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
        formats = {name: (shape, kinds[name]) for name, shape in shapes.items()}
        stored_names = [name for name in shapes if name in (("w", "bias") if constant else self._stored)]
        inputs = {name: each for name, each in formats.items() if name not in stored_names}

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
        return graph.text("x", "", self.running_text(), stored=self._stored, result="int32")

    @route("conv", "ConvInteger", script="{conv_integer}", numbers=_BYTES, builds=True)
    def onnx_integers(self, problem: Problem, dtype: str) -> Any:
        """``ConvInteger``, with the zero points that are not 0."""
        return self._of(onnx_graphs.integers(problem, operand_dtypes(dtype)), problem, "conv", dtype, bias=False)


class OnnxModels(OnnxOperators):
    """One that is asked gradients of the filter, too: ``Conv`` with images and channels exchanged."""

    def script_fields(self, problem: Problem, names: Mapping[str, str], bias: str) -> Mapping[str, str]:
        return {**super().script_fields(problem, names, bias), "filter_gradient": self._filter_text(problem, names)}

    def _filter_text(self, problem: Problem, names: Mapping[str, str]) -> str:
        """Return the lines of a gradient of the filter, the upstream being the filter ``w`` of the node."""
        graph = onnx_graphs.filter_gradient(problem)
        *lines, result = graph.text("images", "", self.running_text(), stored=self._stored).splitlines()
        large, small = names.get("input", ""), names.get("output", "")
        by_group, images = _images_by_group(problem)
        taps = ", ".join(f":{size}" for size in problem.kernel_size)
        return "\n".join(
            (
                f"images = np.moveaxis({large}.reshape{by_group}, (0, 1, 2), (2, 1, 0)).reshape{images}",
                f"w = np.ascontiguousarray({small}.swapaxes(0, 1))",
                *lines,
                f"({result}).swapaxes(0, 1)[:, :, {taps}]",
            )
        )

    @route("conv_transpose_input_grad", "Conv", script="{conv}", builds=True)
    def onnx_transposed_input(self, problem: Problem, dtype: str) -> Any:
        return self._of(onnx_graphs.convolution(problem), problem, "conv", dtype, bias=False)

    @route("conv_filter_grad", "Conv", script="{filter_gradient}", builds=True)
    def onnx_filter(self, problem: Problem, dtype: str) -> Any:
        """``Conv`` of the data by the upstream."""
        return self._filter_function(problem, dtype)

    @route("conv_transpose_filter_grad", "Conv", script="{filter_gradient}", builds=True)
    def onnx_transposed_filter(self, problem: Problem, dtype: str) -> Any:
        """The same with the roles of data and upstream exchanged."""
        function = self._filter_function(problem, dtype)
        return lambda x, dy: function(dy, x)

    def _filter_function(self, problem: Problem, dtype: str) -> Callable[[Array, Array], Any]:
        if 0 in problem.output_shape:
            raise Refusal("the upstream is the filter of a Conv here, and has no elements")
        if min(problem.lows) < 0:
            raise Refusal("a Conv of the upstream has no negative padding in front of an axis")
        by_group, images = _images_by_group(problem)
        upstream = (problem.out_channels, problem.batch, *problem.output_size)
        run = self._function(onnx_graphs.filter_gradient(problem), {"x": images, "w": upstream}, dtype)
        taps = tuple(slice(size) for size in problem.kernel_size)

        def function(large: Array, small: Array) -> Any:
            moved = np.moveaxis(large.reshape(by_group), (0, 1, 2), (2, 1, 0)).reshape(images)
            gradient = run(np.ascontiguousarray(moved), np.ascontiguousarray(small.swapaxes(0, 1)))
            return self.to_numpy(gradient).swapaxes(0, 1)[:, :, *taps]

        return function


def _images_by_group(problem: Problem) -> tuple[Size, Size]:
    """Return the shape of the data with an axis of groups, and of what a Conv takes in place of images."""
    per_group = problem.in_channels // problem.groups
    by_group = (problem.batch, problem.groups, per_group, *problem.input_size)
    return by_group, (per_group, problem.groups * problem.batch, *problem.input_size)
