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
    """One phase: the ``problem`` of one image of the output, whose result goes to ``target``, in ``(C, *input_size)``.

    Its filter is that at ``taps``, an index of ``(groups, O / groups, C / groups, *kernel)``, turned round.
    """

    problem: Problem
    taps: tuple[slice, ...]
    target: tuple[slice, ...]


# Along one axis: the taps, how many, how far apart they read, the padding of the output, and where the result goes.
_Axis = tuple[slice, int, int, tuple[int, int], slice]


def parts(problem: Problem) -> Iterator[Part]:
    """Yield the parts of the input that any tap reaches; the others are 0."""
    phases = ([_axis(problem, axis, phase) for phase in range(stride)] for axis, stride in enumerate(problem.stride))
    for axes in product(*phases):
        reached = [axis for axis in axes if axis is not None]
        if len(reached) == problem.rank:
            yield _part(problem, reached)


def _part(problem: Problem, axes: list[_Axis]) -> Part:
    taps, counts, dilations, paddings, targets = zip(*axes, strict=True)
    adjoint = replace(
        problem,
        batch=1,
        in_channels=problem.out_channels,
        out_channels=problem.in_channels,
        input_size=problem.output_size,
        kernel_size=counts,
        stride=(1,) * problem.rank,
        padding=paddings,
        dilation=dilations,
        outputs=None,
    )
    every = slice(None)
    return Part(adjoint, (every, every, every, *taps), (every, *targets))


def _axis(problem: Problem, axis: int, phase: int) -> _Axis | None:
    """Return one phase of an axis, or None if no tap reaches it."""
    stride, dilation, lo = problem.stride[axis], problem.dilation[axis], problem.padding[axis][0]
    kernel_size, outputs = problem.kernel_size[axis], problem.output_size[axis]
    step = stride // gcd(stride, dilation)  # from one tap to the next of the same phase
    taps = [tap for tap in range(kernel_size) if tap * dilation % stride == phase]
    if not taps:
        return None
    nearest, furthest = ((tap * dilation - phase) // stride for tap in (taps[0], taps[-1]))
    # The elements q that lie in the input and that some output position reaches, the last one excluded.
    first = max(nearest, -((phase - lo) // stride))
    last = min(furthest + outputs, -((phase - lo - problem.input_size[axis]) // stride))
    if last <= first:
        return None
    start = first * stride + phase - lo
    target = slice(start, start + (last - first - 1) * stride + 1, stride)
    padding = furthest - first, last - nearest - outputs
    return slice(taps[0], kernel_size, step), len(taps), dilation * step // stride, padding, target
