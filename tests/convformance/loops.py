"""Adapters in plain loops, given by path: with helpers of every kind, layouts of their own, and some that are wrong."""

from dataclasses import replace
from functools import cache, partial
from itertools import product as couples
from typing import Any, ClassVar, NamedTuple

import numpy as np

from convformance.adapters import layouts
from convformance.adapters.contract import Adapter, Array, Refusal, UsageError, route
from convformance.reference.geometry import Size
from convformance.reference.problem import Problem

index = "N*C"  # the script has an index of its own


class Group(NamedTuple):
    """The channels of one group."""

    inputs: slice
    outputs: slice


@cache
def packed(problem: Problem) -> tuple[Group, ...]:
    """Return the groups, under a name that the script uses."""
    sizes = problem.in_channels // problem.groups, problem.out_channels // problem.groups
    return tuple(Group(*(slice(g * size, (g + 1) * size) for size in sizes)) for g in range(problem.groups))


def _refuse_much(problem: Problem) -> None:
    if problem.rank > 3:
        raise Refusal("no more than three axes")


class Loops(Adapter):
    name = "loops"
    options: ClassVar[dict[str, tuple[str, ...]]] = {"sums": ("float64", "float32")}
    activations = index
    filters = "*IO"

    def __init__(self, **mode: str) -> None:
        super().__init__(**mode)
        from math import prod

        self.unread = 3
        self.prod = prod
        try:
            self.ones = np.ones(1)
        except TypeError as error:
            raise UsageError("no ones") from error

    @route("conv", "forward")
    @route("conv_transpose_input_grad", "forward")
    def forward(self, problem: Problem, x: Array, w: Array, bias: Array | None = None) -> Array:
        y = self._zeros(problem.output_shape, self.activations)
        for tap, position, place, group in self.packed(problem):
            y[:, *position, group.outputs] += np.matmul(
                x[:, *place, group.inputs], w[*tap, :, group.outputs], dtype=y.dtype
            )
        return self._finished(y, bias, x)

    @route("conv_input_grad", "backward")
    @route("conv_transpose", "backward")
    def backward(self, problem: Problem, dy: Array, w: Array, bias: Array | None = None) -> Array:
        dx = self._zeros(problem.input_shape, self.activations)
        for tap, position, place, group in self.packed(problem):
            taps = w[*tap, :, group.outputs].astype(dx.dtype)
            dx[:, *place, group.inputs] += dy[:, *position, group.outputs].astype(dx.dtype) @ taps.T
        return self._finished(dx, bias, dy)

    @route("conv_filter_grad", "backward", activations="NC*", filters="OI*")
    def filter_gradient(self, problem: Problem, x: Array, dy: Array) -> Array:
        dw = self._zeros(problem.filter_shape, "OI*")
        for tap, position, place, group in self.packed(problem):
            rows = dy[:, group.outputs, *position].astype(dw.dtype)
            dw[group.outputs, :, *tap] += rows.T @ x[:, group.inputs, *place].astype(dw.dtype)
        return self._finished(dw, None, x)

    @route("conv_transpose_filter_grad", "backward", activations="NC*", filters="OI*")
    def transposed_filter_gradient(self, problem: Problem, x: Array, dy: Array) -> Array:
        return self.filter_gradient(problem, dy, x)

    @route("conv_bias_grad", "sum")
    def bias_gradient(self, problem: Problem, dy: Array) -> Array:
        return self._finished(dy.astype(float).sum(axis=tuple(range(dy.ndim - 1))), None, dy)

    def wrap(self, function: Any) -> Any:
        return function if self.mode["sums"] == "float64" else partial(function)

    def _zeros(self, shape: Size, layout: str) -> Array:
        return np.zeros(layouts.shape_in(shape, layout), float if self.mode["sums"] == "float64" else np.float32)

    def packed(self, problem: Problem) -> Any:
        """Yield every tap, output, input and group that meet; the function of that name is another thing."""
        _refuse_much(problem)
        for tap, position, group in couples(
            np.ndindex(*problem.kernel_size), np.ndindex(*problem.output_size), packed(problem)
        ):
            axes = zip(
                position, problem.stride, self._tap(problem, tap), problem.dilation, problem.padding, strict=True
            )
            place = tuple(p * s + t * d - lo for p, s, t, d, (lo, _) in axes)
            if all(0 <= entry < size for entry, size in zip(place, problem.input_size, strict=True)):
                yield tap, position, place, group

    def _tap(self, problem: Problem, tap: Size) -> Size:
        return tap

    def _finished(self, result: Array, bias: Array | None, like: Array) -> Array:
        assert self.prod(result.shape) == result.size
        return (result * self.ones if bias is None else result + bias.astype(float)).astype(like.dtype)


class Flipped(Loops):
    """The kernel rotated by 180 degrees, and a bias gradient without the last image."""

    name = "flipped"

    def _tap(self, problem: Problem, tap: Size) -> Size:
        return tuple(
            size - 1 - entry for size, entry in zip(problem.kernel_size, super()._tap(problem, tap), strict=True)
        )

    @route("conv_bias_grad", "sum")
    def bias_gradient(self, problem: Problem, dy: Array) -> Array:
        return super().bias_gradient(problem, dy[:-1])


class WrongSide(Loops):
    """SAME with its odd element at the other end."""

    name = "wrong-side"

    @route("conv", "forward")
    def forward(self, problem: Problem, x: Array, w: Array) -> Array:
        return super().forward(replace(problem, padding=tuple((hi, lo) for lo, hi in problem.padding)), x, w)


class Hostile(Adapter):
    """No answer to be judged."""

    name = "hostile"

    @route("conv", "raises")
    def raises(self, problem: Problem, x: Array, w: Array) -> Array:
        raise KeyError("stride")

    @route("conv", "shape")
    def shape(self, problem: Problem, x: Array, w: Array) -> Array:
        return np.zeros(problem.output_shape[:-1], x.dtype)

    @route("conv", "dtype")
    def dtype(self, problem: Problem, x: Array, w: Array) -> Array:
        return np.zeros(problem.output_shape, np.float64)

    @route("conv", "changes")
    def changes(self, problem: Problem, x: Array, w: Array) -> Array:
        x[...] += 1
        return np.zeros(problem.output_shape, x.dtype)

    @route("conv", "zeros")
    def zeros(self, problem: Problem, x: Array, w: Array) -> Array:
        return np.zeros(problem.output_shape, x.dtype)
