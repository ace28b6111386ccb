"""LiteRT: convolutions of TensorFlow as its converter writes them into a model, run by LiteRT's interpreter."""

import os
from collections.abc import Callable, Mapping
from itertools import chain
from typing import Any, ClassVar

from convformance.adapters import known
from convformance.adapters.beyond import FOLLOWED, numbers
from convformance.adapters.contract import Adapter, Domain, Refusal, of_numbers, route
from convformance.adapters.modes import THREADS, thread_count
from convformance.adapters.notation import Notation, options
from convformance.adapters.shapes import check_no_crop, part_of_full, slices_text
from convformance.reference.following import EPSILON, normalises, rectifies
from convformance.reference.problem import THEN, Problem

_SYMBOLS = {"valid": "VALID", "same_upper": "SAME"}
_FLOAT32 = of_numbers("float32", "float32")
_DEPTHWISE = Domain(
    "two spatial axes, a group for each channel",
    lambda request: request.problem.rank == 2 and request.problem.groups == request.problem.in_channels > 0,
)
_RESOLVERS = {"xnnpack": "AUTO", "off": "BUILTIN_WITHOUT_DEFAULT_DELEGATES", "reference": "BUILTIN_REF"}

# How a script runs a function of one array as a model.
_RUN = """\
def run(function, x):
    graph = tf.function(function, input_signature=[tf.TensorSpec(x.shape, x.dtype)])
    converter = tf.lite.TFLiteConverter.from_concrete_functions([graph.get_concrete_function()], graph)
    settings = dict(num_threads={threads}, experimental_op_resolver_type={resolver})
    model = interpreter.Interpreter(model_content=converter.convert(), **settings)
    model.allocate_tensors()
    model.set_tensor(model.get_input_details()[0]["index"], x)
    model.invoke()
    return model.get_tensor(model.get_output_details()[0]["index"])"""

Function = Callable[[Any], Any]


