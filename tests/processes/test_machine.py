"""The machine: its instruction sets, what a limit takes away from a library, and the variables that count."""

from dataclasses import replace
from pathlib import Path

import pytest

from convformance.processes.machine import Machine, nvidia_driver, this_machine, variables
from tests.processes.computers import AMX, ARM, AVX2, AVX512, GPU, INTEL, LIMITED, WITHOUT_BFLOAT16


@pytest.mark.parametrize("library", ["onednn", "xla"])
def test_a_limit_takes_instruction_sets_from_its_library_alone(library: str) -> None:
    assert AVX512.has("avx512bw", library)
    assert not LIMITED.has("avx512bw", library)
    assert LIMITED.has("avx2", library)
    assert LIMITED.has("avx512bw")
    assert LIMITED.is_limited(library)
    assert not AVX512.is_limited(library)


@pytest.mark.parametrize(
    ("limit", "left", "gone"),
    [
        ("SSE41", "sse4_1", "avx"),
        ("AVX", "avx", "avx2"),
        ("AVX2", "fma", "avx512f"),
        ("avx512_core", "avx512bw", "avx512_vnni"),
        ("AVX512_CORE_VNNI", "avx512_vnni", "avx512_bf16"),
        ("AVX512_CORE_BF16", "avx512_bf16", "amx_tile"),
        ("AVX512_VNNI", "avx512_vnni", "avx512_bf16"),
        ("AVX512_BF16", "avx512_bf16", "amx_tile"),
    ],
)
def test_each_limit_leaves_what_it_names(limit: str, left: str, gone: str) -> None:
    machine = replace(AMX, variables={"DNNL_MAX_CPU_ISA": limit})
    assert machine.has(left, "onednn")
    assert not machine.has(gone, "onednn")
    assert machine.has(gone, "aten")


def test_a_limit_that_nobody_knows_takes_nothing() -> None:
    assert replace(AVX512, variables={"ONEDNN_MAX_CPU_ISA": "ALL"}).has("avx512bw", "onednn")


def test_a_limit_does_not_name_what_the_processor_lacks() -> None:
    assert not replace(AVX2, variables={"ONEDNN_MAX_CPU_ISA": "AVX2"}).is_limited("onednn")


APPLE = replace(ARM, vendor="Apple", features=("asimd", "bf16"))
KINDS = [
    (AVX512, "x86-64 with AVX-512 and bfloat16"),
    (INTEL, "x86-64 with AVX-512 and bfloat16"),
    (WITHOUT_BFLOAT16, "x86-64 with AVX-512"),
    (replace(AVX512, variables={"ONEDNN_MAX_CPU_ISA": "AVX512_CORE_VNNI"}), "x86-64 with AVX-512"),
    (LIMITED, "x86-64 with AVX2"),
    (AVX2, "x86-64 with AVX2"),
    (replace(AVX2, vendor="GenuineIntel", features=(*AVX2.features, "avx_vnni")), "x86-64 with AVX2 and VNNI"),
    (AMX, "x86-64 with AMX"),
    (ARM, "Arm (aarch64) with Neon"),
    (replace(ARM, vendor="generic"), "Arm (aarch64) with Neon"),
    (replace(ARM, features=("asimd", "bf16", "sve")), "Arm (aarch64) with SVE and bfloat16"),
    (APPLE, "Apple Arm (aarch64) with Neon and bfloat16"),
    (Machine("riscv64"), "riscv64"),
]


@pytest.mark.parametrize(("machine", "kind"), KINDS)
def test_a_kind_is_what_decides_arithmetic(machine: Machine, kind: str) -> None:
    assert machine.kind == kind


def test_the_phrase_names_processor_kind_and_variables() -> None:
    assert AVX2.phrase == "AMD Ryzen (x86-64 with AVX2)"
    machine = replace(AVX512, variables={"TF_ENABLE_ONEDNN_OPTS": "0"})
    assert machine.phrase == "AMD EPYC (x86-64 with AVX-512 and bfloat16); TF_ENABLE_ONEDNN_OPTS=0"


def test_only_variables_that_change_arithmetic_count() -> None:
    counting = {
        "ATEN_CPU_CAPABILITY": "avx2",
        "DNNL_DEFAULT_FPMATH_MODE": "bf16",
        "MKL_CBWR": "COMPATIBLE",
        "NVIDIA_TF32_OVERRIDE": "0",
        "ONEDNN_MAX_CPU_ISA": "AVX2",
        "OPENBLAS_CORETYPE": "Haswell",
        "TF_ENABLE_ONEDNN_OPTS": "0",
        "XLA_FLAGS": "--xla_cpu_max_isa=AVX2",
    }
    others = {
        "HOME": "/nowhere",
        "JAX_COMPILATION_CACHE_DIR": "/nowhere",
        "MKL_NUM_THREADS": "1",
        "OMP_NUM_THREADS": "1",
        "ONEDNN_VERBOSE": "1",
        "TF_CPP_MIN_LOG_LEVEL": "3",
    }
    assert variables({**others, **counting}) == counting


def test_this_machine_is_named() -> None:
    machine = this_machine()
    assert machine.architecture
    assert machine.cores >= 1
    assert machine.features == tuple(sorted(machine.features))
    assert machine.kind in machine.phrase


def test_a_device_computes_in_the_place_of_the_processor() -> None:
    assert GPU.kind == "GPU of compute capability 9.0"
    assert GPU.phrase == "NVIDIA H100 (GPU of compute capability 9.0)"
    assert AMX.has("amx_tile")
    assert not GPU.has("amx_tile")
    assert replace(AMX, device={"name": "TPU v5"}).kind == "TPU v5"


def test_the_driver_is_read_where_there_is_one(tmp_path: Path) -> None:
    file = tmp_path / "version"
    assert nvidia_driver(file) == ""
    file.write_text("NVRM version: NVIDIA UNIX Open Kernel Module for x86_64  580.159.04  Release Build\nGCC 15.3.0\n")
    assert nvidia_driver(file) == "580.159.04"
