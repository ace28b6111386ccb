"""Geometry of a convolution: sizes, paddings and the index map, for any spatial rank.

One index map serves every operation of the suite, per spatial axis:

    input position = output position * stride + tap * dilation - padding.lo

Sizes are tuples with one entry per spatial axis, counted in elements. A padding is a ``(lo, hi)`` pair per axis;
a negative entry crops. Source: Dumoulin & Visin, "A guide to convolution arithmetic for deep learning" (2016).
"""

from collections.abc import Callable, Iterable, Sequence
from typing import Any

import numpy as np

Size = tuple[int, ...]
Pairs = tuple[tuple[int, int], ...]
Padding = int | str | Sequence[int] | Sequence[tuple[int, int]]

_INTEGER = (int, np.integer)


def per_axis(name: str, value: int | Sequence[int], rank: int, *, least: int = 1) -> Size:
    """Return ``value`` as one integer per axis; an int stands for every axis.

    Raises ValueError naming the argument when the length is not ``rank``, an entry is no integer or below ``least``.
    """
    if type(value) is tuple and len(value) == rank and set(map(type, value)) == {int} and min(value) >= least:
        return value  # nearly always; what follows takes ten times as long
    entries = _spread(value, rank)
    if len(entries) != rank or not all(isinstance(entry, _INTEGER) and entry >= least for entry in entries):
        raise ValueError(f"{name}={value!r}; allowed: an integer >= {least} or {rank} of them, one per spatial axis")
    return tuple(int(entry) for entry in entries)


def _spread(value: Any, count: int) -> tuple[Any, ...]:
    """Return an integer as ``count`` entries, a sequence as its own entries, anything else as none."""
    if isinstance(value, _INTEGER):
        return (value,) * count
    return tuple(value) if isinstance(value, Iterable) else ()


def effective_kernel(kernel_size: Size, dilation: Size) -> Size:
    """Return the extent a dilated kernel spans, ``dilation * (kernel - 1) + 1`` per axis."""
    return tuple(d * (k - 1) + 1 for k, d in zip(kernel_size, dilation, strict=True))


def _valid(size: int, extent: int, stride: int) -> tuple[int, int]:
    return 0, 0


def _full(size: int, extent: int, stride: int) -> tuple[int, int]:
    return extent - 1, extent - 1


def _same_upper(size: int, extent: int, stride: int) -> tuple[int, int]:
    outputs = -(-size // stride)
    total = max((outputs - 1) * stride + extent - size, 0)
    return total // 2, total - total // 2


def _same_lower(size: int, extent: int, stride: int) -> tuple[int, int]:
    lo, hi = _same_upper(size, extent, stride)
    return hi, lo


def _causal(size: int, extent: int, stride: int) -> tuple[int, int]:
    return extent - 1, 0


_SYMBOLS: dict[str, Callable[[int, int, int], tuple[int, int]]] = {
    "valid": _valid,
    "same_upper": _same_upper,
    "same_lower": _same_lower,
    "full": _full,
    "causal": _causal,
}
PADDING_SYMBOLS = tuple(_SYMBOLS)


def resolve_padding(padding: Padding, *, input_size: Size, kernel_size: Size, stride: Size, dilation: Size) -> Pairs:
    """Return ``padding`` as a ``(lo, hi)`` pair per axis.

    ``padding`` is an int for every side, an int per axis for both its sides, a pair per axis, or a symbol: ``valid``
    (none), ``full`` (``dilation * (kernel - 1)`` on both sides), ``same_upper`` (``ceil(input / stride)`` outputs, the
    odd element at the end: what is usually meant by SAME), ``same_lower`` (the odd element at the start) and ``causal``
    (``dilation * (kernel - 1)`` before the data and none behind). Raises ValueError for anything else.
    """
    if isinstance(padding, str):
        return _resolve_symbol(padding, input_size, kernel_size, stride, dilation)
    rank = len(input_size)
    pairs = tuple(_spread(entry, 2) for entry in _spread(padding, rank))
    if len(pairs) != rank or not all(_is_pair(pair) for pair in pairs):
        allowed = f"an integer, {rank} integers, {rank} (lo, hi) pairs, or one of {', '.join(PADDING_SYMBOLS)}"
        raise ValueError(f"padding={padding!r}; allowed: {allowed}")
    return tuple((int(lo), int(hi)) for lo, hi in pairs)


def _is_pair(entries: tuple[Any, ...]) -> bool:
    return len(entries) == 2 and all(isinstance(entry, _INTEGER) for entry in entries)


def _resolve_symbol(symbol: str, input_size: Size, kernel_size: Size, stride: Size, dilation: Size) -> Pairs:
    if symbol not in _SYMBOLS:
        raise ValueError(f"padding={symbol!r} is no padding symbol; allowed: {', '.join(PADDING_SYMBOLS)}")
    extents = effective_kernel(kernel_size, dilation)
    return tuple(_SYMBOLS[symbol](*axis) for axis in zip(input_size, extents, stride, strict=True))


def padded_size(input_size: Size, padding: Pairs) -> Size:
    """Return ``input + lo + hi`` per axis; raises ValueError where a negative padding crops more than there is."""
    sizes = tuple(size + lo + hi for size, (lo, hi) in zip(input_size, padding, strict=True))
    for size, (lo, hi), left in zip(input_size, padding, sizes, strict=True):
        if left < 0 or -lo > size or -hi > size:
            allowed = f"lo, hi >= -{size} and lo + hi >= -{size}"
            raise ValueError(f"padding={padding!r} crops more than an axis of size {size} has; allowed: {allowed}")
    return sizes


def output_size(input_size: Size, kernel_size: Size, stride: Size, padding: Pairs, dilation: Size) -> Size:
    """Return how many positions the kernel takes, ``max(0, (padded - extent) // stride + 1)`` per axis.

    A kernel that is wider than the padded input has no position: the size is 0 and the result is empty.
    """
    extents = effective_kernel(kernel_size, dilation)
    padded = padded_size(input_size, padding)
    return tuple(max(0, (p - e) // s + 1) for p, e, s in zip(padded, extents, stride, strict=True))


def transposed_sizes(
    output_size: Size, kernel_size: Size, stride: Size, padding: Padding, dilation: Size
) -> tuple[range, ...]:
    """Return, per axis, every input size whose convolution has ``output_size``: the legal results of its transpose.

    With at least one output the sizes are ``(output - 1) * stride + extent - lo - hi`` and the ``stride - 1`` that
    follow; their offset in this range is what frameworks call output padding. The ``same`` symbols pad each size by its
    own amount: theirs are ``(output - 1) * stride + 1`` to ``output * stride``. Sizes that are negative, or that a
    negative padding crops away, are left out, so a range may be empty.
    """
    if padding in ("same_upper", "same_lower"):
        return tuple(range(max(0, (o - 1) * s + 1), o * s + 1) for o, s in zip(output_size, stride, strict=True))
    # No other padding looks at the input size.
    pairs = resolve_padding(padding, input_size=output_size, kernel_size=kernel_size, stride=stride, dilation=dilation)
    extents = effective_kernel(kernel_size, dilation)
    return tuple(_sizes_of_axis(*axis) for axis in zip(output_size, extents, stride, pairs, strict=True))


def _sizes_of_axis(outputs: int, extent: int, stride: int, pair: tuple[int, int]) -> range:
    pad = sum(pair)
    least = max(0, -min(pair), -pad)
    smallest = (outputs - 1) * stride + extent - pad
    if outputs == 0:
        return range(least, max(least, smallest + stride))
    return range(max(least, smallest), max(least, smallest + stride))
