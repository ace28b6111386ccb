"""Known divergences of tinygrad."""

from convformance.adapters.contract import Adapter, KnownDivergence
from convformance.adapters.known import KINDS_SEEN

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


class Known(Adapter):
    """What was seen of tinygrad."""

    known_divergences = TINYGRAD
    kinds_seen = KINDS_SEEN[:1]
    looked_at = "0.14.0"
    refusals = (r"kernel size cannot be greater than actual input size",)
