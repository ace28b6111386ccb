"""From arrays and keywords to the ``Problem`` they belong to, for the public face and for the exact oracle alike."""

from collections.abc import Callable, Sequence
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


class Keywords(Geometry, total=False):
    """These, and the spatial size of the result where the arrays leave it open."""

    input_size: PerAxis
    output_size: PerAxis | None
    kernel_size: PerAxis


def problem_from_arrays(operation: str, *arrays: Array, **keywords: Unpack[Keywords]) -> Problem:
    """Return the problem of ``operation`` on ``arrays``, which it takes in this order and with these ``keywords``.

    Raises TypeError for what is no array, ValueError for a number of axes or a geometry that does not fit.
    """
    _check_axes(operation, arrays)
    return _PROBLEM_OF[BY_NAME[operation].result](operation, *arrays, **keywords)


def _of_output(operation: str, x: Array, w: Array, **geometry: Unpack[Geometry]) -> Problem:
    channels = {"in_channels": x.shape[1], "out_channels": w.shape[0]}
    return Problem.of(input_size=x.shape[2:], kernel_size=w.shape[2:], batch=x.shape[0], **channels, **geometry)


def _of_filter(operation: str, x: Array, dy: Array, kernel_size: PerAxis, **geometry: Unpack[Geometry]) -> Problem:
    large, small = (dy, x) if BY_NAME[operation].transposed else (x, dy)
    channels = {"in_channels": large.shape[1], "out_channels": small.shape[1]}
    return Problem.of(input_size=large.shape[2:], kernel_size=kernel_size, batch=large.shape[0], **channels, **geometry)


def _of_input(
    operation: str,
    dy: Array,
    w: Array,
    *,
    stride: PerAxis = 1,
    padding: Padding = 0,
    dilation: PerAxis = 1,
    groups: int = 1,
    **sizes: PerAxis | None,
) -> Problem:
    """Return the problem whose input has the size asked for, which has to convolve to the spatial shape of dy."""
    name = "output_size" if BY_NAME[operation].transposed else "input_size"
    rank = dy.ndim - 2
    strides, dilations = per_axis("stride", stride, rank), per_axis("dilation", dilation, rank)
    legal = transposed_sizes(dy.shape[2:], per_axis("kernel_size", w.shape[2:], rank), strides, padding, dilations)
    return Problem.of(
        input_size=_legal_size(name, sizes.get(name), legal),
        kernel_size=w.shape[2:],
        batch=dy.shape[0],
        in_channels=w.shape[1] * groups,
        out_channels=w.shape[0],
        stride=strides,
        padding=padding,
        dilation=dilations,
        groups=groups,
    )


def _of_bias(operation: str, dy: Array) -> Problem:
    """Return the problem of one input channel and a kernel of one: the bias gradient sees nothing of either."""
    return Problem.of(input_size=dy.shape[2:], kernel_size=1, batch=dy.shape[0], out_channels=dy.shape[1])


# By what the operation gives: the other arrays of the convolution are the ones to read the sizes from.
_PROBLEM_OF: dict[str, Callable[..., Problem]] = {
    "output": _of_output,
    "input": _of_input,
    "filter": _of_filter,
    "bias": _of_bias,
}


def _check_axes(operation: str, arrays: tuple[Array, ...]) -> None:
    first, *_ = names = OPERAND_NAMES[operation]
    for name, array in zip(names, arrays, strict=True):
        check_array(name, array)
        if array.ndim < 3:
            raise ValueError(f"{name} has shape {array.shape}; allowed: two axes and then one spatial axis or more")
        if array.ndim != arrays[0].ndim:
            allowed = f"{arrays[0].ndim} axes, as {first} has {arrays[0].shape}"
            raise ValueError(f"{name} has shape {array.shape}; allowed: {allowed}")


def check_array(name: str, array: object) -> None:
    """Raise TypeError, naming the argument, unless ``array`` is a NumPy array."""
    if not isinstance(array, np.ndarray):
        raise TypeError(f"{name} is a {type(array).__name__}; allowed: a NumPy array")


def _legal_size(name: str, size: PerAxis | None, legal: tuple[range, ...]) -> Size:
    """Return ``size``, or the smallest legal one for None."""
    allowed = ", ".join(f"{sizes.start} to {sizes.stop - 1}" if sizes else "none" for sizes in legal)
    if not all(legal):
        problem = "no size has this output under this stride and padding"
        raise ValueError(f"{name}={size!r}; {problem}; allowed per axis: {allowed}")
    if size is None:
        return tuple(sizes.start for sizes in legal)
    entries = per_axis(name, size, len(legal), least=0)
    if not all(entry in sizes for entry, sizes in zip(entries, legal, strict=True)):
        raise ValueError(f"{name}={size!r}; allowed per axis: {allowed}")
    return entries
