"""Several contractions of one problem as one: copies of it side by side, each a share of the groups.

A small contraction takes as long as the calls that make it up; a dozen of them at once take little longer than one.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache

import numpy as np

from convformance.reference.arrays import Array
from convformance.reference.fast.contractions import CONTRACTIONS, SMALL
from convformance.reference.operation import BY_NAME
from convformance.reference.problem import Problem

# The axis on which copies of an array lie side by side: its channels, of a filter its output channels.
_AXES = {"input": 1, "output": 1, "filter": 0, "bias": 0}


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
        columns = zip(BY_NAME[self.operation].arrays, zip(*operands, strict=True), strict=True)
        return tuple(
            np.concatenate(copies, axis=_AXES[name], dtype=np.float64, casting="unsafe") for name, copies in columns
        )

    def split_operands(self, stacked: Sequence[Array]) -> list[tuple[Array, ...]]:
        """Return the operands of each copy, as views of those of the stacked problem."""
        columns = zip(BY_NAME[self.operation].arrays, stacked, strict=True)
        return list(zip(*(self._cut(array, _AXES[name]) for name, array in columns), strict=True))

    def split_result(self, stacked: Array) -> list[Array]:
        """Return the result of each copy, as views of that of the stacked problem."""
        return self._cut(stacked, _AXES[BY_NAME[self.operation].result])

    def _cut(self, array: Array, axis: int) -> list[Array]:
        size, before = array.shape[axis] // self.copies, (slice(None),) * axis
        return [array[(*before, slice(copy * size, (copy + 1) * size))] for copy in range(self.copies)]


def copies_worth_stacking(problem: Problem) -> int:
    """Return how many copies of a problem are small together, one at least."""
    return max(1, SMALL // max(1, problem.multiplications))


def contract_each(operation: str, problem: Problem, pairs: Sequence[tuple[Array, Array]]) -> Iterator[Array]:
    """Yield the contraction of each pair of float64 operands."""
    if len(BY_NAME[operation].operands) == 1:  # the other operand is a number, which has no channels to stack
        yield from (CONTRACTIONS[operation](problem, *pair) for pair in pairs)
        return
    most = copies_worth_stacking(problem)
    for first in range(0, len(pairs), most):
        share = pairs[first : first + most]
        stack = Stack(operation, problem, len(share))
        yield from stack.split_result(CONTRACTIONS[operation](stack.stacked_problem, *stack.stack_operands(share)))


@lru_cache(maxsize=256)
def _stacked_problem(problem: Problem, copies: int) -> Problem:
    channels = {name: getattr(problem, name) * copies for name in ("in_channels", "out_channels", "groups")}
    return replace(problem, **channels)
