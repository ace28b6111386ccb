"""OpenVINO on the CPU, which reads ONNX models and compiles them."""

from collections.abc import Mapping
from typing import Any, ClassVar

import numpy as np

from convformance.adapters import known, known_openvino
from convformance.adapters.bits import BFLOAT16, from_bits, to_bits
from convformance.adapters.onnx_models import Feeds, Loaded, OnnxModels
from convformance.reference.arrays import Array


class Openvino(OnnxModels):
    """OpenVINO; ``precision`` is its INFERENCE_PRECISION_HINT.

    With ``default`` there is none, and a processor that has bfloat16 then computes float32 in bfloat16.
    """

    name = "openvino"
    known_divergences = known_openvino.KNOWN
    kinds_seen = known.KINDS_SEEN
    looked_at = "2026.4.1"
    requires = ("openvino", "onnx")
    refusals = (r"larger than the data shape after padding", r"Unsupported padding mode: \[wrap\]")
    options: ClassVar[Mapping[str, tuple[str, ...]]] = {
        **OnnxModels.options,
        "precision": ("f32", "bf16", "f16", "default"),
    }
    imports = ("import openvino",)
    running = """\
core = openvino.Core()
compiled = core.compile_model(core.read_model(model.SerializeToString()), "CPU", {settings})
compiled(inputs)[0]"""

    def __init__(self, **mode: str) -> None:
        super().__init__(**mode)
        import openvino

        self.openvino: Any = openvino
        self.core = openvino.Core()
        self.settings = {"INFERENCE_NUM_THREADS": "1", **self._hint()}

    def _hint(self) -> dict[str, str]:
        precision = self.mode["precision"]
        return {} if precision == "default" else {"INFERENCE_PRECISION_HINT": precision}

    def running_text(self) -> str:
        """Return the run with its precision."""
        return self.running.format(settings=self._hint())

    def load(self, model: bytes) -> Loaded:
        request = self.core.compile_model(self.core.read_model(model), "CPU", self.settings).create_infer_request()

        def run(feeds: Feeds) -> Array:
            request.infer({name: self._tensor(array) for name, array in feeds.items()})
            tensor = request.get_output_tensor()
            array: Array = tensor.data.copy()  # the tensor is the request's own
            return from_bits(array) if tensor.element_type == self.openvino.Type.bf16 else array

        return run

    def _tensor(self, array: Array) -> Any:
        if array.dtype != BFLOAT16:
            return array
        return self.openvino.Tensor(np.ascontiguousarray(to_bits(array)), array.shape, self.openvino.Type.bf16)
