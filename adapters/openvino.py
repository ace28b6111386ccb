"""OpenVINO on the CPU, which reads ONNX models and compiles them."""

from collections.abc import Mapping
from typing import ClassVar

from convformance.adapters.known_openvino import Known
from convformance.adapters.onnx_models import OnnxModels


class Openvino(Known, OnnxModels):
    """OpenVINO; ``precision`` is its INFERENCE_PRECISION_HINT.

    With ``default`` there is none, and a processor that has bfloat16 then computes float32 in bfloat16. ``arrays`` says
    whether a request shares the memory of NumPy's arrays, as the call of a compiled model does, or copies them.
    """

    name = "openvino"
    requires = ("openvino", "onnx")
    options: ClassVar[Mapping[str, tuple[str, ...]]] = {
        **OnnxModels.options,
        "precision": ("f32", "bf16", "f16", "default"),
        "arrays": ("shared", "copied"),
    }
    imports = ("import openvino", "core = openvino.Core()")
    loading = """\
compiled = core.compile_model(core.read_model(model.SerializeToString()), "CPU", {settings})
request = compiled.create_infer_request()"""
    running = 'request.infer(inputs{sharing})[0].view(inputs["x"].dtype)'  # the bits of bfloat16 are called float16

    def __init__(self, **mode: str) -> None:
        super().__init__(**mode)
        precision = self.mode["precision"]
        hint = {} if precision == "default" else {"INFERENCE_PRECISION_HINT": precision}
        self.loading = self.loading.format(settings=hint)
        sharing = ", share_inputs=True" if self.mode["arrays"] == "shared" else ""
        self.running = self.running.format(sharing=sharing)
        self.names["core"].set_property("CPU", {"INFERENCE_NUM_THREADS": 1})
