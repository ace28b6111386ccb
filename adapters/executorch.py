"""ExecuTorch: convolutions of PyTorch, exported, lowered to XNNPACK or to its own kernels, and run by its runtime."""

from collections.abc import Callable, Mapping
from typing import Any, ClassVar

from convformance.adapters import known, known_executorch
from convformance.adapters.torch_models import TorchModels


class Executorch(TorchModels):
    """ExecuTorch on the CPU; ``backend`` is XNNPACK, or nothing but its own kernels."""

    name = "executorch"
    known_divergences = known_executorch.KNOWN
    kinds_seen = known.KINDS_SEEN[:1]
    looked_at = "1.5.1"
    requires = ("executorch", "torch")
    options: ClassVar[Mapping[str, tuple[str, ...]]] = {"backend": ("xnnpack", "portable")}
    # By a number: what is not supported, not implemented, or an invalid argument.
    refusals = (*TorchModels.refusals, r"failed with error 0x1[0-2]$", r"0 in strides is not supported for ExecuTorch")
    imports = (
        "from executorch.backends.xnnpack.partition.xnnpack_partitioner import XnnpackPartitioner",
        "from executorch.exir import to_edge_transform_and_lower",
        "from executorch.runtime import Runtime",
    )

    def __init__(self, **mode: str) -> None:
        super().__init__(**mode)
        from executorch.backends.xnnpack.partition.xnnpack_partitioner import XnnpackPartitioner
        from executorch.exir import to_edge_transform_and_lower
        from executorch.runtime import Runtime

        self.partitioner = [XnnpackPartitioner()] if self.mode["backend"] == "xnnpack" else []
        self.stored = ("float32", "float16") if self.partitioner else ()  # what XNNPACK computes
        self.lower: Any = to_edge_transform_and_lower
        self.runtime: Any = Runtime.get()

    def running_text(self) -> str:
        partitioner = "XnnpackPartitioner()" if self.partitioner else ""
        return f"""\
lowered = to_edge_transform_and_lower(exported, partitioner=[{partitioner}])
program = Runtime.get().load_program(lowered.to_executorch().buffer)
return program.load_method("forward").execute((x,))[0]"""

    def load(self, exported: Any) -> Callable[..., Any]:
        lowered = self.lower(exported, partitioner=self.partitioner)
        program = self.runtime.load_program(lowered.to_executorch().buffer)  # a method alone outlives its bytes
        return lambda *operands: program.load_method("forward").execute([each.contiguous() for each in operands])[0]
