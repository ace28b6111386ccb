"""From arrays and keywords to a ``Problem``: one function for each contraction, shared by the plain face and the exact one."""

from collections.abc import Sequence
from typing import TypedDict, Unpack

import numpy as np

from convformance.reference.arrays import Array
from convformance.reference.geometry import Padding, Size, per_axis, transposed_sizes
from convformance.reference.operation import BY_NAME, OPERAND_NAMES
from convformance.reference.problem import Problem

PerAxis = int | Sequence[int]


class Geometry(TypedDict, total=False):
    """The keywords that every operation but the bias gradient takes; ints stand for every axis."""

    stride: PerAxis
    padding: Padding
    dilation: PerAxis
    groups: int


def forward(operation: str, x: Array, w: Array, **geometry: Unpack[Geometry]) -> Problem:
    """Return the problem of a convolution of x ``(N, C, *spatial)`` with w ``(O, C / groups, *kernel)``."""
    _check_axes(operation, x, w)
    channels = {"in_channels": x.shape[1], "out_channels": w.shape[0]}
    return Problem.of(input_size=x.shape[2:], kernel_size=w.shape[2:], batch=x.shape[0], **channels, **geometry)


def filter_gradient(operation: str, x: Array, dy: Array, kernel_size: PerAxis, **geometry: Unpack[Geometry]) -> Problem:
    """Return the problem whose filter gradient is asked: x ``(N, C, *spatial)``, dy ``(N, O, *output)``.

    A transposed convolution has the roles swapped: its x is the ``(N, O, *spatial)`` and its dy the ``(N, C, *output)``.
    """
    _check_axes(operation, x, dy)
    large, small = (dy, x) if BY_NAME[operation].transposed else (x, dy)
    channels = {"in_channels": large.shape[1], "out_channels": small.shape[1]}
    return Problem.of(input_size=large.shape[2:], kernel_size=kernel_size, batch=large.shape[0], **channels, **geometry)


def input_gradient(
    operation: str,
    dy: Array,
    w: Array,
    *,
    size_name: str,
    size: PerAxis | None,
    stride: PerAxis = 1,
    padding: Padding = 0,
    dilation: PerAxis = 1,
    groups: int = 1,
) -> Problem:
    """Return the problem whose input gradient, or transposed convolution, is asked: dy ``(N, O, *output)``, result of ``size``.

    Raises ValueError, with the legal sizes, when the convolution of an input of ``size`` does not have dy's spatial shape.
    """
    _check_axes(operation, dy, w)
    rank = dy.ndim - 2
    strides, dilations = per_axis("stride", stride, rank), per_axis("dilation", dilation, rank)
    legal = transposed_sizes(dy.shape[2:], per_axis("kernel_size", w.shape[2:], rank), strides, padding, dilations)
    return Problem.of(
        input_size=_legal_size(size_name, size, legal),
        kernel_size=w.shape[2:],
        batch=dy.shape[0],
        in_channels=w.shape[1] * groups,
        out_channels=w.shape[0],
        stride=strides,
        padding=padding,
        dilation=dilations,
        groups=groups,
    )


def bias_gradient(dy: Array) -> Problem:
    """Return a problem with the output dy ``(N, O, *output)``: that of a convolution of one channel with a kernel of one."""
    _check_axes("conv_bias_grad", dy)
    return Problem.of(input_size=dy.shape[2:], kernel_size=1, batch=dy.shape[0], out_channels=dy.shape[1])


def _check_axes(operation: str, *arrays: Array) -> None:
    """Raise ValueError unless all have one number of axes, two and the spatial ones; TypeError unless they are arrays."""
    for name, array in zip(OPERAND_NAMES[operation], arrays, strict=True):
        check_array(name, array)
        if array.ndim < 3:
            raise ValueError(f"{name} has shape {array.shape}; allowed: two axes and then one spatial axis or more")
        if array.ndim != arrays[0].ndim:
            first = OPERAND_NAMES[operation][0]
            raise ValueError(
                f"{name} has shape {array.shape}; allowed: {arrays[0].ndim} axes, as {first} has {arrays[0].shape}"
            )


def check_array(name: str, array: object) -> None:
    """Raise TypeError, naming the argument, unless ``array`` is a NumPy array."""
    if not isinstance(array, np.ndarray):
        raise TypeError(f"{name} is a {type(array).__name__}; allowed: a NumPy array")


def _legal_size(name: str, size: PerAxis | None, legal: tuple[range, ...]) -> Size:
    """Return ``size``, or the smallest legal one for None."""
    allowed = ", ".join(f"{sizes.start} to {sizes.stop - 1}" if sizes else "none" for sizes in legal)
    if not all(legal):
        raise ValueError(
            f"{name}={size!r}; no size has this output under this stride and padding; allowed per axis: {allowed}"
        )
    if size is None:
        return tuple(sizes.start for sizes in legal)
    entries = per_axis(name, size, len(legal), least=0)
    if not all(entry in sizes for entry, sizes in zip(entries, legal, strict=True)):
        raise ValueError(f"{name}={size!r}; allowed per axis: {allowed}")
    return entries
