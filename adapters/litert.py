"""LiteRT: convolutions of TensorFlow as its converter writes them into a model, run by LiteRT's interpreter."""

from collections.abc import Callable, Mapping
from typing import Any, ClassVar

from convformance.adapters import known
from convformance.adapters.contract import of_numbers
from convformance.adapters.modes import THREADS, thread_count
from convformance.adapters.tensorflow_models import TensorflowModels

_RESOLVERS = {"xnnpack": "AUTO", "off": "BUILTIN_WITHOUT_DEFAULT_DELEGATES", "reference": "BUILTIN_REF"}


class Litert(TensorflowModels):
    """LiteRT by XNNPACK, by its own kernels, or by its reference kernels; the filter is a constant of the model."""

    name = "litert"
    distribution = "ai-edge-litert"
    kinds_seen = known.KINDS_SEEN[:1]
    looked_at = "2.3.0"
    domain = of_numbers("float32", "float32")
    requires = ("ai_edge_litert", "tensorflow")
    refusals = (
        "not supported in conjunction with",
        "Current implementation only supports equal length strides",
        "^Could not translate MLIR to FlatBuffer",
        "failed to prepare",
        "^Invalid tensor size",
        "Negative dimension size caused by subtracting",
    )
    options: ClassVar[Mapping[str, tuple[str, ...]]] = {"kernels": tuple(_RESOLVERS), "threads": THREADS}
    imports = ("from ai_edge_litert import interpreter",)

    def __init__(self, **mode: str) -> None:
        super().__init__(**mode)
        from ai_edge_litert import interpreter

        self.interpreter: Any = interpreter
        self.settings = {
            "num_threads": thread_count(self.mode["threads"]),
            "experimental_op_resolver_type": interpreter.OpResolverType[_RESOLVERS[self.mode["kernels"]]],
        }

    def running_text(self) -> str:
        resolver = f"interpreter.OpResolverType.{_RESOLVERS[self.mode['kernels']]}"
        return f"""\
converter = tf.lite.TFLiteConverter.from_concrete_functions([graph.get_concrete_function()], graph)
settings = dict(num_threads={self.mode["threads"]}, experimental_op_resolver_type={resolver})
model = interpreter.Interpreter(model_content=converter.convert(), **settings)
model.allocate_tensors()
model.set_tensor(model.get_input_details()[0]["index"], x)
model.invoke()
return model.get_tensor(model.get_output_details()[0]["index"])"""

    def load(self, graph: Any) -> Callable[[Any], Any]:
        converter = self.tf.lite.TFLiteConverter.from_concrete_functions([graph.get_concrete_function()], graph)
        model = self.interpreter.Interpreter(model_content=converter.convert(), **self.settings)
        model.allocate_tensors()

        def run(x: Any) -> Any:
            model.set_tensor(model.get_input_details()[0]["index"], x)
            model.invoke()
            return model.get_tensor(model.get_output_details()[0]["index"])

        return run
