"""LiteRT: convolutions of TensorFlow as its converter writes them into a model, run by LiteRT's interpreter."""

from collections.abc import Mapping
from typing import Any, ClassVar

from convformance.adapters import known
from convformance.adapters.contract import of_numbers
from convformance.adapters.modes import THREADS, thread_count
from convformance.adapters.tflite_models import TfliteModels

_RESOLVERS = {"xnnpack": "AUTO", "off": "BUILTIN_WITHOUT_DEFAULT_DELEGATES", "reference": "BUILTIN_REF"}


class Litert(TfliteModels):
    """LiteRT by XNNPACK, by its own kernels, or by its reference kernels; the filter is a constant of the model."""

    name = "litert"
    distribution = "ai-edge-litert"
    kinds_seen = known.KINDS_SEEN[:1]
    looked_at = "2.3.0"
    domain = of_numbers("float32", "float32")
    requires = ("ai_edge_litert", "tensorflow")
    refusals = (*TfliteModels.refusals, "failed to prepare", "^Invalid tensor size")
    options: ClassVar[Mapping[str, tuple[str, ...]]] = {"kernels": tuple(_RESOLVERS), "threads": THREADS}
    imports = ("from ai_edge_litert import interpreter",)

    def __init__(self, **mode: str) -> None:
        super().__init__(**mode)
        from ai_edge_litert import interpreter

        self.interpreter: Any = interpreter
        resolver = interpreter.OpResolverType[_RESOLVERS[self.mode["kernels"]]]
        self.settings = {"num_threads": thread_count(self.mode["threads"]), "experimental_op_resolver_type": resolver}

    def running_text(self) -> str:
        resolver = f"interpreter.OpResolverType.{_RESOLVERS[self.mode['kernels']]}"
        return f"""\
settings = dict(num_threads={self.mode["threads"]}, experimental_op_resolver_type={resolver})
model = interpreter.Interpreter(model_content=converter.convert(), **settings)
model.allocate_tensors()
model.set_tensor(model.get_input_details()[0]["index"], x)
model.invoke()
return model.get_tensor(model.get_output_details()[0]["index"])"""

    def run(self, model: bytes, x: Any) -> Any:
        loaded = self.interpreter.Interpreter(model_content=model, **self.settings)
        loaded.allocate_tensors()
        loaded.set_tensor(loaded.get_input_details()[0]["index"], x)
        loaded.invoke()
        return loaded.get_tensor(loaded.get_output_details()[0]["index"])