class Litert(Adapter):
    """LiteRT by XNNPACK, by its own kernels, or by its reference kernels; the filter is a constant of the model."""

    name = "litert"
    distribution = "ai-edge-litert"
    kinds_seen = known.KINDS_SEEN[:1]
    looked_at = "2.3.0"
    domain = _FLOAT32
    requires = ("ai_edge_litert", "tensorflow")
    activations = "N*C"
    filters = "*IO"
    refusals = (
        "not supported in conjunction with",
        "Current implementation only supports equal length strides",
        "^Could not translate MLIR to FlatBuffer",
        "failed to prepare",
        "^Invalid tensor size",
        "Negative dimension size caused by subtracting",
    )
    options: ClassVar[Mapping[str, tuple[str, ...]]] = {"kernels": tuple(_RESOLVERS), "threads": THREADS}

    def __init__(self, **mode: str) -> None:
        super().__init__(**mode)
        os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
        import tensorflow as tf
        from ai_edge_litert import interpreter

        self.tf: Any = tf
        tf.config.set_visible_devices([], "GPU")
        self.interpreter: Any = interpreter
        self.settings = {
            "num_threads": thread_count(self.mode["threads"]),
            "experimental_op_resolver_type": interpreter.OpResolverType[_RESOLVERS[self.mode["kernels"]]],
        }

    def notation(self) -> Notation:
        """Return how a script writes LiteRT in this mode."""
        imports = "import numpy as np", "import tensorflow as tf", "from ai_edge_litert import interpreter"
        resolver = f"interpreter.OpResolverType.{_RESOLVERS[self.mode['kernels']]}"
        return Notation(setup=(*imports, _RUN.format(threads=self.mode["threads"], resolver=resolver)))

    def script_fields(self, problem: Problem, names: Mapping[str, str], bias: str) -> Mapping[str, str]:
        """Return the models of either convolution, of the operand that is not constant."""
        first = names.get("input") or names["output"]
        padded, padding = _padded_text(problem)
        geometry = f"{problem.stride}, {padding!r}{options(dilations=problem.dilation)}"
        planes = f"{(1, *problem.stride, 1)}, {padding!r}{options(dilations=problem.dilation)}"
        calls = {
            "conv": f"tf.nn.convolution({padded}, w, {geometry})",
            "depthwise": f"tf.nn.depthwise_conv2d({padded}, w, {planes})",
            "transposed": _transposed_text(problem),
        }
        added = {name: f"tf.nn.bias_add({call}, bias)" if bias else call for name, call in calls.items()}
        return {name: f"run(lambda each: {call}, {first})" for name, call in added.items()}

    @route("conv", "nn.convolution", script="{conv}")
    @route("conv_transpose_input_grad", "nn.convolution", script="{conv}")
    def convolution(self, problem: Problem, x: Any, w: Any, bias: Any = None) -> Any:
        return self._by_model(lambda each: self._convolved(problem, each, w, bias), x)

    @route("conv", "nn.depthwise_conv2d", script="{depthwise}", filters="*(GI)O", domain=_DEPTHWISE)
    def depthwise(self, problem: Problem, x: Any, w: Any, bias: Any = None) -> Any:
        def function(each: Any) -> Any:
            padded, padding = self._padded(problem, each)
            strides = 1, *problem.stride, 1
            y = self.tf.nn.depthwise_conv2d(padded, w, strides, padding, dilations=problem.dilation)
            return self._biased(y, bias)

        return self._by_model(function, x)

    @route("conv", "nn.convolution and what follows", domain=FOLLOWED, offers=(THEN,))
    def followed(self, problem: Problem, x: Any, w: Any, bias: Any = None) -> Any:
        """What follows is folded and fused by the converter."""

        def function(each: Any) -> Any:
            y = self._convolved(problem, each, w, bias)
            if normalises(problem.then):
                statistics = numbers(problem.out_channels, "float32", self.tf.constant)
                y = self.tf.nn.batch_normalization(y, *statistics, EPSILON)
            return self.tf.nn.relu(y) if rectifies(problem.then) else y

        return self._by_model(function, x)

    @route("conv_input_grad", "nn.conv_transpose", script="{transposed}")
    @route("conv_transpose", "nn.conv_transpose", script="{transposed}")
    def transposed(self, problem: Problem, y: Any, w: Any, bias: Any = None) -> Any:
        if problem.groups > 1:
            raise Refusal(f"tf.nn.conv_transpose has no groups, and this has {problem.groups}")

        def function(each: Any) -> Any:
            shape, padding, window = _transposed_terms(problem)
            full = self.tf.nn.conv_transpose(each, w, shape, problem.stride, padding, None, problem.dilation)
            return self._biased(full[:, *window], bias)

        return self._by_model(function, y)

    def _convolved(self, problem: Problem, x: Any, w: Any, bias: Any) -> Any:
        x, padding = self._padded(problem, x)
        y = self.tf.nn.convolution(x, w, problem.stride, padding, dilations=problem.dilation)
        return self._biased(y, bias)

    def _padded(self, problem: Problem, x: Any) -> tuple[Any, str]:
        """Return the data with its padding, and what TensorFlow is to pad."""
        if problem.symbol in _SYMBOLS:
            return x, _SYMBOLS[problem.symbol]
        _padded_size(problem)
        pads = (0, 0), *problem.padding, (0, 0)
        return self.tf.pad(x, pads) if any(chain(*pads)) else x, "VALID"

    def _biased(self, y: Any, bias: Any) -> Any:
        return y if bias is None else self.tf.nn.bias_add(y, bias)

    def _by_model(self, function: Function, x: Any) -> Any:
        """Return what a model of ``function`` makes of x."""
        graph = self.tf.function(function, input_signature=[self.tf.TensorSpec(x.shape, x.dtype)], autograph=False)
        converter = self.tf.lite.TFLiteConverter.from_concrete_functions([graph.get_concrete_function()], graph)
        model = self.interpreter.Interpreter(model_content=converter.convert(), **self.settings)
        model.allocate_tensors()
        model.set_tensor(model.get_input_details()[0]["index"], x)
        model.invoke()
        return model.get_tensor(model.get_output_details()[0]["index"])


def _padded_size(problem: Problem) -> tuple[int, ...]:
    """Return the size of the data with its padding; raises Refusal for a negative one, for which there is no word."""
    check_no_crop(problem)
    return problem.padded_size


def _transposed_terms(problem: Problem) -> tuple[tuple[int, ...], str, tuple[slice, ...]]:
    """Return the shape of the result without a crop, what TensorFlow is to crop, and the window that is wanted."""
    symbol = _SYMBOLS.get(problem.symbol or "")
    if symbol:
        size, window = problem.input_size, tuple(slice(0, length) for length in problem.input_size)
    else:
        size, window = _padded_size(problem), part_of_full(problem)
    return (problem.batch, *size, problem.in_channels), symbol or "VALID", window


def _padded_text(problem: Problem) -> tuple[str, str]:
    pads = (0, 0), *problem.padding, (0, 0)
    if problem.symbol in _SYMBOLS or not any(chain(*pads)):
        return "each", _SYMBOLS.get(problem.symbol or "", "VALID")
    return f"tf.pad(each, {pads})", "VALID"


def _transposed_text(problem: Problem) -> str:
    shape, padding, window = _transposed_terms(problem)
    steps = f"{problem.stride}, {padding!r}{options(dilations=problem.dilation)}"
    return f"tf.nn.conv_transpose(each, w, {shape}, {steps})[:, {slices_text(window)}]"
