"""How wrong implementations are made: a right one with one thing misread, or changed on the way in or out."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from convformance.reference.problem import Problem
from tests.zoo import tap_loops
from tests.zoo.member import Array, Arrays, Member, Run
from tests.zoo.tap_loops import Reading, Size

Change = Callable[[Array, Problem], Array]
Condition = Callable[[Problem], bool]

_BIAS = 2
# The large activation of the operations that read it.
_LARGE = {"conv": 0, "conv_transpose_input_grad": 0, "conv_filter_grad": 0, "conv_transpose_filter_grad": 1}


@dataclass(frozen=True)
class Family:
    """Makes the members of one family."""

    name: str

    def __call__(
        self,
        name: str,
        says: str,
        operations: tuple[str, ...],
        run: Run,
        diagnosis: str | None = None,
        source: str = "",
    ) -> Member:
        """Return a member without a memory."""
        return Member(name, self.name, says, operations, run, diagnosis, source)

    def remembering(
        self,
        name: str,
        says: str,
        operations: tuple[str, ...],
        fresh: Callable[[], Run],
        diagnosis: str | None = None,
        source: str = "",
    ) -> Member:
        """Return a member that remembers earlier calls; ``fresh()`` is one that has had none."""
        return Member(name, self.name, says, operations, fresh(), diagnosis, source, fresh)


def issue(reference: str) -> str:
    """Return the address of ``owner/repository#number``."""
    repository, number = reference.split("#")
    return f"https://github.com/{repository}/issues/{number}"


def right(operation: str, problem: Problem, arrays: Arrays, bias: Array | None) -> Array:
    """Return the right answer."""
    return tap_loops.apply(operation, problem, arrays, bias)


def misread(*, resized: bool = False, **parts: Callable[[Problem], Any]) -> Run:
    """Return an implementation that takes ``parts`` of the geometry for something else.

    ``resized``: the size of the result follows from what was read; otherwise it is the right one, and the values are
    wrong.
    """

    def run(operation: str, problem: Problem, arrays: Arrays, bias: Array | None) -> Array:
        reading = replace(Reading.of(problem), **{name: part(problem) for name, part in parts.items()})
        size = _following(operation, problem, reading, arrays) if resized else None
        return tap_loops.apply(operation, problem, arrays, bias, reading=reading, size=size)

    return run


def _following(operation: str, problem: Problem, reading: Reading, arrays: Arrays) -> Size:
    """Return the spatial size of the result that follows from ``reading``; that of a filter is always given."""
    if operation in ("conv", "conv_transpose_input_grad"):
        return tap_loops.output_size(reading, arrays[0].shape[2:], arrays[1].shape[2:])
    if operation in ("conv_input_grad", "conv_transpose"):
        return tap_loops.input_size(reading, arrays[0].shape[2:], arrays[1].shape[2:])
    return problem.result_shape(operation)[2:]


def sized(size: Callable[[Problem], Size]) -> Run:
    """Return an implementation that is right but for the spatial size of its result."""
    return lambda operation, problem, arrays, bias: tap_loops.apply(
        operation, problem, arrays, bias, size=size(problem)
    )


def operand(index: int, change: Change, run: Run = right) -> Run:
    """Return an implementation that changes a copy of its operand at ``index`` before it uses it; 2 is the bias."""

    def changed(operation: str, problem: Problem, arrays: Arrays, bias: Array | None) -> Array:
        if index == _BIAS:
            return run(operation, problem, arrays, None if bias is None else change(bias, problem))
        operands = tuple(change(array, problem) if at == index else array for at, array in enumerate(arrays))
        return run(operation, problem, operands, bias)

    return changed


def data(change: Change, run: Run = right) -> Run:
    """Return an implementation that changes its first operand."""
    return operand(0, change, run)


def filters(change: Change, run: Run = right) -> Run:
    """Return an implementation that changes its filter, of an operation that has one."""
    return operand(1, change, run)


def biases(change: Change, run: Run = right) -> Run:
    """Return an implementation that changes its bias."""
    return operand(_BIAS, change, run)


def large(change: Change, run: Run = right) -> Run:
    """Return an implementation that changes the activation on the large side, of an operation that reads it."""
    return lambda operation, problem, arrays, bias: operand(_LARGE[operation], change, run)(
        operation, problem, arrays, bias
    )


