"""The smallest failing case: a failure made smaller step by step, each step asked again, until nothing smaller fails.

The search is greedy and takes no chances: the same failure gives the same smallest one. Data are small integers wherever those fail
too, so that the answer can be compared exactly and a reader sees which number went where.
"""

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from math import prod
from typing import Any

import numpy as np

from convformance.judging import form
from convformance.judging.bounds import Operands
from convformance.judging.examination import BrokenFill, Examination
from convformance.judging.grades import WRONG
from convformance.judging.judgement import Ask
from convformance.judging.marking import mark, mark_special
from convformance.reference.arrays import Array
from convformance.reference.operation import BY_NAME, OPERAND_NAMES
from convformance.reference.problem import Problem

Told = dict[str, Any]

ASKS, SECONDS = 200, 2.0
_POSITIONS = 12  # of a single 1 that are tried in an operand


@dataclass(frozen=True)
class Numbers:
    """Operands: arrays in canonical layout, and a bias or None."""

    arrays: tuple[Array, ...]
    bias: Array | None = None


@dataclass(frozen=True)
class Failure:
    """An operation asked on a problem that was not answered with ``want``.

    ``answer`` is None where the call raised; ``error`` holds then the words of the exception, or else what is wrong with the form
    of the answer. Where numbers are wrong it is empty.
    """

    operation: str
    problem: Problem
    operands: Operands
    answer: Array | None
    error: str
    want: Array

    @property
    def kind(self) -> tuple[bool, str]:
        """What a smaller failure must share: whether there is an answer, and the first words of what is said of it."""
        return self.answer is None, " ".join(self.error.split(maxsplit=4)[:4]).split(":")[0]

    @property
    def difference(self) -> Array | None:
        """Answer minus truth, 0 where both are the same NaN or infinity; None where their shapes do not agree."""
        if self.answer is None or self.answer.shape != self.want.shape:
            return None
        got, want = self.answer.astype(np.float64), self.want.astype(np.float64)
        same = (got == want) | (np.isnan(got) & np.isnan(want))
        with np.errstate(invalid="ignore", over="ignore"):
            return np.where(same, 0.0, got - want)


Fails = Callable[[Problem, Operands], Failure | None]


def failure(
    operation: str,
    problem: Problem,
    operands: Operands,
    ask: Ask,
    dtype: str,
    *,
    accumulator: str | None = None,
    words: Callable[[Exception], str] = str,
    exact: bool = False,
) -> Failure | None:
    """Return how ``ask(operands)`` fails on exact data, or None where it answers the truth or what a fast algorithm may make of it.

    ``exact``: nothing but the truth, bit for bit, will do. Data that the accumulator cannot sum exactly are no proof: None.
    An exception of ``ask`` is a failure, told by ``words``.
    """
    special = not all(map(_is_finite, operands.arrays))
    asked = Examination(operation, problem, dtype, lambda *_: operands, special=special, accumulator=accumulator)
    try:
        trial = asked.trial("int")
    except BrokenFill:
        return None
    try:
        answer = ask(operands)
    except Exception as error:
        return Failure(operation, problem, operands, None, words(error), trial.want)
    fault = form.fault(asked, answer)
    if fault is not None:
        return Failure(operation, problem, operands, answer.value, fault, trial.want)
    marked = (mark_special if special else mark)(trial, answer.value)
    fails = not marked.exact if exact else marked.grade == WRONG
    return Failure(operation, problem, operands, answer.value, "", marked.want) if fails else None


def _is_finite(array: Array) -> bool:
    return bool(np.isfinite(array.astype(np.float64)).all())


def smallest(
    operation: str, problem: Problem, operands: Operands, fails: Fails, *, asks: int = ASKS, seconds: float = SECONDS
) -> Failure | None:
    """Return the smallest failure of the kind that ``operands`` show, found with at most ``asks`` calls of ``fails``.

    ``fails(problem, operands)`` asks again and returns the failure or None. None when the operands do not fail a second time.
    """
    first = fails(problem, operands)
    if first is None:
        return None
    search = _Search(operation, fails, first, asks, time.monotonic() + seconds)
    search.shrink_problem()
    search.shrink_data()
    search.original = search.found.operands  # of which more may be cut away now that most of it is zeros
    search.shrink_problem()
    return search.found


