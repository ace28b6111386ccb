"""Back ends that run the models of TensorFlow's converter for TFLite: they give ``run(model, x)``."""

import os
from collections.abc import Callable, Mapping
from typing import Any, ClassVar

from convformance.adapters.beyond import FOLLOWED
from convformance.adapters.contract import Domain, Refusal, route
from convformance.adapters.notation import Notation, options
from convformance.adapters.shapes import check_no_crop
from convformance.adapters.tensorflow_calls import (
    REFUSALS,
    TensorflowCalls,
    around_text,
    biased_text,
    conv_transpose_text,
    convolution_text,
)
from convformance.reference.problem import THEN, Problem

_DEPTHWISE = Domain(
    "two spatial axes, a group for each channel",
    lambda request: request.problem.rank == 2 and request.problem.groups == request.problem.in_channels > 0,
)

# How a script runs a function of one array as a model.
_RUN = """\
def run(function, x):
    graph = tf.function(function, input_signature=[tf.TensorSpec(x.shape, x.dtype)])
    converter = tf.lite.TFLiteConverter.from_concrete_functions([graph.get_concrete_function()], graph)
    {running}"""

Function = Callable[[Any], Any]


class TfliteModels(TensorflowCalls):
    """A back end that runs TensorFlow's convolutions as its converter for TFLite writes them into a model.

    A subclass gives ``run(model, x)``, the result of a serialised model on its one input. ``imports`` are the lines of
    a script behind that of TensorFlow, ``running_text`` gives those that run ``converter.convert()`` on ``x``, the last
    one with ``return``.
    """

    refusals: ClassVar[tuple[str, ...]] = (*REFUSALS, "^Could not translate MLIR to FlatBuffer")
    imports: ClassVar[tuple[str, ...]] = ()

    def __init__(self, **mode: str) -> None:
        super().__init__(**mode)
        os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
        import tensorflow as tf

        self.tf: Any = tf
        tf.config.set_visible_devices([], "GPU")

    def run(self, model: bytes, x: Any) -> Any:
        """Return the only result of a serialised model."""
        raise NotImplementedError(f"{type(self).__name__} gives no run(model, x)")

    def running_text(self) -> str:
        """Return the lines that run ``converter.convert()`` on ``x`` in this mode."""
        raise NotImplementedError(f"{type(self).__name__} gives no running_text()")

    def notation(self) -> Notation:
        """Return how a script makes a model of a function, and runs it."""
        run = _RUN.format(running=self.running_text().replace("\n", "\n    "))
        return Notation(setup=("import numpy as np", "import tensorflow as tf", *self.imports, run))

    def script_fields(self, problem: Problem, names: Mapping[str, str], bias: str) -> Mapping[str, str]:
        """Return the models of either convolution, of the operand that is not constant."""
        check_no_crop(problem)
        first = names.get("input") or names["output"]
        padded, padding = around_text(problem, "each")
        planes = f"{(1, *problem.stride, 1)}, {padding!r}{options(dilations=problem.dilation)}"
        calls = {
            "conv": convolution_text(problem, "each"),
            "depthwise": f"tf.nn.depthwise_conv2d({padded}, w, {planes})",
            "transposed": conv_transpose_text(problem, "each"),
        }
        return {name: f"run(lambda each: {biased_text(call, bias)}, {first})" for name, call in calls.items()}

    @route("conv", "nn.convolution", script="{conv}")
    @route("conv_transpose_input_grad", "nn.convolution", script="{conv}")
    def convolution(self, problem: Problem, x: Any, w: Any, bias: Any = None) -> Any:
        return self._result(problem, lambda each: self.convolved(problem, each, w, bias), x)

    @route("conv", "nn.depthwise_conv2d", script="{depthwise}", filters="*(GI)O", domain=_DEPTHWISE)
    def depthwise(self, problem: Problem, x: Any, w: Any, bias: Any = None) -> Any:
        def function(each: Any) -> Any:
            padded, padding = self.around(problem, each)
            strides = 1, *problem.stride, 1
            y = self.tf.nn.depthwise_conv2d(padded, w, strides, padding, dilations=problem.dilation)
            return self.biased(y, bias)

        return self._result(problem, function, x)

    @route("conv", "nn.convolution and what follows", domain=FOLLOWED, offers=(THEN,))
    def convolve_and_follow(self, problem: Problem, x: Any, w: Any, bias: Any = None) -> Any:
        """What follows is folded and fused by the converter."""

        def function(each: Any) -> Any:
            return self.followed(problem, self.convolved(problem, each, w, bias), problem.out_channels)

        return self._result(problem, function, x)

    @route("conv_input_grad", "nn.conv_transpose", script="{transposed}")
    @route("conv_transpose", "nn.conv_transpose", script="{transposed}")
    def conv_transpose(self, problem: Problem, y: Any, w: Any, bias: Any = None) -> Any:
        if problem.groups > 1:
            raise Refusal(f"tf.nn.conv_transpose has no groups, and this has {problem.groups}")
        return self._result(problem, lambda each: self.transposed(problem, each, w, bias), y)

    def _result(self, problem: Problem, function: Function, x: Any) -> Any:
        """Return what a model of ``function`` makes of x; raises Refusal for a crop, for which there is no word."""
        check_no_crop(problem)
        graph = self.tf.function(function, input_signature=[self.tf.TensorSpec(x.shape, x.dtype)], autograph=False)
        converter = self.tf.lite.TFLiteConverter.from_concrete_functions([graph.get_concrete_function()], graph)
        return self.run(converter.convert(), x)