def answer(change: Change, run: Run = right) -> Run:
    """Return an implementation that changes its result; ``change`` may write into what it is given."""
    return lambda operation, problem, arrays, bias: change(run(operation, problem, arrays, bias), problem)


def when(condition: Condition, wrong: Run, otherwise: Run = right) -> Run:
    """Return an implementation that is wrong only for problems of which ``condition`` is true."""

    def run(operation: str, problem: Problem, arrays: Arrays, bias: Array | None) -> Array:
        return (wrong if condition(problem) else otherwise)(operation, problem, arrays, bias)

    return run


def raising(error: Exception) -> Run:
    """Return an implementation that raises ``error``."""

    def run(operation: str, problem: Problem, arrays: Arrays, bias: Array | None) -> Array:
        raise error

    return run


def leftover(shape: tuple[int, ...], dtype: np.dtype[Any]) -> Array:
    """Return what memory that nobody has written may hold: numbers that have nothing to do with the operands."""
    return np.resize(np.array([3.5e4, -77.25, 0.0, 1e-3, -2.5]), shape).astype(dtype)


def both(*conditions: Condition) -> Condition:
    """Return whether all ``conditions`` are true."""
    return lambda problem: all(condition(problem) for condition in conditions)


def strided(problem: Problem) -> bool:
    """Whether a stride is more than 1."""
    return max(problem.stride) > 1


def dilated(problem: Problem) -> bool:
    """Whether a dilation is more than 1."""
    return max(problem.dilation) > 1


def padded(problem: Problem) -> bool:
    """Whether there is padding on some side."""
    return any(max(pair) > 0 for pair in problem.padding)


def grouped(problem: Problem) -> bool:
    """Whether there is more than one group."""
    return problem.groups > 1


def depthwise(problem: Problem) -> bool:
    """Whether every input channel is a group of its own, and there is more than one."""
    return grouped(problem) and problem.groups == problem.in_channels


def same(problem: Problem) -> bool:
    """Whether the padding is a symbolic SAME."""
    return problem.symbol in ("same_upper", "same_lower")


def unread(problem: Problem) -> bool:
    """Whether the input ends with rows or columns that no output reads."""
    return max(problem.output_padding) > 0


def planar(problem: Problem) -> bool:
    """Whether there are two spatial axes or more."""
    return problem.rank > 1


def ones(problem: Problem) -> Size:
    """Return 1 for every axis."""
    return (1,) * problem.rank


def no_padding(problem: Problem) -> tap_loops.Pairs:
    """Return no padding."""
    return ((0, 0),) * problem.rank


def rotated(array: Array, problem: Problem) -> Array:
    """Return ``array`` reversed along every spatial axis."""
    return np.flip(array, axis=tuple(range(2, array.ndim)))


def sides_swapped(problem: Problem) -> tap_loops.Pairs:
    """Return the padding with begin and end exchanged on every axis."""
    return tuple((hi, lo) for lo, hi in problem.padding)


def read_size(problem: Problem) -> Size:
    """Return the input's size without the rows and columns at its end that no output reads."""
    return tuple(i - max(0, unread) for i, unread in zip(problem.input_size, problem.output_padding, strict=True))


def unread_at_begin(problem: Problem) -> tap_loops.Pairs:
    """Return the padding under which the rows that no output reads lie at the begin."""
    return tuple((lo - unread, hi) for unread, (lo, hi) in zip(problem.output_padding, problem.padding, strict=True))


def last_row_zero(array: Array, problem: Problem) -> Array:
    """Return a copy of ``array`` whose last row, along the first spatial axis, is 0."""
    copy = array.copy()
    copy[:, :, -1:] = 0
    return copy


def times(factor: Callable[[Problem], float]) -> Change:
    """Return the multiplication by ``factor``, which is rounded to the dtype first."""
    return lambda y, problem: (y * y.dtype.type(factor(problem))).astype(y.dtype)


def divided(count: Callable[[Problem], int]) -> Change:
    """Return the division by ``count``, or by 1 where it is 0."""
    return times(lambda problem: 1 / max(1, count(problem)))
