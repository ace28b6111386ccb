"""The module ``dnn`` of OpenCV, which reads ONNX models."""

from collections.abc import Mapping
from typing import Any, ClassVar

import numpy as np

from convformance.adapters import known, known_opencv
from convformance.adapters.contract import Refusal
from convformance.adapters.onnx_models import Feeds, Loaded, OnnxModels


class Opencv(OnnxModels):
    """OpenCV on the CPU; ``engine`` is what runs a model: the new one, the classic one, or what OpenCV chooses."""

    name = "opencv"
    distribution = "opencv-python-headless"
    known_divergences = known_opencv.KNOWN
    kinds_seen = known.KINDS_SEEN[:1]
    looked_at = "5.0.0.93"
    requires = ("cv2", "onnx")
    refusals = (
        r"pad\d* >= 0",
        r"blob data type = \w+ is not supported",
        r"wtype0 == CV_32F",
        r"func != nullptr",
        r"sctype == CV_32F",
        r"weights\.type\(\) == 5",
        r"!wshape\.empty\(\)",
    )
    options: ClassVar[Mapping[str, tuple[str, ...]]] = {**OnnxModels.options, "engine": ("auto", "new", "classic")}
    imports = ("import cv2",)
    running = """\
net = cv2.dnn.readNetFromONNX(np.frombuffer(model.SerializeToString(), np.uint8))
for name, array in inputs.items():
    net.setInput(array, name)
net.forward()"""

    def __init__(self, **mode: str) -> None:
        super().__init__(**mode)
        import cv2

        cv2.setNumThreads(1)
        self.dnn: Any = cv2.dnn
        self.engine = f"ENGINE_{self.mode['engine'].upper()}"

    def running_text(self) -> str:
        """Return the run by the engine of the mode, where it is not the default."""
        is_default = self.mode["engine"] == self.options["engine"][0]
        return self.running if is_default else self.running.replace("np.uint8)", f"np.uint8), cv2.dnn.{self.engine}")

    def load(self, model: bytes) -> Loaded:
        net = self.dnn.readNetFromONNX(np.frombuffer(model, np.uint8), getattr(self.dnn, self.engine))

        def run(feeds: Feeds) -> Any:
            for name, array in feeds.items():
                net.setInput(array, name)
            result, first = net.forward(), next(iter(feeds.values()))
            if result is None:
                raise Refusal("None comes in place of a result without elements")
            if result.dtype != first.dtype:
                raise Refusal(f"the result of a model of {first.dtype} comes in {result.dtype}")
            return result

        return run
