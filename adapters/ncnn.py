"""ncnn: models of one ``Convolution`` or ``Deconvolution`` layer, for ranks 1 to 3, an image at a time."""

from collections.abc import Mapping
from math import prod
from tempfile import NamedTemporaryFile
from typing import Any, ClassVar

import numpy as np

from convformance.adapters import known, known_ncnn
from convformance.adapters.contract import Adapter, Domain, of_numbers, route
from convformance.adapters.modes import THREADS, thread_count
from convformance.adapters.notation import Notation
from convformance.adapters.shapes import check_no_crop
from convformance.reference.arrays import Array
from convformance.reference.geometry import Size
from convformance.reference.problem import OUTPUTS, Problem

_SYMBOLS = {"same_upper": -233, "same_lower": -234}
_FLOAT32 = of_numbers("float32, which it computes in", "float32")
_IMAGES = Domain("an image or more, as it is given one at a time", lambda request: request.problem.batch > 0)
# The numbers of a layer's parameters, one for each axis, the last axis first.
_KERNEL, _DILATION, _STRIDE = (1, 11, 21), (2, 12, 22), (3, 13, 23)
_LOW, _HIGH, _OUTPUT_PADDING = (4, 14, 24), (15, 16, 17), (18, 19, 20)


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
        models = {"conv": _convolution(problem, bool(bias)), "transposed": _transposed(problem, bool(bias))}
        copy = ".clone()" if self.mode["copy"] == "on" else ""
        return {name: _text(model, images, bias, copy) for name, model in models.items()}

    @route("conv", "Convolution", script="{conv}")
    @route("conv_transpose_input_grad", "Convolution", script="{conv}")
    def conv(self, problem: Problem, x: Array, w: Array, bias: Array | None = None) -> Array:
        return self._results(_convolution(problem, bias is not None), x, w, bias)

    @route("conv_input_grad", "Deconvolution", script="{transposed}", filters="GIO*")
    @route("conv_transpose", "Deconvolution", script="{transposed}", filters="GIO*", offers=(OUTPUTS,))
    def transposed(self, problem: Problem, y: Array, w: Array, bias: Array | None = None) -> Array:
        return self._results(_transposed(problem, bias is not None), y, w, bias)

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


def _convolution(problem: Problem, has_bias: bool) -> str:
    """Return the model of a convolution."""
    if problem.symbol in _SYMBOLS:
        ids = *_LOW[: problem.rank], *_HIGH[: problem.rank]
        return _model(
            "Convolution", problem, problem.out_channels, has_bias, dict.fromkeys(ids, _SYMBOLS[problem.symbol])
        )
    return _model("Convolution", problem, problem.out_channels, has_bias, _paddings(problem))


def _transposed(problem: Problem, has_bias: bool) -> str:
    """Return the model of a transposed convolution."""
    more = _paddings(problem) | _by_axis(_OUTPUT_PADDING, problem.output_padding)
    return _model("Deconvolution", problem, problem.in_channels, has_bias, more)


def _paddings(problem: Problem) -> dict[int, int]:
    """Return the paddings; raises Refusal for a negative one, which ncnn ignores."""
    check_no_crop(problem)
    return _by_axis(_LOW, problem.lows) | _by_axis(_HIGH, problem.highs)


def _model(kind: str, problem: Problem, outputs: int, has_bias: bool, more: Mapping[int, int]) -> str:
    """Return the text of a model of one layer."""
    rank = "" if problem.rank == 2 else f"{problem.rank}D"
    layer = f"{kind}{'DepthWise' if problem.groups > 1 else ''}{rank}"
    sizes = _by_axis(_KERNEL, problem.kernel_size) | _by_axis(_DILATION, problem.dilation)
    weights = {5: int(has_bias), 6: prod(problem.filter_shape), 7: problem.groups}
    numbers = {0: outputs, **sizes, **_by_axis(_STRIDE, problem.stride), **weights, **more}
    texts = (f"{key}={value}" for key, value in numbers.items())
    return "\n".join(["7767517", "2 2", "Input x 0 1 x", f"{layer} y 1 1 x y {' '.join(texts)}", ""])


def _by_axis(ids: tuple[int, ...], values: Size) -> dict[int, int]:
    return dict(zip(ids, reversed(values), strict=False))


def _text(model: str, images: str, bias: str, copy: str) -> str:
    return f'''\
net.load_param_mem("""{model}""")
with tempfile.NamedTemporaryFile(suffix=".bin") as file:
    file.write(bytes(4) + w.tobytes(){" + bias.tobytes()" if bias else ""})
    file.flush()
    net.load_model(file.name)

def extract(image):
    extractor = net.create_extractor()
    extractor.input("x", ncnn.Mat(image){copy})
    return np.array(extractor.extract("y")[1])

np.stack([extract(image) for image in {images}])'''
