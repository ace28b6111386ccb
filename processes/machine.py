"""The machine: the processor with its instruction sets, and what in the environment changes arithmetic.

Which kernel a library picks, and with it which rounding and which defect, depends on these. A limit that is set for a
library, such as ``ONEDNN_MAX_CPU_ISA=AVX2``, counts as a processor without the instruction sets beyond it.
"""

import os
import platform
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path

# Instruction sets that numerical libraries choose kernels by; a processor lists a hundred features beside.
_ARITHMETIC = re.compile(
    r"(sse4_[12]|f16c|fma|avx\w*|amx\w*|asimd\w*|neon|fphp|sve\w*|sme\d?|sme_\w+|bf16|i8mm|vsx|rvv?)$"
)
# Environment variables that change arithmetic, or the choice of kernels.
_VARIABLES = re.compile(
    r"(ONEDNN_|DNNL_|ATEN_|MKL_|OPENBLAS_|BLIS_|TF_ENABLE_ONEDNN_OPTS|TF_DISABLE_|TF_CUDNN_|TF_XLA_FLAGS|TF_USE_|"
    r"TF_OVERRIDE_|TF_DETERMINISTIC_OPS|TORCH_ALLOW_|TORCH_BLAS_|TORCHINDUCTOR_|XLA_FLAGS|JAX_|NVIDIA_TF32_OVERRIDE|"
    r"CUBLAS_|CUDNN_|NPY_(DISABLE|ENABLE)_CPU_FEATURES|ORT_|OPENVINO_|KERAS_BACKEND$)"
)
# Of those, what says where things are kept, what is printed or how many threads work; the suite sets these itself.
_HARMLESS = re.compile(r".*(_VERBOSE|_NUM_THREADS|_DYNAMIC|_CACHE\w*|_DIR|_LOG\w*)$|JAX_COMPILATION_|JAX_PERSISTENT_")

# What a library is limited by: environment variables, or flags in one, whose value names the largest instruction set.
_LIMITS: Mapping[str, tuple[str, ...]] = {
    "onednn": (r"ONEDNN_MAX_CPU_ISA=(\w+)", r"DNNL_MAX_CPU_ISA=(\w+)"),
    "aten": (r"ATEN_CPU_CAPABILITY=(\w+)",),
    "xla": (r"XLA_FLAGS=.*--xla_cpu_max_isa=(\w+)",),
}
# The instruction sets that a limit leaves out, as the beginnings of their names.
_BEYOND = {
    "default": ("avx", "fma", "f16c", "amx"),
    "sse4_2": ("avx", "fma", "f16c", "amx"),
    "sse41": ("avx", "fma", "f16c", "amx"),
    "avx": ("avx2", "avx_", "fma", "avx5", "avx1", "amx"),
    "avx2": ("avx5", "avx1", "avx_", "amx"),
    "avx2_vnni": ("avx5", "avx1", "amx"),
    "avx2_vnni_2": ("avx5", "avx1", "amx"),
    "avx512": ("avx512_", "amx"),
    "avx512_core": ("avx512_", "avx1", "amx"),
    "avx512_vnni": ("avx512_bf16", "avx512_fp16", "avx1", "amx"),
    "avx512_core_vnni": ("avx512_bf16", "avx512_fp16", "avx1", "amx"),
    "avx512_bf16": ("avx512_fp16", "avx1", "amx"),
    "avx512_core_bf16": ("avx512_fp16", "avx1", "amx"),
    "avx512_core_fp16": ("avx1", "amx"),
}


# The architectures under one name each, whatever the system calls them, and how people write them.
_ARCHITECTURES = {"amd64": "x86_64", "x64": "x86_64", "arm64": "aarch64"}
_ARCHITECTURE_TEXTS = {"x86_64": "x86-64", "aarch64": "Arm (aarch64)"}
# Who made a processor that is not x86-64, where its own name for that adds nothing.
_VENDORS = {"ARM": "", "generic": ""}
# What a kind of machine is named by: the first of these whose instruction sets it has. Units for bfloat16 are a kind of
# their own, as libraries have other kernels for them; so is AVX-VNNI, by which TensorFlow chooses oneDNN.
_LEVELS = (
    ("AMX", ("amx_tile",)),
    ("AVX-512 and bfloat16", ("avx512f", "avx512_bf16")),
    ("AVX-512", ("avx512f",)),
    ("AVX2 and VNNI", ("avx2", "avx_vnni")),
    ("AVX2", ("avx2",)),
    ("SVE and bfloat16", ("sve", "bf16")),
    ("SVE", ("sve",)),
    ("Neon and bfloat16", ("asimd", "bf16")),
    ("Neon", ("asimd",)),
    ("VSX", ("vsx",)),
)


