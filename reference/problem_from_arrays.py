"""From arrays and keywords to the ``Problem`` they belong to, for the public face and for the exact oracle alike."""

from collections.abc import Sequence
from typing import Any, TypedDict, Unpack

import numpy as np

from convformance.reference.arrays import Array
from convformance.reference.borders import ZERO
from convformance.reference.geometry import Padding, per_axis, transposed_sizes
from convformance.reference.operation import BY_NAME, OPERAND_NAMES
from convformance.reference.problem import NO_ZERO_POINTS, Problem

PerAxis = int | Sequence[int]

_SIZES = ("input_size", "output_size", "kernel_size")


class Geometry(TypedDict, total=False):
    """The keywords that every operation but the bias gradient takes; ints stand for every axis."""

    stride: PerAxis
    padding: Padding
    dilation: PerAxis
    groups: int
    border: str


def problem_from_arrays(
    operation: str,
    *arrays: Array,
    size: PerAxis | None = None,
    zero_points: tuple[int, int] = NO_ZERO_POINTS,
    **geometry: Unpack[Geometry],
) -> Problem:
    """Return the problem of ``operation`` on ``arrays``; ``size`` is its ``size_argument``, if it has one.

    Raises TypeError for what is no array, ValueError for a number of axes, a size or a geometry that does not fit.
    """
    _check_axes(operation, arrays)
    shapes = dict(zip(BY_NAME[operation].arrays, (array.shape for array in arrays), strict=True))
    kernel_size: Any = size  # where there is no filter to have it from
    small: Any = None  # the spatial size of the small side, where it is not simply what the geometry gives
    match shapes:
        case {"input": (batch, inputs, *input_size), "filter": (outputs, _, *kernel_size)}:
            small = size
        case {"input": (batch, inputs, *input_size), "output": (_, outputs, *output_size)}:
            small = output_size if BY_NAME[operation].transposed else None
        case {"output": (batch, _, *output_size), "filter": (outputs, inputs_of_group, *kernel_size)}:
            inputs = inputs_of_group * geometry.get("groups", 1)
            legal = _legal_sizes(operation, output_size, kernel_size, **geometry)
            input_size = _choose_size(BY_NAME[operation].size_argument, size, legal)
            small = output_size if BY_NAME[operation].transposed else None
        case {"output": (batch, outputs, *input_size)}:  # a bias gradient sees nothing of the kernel and the input
            inputs = kernel_size = 1
    channels = {"in_channels": inputs, "out_channels": outputs}
    sizes = {"input_size": input_size, "kernel_size": kernel_size, "outputs": small, "batch": batch}
    return Problem.of(**sizes, **channels, **geometry, zero_points=zero_points)


def taken_size(keywords: dict[str, Any]) -> PerAxis | None:
    """Remove from ``keywords`` the size that an operation is asked for, of which each takes one at most; return it."""
    return next((keywords.pop(name) for name in _SIZES if name in keywords), None)


def _check_axes(operation: str, arrays: tuple[Array, ...]) -> None:
    names = OPERAND_NAMES[operation]
    for name, array in zip(names, arrays, strict=True):
        check_array(name, array)
        if array.ndim < 3:
            raise ValueError(f"{name} has shape {array.shape}; allowed: two axes and then one spatial axis or more")
        if array.ndim != arrays[0].ndim:
            allowed = f"{arrays[0].ndim} axes, as {names[0]} has {arrays[0].shape}"
            raise ValueError(f"{name} has shape {array.shape}; allowed: {allowed}")


def check_array(name: str, array: object) -> None:
    """Raise TypeError, naming the argument, unless ``array`` is a NumPy array."""
    if not isinstance(array, np.ndarray):
        raise TypeError(f"{name} is a {type(array).__name__}; allowed: a NumPy array")


def _legal_sizes(
    operation: str,
    output_size: list[int],
    kernel_size: list[int],
    *,
    stride: PerAxis = 1,
    padding: Padding = 0,
    dilation: PerAxis = 1,
    groups: int = 1,
    border: str = ZERO,
) -> tuple[range, ...]:
    """Return, per axis, the sizes of an input whose convolution has ``output_size``, whatever its groups and border.

    The result of a transposed convolution may be larger still where the dilation is larger than the stride.
    """
    rank = len(output_size)
    strides, dilations = per_axis("stride", stride, rank), per_axis("dilation", dilation, rank)
    kernel = per_axis("kernel_size", kernel_size, rank)
    legal = transposed_sizes(tuple(output_size), kernel, strides, padding, dilations)
    if not BY_NAME[operation].transposed or padding in ("same_upper", "same_lower"):
        return legal
    steps = zip(legal, output_size, strides, dilations, strict=True)
    return tuple(range(sizes.start, sizes.stop + (max(d - s, 0) if o and sizes else 0)) for sizes, o, s, d in steps)


def _choose_size(name: str, size: PerAxis | None, legal: tuple[range, ...]) -> list[int]:
    """Return ``size``, or the smallest legal one for None."""
    allowed = ", ".join(f"{sizes.start} to {sizes.stop - 1}" if sizes else "none" for sizes in legal)
    if not all(legal):
        reason = "no size has this output under this stride and padding"
        raise ValueError(f"{name}={size!r}; {reason}; allowed per axis: {allowed}")
    if size is None:
        return [sizes.start for sizes in legal]
    entries = per_axis(name, size, len(legal), least=0)
    if not all(entry in sizes for entry, sizes in zip(entries, legal, strict=True)):
        raise ValueError(f"{name}={size!r}; allowed per axis: {allowed}")
    return list(entries)