class _Search:
    """The smallest failure found so far, and what may still be spent."""

    def __init__(self, operation: str, fails: Fails, found: Failure, asks: int, deadline: float) -> None:
        self.operation, self.fails, self.found, self.original = operation, fails, found, found.operands
        self._asks, self._deadline = asks, deadline

    def shrink_problem(self) -> None:
        """Take the first simpler problem that still fails, until none does."""
        while any(self._simpler_fails(problem) for problem in _simpler(self.found.problem, self.operation)):
            pass

    def _simpler_fails(self, problem: Problem) -> bool:
        cut = Numbers(
            tuple(map(_cut, self.original.arrays, problem.operand_shapes(self.operation))),
            None
            if self.original.bias is None
            else _cut(self.original.bias, problem.operation_bias_shape(self.operation)),
        )
        return any(self._takes(problem, data) for data in (_counting(self.operation, problem, cut), cut))

    def shrink_data(self) -> None:
        """Take the plainest numbers that still fail: a single 1 beside 1, 2, 3 and so on, or else as many zeros as can be."""
        held = self.found.operands
        if not any(
            self._takes(self.found.problem, data) for data in _plainest(self.operation, self.found.problem, held)
        ):
            for place, array in enumerate(held.arrays):
                self._thin(place, array.size)

    def _thin(self, place: int, size: int) -> None:
        for element in range(size):
            for number in (0, 1):
                arrays = [array.copy() for array in self.found.operands.arrays]
                if arrays[place].flat[element] in (0, number) or not np.isfinite(float(arrays[place].flat[element])):
                    break
                arrays[place].flat[element] = number
                if self._takes(self.found.problem, Numbers(tuple(arrays), self.found.operands.bias)):
                    break

    def _takes(self, problem: Problem, operands: Operands) -> bool:
        """Ask; keep a failure of the same kind."""
        if self._asks <= 0 or time.monotonic() > self._deadline:
            return False
        self._asks -= 1
        failed = self.fails(problem, operands)
        if failed is None or failed.kind != self.found.kind:
            return False
        self.found = failed
        return True


def _simpler(problem: Problem, operation: str) -> Iterator[Problem]:
    """Yield problems with one thing smaller or nearer to its default, the boldest steps first; none with an empty array."""
    for changes in _steps(problem):
        wanted = {**_parameters(problem), **changes}
        try:
            made = Problem.of(**wanted)
        except ValueError:
            continue
        shapes = (*made.operand_shapes(operation), made.result_shape(operation))
        if made != problem and (all(map(prod, shapes)) or not prod(problem.result_shape(operation))):
            yield made


def _parameters(problem: Problem) -> Told:
    names = ("batch", "in_channels", "out_channels", "input_size", "kernel_size", "stride", "dilation", "groups")
    return {**{name: getattr(problem, name) for name in names}, "padding": problem.symbol or problem.padding}


