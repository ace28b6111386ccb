"""Known divergences of tract."""

from dataclasses import replace

from convformance.adapters.divergence import KnownDivergence
from convformance.adapters.known import RECTIFIER_SWALLOWS_NAN
from convformance.adapters.known_ranges import subnormals

_SINCE = ("0.23.9", None)

KNOWN = (
    KnownDivergence(
        "float16-sums-in-float16",
        "Products of float16 are multiplied and summed in float16.",
        "float16",
        grades=("low-precision", "componentwise"),
        when=lambda case, dtype: dtype == "float16",
        versions=_SINCE,
    ),
    replace(RECTIFIER_SWALLOWS_NAN, versions=_SINCE),
    subnormals(
        "The kernels of float32 take subnormal numbers for 0; those of float64 and float16 do not.",
        "float32, subnormal operands",
        "float32",
        versions=_SINCE,
    ),
)
