"""Known divergences of HIPS autograd."""

from convformance.adapters.contract import KnownDivergence

AUTOGRAD = (
    KnownDivergence(
        "float16-sums-in-float16",
        "Each sum is an einsum of NumPy over strided windows, which keeps sums of float16 in float16.",
        "float16",
        grades=("low-precision", "componentwise"),
        when=lambda case, dtype: dtype == "float16",
        versions=("1.9.1", None),
    ),
)