def _steps(problem: Problem) -> Iterator[Told]:
    """Yield what to change."""
    for groups in _towards(problem.groups, 1):
        inputs, outputs = problem.in_channels // problem.groups, problem.out_channels // problem.groups
        yield {"groups": groups, "in_channels": inputs * groups, "out_channels": outputs * groups}
    yield from ({"batch": count} for count in _towards(problem.batch, 1))
    for name in ("in_channels", "out_channels"):
        yield from ({name: count * problem.groups} for count in _towards(getattr(problem, name) // problem.groups, 1))
    for name in ("dilation", "stride", "kernel_size"):
        yield from ({name: sizes} for sizes in _axes_towards(getattr(problem, name), (1,) * problem.rank))
    if problem.symbol not in (None, "valid"):
        yield from ({"padding": padding} for padding in ("valid", problem.padding))
    else:
        flat = tuple(side for pair in problem.padding for side in pair)
        steps = _axes_towards(flat, (0,) * len(flat))
        yield from ({"padding": tuple(zip(sides[::2], sides[1::2], strict=True))} for sides in steps)
    yield from ({"input_size": sizes} for sizes in _axes_towards(problem.input_size, _least_input(problem)))


def _least_input(problem: Problem) -> tuple[int, ...]:
    """Return the input size of a single output."""
    axes = zip(problem.effective_kernel, problem.padding, strict=True)
    return tuple(max(1, extent - lo - hi) for extent, (lo, hi) in axes)


def _axes_towards(sizes: tuple[int, ...], least: tuple[int, ...]) -> Iterator[tuple[int, ...]]:
    """Yield all axes at their least, each axis alone at it, all axes one less, then each axis alone nearer to it."""
    if sizes == least:
        return
    yield least
    yield from ((*sizes[:axis], low, *sizes[axis + 1 :]) for axis, low in enumerate(least))
    yield tuple(size - np.sign(size - low).item() for size, low in zip(sizes, least, strict=True))
    for axis, (size, low) in enumerate(zip(sizes, least, strict=True)):
        yield from ((*sizes[:axis], nearer, *sizes[axis + 1 :]) for nearer in _towards(size, low))


def _towards(count: int, least: int) -> Iterator[int]:
    """Yield ``least``, the middle, and one step, without ``count`` itself."""
    if count != least:
        step = 1 if count < least else -1
        yield from sorted({least, (count + least) // 2, count + step} - {count}, key=lambda entry: abs(entry - least))


def _cut(array: Array, shape: tuple[int, ...]) -> Array:
    """Return ``array`` around its largest element in another shape, begun again where it is too short; of none, zeros."""
    if not array.size:
        return np.zeros(shape, array.dtype)
    largest = np.nan_to_num(np.abs(array.astype(np.float64)), nan=np.inf, posinf=np.inf).argmax()
    centre = np.unravel_index(largest, array.shape)
    axes = (np.arange(new) + place - new // 2 for new, place in zip(shape, centre, strict=True))
    return array[np.ix_(*(axis % old for axis, old in zip(axes, array.shape, strict=True)))]


def _numbered(shape: tuple[int, ...], dtype: Any) -> Array:
    """Return 1, 2, 3 and so on."""
    return np.arange(1, prod(shape) + 1).reshape(shape).astype(dtype)


def _counting(operation: str, problem: Problem, like: Operands) -> Numbers:
    """Return operands that count from 1 on, and a bias of zeros if there is one, of the dtype of ``like``."""
    dtype = like.arrays[0].dtype
    arrays = tuple(_numbered(shape, dtype) for shape in problem.operand_shapes(operation))
    return Numbers(arrays, None if like.bias is None else _numbered(like.bias.shape, dtype))


def _plainest(operation: str, problem: Problem, like: Operands) -> Iterator[Numbers]:
    """Yield operands from the plainest on: a single 1 in the one, counting numbers in the other; then with a bias that is not 0."""
    counting = _counting(operation, problem, like)
    if not all(map(_is_finite, like.arrays)):
        return
    for bias in [None] if like.bias is None else [np.zeros_like(counting.bias), counting.bias]:
        for place in range(len(counting.arrays)):
            for arrays in _with_single(counting.arrays, place):
                yield Numbers(arrays, bias)
        yield Numbers(counting.arrays, bias)


def _with_single(arrays: tuple[Array, ...], place: int) -> Iterator[tuple[Array, ...]]:
    """Yield the arrays with the one at ``place`` all zeros but for a 1, at each of its first positions."""
    for element in range(min(arrays[place].size, _POSITIONS)):
        single = np.zeros_like(arrays[place])
        single.flat[element] = 1
        yield (*arrays[:place], single, *arrays[place + 1 :])


def told(failed: Failure) -> Told:
    """Return the failure as a record keeps it: JSON types only, numbers that are not finite as texts."""
    names, problem = OPERAND_NAMES[failed.operation], failed.problem
    operands = dict(zip(names, failed.operands.arrays, strict=True))
    if failed.operands.bias is not None:
        operands["bias"] = failed.operands.bias
    return {
        "problem": {**_parameters(problem), "padding": problem.padding},
        "call": _call(failed.operation, problem, tuple(operands)),
        "words": _words(failed),
        "operands": {name: listed(array) for name, array in operands.items()},
        "got": None if failed.answer is None else listed(failed.answer),
        "error": failed.error,
        "want": listed(failed.want),
        "difference": None if failed.difference is None else listed(failed.difference),
    }


def listed(array: Array) -> Any:
    """Return the numbers as nested lists, whole ones as integers, those that are not finite as ``nan``, ``inf``, ``-inf``."""
    return _plain(array.astype(np.float64).tolist())


def _plain(entry: Any) -> Any:
    if isinstance(entry, list):
        return [_plain(held) for held in entry]
    if not np.isfinite(entry):
        return str(entry)
    return int(entry) if entry == int(entry) else entry


def _call(operation: str, problem: Problem, names: tuple[str, ...]) -> str:
    """Return the call of the reference that asks the same, without what stays at its default."""
    rank = problem.rank
    stated: dict[str, tuple[Any, bool]] = {
        "input_size": (problem.input_size, operation == "conv_input_grad"),
        "output_size": (problem.input_size, operation == "conv_transpose" and any(problem.output_padding)),
        "kernel_size": (problem.kernel_size, BY_NAME[operation].result == "filter"),
    }
    if BY_NAME[operation].result != "bias":
        stated |= {
            "stride": (problem.stride, problem.stride != (1,) * rank),
            "padding": (problem.symbol or problem.padding, problem.padding != ((0, 0),) * rank),
            "dilation": (problem.dilation, problem.dilation != (1,) * rank),
            "groups": (problem.groups, problem.groups != 1),
        }
    operands = [f"bias={name}" if name == "bias" else name for name in names]
    return f"{operation}({', '.join([*operands, *(f'{name}={value!r}' for name, (value, told) in stated.items() if told)])})"


def _words(failed: Failure) -> str:
    """Return the failure in one line."""
    shapes = " and ".join(
        f"{name} of shape {array.shape}"
        for name, array in zip(OPERAND_NAMES[failed.operation], failed.operands.arrays, strict=True)
    )
    difference = failed.difference
    if failed.error or difference is None:
        return f"{shapes}: {failed.error}"
    wrong = int(np.count_nonzero(difference != 0))
    return f"{shapes}: {wrong} of {difference.size} elements differ"
