"""The smallest failing case: a failure made smaller step by step, each step asked again, until nothing smaller fails.

The search is greedy and takes no chances: the same failure gives the same smallest one. Data are small integers
wherever those fail too, so that the answer can be compared exactly and a reader sees which number went where.
"""

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from itertools import product
from math import prod
from typing import Any

import numpy as np

from convformance.judging import calls
from convformance.judging.bounds import RANGE_FILL, Operands
from convformance.judging.cutting import cut, cut_around_smallest
from convformance.judging.examination import BrokenFill, Examination
from convformance.judging.grades import WRONG
from convformance.judging.grading import grade_fill, grade_special_fill, nearest_reading
from convformance.judging.judgement import Ask, FillResult
from convformance.reference.arrays import Array, widened
from convformance.reference.borders import ZERO
from convformance.reference.following import NOTHING
from convformance.reference.geometry import Size, effective_kernel
from convformance.reference.operation import BY_NAME, OPERAND_NAMES
from convformance.reference.problem import Problem

Record = dict[str, Any]

# What one search may take: a slow framework runs out of seconds, a fast one out of calls.
ASKS, SECONDS = 200, 2.0
_READABLE = 2.0**53  # from here on an integer has more digits than anybody reads
_POSITIONS = 12  # of a single 1 that are tried in an operand


@dataclass(frozen=True)
class Numbers:
    """Operands: arrays in canonical layout, and a bias or None."""

    arrays: tuple[Array, ...]
    bias: Array | None = None


@dataclass(frozen=True)
class Failure:
    """An operation asked on a problem that was not answered with ``want``.

    ``answer`` is None where the call raised; ``error`` then says what, or else what is wrong with the form of the
    answer. Where numbers are wrong it is empty.
    """

    operation: str
    problem: Problem
    operands: Operands
    answer: Array | None
    error: str
    want: Array

    @property
    def kind(self) -> tuple[bool, str, bool]:
        """What a smaller failure must share: whether there is an answer, how what is said of it begins, and stray NaN.

        A NaN that does not belong there is another mistake than a number that is not exact.
        """
        got, want = (None if array is None else np.isnan(widened(array)) for array in (self.answer, self.want))
        strays = got is not None and want is not None and not np.array_equal(got, want)
        return self.answer is None, " ".join(self.error.split(maxsplit=4)[:4]).split(":")[0], strays

    @property
    def difference(self) -> Array | None:
        """Answer minus truth, 0 where both are the same NaN or infinity; None where their shapes do not agree."""
        if self.answer is None or self.answer.shape != self.want.shape:
            return None
        got, want = widened(self.answer), widened(self.want)
        same = (got == want) | (np.isnan(got) & np.isnan(want))
        with np.errstate(invalid="ignore", over="ignore"):
            return np.where(same, 0.0, got - want)

    def to_json(self) -> Record:
        """Return the failure as a record keeps it: JSON types only, numbers that are not finite as texts."""
        operands = dict(zip(OPERAND_NAMES[self.operation], self.operands.arrays, strict=True))
        if self.operands.bias is not None:
            operands["bias"] = self.operands.bias
        of_integers = self.operands.arrays[0].dtype.kind in "iu"
        return {
            "problem": {**_parameters(self.problem), "padding": self.problem.padding},
            "call": _call_text(self.operation, self.problem, tuple(operands), of_integers=of_integers),
            "words": _summary(self),
            "operands": {name: listed(array) for name, array in operands.items()},
            "got": None if self.answer is None else listed(self.answer),
            "error": self.error,
            "want": listed(self.want),
            "difference": None if self.difference is None else listed(self.difference),
        }


Fails = Callable[[Problem, Operands], Failure | None]
Cut = Callable[[Array, tuple[int, ...]], Array]


def failure(
    operation: str,
    problem: Problem,
    operands: Operands,
    ask: Ask,
    dtype: str,
    *,
    accumulator: str | None = None,
    bias_after: bool = False,
    error_text: Callable[[Exception], str] = str,
    exact: bool = False,
    rounds: bool = False,
    fill: str = "int",
) -> Failure | None:
    """Return how ``ask(operands)`` fails on exact data, None for the truth or what a fast algorithm may make of it.

    ``exact``: nothing but the truth, bit for bit, will do. ``rounds``: sums of these operands round. Without it data
    that the accumulator cannot sum exactly are no proof: None. ``fill`` is what the operands were cut from;
    ``bias_after``: the truth is rounded before its bias, too. An exception of ``ask`` is a failure, which
    ``error_text`` puts into words.
    """
    name = RANGE_FILL if fill == RANGE_FILL else "int"
    special = not all(map(_is_finite, operands.arrays))
    due: dict[str, Any] = {"accumulator": accumulator, "bias_after": bias_after}
    examination = Examination(
        operation, problem, dtype, lambda *_: operands, special=special, rounds=rounds, fills=(name,), **due
    )
    try:
        trial = examination.trial(name)
    except BrokenFill:
        return None
    fail = partial(Failure, operation, problem, operands)
    try:
        answer = ask(operands)
    except Exception as error:
        return fail(None, error_text(error), trial.want)
    fault = calls.fault(examination, answer)
    if fault is not None:
        return fail(answer.value, fault, trial.want)
    result = calls.grade_both(grade_special_fill if special else grade_fill, trial, answer)
    return fail(answer.value, "", result.want) if _is_proof(result, exact=exact) else None


