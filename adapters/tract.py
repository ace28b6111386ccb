"""tract, an inference engine in Rust, which reads ONNX models from files."""

from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from convformance.adapters import known, known_tract
from convformance.adapters.onnx_models import Feeds, Loaded, OnnxIntegers, OnnxModels


class Tract(OnnxModels, OnnxIntegers):
    """tract on the CPU, its default optimisations among what it does."""

    name = "tract"
    requires = ("tract", "onnx")
    refusals = (r"expected list of non-negative ints", r"Unknown DatumType", r"Unsupported mode wrap")
    known_divergences = known_tract.KNOWN
    kinds_seen = known.KINDS_SEEN[:1]
    looked_at = "0.23.9"
    imports = ("import onnx", "import tract")
    running = """\
onnx.save(model, "case.onnx")
runnable = tract.onnx().load("case.onnx").into_model().into_runnable()
runnable.run(list(inputs.values()))[0].to_numpy()"""

    def __init__(self, **mode: str) -> None:
        super().__init__(**mode)
        import tract

        self.tract: Any = tract

    def load(self, model: bytes) -> Loaded:
        with TemporaryDirectory() as folder:
            path = Path(folder, "case.onnx")
            path.write_bytes(model)
            runnable = self.tract.onnx().load(path).into_model().into_runnable()

        def run(feeds: Feeds) -> Any:
            return runnable.run(list(feeds.values()))[0].to_numpy()

        return run
