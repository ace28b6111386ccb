"""Known divergences of tinygrad."""

from convformance.adapters.contract import KnownDivergence

TINYGRAD = (
    KnownDivergence(
        "bfloat16-products-are-rounded",
        "Each product is rounded to bfloat16 before it is added to a sum in float32.",
        "bfloat16",
        grades=("low-precision", "componentwise"),
        when=lambda case, dtype: dtype == "bfloat16",
        versions=("0.14.0", None),
    ),
)
