"""Machines made by hand: what is tested of machines must not depend on the one that tests."""

from dataclasses import replace

from convformance.processes.machine import Machine

_AVX2 = ("avx", "avx2", "f16c", "fma", "sse4_1", "sse4_2")
_AVX512 = (*_AVX2, "avx512_bf16", "avx512_vnni", "avx512bw", "avx512dq", "avx512f", "avx512vl")

AVX512 = Machine("x86_64", "AMD EPYC", "AuthenticAMD", "zen4", _AVX512, 2, 8 * 10**9)
LIMITED = Machine(
    "x86_64",
    "AMD EPYC",
    "AuthenticAMD",
    "zen4",
    _AVX512,
    2,
    8 * 10**9,
    {"ATEN_CPU_CAPABILITY": "avx2", "ONEDNN_MAX_CPU_ISA": "AVX2", "XLA_FLAGS": "--a --xla_cpu_max_isa=AVX2"},
)
WITHOUT_ONEDNN = Machine(
    "x86_64", "AMD EPYC", "AuthenticAMD", "zen4", _AVX512, variables={"TF_ENABLE_ONEDNN_OPTS": "0"}
)
AVX2 = Machine("x86_64", "AMD Ryzen", "AuthenticAMD", "zen2", _AVX2, 2, 8 * 10**9)
INTEL = replace(AVX512, processor="Intel Xeon", vendor="GenuineIntel", microarchitecture="cooperlake")
WITHOUT_BFLOAT16 = replace(INTEL, features=tuple(name for name in _AVX512 if name != "avx512_bf16"))
AMX = Machine("x86_64", "Intel Xeon", "GenuineIntel", "sapphirerapids", (*_AVX512, "amx_bf16", "amx_tile"))
ARM = Machine("aarch64", "Neoverse N1", "ARM", "neoverse_n1", ("asimd", "asimdhp"))
GPU = replace(AMX, device={"name": "NVIDIA H100", "capability": "9.0", "CUDA": "13.0"})
EVERY = (AVX512, LIMITED, WITHOUT_ONEDNN, AVX2, INTEL, WITHOUT_BFLOAT16, AMX, ARM, GPU)
