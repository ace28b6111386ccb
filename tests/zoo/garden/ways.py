"""A way to compute: the three contractions, and what every right implementation does around them."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from itertools import product
from math import prod
from typing import Any

import numpy as np

from convformance.reference.arrays import Array
from convformance.reference.geometry import Pairs, Size
from convformance.reference.operations import along_channels
from convformance.reference.problem import Problem
from convformance.reference.rounding import round_once
from tests.zoo.member import Run

Contraction = Callable[[Problem, Array, Array], Array]
Computing = Callable[["np.dtype[Any]"], "np.dtype[Any]"]


@dataclass(frozen=True)
class Way:
    """The contractions ``forward(problem, x, w)``, ``input_gradient(_, dy, w)`` and ``filter_gradient(_, x, dy)``."""

    forward: Contraction
    input_gradient: Contraction
    filter_gradient: Contraction

    def contract(self, operation: str, problem: Problem, *arrays: Array) -> Array:
        """Return ``operation`` without its bias; a bias gradient is the filter gradient of a tap on a channel of ones.

        Where an operand has no elements all sums are empty, and 0; where the result has none there is no sum.
        """
        shape = problem.result_shape(operation)
        if 0 in (prod(shape), *(array.size for array in arrays)):
            return np.zeros(shape, arrays[0].dtype)
        if operation == "conv_bias_grad":
            pointwise = problem_of_tap(problem)
            return self.filter_gradient(pointwise, np.ones(pointwise.input_shape, arrays[0].dtype), *arrays).reshape(-1)
        if operation == "conv_transpose_filter_grad":
            arrays = arrays[::-1]
        return self._contractions[operation](problem, *arrays)

    @property
    def _contractions(self) -> dict[str, Contraction]:
        return {
            "conv": self.forward,
            "conv_input_grad": self.input_gradient,
            "conv_filter_grad": self.filter_gradient,
            "conv_transpose": self.input_gradient,
            "conv_transpose_input_grad": self.forward,
            "conv_transpose_filter_grad": self.filter_gradient,
        }


def as_expected(dtype: "np.dtype[Any]") -> "np.dtype[Any]":
    """Return what a sum is expected to be kept in: float64 for float64, else float32."""
    return np.dtype(np.float64 if dtype == np.float64 else np.float32)


def wider(dtype: "np.dtype[Any]") -> "np.dtype[Any]":
    """Return a type of more digits than expected: the machine's long double for float64, else float64."""
    return np.dtype(np.longdouble if dtype == np.float64 else np.float64)


def computed(way: Way, computing: Computing = as_expected) -> Run:
    """Return ``way`` as an implementation: operands converted, a bias added at the end, the result rounded once."""

    def run(operation: str, problem: Problem, arrays: tuple[Array, ...], bias: Array | None) -> Array:
        dtype = arrays[0].dtype
        working = computing(dtype)
        with np.errstate(over="ignore", invalid="ignore"):  # NaN and Inf are answers like any other
            result = way.contract(operation, problem, *(array.astype(working) for array in arrays))
        if bias is not None:
            result = result + along_channels(bias.astype(working), problem.rank)
        return round_once(result, dtype)

    return run


_LIKE, _ROOM = 2.0**12, 2.0**20  # between the largest numbers of planes, and below the largest number of the type


def where_finite(fast: Contraction, direct: Contraction) -> Contraction:
    """Return ``fast``, which mixes unrelated elements, and ``direct`` where that would harm one of them.

    It does where one is NaN or Inf, where the sizes of planes differ much, and near the end of the range.
    """

    def contraction(problem: Problem, first: Array, second: Array) -> Array:
        with np.errstate(over="ignore"):
            alike = _are_alike(first) and _are_alike(second)
            room = np.abs(first).max(initial=0) * np.abs(second).max(initial=0) * first.dtype.type(_ROOM)
        return (fast if alike and np.isfinite(room) else direct)(problem, first, second)

    return contraction


def _are_alike(array: Array) -> bool:
    """Whether all numbers are finite, and the largest ones of all planes of like size."""
    peaks = np.abs(array).reshape(*array.shape[:2], -1).max(axis=2, initial=0)
    peaks = peaks[peaks != 0]
    return bool(np.isfinite(array).all()) and (not peaks.size or bool(peaks.max() / _LIKE <= peaks.min()))


def problem_of_tap(problem: Problem) -> Problem:
    """Return the problem with the same outputs that reads one input channel, element by element."""
    ones, none = (1,) * problem.rank, ((0, 0),) * problem.rank
    flat = replace(problem, in_channels=1, groups=1, input_size=problem.output_size, kernel_size=ones)
    return replace(flat, stride=ones, dilation=ones, padding=none, symbol=None)


def problem_of_group(problem: Problem) -> Problem:
    """Return the problem that each group is."""
    groups = problem.groups
    return replace(
        problem, groups=1, in_channels=problem.in_channels // groups, out_channels=problem.out_channels // groups
    )


def each_group(array: Array, groups: int, axis: int = 1) -> Iterator[Array]:
    """Yield the channels of one group after the other."""
    yield from np.split(array, groups, axis=axis)


def last(*indices: Any) -> tuple[Any, ...]:
    """Return the index of ``indices`` on the last axes, one on each."""
    return (..., *indices)


def padded(array: Array, padding: Pairs) -> Array:
    """Return ``array`` with zeros round its spatial axes, cropped where an entry is negative."""
    wide = np.pad(array, ((0, 0), (0, 0), *((max(lo, 0), max(hi, 0)) for lo, hi in padding)))
    kept = (slice(max(-lo, 0), size - max(-hi, 0)) for size, (lo, hi) in zip(wide.shape[2:], padding, strict=True))
    window: Array = wide[last(*kept)]
    return window


def cropped(array: Array, padding: Pairs) -> Array:
    """Return what ``padded`` would have made ``array`` of: its adjoint."""
    return padded(array, tuple((-lo, -hi) for lo, hi in padding))


def read_by(problem: Problem, tap: Size) -> tuple[slice, ...]:
    """Return the index of the elements of a padded image that a tap reads, one for each output position."""
    axes = zip(tap, problem.dilation, problem.stride, problem.output_size, strict=True)
    return tuple(slice(t * d, t * d + o * s, s) for t, d, s, o in axes)


def taps(problem: Problem) -> list[Size]:
    """Return every tap of the kernel, the last axis fastest."""
    return list(product(*map(range, problem.kernel_size)))


def windows(problem: Problem, x: Array) -> Array:
    """Return a copy of what each tap reads, ``(N, groups, C / groups, *kernel_size, *output_size)``."""
    wide = padded(x, problem.padding)
    shape = (problem.batch, problem.in_channels, prod(problem.kernel_size), *problem.output_size)
    window = np.empty(shape, x.dtype)
    for index, tap in enumerate(taps(problem)):
        window[:, :, index] = wide[last(*read_by(problem, tap))]
    per_group = problem.in_channels // problem.groups
    return window.reshape(problem.batch, problem.groups, per_group, *problem.kernel_size, *problem.output_size)


def filters(problem: Problem, w: Array) -> Array:
    """Return the filters by group, ``(groups, O / groups, C / groups, *kernel_size)``."""
    return w.reshape(problem.groups, problem.out_channels // problem.groups, *problem.filter_shape[1:])


def outputs(problem: Problem, y: Array) -> Array:
    """Return an output, or its gradient, by group, ``(N, groups, O / groups, *output_size)``."""
    return y.reshape(problem.batch, problem.groups, problem.out_channels // problem.groups, *problem.output_size)
