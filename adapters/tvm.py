"""Apache TVM, which imports ONNX models into Relax and compiles them with LLVM."""

from convformance.adapters import known, known_tvm
from convformance.adapters.onnx_models import OnnxModels


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
    loading = 'machine = relax.VirtualMachine(tvm.compile(from_onnx(model), "llvm"), tvm.cpu())'
    running = 'machine["main"](*map(tvm.runtime.tensor, inputs.values())).numpy()'
