"""The module ``dnn`` of OpenCV, which reads ONNX models."""

from collections.abc import Mapping
from typing import Any, ClassVar

from convformance.adapters.contract import Refusal
from convformance.adapters.known_opencv import Known
from convformance.adapters.onnx_models import Feeds, Loaded, OnnxModels


class Opencv(Known, OnnxModels):
    """OpenCV on the CPU; ``engine`` is what runs a model: the new one, the classic one, or what OpenCV chooses."""

    name = "opencv"
    distribution = "opencv-python-headless"
    requires = ("cv2", "onnx")
    options: ClassVar[Mapping[str, tuple[str, ...]]] = {**OnnxModels.options, "engine": ("auto", "new", "classic")}
    imports = ("import cv2",)
    loading = "net = cv2.dnn.readNetFromONNX(np.frombuffer(model.SerializeToString(), np.uint8){engine})"
    running = """\
for name, array in inputs.items():
    net.setInput(array, name)
net.forward()"""

    def __init__(self, **mode: str) -> None:
        super().__init__(**mode)
        engine = self.mode["engine"]
        self.loading = self.loading.format(engine="" if engine == "auto" else f", cv2.dnn.ENGINE_{engine.upper()}")
        self.names["cv2"].setNumThreads(1)

    def load(self, model: bytes) -> Loaded:
        call = super().load(model)

        def run(feeds: Feeds) -> Any:
            result, first = call(feeds), next(iter(feeds.values()))
            if result is None:
                raise Refusal("None comes in place of a result without elements")
            if result.dtype != first.dtype:
                raise Refusal(f"the result of a model of {first.dtype} comes in {result.dtype}")
            return result

        return run
