"""ONNX Runtime: ``Conv``, ``ConvTranspose``, ``ConvInteger`` in models of one node, without gradients of the filter."""

from collections.abc import Mapping
from typing import Any, ClassVar

from convformance.adapters import known, known_raw
from convformance.adapters.contract import Domain, in_memory
from convformance.adapters.modes import THREADS, thread_count
from convformance.adapters.notation import Notation
from convformance.adapters.onnx_models import Feeds, Loaded, OnnxIntegers
from convformance.adapters.onnxruntime_raw import OnnxruntimeRaw


class Onnxruntime(OnnxruntimeRaw, OnnxIntegers):
    """ONNX Runtime on the CPU; the filter is an input of the model, or a constant as in exported ones.

    What follows a convolution is fused into it when a session is made; a batch normalisation only where the filter is
    a constant of the model, as in exported ones.
    """

    name = "onnxruntime"
    known_divergences = (*known.ONNXRUNTIME, *known_raw.ONNXRUNTIME_RAW)
    kinds_seen = (*known.KINDS_SEEN, known.AMX)
    looked_at = "1.32.0"
    requires = ("onnxruntime", "onnx")
    options: ClassVar[Mapping[str, tuple[str, ...]]] = {**OnnxIntegers.options, "threads": THREADS}
    refusals = (
        r"NOT_IMPLEMENTED",
        r"Dilation not supported for AutoPadType",
        r"must not contain negative values",
        r"Invalid input shape: ",
        r"Computed output (dimension is <= 0|shape is inconsistent)",
    )
    imports = ("import onnxruntime as ort",)
    running = """\
session = ort.InferenceSession(model.SerializeToString(), providers=["CPUExecutionProvider"])
session.run(None, inputs)[0]"""

    def __init__(self, **mode: str) -> None:
        super().__init__(**mode)
        import onnxruntime

        self.runtime = onnxruntime
        self.settings = onnxruntime.SessionOptions()
        self.settings.intra_op_num_threads = thread_count(self.mode["threads"])
        self.settings.inter_op_num_threads = 1
        self.settings.log_severity_level = 4

    @classmethod
    def memory_domain(cls, mode: Mapping[str, str]) -> Domain:
        """Return the layouts without strides: a tensor of ONNX Runtime has none, and others are copied."""
        return in_memory("unaligned", "guarded")

    def notation(self) -> Notation:
        """Return how a script writes ONNX Runtime, with its threads where they are not the default."""
        threads = "settings = ort.SessionOptions()", f"settings.intra_op_num_threads = {self.mode['threads']}"
        return Notation(setup=(*super().notation().setup, *(threads if self._has_threads else ())))

    @property
    def _has_threads(self) -> bool:
        return self.mode["threads"] != self.options["threads"][0]

    def running_text(self) -> str:
        """Return the session with the threads of the mode."""
        settings = ("ToString(), ", "ToString(), settings, ")
        return self.running.replace(*settings) if self._has_threads else self.running

    def load(self, model: bytes) -> Loaded:
        session: Any = self.runtime.InferenceSession(model, self.settings, providers=["CPUExecutionProvider"])

        def run(feeds: Feeds) -> Any:
            return session.run(None, feeds)[0]

        return run
