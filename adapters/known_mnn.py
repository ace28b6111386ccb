"""Known divergences of MNN, as data."""

from typing import Any

from convformance.adapters.contract import Adapter, Domain, KnownDivergence, of_numbers
from convformance.adapters.known import KINDS_SEEN, strided_past_kernel

_VERSIONS = ("3.6.1", None)
_PLANES = Domain("two spatial axes", lambda request: request.problem.rank == 2)


def _has_wide_groups(case: Any) -> bool:
    problem = case.problem
    return problem.groups > 1 and not problem.in_channels == problem.out_channels == problem.groups


MNN = (
    KnownDivergence(
        "groups-are-read-as-one",
        "Groups are left out: conv2d reads the filter as one over all channels, and so beyond its end, and "
        "conv2d_transpose answers with the channels of one group.",
        "groups above 1, unless each has one channel and one filter",
        grades=("wrong",),
        when=lambda case, dtype: _has_wide_groups(case),
        versions=_VERSIONS,
    ),
    KnownDivergence(
        "same-past-the-kernel-starts-late",
        "SAME on an axis whose stride passes the kernel becomes a negative padding, half of it in front.",
        "a symbolic SAME padding with the odd element behind, an axis whose last window ends before the data",
        grades=("wrong",),
        routes=("conv2d",),
        when=lambda case, dtype: case.problem.symbol == "same_upper" and strided_past_kernel(case),
        always=False,
        versions=_VERSIONS,
    ),
    KnownDivergence(
        "results-are-clipped-to-finite-numbers",
        "Every result is clipped to the finite float32: infinity and NaN become 3.4e38 or its negative.",
        "operands that hold a NaN or an Inf, or sums that leave the range",
        grades=("wrong",),
        when=lambda case, dtype: bool(case.special) or bool(case.range),
        always=False,
        versions=_VERSIONS,
    ),
    KnownDivergence(
        "reading-no-elements-is-a-system-error",
        "Var.read of a result without elements, or made from operands without any, raises SystemError.",
        "operands or results without elements",
        grades=("error",),
        when=lambda case, dtype: (
            0 in (*case.problem.input_shape, *case.problem.output_shape, *case.problem.filter_shape)
        ),
        versions=_VERSIONS,
    ),
)


class Known(Adapter):
    """What was seen of MNN."""

    known_divergences = MNN
    kinds_seen = KINDS_SEEN[:1]
    looked_at = "3.6.1"
    domain = _PLANES & of_numbers("float32, which it computes in", "float32")