def _is_proof(result: FillResult, *, exact: bool) -> bool:
    """Whether an answer is not the truth, or, unless ``exact``, nothing that a fast algorithm may make of it."""
    if result.trial.name == RANGE_FILL:
        if np.any((result.want != 0) & (np.abs(result.want) < result.trial.expected.smallest_normal)):
            return False  # a result so small may be 0
        result = result if exact else nearest_reading(result)
    return not result.exact if exact else result.grade == WRONG


def _is_finite(array: Array) -> bool:
    return bool(np.isfinite(widened(array)).all())


def smallest(
    operation: str,
    problem: Problem,
    operands: Operands,
    fails: Fails,
    *,
    asks: int = ASKS,
    seconds: float = SECONDS,
    fill: str = "int",
) -> Failure | None:
    """Return the smallest failure of the kind that ``operands`` show, found with at most ``asks`` calls of ``fails``.

    ``fails(problem, operands)`` asks again and returns the failure or None. None when the operands do not fail a second
    time. ``fill`` is where they come from: of numbers of every size the smallest may be what fails.
    """
    first = fails(problem, operands)
    if first is None:
        return None
    shrinker = _Shrinker(operation, fails, first, asks, time.monotonic() + seconds)
    if fill == RANGE_FILL:
        shrinker.cuts = tuple(product((cut, cut_around_smallest), repeat=len(operands.arrays)))
    shrinker.shrink_problem()
    shrinker.shrink_data()
    shrinker.cut_from = shrinker.smallest.operands  # of which more may be cut away now that most of it is zeros
    shrinker.shrink_problem()
    return shrinker.smallest


class _Shrinker:
    """The smallest failure so far, the operands that smaller ones are cut from, and what may still be spent."""

    def __init__(self, operation: str, fails: Fails, first: Failure, asks: int, deadline: float) -> None:
        self.operation, self.fails, self.smallest, self.cut_from = operation, fails, first, first.operands
        self._asks, self._deadline = asks, deadline
        self.cuts: tuple[tuple[Cut, ...], ...] = ((cut,) * len(first.operands.arrays),)

    def shrink_problem(self) -> None:
        """Take the first simpler problem that still fails, until none does."""
        while any(self._simpler_fails(problem) for problem in _simpler(self.smallest.problem, self.operation)):
            pass

    def _simpler_fails(self, problem: Problem) -> bool:
        shapes, arrays, bias = problem.operand_shapes(self.operation), self.cut_from.arrays, self.cut_from.bias
        cut_bias = None if bias is None else cut(bias, problem.operation_bias_shape(self.operation))
        cuts = [
            Numbers(
                tuple(each(array, shape) for each, array, shape in zip(chosen, arrays, shapes, strict=True)), cut_bias
            )
            for chosen in self.cuts
        ]
        return any(self._takes(problem, data) for data in (_counting(self.operation, problem, cuts[0]), *cuts))

    def shrink_data(self) -> None:
        """Take the simplest numbers that still fail: a single 1 beside 1, 2, 3 and so on, or else many zeros."""
        problem, operands = self.smallest.problem, self.smallest.operands
        if not any(self._takes(problem, data) for data in _simplest_data(self.operation, problem, operands)):
            for index, array in enumerate(operands.arrays):
                self._thin(index, array.size)

    def _thin(self, index: int, size: int) -> None:
        for element in range(size):
            for number in (0, 1, 1j) if np.iscomplexobj(self.smallest.operands.arrays[index]) else (0, 1):
                arrays = [array.copy() for array in self.smallest.operands.arrays]
                if arrays[index].flat[element] in (0, number) or not _is_finite(arrays[index].flat[element]):
                    break
                arrays[index].flat[element] = number
                if self._takes(self.smallest.problem, Numbers(tuple(arrays), self.smallest.operands.bias)):
                    break

    def _takes(self, problem: Problem, operands: Operands) -> bool:
        """Ask; take a failure of the same kind."""
        if self._asks <= 0 or time.monotonic() > self._deadline:
            return False
        self._asks -= 1
        failed = self.fails(problem, operands)
        if failed is None or failed.kind != self.smallest.kind:
            return False
        self.smallest = failed
        return True


