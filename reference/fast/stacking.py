"""Several contractions of one problem as one: copies of it side by side, each a share of the groups.

A small contraction takes as long as the calls that make it up; a dozen of them done at once take little longer than one.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache

import numpy as np

from convformance.reference.arrays import Array
from convformance.reference.fast.contractions import CONTRACTIONS, SMALL
from convformance.reference.operation import OPERAND_NAMES
from convformance.reference.problem import Problem


@dataclass(frozen=True)
class Stack:
    """That many copies of one operation on one problem."""

    operation: str
    problem: Problem
    copies: int

    @property
    def stacked_problem(self) -> Problem:
        """The problem of all copies together."""
        return _stacked_problem(self.problem, self.copies)

    def stack_operands(self, operands: Sequence[tuple[Array, ...]]) -> tuple[Array, ...]:
        """Return operands of the stacked problem, in float64, from those of each copy."""
        names = OPERAND_NAMES[self.operation]
        columns = zip(names, zip(*operands, strict=True), strict=True)
        return tuple(
            np.concatenate(arrays, axis=_axis(name == "w"), dtype=np.float64, casting="unsafe")
            for name, arrays in columns
        )

    def split_operands(self, stacked: Sequence[Array]) -> list[tuple[Array, ...]]:
        """Return the operands of each copy, as views of those of the stacked problem."""
        names = OPERAND_NAMES[self.operation]
        columns = (self._cut(array, _axis(name == "w")) for name, array in zip(names, stacked, strict=True))
        return list(zip(*columns, strict=True))

    def split_result(self, stacked: Array) -> list[Array]:
        """Return the result of each copy, as views of that of the stacked problem."""
        return self._cut(stacked, _axis(self.operation.endswith(("filter_grad", "bias_grad"))))

    def _cut(self, array: Array, axis: int) -> list[Array]:
        size, before = array.shape[axis] // self.copies, (slice(None),) * axis
        return [array[(*before, slice(copy * size, (copy + 1) * size))] for copy in range(self.copies)]


def copies_worth_stacking(problem: Problem) -> int:
    """Return how many copies of a problem are worth stacking: as many as are small together, one at least."""
    return max(1, SMALL // max(1, problem.multiplications))


def contract_each(operation: str, problem: Problem, pairs: Sequence[tuple[Array, Array]]) -> Iterator[Array]:
    """Yield the contraction of each pair of float64 operands."""
    if len(OPERAND_NAMES[operation]) == 1:
        yield from (CONTRACTIONS[operation](problem, *pair) for pair in pairs)
        return
    most = copies_worth_stacking(problem)
    for first in range(0, len(pairs), most):
        share = pairs[first : first + most]
        stack = Stack(operation, problem, len(share))
        yield from stack.split_result(CONTRACTIONS[operation](stack.stacked_problem, *stack.stack_operands(share)))


def _axis(of_filter: bool) -> int:
    """Return the axis of output channels: of filters the first, of activations the second."""
    return 0 if of_filter else 1


@lru_cache(maxsize=256)
def _stacked_problem(problem: Problem, copies: int) -> Problem:
    channels = {name: getattr(problem, name) * copies for name in ("in_channels", "out_channels", "groups")}
    return replace(problem, **channels)
