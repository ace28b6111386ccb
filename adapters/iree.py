"""IREE, which imports ONNX models into MLIR and compiles them with LLVM for one processor."""

from collections.abc import Mapping
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, ClassVar

import numpy as np

from convformance.adapters import known, known_iree
from convformance.adapters.notation import options
from convformance.adapters.onnx_models import Feeds, Loaded, OnnxIntegers, OnnxModels
from convformance.reference.arrays import Array

# Without it float64 is computed in float32, and the result has half the bytes of its type.
_FLOAT64 = "--iree-input-demote-f64-to-f32=false"


class Iree(OnnxModels, OnnxIntegers):
    """IREE on the CPU, by its importer for ONNX; ``cpu`` is the processor that it compiles for."""

    name = "iree"
    distribution = "iree-base-compiler"
    known_divergences = known_iree.KNOWN
    kinds_seen = known.KINDS_SEEN[:1]
    looked_at = "3.13.0"
    requires = ("iree.compiler", "iree.runtime", "onnx")
    refusals = (r"failed to legalize operation '[\w.]+' that was explicitly marked illegal",)
    options: ClassVar[Mapping[str, tuple[str, ...]]] = {**OnnxModels.options, "cpu": ("host", "generic")}
    imports = (
        "import iree.compiler.tools.import_onnx.__main__ as importer",
        "from iree.compiler import compile_str",
        "from iree.runtime import load_vm_flatbuffer",
        "from onnx import save",
    )
    running = """\
save(model, "case.onnx")
importer.main(importer.parse_arguments(["case.onnx", "-o", "case.mlir"]))
binary = compile_str(open("case.mlir").read(){settings})
load_vm_flatbuffer(binary, driver="local-sync").case(*inputs.values()).to_host().copy()"""

    def __init__(self, **mode: str) -> None:
        super().__init__(**mode)
        from iree import compiler, runtime
        from iree.compiler.tools.import_onnx import __main__ as importer

        self.compiler: Any = compiler
        self.runtime: Any = runtime
        self.importer: Any = importer
        flags = [_FLOAT64, f"--iree-llvmcpu-target-cpu={self.mode['cpu']}"]
        self.settings = {"input_type": "onnx", "target_backends": ["llvm-cpu"], "extra_args": flags}

    def running_text(self) -> str:
        return self.running.format(settings=options(**self.settings))

    def load(self, model: bytes) -> Loaded:
        with TemporaryDirectory() as folder:
            source, imported = Path(folder, "case.onnx"), Path(folder, "case.mlir")
            source.write_bytes(model)
            self.importer.main(self.importer.parse_arguments([str(source), "-o", str(imported)]))
            binary = self.compiler.compile_str(imported.read_text(encoding="utf-8"), **self.settings)
        call = self.runtime.load_vm_flatbuffer(binary, driver="local-sync").convformance

        def run(feeds: Feeds) -> Array:
            result: Array = call(*map(np.ascontiguousarray, feeds.values())).to_host()
            return result.copy()  # a view of what to_host returns outlives its memory

        return run
