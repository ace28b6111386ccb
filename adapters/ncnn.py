"""ncnn: models of one ``Convolution`` or ``Deconvolution`` layer, for ranks 1 to 3, an image at a time."""

from collections.abc import Mapping
from tempfile import NamedTemporaryFile
from typing import Any, ClassVar

import numpy as np

from convformance.adapters import known, known_ncnn, ncnn_graphs
from convformance.adapters.contract import Adapter, Domain, of_numbers, route
from convformance.adapters.modes import THREADS, thread_count
from convformance.adapters.notation import Notation
from convformance.reference.arrays import Array
from convformance.reference.problem import OUTPUTS, Problem

_FLOAT32 = of_numbers("float32, which it computes in", "float32")
_IMAGES = Domain("an image or more, as it is given one at a time", lambda request: request.problem.batch > 0)


class Ncnn(Adapter):
    """ncnn on the CPU; filter and bias are the weights of the model.

    An image is a copy that ncnn owns, as in the code that its converter writes; with ``copy=off`` it is NumPy's memory.
    """

    name = "ncnn"
    known_divergences = known_ncnn.NCNN
    kinds_seen = known.KINDS_SEEN[:1]
    looked_at = "1.0.20261020"
    requires = ("ncnn",)
    domain = _IMAGES & _FLOAT32
    options: ClassVar[Mapping[str, tuple[str, ...]]] = {
        "copy": ("on", "off"),
        "winograd": ("on", "off"),
        "threads": THREADS,
    }
    refusals = (r"^ncnn: extract returned -\d+",)

    def __init__(self, **mode: str) -> None:
        super().__init__(**mode)
        import ncnn

        self.ncnn: Any = ncnn
        winograd = self.mode["winograd"] == "on"
        self.settings = {"num_threads": thread_count(self.mode["threads"]), "use_winograd_convolution": winograd}

    def notation(self) -> Notation:
        """Return how a script writes ncnn in this mode."""
        settings = (f"net.opt.{name} = {value}" for name, value in self.settings.items())
        return Notation(setup=("import tempfile", "import ncnn", "import numpy as np", "net = ncnn.Net()", *settings))

    def script_fields(self, problem: Problem, names: Mapping[str, str], bias: str) -> Mapping[str, str]:
        """Return the lines that load either layer and give it each image."""
        images = names.get("input") or names["output"]
        models = {
            "conv": ncnn_graphs.convolution(problem, bool(bias)),
            "transposed": ncnn_graphs.transposed(problem, bool(bias)),
        }
        copy = ".clone()" if self.mode["copy"] == "on" else ""
        return {name: ncnn_graphs.script(model, images, bias, copy) for name, model in models.items()}

    @route("conv", "Convolution", script="{conv}")
    @route("conv_transpose_input_grad", "Convolution", script="{conv}")
    def conv(self, problem: Problem, x: Array, w: Array, bias: Array | None = None) -> Array:
        return self._results(ncnn_graphs.convolution(problem, bias is not None), x, w, bias)

    @route("conv_input_grad", "Deconvolution", script="{transposed}", filters="GIO*")
    @route("conv_transpose", "Deconvolution", script="{transposed}", filters="GIO*", offers=(OUTPUTS,))
    def transposed(self, problem: Problem, y: Array, w: Array, bias: Array | None = None) -> Array:
        return self._results(ncnn_graphs.transposed(problem, bias is not None), y, w, bias)

    def _results(self, model: str, images: Array, w: Array, bias: Array | None) -> Array:
        """Return what the model makes of each image."""
        net = self.ncnn.Net()
        for name, value in self.settings.items():
            setattr(net.opt, name, value)
        net.load_param_mem(model)
        with NamedTemporaryFile(suffix=".bin") as file:
            # The first word says that float32 follows.
            file.write(bytes(4) + w.tobytes() + (b"" if bias is None else bias.tobytes()))
            file.flush()
            net.load_model(file.name)
        return np.stack([self._result(net, image) for image in images])

    def _result(self, net: Any, image: Array) -> Array:
        extractor = net.create_extractor()
        extractor.input("x", self.ncnn.Mat(image).clone() if self.mode["copy"] == "on" else self.ncnn.Mat(image))
        status, result = extractor.extract("y")
        if status:
            raise RuntimeError(f"ncnn: extract returned {status}")
        return np.array(result)
