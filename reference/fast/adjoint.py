"""The adjoint of a convolution as convolutions at stride 1: one for each stride phase of the input.

Position ``i`` of the input is element ``q`` of phase ``r`` where ``i + lo = q * stride + r``, and only taps with
``t * dilation = r`` modulo the stride reach it, from output position ``q - (t * dilation - r) / stride``.
"""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from itertools import product
from math import gcd

from convformance.reference.problem import Problem


@dataclass(frozen=True)
class Part:
    """One phase: ``problem`` of one image of the output, whose result goes to ``positions`` of an image ``(C, *input_size)``.

    Its filter is that of the whole at ``taps``, an index of ``(groups, O / groups, C / groups, *kernel)``, turned round.
    """

    problem: Problem
    taps: tuple[slice, ...]
    positions: tuple[slice, ...]


@dataclass(frozen=True)
class _Axis:
    """One axis of a part: which taps, how far apart they read, the padding of the output, and the positions in the input."""

    taps: slice
    count: int
    dilation: int
    padding: tuple[int, int]
    positions: slice


def parts(problem: Problem) -> Iterator[Part]:
    """Yield the parts of the input that any tap reaches; the others are 0."""
    axes = ([_axis(problem, axis, phase) for phase in range(stride)] for axis, stride in enumerate(problem.stride))
    for phases in product(*axes):
        reached = [axis for axis in phases if axis is not None]
        if len(reached) == problem.rank:
            yield _part(problem, reached)


def _part(problem: Problem, axes: list[_Axis]) -> Part:
    adjoint = replace(
        problem,
        batch=1,
        in_channels=problem.out_channels,
        out_channels=problem.in_channels,
        input_size=problem.output_size,
        kernel_size=tuple(axis.count for axis in axes),
        stride=(1,) * problem.rank,
        padding=tuple(axis.padding for axis in axes),
        dilation=tuple(axis.dilation for axis in axes),
    )
    every = (slice(None),)
    return Part(adjoint, (*every * 3, *(axis.taps for axis in axes)), (*every, *(axis.positions for axis in axes)))


def _axis(problem: Problem, axis: int, phase: int) -> _Axis | None:
    """Return one phase of an axis, or None if no tap reaches it."""
    stride, dilation, lo = problem.stride[axis], problem.dilation[axis], problem.padding[axis][0]
    kernel_size, input_size, output_size = (
        problem.kernel_size[axis],
        problem.input_size[axis],
        problem.output_size[axis],
    )
    step = stride // gcd(stride, dilation)
    start = next((t for t in range(min(step, kernel_size)) if t * dilation % stride == phase), None)
    if start is None:
        return None
    taps = range(start, kernel_size, step)
    nearest, furthest = ((t * dilation - phase) // stride for t in (taps[0], taps[-1]))
    # The elements q that lie in the input and that some output position reaches, the last one excluded.
    first = max(nearest, -((phase - lo) // stride))
    last = min(furthest + output_size, -((phase - lo - input_size) // stride))
    if last <= first:
        return None
    position = first * stride + phase - lo
    return _Axis(
        slice(start, kernel_size, step),
        len(taps),
        dilation // gcd(stride, dilation),
        (furthest - first, last - nearest - output_size),
        slice(position, position + (last - first - 1) * stride + 1, stride),
    )
