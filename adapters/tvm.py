"""Apache TVM, which imports ONNX models into Relax and compiles them with LLVM."""

from typing import Any

import numpy as np

from convformance.adapters import known, known_tvm
from convformance.adapters.onnx_models import Feeds, Loaded, OnnxModels
from convformance.reference.arrays import Array


class Tvm(OnnxModels):
    """TVM on the CPU, by its frontend for ONNX and its default pipeline."""

    name = "tvm"
    distribution = "apache-tvm"
    known_divergences = known_tvm.KNOWN
    kinds_seen = known.KINDS_SEEN[:1]
    looked_at = "0.27.0.post1"
    requires = ("tvm", "onnx")
    refusals = (r"lead to negative output shape", r"expects the output padding less than the strides")
    imports = ("import tvm", "from tvm import relax", "from tvm.relax.frontend.onnx import from_onnx")
    running = """\
machine = relax.VirtualMachine(tvm.compile(from_onnx(model), "llvm"), tvm.cpu())
machine["main"](*map(tvm.runtime.tensor, inputs.values())).numpy()"""

    def __init__(self, **mode: str) -> None:
        super().__init__(**mode)
        import tvm
        from tvm import relax
        from tvm.relax.frontend.onnx import from_onnx

        self.tvm: Any = tvm
        self.relax: Any = relax
        self.from_onnx: Any = from_onnx

    def load(self, model: bytes) -> Loaded:
        compiled = self.tvm.compile(self.from_onnx(self.onnx.load_from_string(model)), "llvm")
        call = self.relax.VirtualMachine(compiled, self.tvm.cpu())["main"]

        def run(feeds: Feeds) -> Array:
            operands = map(np.ascontiguousarray, feeds.values())
            result: Array = call(*map(self.tvm.runtime.tensor, operands)).numpy()
            return result

        return run
