"""Known divergences of Apache TVM."""

from convformance.adapters.divergence import KnownDivergence

KNOWN = (
    KnownDivergence(
        "narrow-sums-in-their-own-type",
        "The operator of a convolution sums in the type of its result where nothing else is said, and the import of an "
        "ONNX model says nothing.",
        "float16 and bfloat16",
        grades=("low-precision",),
        when=lambda case, dtype: dtype in {"float16", "bfloat16"},
        versions=("0.27.0.post1", None),
    ),
)