@dataclass(frozen=True)
class Machine:
    """A machine; ``memory`` in bytes, ``variables`` those of the environment that change arithmetic and are set.

    ``device`` says what computes in the processor's place, such as a GPU: its name, compute capability and libraries.
    """

    architecture: str
    processor: str = ""
    vendor: str = ""
    microarchitecture: str = ""
    features: tuple[str, ...] = ()
    cores: int = 0
    memory: int = 0
    variables: Mapping[str, str] = field(default_factory=dict, hash=False)
    device: Mapping[str, str] = field(default_factory=dict, hash=False)

    @property
    def kind(self) -> str:
        """What decides arithmetic: architecture and largest instruction set that oneDNN may use, or the device's own.

        On x86-64 kernels are chosen by instruction sets alone; elsewhere vendors have libraries of their own, and so
        the vendor is part of the kind.
        """
        if self.device:
            capability = self.device.get("capability", "")
            return f"GPU of compute capability {capability}" if capability else self.device.get("name", "device")
        level = next((text for text, names in _LEVELS if all(self.has(name, "onednn") for name in names)), "")
        vendor = "" if self.architecture == "x86_64" else _VENDORS.get(self.vendor, self.vendor)
        kind = f"{vendor} {_ARCHITECTURE_TEXTS.get(self.architecture, self.architecture)}".strip()
        return f"{kind} with {level}" if level else kind

    @property
    def is_x86_64(self) -> bool:
        """Whether an x86-64 processor computes."""
        return self.architecture == "x86_64" and not self.device

    @property
    def settings(self) -> str:
        """The variables that change arithmetic, as they would be typed."""
        return " ".join(f"{name}={value}" for name, value in self.variables.items())

    @property
    def phrase(self) -> str:
        """The machine in a few words: what computes, its kind, and the variables that are set."""
        name = self.device.get("name", "device") if self.device else self.processor or "unnamed processor"
        return "; ".join(filter(None, (f"{name} ({self.kind})", self.settings)))

    def has(self, feature: str, library: str = "") -> bool:
        """Whether a processor computes that has an instruction set ``library`` (onednn, aten, xla) is not kept from."""
        return not self.device and feature in self.features and not feature.startswith(self._left_out(library))

    def is_limited(self, library: str) -> bool:
        """Whether ``library`` is kept from using what the processor has."""
        left_out = self._left_out(library)
        return any(feature.startswith(left_out) for feature in self.features)

    def _left_out(self, library: str) -> tuple[str, ...]:
        settings = [f"{name}={value}" for name, value in self.variables.items()]
        for pattern in _LIMITS.get(library, ()):
            for setting in settings:
                match = re.match(pattern, setting)
                if match:
                    return _BEYOND.get(match.group(1).lower(), ())
        return ()


def nvidia_driver(file: Path = Path("/proc/driver/nvidia/version")) -> str:
    """Return the version of NVIDIA's driver as its kernel module says it, or nothing where there is none."""
    match = re.search(r"\d+\.\d+[\d.]*", file.read_text(errors="replace")) if file.is_file() else None
    return match.group() if match else ""


def is_instruction_set(name: str) -> bool:
    """Whether a name may be one of the instruction sets that a machine lists."""
    return bool(_ARITHMETIC.match(name))


@cache
def this_machine() -> Machine:
    """Return the machine that this process runs on, with the environment that it was started in."""
    processor, vendor, microarchitecture, features = _processor()
    return Machine(
        architecture=_ARCHITECTURES.get(platform.machine().lower(), platform.machine().lower()),
        processor=processor,
        vendor=vendor,
        microarchitecture=microarchitecture,
        features=tuple(sorted(filter(is_instruction_set, features))),
        cores=_cores(),
        memory=_memory(),
        variables=variables(os.environ),
    )


def variables(environment: Mapping[str, str]) -> dict[str, str]:
    """Return the variables of an environment that change arithmetic."""
    return {
        name: value
        for name, value in sorted(environment.items())
        if _VARIABLES.match(name) and not _HARMLESS.match(name)
    }


def _processor() -> tuple[str, str, str, frozenset[str]]:
    """Return the processor's own name, its vendor, its microarchitecture and its features."""
    from archspec import cpu
    from archspec.cpu.detect import detected_info

    detected, host = detected_info(), cpu.host()
    # What is detected has every feature of this very processor; a microarchitecture those of all its kind.
    return cpu.brand_string() or platform.processor(), detected.vendor, host.name, frozenset(detected.features)


def _cores() -> int:
    """Return the processors that this process may run on."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def _memory() -> int:
    """Return the memory of the machine in bytes, 0 where the system does not say."""
    try:
        return os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
    except (AttributeError, ValueError, OSError):
        return 0
