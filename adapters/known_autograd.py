"""Known divergences of HIPS autograd."""

from convformance.adapters.contract import Adapter, KnownDivergence
from convformance.adapters.known import KINDS_SEEN

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


class Known(Adapter):
    """What was seen of HIPS autograd."""

    known_divergences = AUTOGRAD
    kinds_seen = KINDS_SEEN[:1]
    looked_at = "1.9.1"
    refusals = (r"invalid data type for einsum",)