def _simpler(problem: Problem, operation: str) -> Iterator[Problem]:
    """Yield problems with one thing smaller or nearer to its default, the boldest steps first; no empty arrays."""
    for changes in _steps(problem):
        try:
            simpler = Problem.of(**{**_parameters(problem), **changes})
        except ValueError:
            continue
        shapes = (*simpler.operand_shapes(operation), simpler.result_shape(operation))
        if simpler != problem and (all(map(prod, shapes)) or not prod(problem.result_shape(operation))):
            yield simpler


def _parameters(problem: Problem) -> Record:
    counts = ("batch", "in_channels", "out_channels", "groups")
    names = (*counts, "input_size", "kernel_size", "stride", "dilation", "border", "zero_points", "outputs", "then")
    return {**{name: getattr(problem, name) for name in names}, "padding": problem.symbol or problem.padding}


def _steps(problem: Problem) -> Iterator[Record]:
    """Yield what to change: first what makes the most arrays smaller, so that few calls are spent on large ones."""
    for groups in _towards(problem.groups, 1):
        inputs, outputs = problem.in_channels // problem.groups, problem.out_channels // problem.groups
        yield {"groups": groups, "in_channels": inputs * groups, "out_channels": outputs * groups}
    yield from ({"border": ZERO}, {"outputs": None}, {"then": NOTHING})
    if problem.outputs is not None:
        yield from _with_fewer_outputs(problem, problem.outputs)
    yield from ({"zero_points": zeros} for zeros in _zero_points(problem.zero_points))
    yield from ({"batch": count} for count in _towards(problem.batch, 1))
    for name in ("in_channels", "out_channels"):
        yield from ({name: count * problem.groups} for count in _towards(getattr(problem, name) // problem.groups, 1))
    for name in ("dilation", "stride", "kernel_size"):
        for sizes in _axes_towards(getattr(problem, name), (1,) * problem.rank):
            yield from _with_input({name: sizes}, problem)
    if problem.symbol not in (None, "valid"):
        yield from ({"padding": padding} for padding in ("valid", problem.padding))
    else:
        flat = tuple(side for pair in problem.padding for side in pair)
        steps = _axes_towards(flat, (0,) * len(flat))
        yield from ({"padding": tuple(zip(sides[::2], sides[1::2], strict=True))} for sides in steps)
    yield from ({"input_size": sizes} for sizes in _inputs(problem))


def _zero_points(zeros: tuple[int, int]) -> Iterator[tuple[int, int]]:
    """Yield no zero points, then the first alone, then the second."""
    yield from ((0, 0), (zeros[0], 0), (0, zeros[1]))


def _with_fewer_outputs(problem: Problem, outputs: Size) -> Iterator[Record]:
    """Yield fewer outputs, with an input that is as much smaller, so that the output padding stays."""
    for fewer in _axes_towards(outputs, (1,) * problem.rank):
        axes = zip(problem.input_size, outputs, fewer, problem.stride, strict=True)
        yield {"outputs": fewer, "input_size": tuple(size - (o - less) * s for size, o, less, s in axes)}


def _with_input(changes: Record, problem: Problem) -> Iterator[Record]:
    """Yield the changes with an input that is as much smaller, so that outputs and left-over rows stay; then alone."""
    geometry = {**_parameters(problem), **changes}
    extents = effective_kernel(geometry["kernel_size"], geometry["dilation"])
    axes = zip(problem.output_size, problem.output_padding, geometry["stride"], extents, problem.padding, strict=True)
    sizes = tuple((o - 1) * s + e - lo - hi + min(rest, s - 1) for o, rest, s, e, (lo, hi) in axes)
    if min(sizes) > 0 and sizes != problem.input_size:
        yield {**changes, "input_size": sizes}
    yield changes


def _inputs(problem: Problem) -> Iterator[tuple[int, ...]]:
    """Yield smaller inputs: first those that leave the same rows over, of a single output and of ever more."""
    least, sizes = _least_input(problem), problem.input_size
    if min(problem.output_padding) >= 0 and any(problem.output_padding):
        with_rest = tuple(low + rest for low, rest in zip(least, problem.output_padding, strict=True))
        yield with_rest
        for axis, (low, size, step) in enumerate(zip(with_rest, sizes, problem.stride, strict=True)):
            yield from ((*sizes[:axis], smaller, *sizes[axis + 1 :]) for smaller in range(low, size, step))
    yield from _axes_towards(sizes, least)


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


def _numbered(shape: tuple[int, ...], dtype: Any) -> Array:
    """Return 1, 2, 3 and so on."""
    return np.arange(1, prod(shape) + 1).reshape(shape).astype(dtype)


def _counting(operation: str, problem: Problem, like: Operands) -> Numbers:
    """Return operands that count from 1 on, and a bias that does if there is one, of the dtypes of ``like``."""
    dtypes = [array.dtype for array in like.arrays]
    arrays = tuple(map(_numbered, problem.operand_shapes(operation), dtypes))
    return Numbers(arrays, None if like.bias is None else _numbered(like.bias.shape, dtypes[0]))


def _simplest_data(operation: str, problem: Problem, like: Operands) -> Iterator[Numbers]:
    """Yield a single 1 in one operand and counting numbers in the other, then counting ones; then with a bias not 0."""
    counting = _counting(operation, problem, like)
    if not all(map(_is_finite, like.arrays)):
        return
    for bias in [None] if like.bias is None else [np.zeros_like(counting.bias), counting.bias]:
        for index in range(len(counting.arrays)):
            for arrays in _with_single(counting.arrays, index):
                yield Numbers(arrays, bias)
        yield Numbers(counting.arrays, bias)


def _with_single(arrays: tuple[Array, ...], index: int) -> Iterator[tuple[Array, ...]]:
    """Yield the arrays with the one at ``index`` all zeros but for a 1, at each of its first positions."""
    for element in range(min(arrays[index].size, _POSITIONS)):
        single = np.zeros_like(arrays[index])
        single.flat[element] = 1
        yield (*arrays[:index], single, *arrays[index + 1 :])


def listed(array: Array) -> Any:
    """Return the numbers as nested lists: integers as such, those that are not finite as ``nan``, ``inf``, ``-inf``.

    Complex ones are texts, ``1-2j``.
    """
    return _json_number(widened(array).tolist())


def _json_number(entry: Any) -> Any:
    if isinstance(entry, list):
        return [_json_number(each) for each in entry]
    if isinstance(entry, complex):
        return (
            f"{entry.real:.17g}{entry.imag:+.17g}j"
            if entry.imag or not np.isfinite(entry)
            else _json_number(entry.real)
        )
    if not np.isfinite(entry):
        return str(entry)
    return int(entry) if abs(entry) < _READABLE and entry == int(entry) else entry


def _call_text(operation: str, problem: Problem, names: tuple[str, ...], *, of_integers: bool) -> str:
    """Return the call of the reference that asks the same, without what stays at its default."""
    sizes: dict[str, tuple[Any, bool]] = {
        "input_size": _small_or_large(operation, problem),
        "output_size": (problem.input_size, operation == "conv_transpose" and any(problem.output_padding)),
        "kernel_size": (problem.kernel_size, BY_NAME[operation].result == "filter"),
    }
    ones = (1,) * problem.rank
    geometry: dict[str, tuple[Any, bool]] = {
        "stride": (problem.stride, problem.stride != ones),
        "padding": (problem.symbol or problem.padding, problem.padding != ((0, 0),) * problem.rank),
        "dilation": (problem.dilation, problem.dilation != ones),
        "groups": (problem.groups, problem.groups != 1),
        "border": (problem.border, problem.border != ZERO),
        "zero_points": (problem.zero_points, any(problem.zero_points)),
        "then": (problem.then, bool(problem.then)),
    }
    arguments = sizes if BY_NAME[operation].result == "bias" else {**sizes, **geometry}
    operands = ["bias=bias" if name == "bias" else name for name in names]
    stated = [f"{name}={value!r}" for name, (value, is_needed) in arguments.items() if is_needed]
    return f"{'integers.' if of_integers else ''}{operation}({', '.join([*operands, *stated])})"


def _small_or_large(operation: str, problem: Problem) -> tuple[Any, bool]:
    """Return the ``input_size`` of a gradient, and whether it has to be said."""
    if operation == "conv_transpose_input_grad":
        return problem.outputs, problem.outputs is not None
    return problem.input_size, operation == "conv_input_grad"


def _summary(failed: Failure) -> str:
    """Return the failure in one line."""
    operands = zip(OPERAND_NAMES[failed.operation], failed.operands.arrays, strict=True)
    shapes = " and ".join(f"{name} of shape {array.shape}" for name, array in operands)
    difference = failed.difference
    if failed.error or difference is None:
        return f"{shapes}: {failed.error}"
    wrong = int(np.count_nonzero(difference != 0))
    return f"{shapes}: {wrong} of {difference.size} elements differ"
