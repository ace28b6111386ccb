"""Geometry of others: what their arguments mean as a ``Problem``."""

from collections.abc import Sequence

from convformance.reference.geometry import Pairs, Size
from convformance.reference.problem import Problem
from tests.zoo.member import Array
from tests.zoo.others import Call


def per_axis(value: int | Sequence[int], rank: int) -> Size:
    """Return ``value`` for every axis: an int, one int in a sequence, or as many as there are axes."""
    each = (value,) if isinstance(value, int) else tuple(int(entry) for entry in value)
    return each * rank if len(each) == 1 else each


def forward(
    x: Array,
    w: Array,
    bias: Array | None,
    *,
    stride: int | Sequence[int] = 1,
    padding: int | str | Sequence[tuple[int, int]] = 0,
    dilation: int | Sequence[int] = 1,
    groups: int = 1,
) -> Call:
    """Return the call of a convolution of ``x`` with ``w``, both in canonical layout."""
    rank = x.ndim - 2
    problem = Problem.of(
        input_size=x.shape[2:],
        kernel_size=w.shape[2:],
        batch=x.shape[0],
        in_channels=x.shape[1],
        out_channels=w.shape[0],
        stride=per_axis(stride, rank),
        padding=padding,
        dilation=per_axis(dilation, rank),
        groups=groups,
    )
    return Call("conv", problem, (x, w), bias)


def transposed(
    x: Array,
    w: Array,
    bias: Array | None,
    *,
    result_size: Sequence[int],
    begins: Sequence[int],
    stride: int | Sequence[int] = 1,
    dilation: int | Sequence[int] = 1,
    groups: int = 1,
    symbol: str | None = None,
) -> Call:
    """Return the call of a transposed convolution of ``x``, the small side, to ``result_size``.

    ``w`` is ``(channels of x, channels of the result / groups, *kernel)`` and not rotated; ``begins`` is how much
    padding of the large side is cut off at the begin of each axis.
    """
    rank = x.ndim - 2
    strides, dilations = per_axis(stride, rank), per_axis(dilation, rank)
    problem = Problem(
        batch=x.shape[0],
        in_channels=w.shape[1] * groups,
        out_channels=x.shape[1],
        input_size=tuple(int(size) for size in result_size),
        kernel_size=w.shape[2:],
        stride=strides,
        padding=_pairs(x.shape[2:], w.shape[2:], tuple(result_size), strides, dilations, tuple(begins)),
        dilation=dilations,
        groups=groups,
        symbol=symbol,
    )
    return Call("conv_transpose", problem, (x, w), bias)


def _pairs(small: Size, kernel: Size, large: Size, stride: Size, dilation: Size, begins: Size) -> Pairs:
    """Return the padding under which ``large`` has ``small`` positions, rows that no output reads at its end.

    There are fewer of these than the stride; any more is a negative padding.
    """
    axes = zip(small, kernel, large, stride, dilation, begins, strict=True)
    least = [(lo, (o - 1) * s + d * (k - 1) + 1 - i - lo, s) for o, k, i, s, d, lo in axes]
    return tuple((lo, 0 if -s < hi < 0 else hi) for lo, hi, s in least)
