"""Known divergences of tract."""

from convformance.adapters.divergence import KnownDivergence

KNOWN = (
    KnownDivergence(
        "float16-sums-in-float16",
        "Products of float16 are multiplied and summed in float16.",
        "float16",
        grades=("low-precision", "componentwise"),
        when=lambda case, dtype: dtype == "float16",
        versions=("0.23.9", None),
    ),
)
