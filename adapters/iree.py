"""IREE, which imports ONNX models into MLIR and compiles them with LLVM for one processor."""

from collections.abc import Mapping
from typing import ClassVar

from convformance.adapters.known_iree import Known
from convformance.adapters.notation import options
from convformance.adapters.onnx_models import OnnxIntegers, OnnxModels

# Without it float64 is computed in float32, and the result has half the bytes of its type.
_FLOAT64 = "--iree-input-demote-f64-to-f32=false"


class Iree(Known, OnnxModels, OnnxIntegers):
    """IREE on the CPU, by its importer for ONNX; ``cpu`` is the processor that it compiles for."""

    name = "iree"
    distribution = "iree-base-compiler"
    requires = ("iree.compiler", "iree.runtime", "onnx")
    options: ClassVar[Mapping[str, tuple[str, ...]]] = {**OnnxModels.options, "cpu": ("host", "generic")}
    imports = (
        "import iree.compiler.tools.import_onnx.__main__ as importer",
        "from iree.compiler import compile_str",
        "from iree.runtime import load_vm_flatbuffer",
        "from onnx import save",
    )
    loading = """\
save(model, "{folder}case.onnx")
importer.main(importer.parse_arguments(["{folder}case.onnx", "-o", "{folder}case.mlir"]))
with open("{folder}case.mlir") as file:
    binary = compile_str(file.read(){settings})
module = load_vm_flatbuffer(binary, driver="local-sync")"""
    running = "module.case(*inputs.values()).to_host().copy()"  # a view of what to_host returns outlives its memory

    def __init__(self, **mode: str) -> None:
        super().__init__(**mode)
        flags = [_FLOAT64, f"--iree-llvmcpu-target-cpu={self.mode['cpu']}"]
        settings = options(input_type="onnx", target_backends=["llvm-cpu"], extra_args=flags)
        self.loading = self.loading.replace("{settings}", settings)
