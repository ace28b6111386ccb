"""ncnn: models of one ``Convolution`` or ``Deconvolution`` layer, for ranks 1 to 3, an image at a time."""

from collections.abc import Callable, Mapping
from typing import Any, ClassVar

from convformance.adapters import ncnn_graphs
from convformance.adapters.contract import route
from convformance.adapters.known_ncnn import Known
from convformance.adapters.modes import THREADS, thread_count
from convformance.adapters.written import Texts
from convformance.reference.problem import OUTPUTS, Problem

_SWITCH = ("on", "off")


class Ncnn(Known, Texts):
    """ncnn on the CPU; filter and bias are the weights of the model.

    An image is a copy that ncnn owns, as in the code that its converter writes; with ``copy=off`` it is NumPy's memory.
    """

    name, requires = "ncnn", ("ncnn",)
    options: ClassVar[Mapping[str, tuple[str, ...]]] = {"copy": _SWITCH, "winograd": _SWITCH, "threads": THREADS}
    setup = "import tempfile", "import ncnn", "import numpy as np"

    def script_fields(self, problem: Problem, names: Mapping[str, str], bias: str) -> Mapping[str, str]:
        layer = ncnn_graphs.convolution if "input" in names else ncnn_graphs.transposed
        return {"call": self._text(layer, problem, names.get("input") or names["output"], bool(bias))}

    @route("conv", "Convolution", script="{call}")
    @route("conv_transpose_input_grad", "Convolution", script="{call}")
    def conv(self, problem: Problem, x: Any, w: Any, bias: Any = None) -> Any:
        return self.value(self._text(ncnn_graphs.convolution, problem, "x", bias is not None), x=x, w=w, bias=bias)

    @route("conv_input_grad", "Deconvolution", script="{call}", filters="GIO*")
    @route("conv_transpose", "Deconvolution", script="{call}", filters="GIO*", offers=(OUTPUTS,))
    def transposed(self, problem: Problem, x: Any, w: Any, bias: Any = None) -> Any:
        return self.value(self._text(ncnn_graphs.transposed, problem, "x", bias is not None), x=x, w=w, bias=bias)

    def _text(self, layer: Callable[[Problem, bool], str], problem: Problem, images: str, has_bias: bool) -> str:
        winograd = () if self.mode["winograd"] == "on" else ("net.opt.use_winograd_convolution = False",)
        options = f"net.opt.num_threads = {thread_count(self.mode['threads'])}", *winograd
        copy = ".clone()" if self.mode["copy"] == "on" else ""
        return ncnn_graphs.script(layer(problem, has_bias), options, images, problem.batch, copy, has_bias=has_bias)
