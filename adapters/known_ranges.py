"""What is known to diverge at the ends of a type's range: see ``known``."""

from collections.abc import Callable
from typing import Any

from convformance.adapters.contract import KnownDivergence, Machines
from convformance.adapters.known_devices import ON_PROCESSORS
from convformance.processes.machine import Machine


def _is_subnormal(*dtypes: str) -> Callable[[Any, str], bool]:
    return lambda case, dtype: case.range == "subnormal" and dtype in dtypes


def subnormals(reason: str, covers: str, *dtypes: str, link: str = "", **where: Any) -> KnownDivergence:
    """Return that subnormal operands of some dtypes are taken for 0."""
    return KnownDivergence(
        "subnormal-operands-as-zero",
        reason,
        covers,
        grades=("low-precision",),
        when=_is_subnormal(*dtypes),
        link=link,
        **where,
    )


def uses_bfloat16_products(machine: Machine) -> bool:
    return machine.has("avx512_bf16", "onednn")


WITH_BFLOAT16 = Machines("x86-64 where oneDNN uses AVX512_BF16", uses_bfloat16_products)

SCIPY = (
    KnownDivergence(
        "fft-overflows",
        "A transform adds up a plane before it multiplies: its sums leave the range where those of a direct algorithm "
        "do not, and one NaN reaches every element.",
        "operands from the ends of the range",
        grades=("wrong",),
        routes=("signal.fftconvolve",),
        when=lambda case, dtype: bool(case.range),
        always=False,
    ),
)

TORCH = (
    subnormals(
        "The processor's products of bfloat16 take subnormal numbers for 0, in whatever mode it is (Intel's manual, "
        "VDPBF16PS).",
        "bfloat16, subnormal operands",
        "bfloat16",
        machines=WITH_BFLOAT16,
    ),
)

JAX = (
    subnormals(
        "XLA switches its threads to take subnormal numbers for 0; float16 is widened before.",
        "float64, float32 and bfloat16, subnormal operands",
        "float64",
        "float32",
        "bfloat16",
        link="https://docs.jax.dev/en/latest/notebooks/Common_Gotchas_in_JAX.html",
        machines=ON_PROCESSORS,
    ),
)

TENSORFLOW = (
    subnormals(
        "TensorFlow's threads take subnormal numbers for 0; float16 is widened before.",
        "float64, float32 and bfloat16, subnormal operands",
        "float64",
        "float32",
        "bfloat16",
        machines=ON_PROCESSORS,
    ),
)
