"""The frameworks' own persistent compilation caches: where one lies, so that a change of what matters never hits.

An adapter names the environment variables that switch its framework's cache on; nothing is cached unless a folder was
asked for. Each framework keys its entries itself, and not by all that matters: PyTorch compiles for fewer instruction
sets where ATEN_CPU_CAPABILITY says so, and its key leaves that out. So every combination of versions, processor,
instruction sets and flags has a folder of its own, and a cache that a framework keeps unasked is switched off.
"""

import hashlib
import os
import re
import sys
from collections.abc import Iterator
from functools import cache
from importlib import metadata
from pathlib import Path

from convformance.adapters.contract import Adapter
from convformance.processes.machine import this_machine, variables

VARIABLE = "CONFORMANCE_COMPILE_CACHE"
# Environment variables that change what a compiler makes, by their beginnings; those that change arithmetic do, too.
_FLAGS = ("XLA_", "JAX_", "TF_", "TORCH", "DNNL_", "ONEDNN_", "MKL_", "OPENBLAS_", "ATEN_", "NVIDIA_", "CUDA_", "CXX")
# What switches the caches on, in this process or the one that started it, says nothing of what is compiled.
_SWITCHES = {
    "JAX_COMPILATION_CACHE_DIR",
    "JAX_PERSISTENT_CACHE_MIN_COMPILE_TIME_SECS",
    "JAX_PERSISTENT_CACHE_MIN_ENTRY_SIZE_BYTES",
    "TORCHINDUCTOR_CACHE_DIR",
    "TORCHINDUCTOR_FX_GRAPH_CACHE",
    "TORCHINDUCTOR_AUTOGRAD_CACHE",
    "TF_CPP_MIN_LOG_LEVEL",
}
_SWITCH = "--tf_xla_persistent_cache_directory="


def folder_of(cls: type[Adapter]) -> Path | None:
    """Return where the framework of ``cls`` keeps what it compiles; None without a cache, or where none was asked."""
    root = os.environ.get(VARIABLE)
    if not root or not cls.compile_cache:
        return None
    parts = (*_versions(cls.distribution or cls.name), *_processor(), *_flags())
    key = hashlib.sha256("\n".join(parts).encode()).hexdigest()[:12]
    return Path(root).resolve() / f"{cls.name}-{cls.version()}-{key}"


def switch_on(cls: type[Adapter]) -> None:
    """Let the framework use its cache, if one was asked for, and else none of its own, unless the user wants that.

    Before it is imported, as it reads its variables then.
    """
    folder = folder_of(cls)
    if folder is None:
        for name, text in cls.without_cache.items():
            os.environ.setdefault(name, text)
    else:
        folder.mkdir(parents=True, exist_ok=True)
        for name, text in cls.compile_cache.items():
            _add(name, text.format(folder=folder))


def _add(name: str, value: str) -> None:
    """Set an environment variable; a list of flags keeps those that it has."""
    flags = os.environ.get(name, "").split() if name.endswith("_FLAGS") else []
    os.environ[name] = " ".join([*(flag for flag in flags if flag != value), value])


def state_of(cls: type[Adapter]) -> str:
    """Return the name of the folder and how many files are in it, or nothing without a cache."""
    folder = folder_of(cls)
    if folder is None:
        return ""
    files = sum(path.is_file() for path in folder.rglob("*"))
    return f"{folder.name}, {files} files" if files else f"{folder.name}, empty"


@cache
def _versions(distribution: str) -> tuple[str, ...]:
    """Return Python's version, the framework's, and those of what it requires, such as its compiler."""
    return sys.version, distribution, *sorted(_installed(distribution))


def _installed(distribution: str) -> Iterator[str]:
    try:
        required = metadata.requires(distribution) or ()
    except metadata.PackageNotFoundError:
        return
    for name in {distribution, *(re.split(r"[^\w.-]", text, maxsplit=1)[0] for text in required)}:
        try:
            yield f"{name} {metadata.version(name)}"
        except metadata.PackageNotFoundError:
            continue


@cache
def _processor() -> tuple[str, ...]:
    """Return the processor and its instruction sets."""
    machine = this_machine()
    return machine.architecture, machine.processor, machine.microarchitecture, *machine.features


@cache
def _flags() -> tuple[str, ...]:
    """Return the variables that change what is compiled, as they were before any framework added its own."""
    names = {name for name in os.environ if name.startswith(_FLAGS)} | variables(os.environ).keys()
    values = {name: os.environ[name] for name in sorted(names - _SWITCHES)}
    values = {name: " ".join(word for word in value.split() if _SWITCH not in word) for name, value in values.items()}
    return tuple(f"{name}={value}" for name, value in values.items() if value)
