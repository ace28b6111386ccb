"""What a hypothesis is: a mistake with a name, and what an operation would answer if it were made.

A hypothesis takes the computation that was asked for and yields changed ones, each with a detail of how it is changed;
the result of a changed computation is the reference's own, so that a wrong answer can be matched bit for bit. Changes
add up: a hypothesis may be applied to what another one yielded.
"""

import inspect
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property, partial
from typing import Any

import numpy as np

from convformance.judging.axes import along_axis
from convformance.judging.bounds import products
from convformance.reference import operations
from convformance.reference.arrays import Array
from convformance.reference.geometry import Pairs, Size, effective_kernel
from convformance.reference.operation import BY_NAME
from convformance.reference.problem import NO_ZERO_POINTS, Problem

Change = Callable[[Array], Array]


@dataclass(frozen=True)
class Computation:
    """An operation on a problem and float64 or complex128 operands, changes to its result, the answer to be explained.

    The arrays are named by the convolution they belong to: ``input`` (the large side), ``filter``, ``output`` (the
    small side). ``rounded``: a change rounds, so that the answer can be expected within the error of one rounding of
    its sums only. ``completed``: what it does not say is taken from the answer, so that nothing is to be added to it.
    ``zero_points``: what was subtracted from the operands before they came here; ``integers``: they were stored so.
    """

    operation: str
    problem: Problem
    arrays: tuple[Array, ...]
    bias: Array | None
    answer: Array
    changes: tuple[Change, ...] = ()
    rounded: bool = False
    completed: bool = False
    zero_points: tuple[int, int] = NO_ZERO_POINTS
    integers: bool = False
    _computed: dict[Any, Any] = field(default_factory=dict, repr=False, compare=False)

    @cached_property
    def result(self) -> Array:
        """What the operation gives, in float64, with the changes made to it."""
        value = self._unchanged()
        for change in self.changes:
            value = change(value)
        return value

    def precomputed(self) -> "Computation":
        """Return the computation, its result before any change computed: those that change only the result share it."""
        self._unchanged()
        return self

    @property
    def is_new(self) -> bool:
        """Whether the operation has not been computed on this problem and these operands."""
        return self._key not in self._computed

    @cached_property
    def _key(self) -> tuple[Any, ...]:
        return self.problem, *map(id, self.arrays), id(self.bias)

    def _unchanged(self) -> Array:
        """Return the result before any change; it is computed once for all that comes of the same question.

        The operands are kept beside it, so that no other array can be taken for one of them in the key.
        """
        if self.is_new:
            value = operations.apply(self.operation, self.problem, *self.arrays, bias=self.bias)
            self._computed[self._key] = value, self.arrays, self.bias
        unchanged: Array = self._computed[self._key][0]
        return unchanged

    @property
    def reads(self) -> tuple[str, ...]:
        """The names of the operands, in order."""
        return BY_NAME[self.operation].arrays

    @property
    def gives(self) -> str:
        """The name of the array that is the result."""
        return BY_NAME[self.operation].result

    @property
    def rank(self) -> int:
        """The number of spatial axes."""
        return self.problem.rank

    @property
    def counts(self) -> Array:
        """How many products each element of the result sums, in a shape that broadcasts to it."""
        return products(self.operation, self.problem)

    def operand(self, name: str) -> Array:
        """Return the operand of that name."""
        return self.arrays[self.reads.index(name)]

    def mapped(self, name: str, change: Change) -> "Computation":
        """Return the computation with ``change`` made to the array of that name, an operand or the result."""
        if name == self.gives:
            return self.changed(change)
        changed = self.reads.index(name)
        arrays = tuple(change(array) if index == changed else array for index, array in enumerate(self.arrays))
        return replace(self, arrays=arrays)

    def changed(self, change: Change) -> "Computation":
        """Return the computation with ``change`` made to its result."""
        return replace(self, changes=(*self.changes, change))


Prediction = tuple[str, Computation]
Predict = Callable[[Computation], Iterator[Prediction]]


@dataclass(frozen=True)
class Match:
    """What reproduces one wrong answer: the public name of a hypothesis, or of two joined by ``+``, and a detail of it.

    ``on_all_fills``: it reproduces the answers to every exact fill, not only to the first one that is wrong.
    """

    name: str
    detail: str = ""
    on_all_fills: bool = True


# Mistakes from this rank on only come second: they change numbers, whatever the geometry was.
SECOND_ONLY = 20


@dataclass(frozen=True)
class Hypothesis:
    """A mistake by its public name: one sentence of what happens, one of how to mend it, and what it predicts.

    ``matters`` names the conditions without which the mistake cannot show. ``pair_rank`` is its turn among the mistakes
    that are tried two by two, 0 for one that is not. ``remedies`` are those of operations that have their own.
    """

    name: str
    explanation: str
    remedy: str
    predict: Predict
    matters: tuple[str, ...] = ()
    pair_rank: int = 0
    remedies: Mapping[str, str] = field(default_factory=dict, compare=False)

    @classmethod
    def of(
        cls,
        name: str,
        predict: Predict,
        *matters: str,
        pair_rank: int = 0,
        remedies: Mapping[str, str] | None = None,
    ) -> "Hypothesis":
        """Return the hypothesis whose explanation and remedy are the two paragraphs of ``predict``'s docstring."""
        paragraphs = (inspect.getdoc(predict) or "\n\n").split("\n\n")
        explanation, remedy, *_ = (" ".join(paragraph.split()) for paragraph in paragraphs)
        return cls(name, explanation, remedy, predict, matters, pair_rank, remedies or {})

    def pairs_with(self, other: "Hypothesis") -> bool:
        """Whether both are tried together, this one made first; in one order only, as most changes commute."""
        exclude_each_other = "padding" in self.matters and "no padding" in other.matters
        return 0 < self.pair_rank < min(other.pair_rank, SECOND_ONLY) and not exclude_each_other


def unchanged(asked: Computation) -> Iterator[Prediction]:
    """Yield nothing: the prediction of a mistake that is seen by other means than the values of one answer."""
    yield from ()


def with_geometry(asked: Computation, detail: str = "", **geometry: Any) -> Iterator[Prediction]:
    """Yield the operation under another geometry on the same operands.

    Once as it follows from the geometry, with a result of another size where that is so; once with the size that was
    wanted, as loops over a result of given shape compute it. Nothing where the geometry is the same or does not exist
    for these operands.
    """
    if asked.gives == "bias" or all(getattr(asked.problem, name) == value for name, value in geometry.items()):
        return
    for changed_problem in (_following, _with_all_sizes):
        try:
            yield detail, replace(asked, problem=changed_problem(asked, geometry))
        except ValueError:  # no such geometry: a size below 0, a crop of more than there is
            continue


def before_bias(asked: Computation, change: Change) -> Computation:
    """Return the computation with ``change`` made to the sums, to which the bias is added afterwards."""
    if asked.bias is None:
        return asked.changed(change)
    bias = along_axis(asked.bias, 1, asked.rank + 2)
    return replace(asked, bias=None).changed(change).changed(partial(np.add, bias))


def read_inside(asked: Computation, detail: str, computation: Computation) -> Iterator[Prediction]:
    """Yield ``computation`` for the elements whose windows lie inside the data that was asked for and its padding.

    The others may hold anything: they are taken from the answer, as a view with wrong strides reads whatever lies in
    memory. Nothing where no wrong element lies inside, or all of them do.
    """
    if asked.gives != "output" or asked.answer.shape != asked.result.shape:
        return
    inside = np.ones((1,) * (asked.rank + 2), bool)
    limits = (size + hi for size, (_, hi) in zip(asked.problem.input_size, asked.problem.padding, strict=True))
    problem = computation.problem
    axes = zip(problem.output_size, problem.stride, problem.padding, problem.effective_kernel, limits, strict=True)
    for axis, (outputs, stride, (lo, _), extent, limit) in enumerate(axes, 2):
        inside = inside & along_axis(np.arange(outputs) * stride - lo + extent <= limit, axis, inside.ndim)
    for change in computation.changes[len(asked.changes) :]:
        inside = change(np.broadcast_to(inside, problem.output_shape))
    wrong = (asked.answer != asked.result) & ~(np.isnan(asked.answer) & np.isnan(asked.result))
    if bool((wrong & inside).any()) and not inside.all():
        completed = computation.changed(lambda value: np.where(inside, value, asked.answer))
        yield detail, replace(completed, completed=True)


def _following(asked: Computation, geometry: dict[str, Any]) -> Problem:
    """Return the problem whose result has the size that the geometry gives it."""
    problem, changed = asked.problem, _completed(asked.problem, geometry)
    stride, padding, dilation = changed["stride"], changed["padding"], changed["dilation"]
    if asked.gives == "output":
        return replace(problem, **changed)
    if asked.gives == "input":
        extents = effective_kernel(changed["kernel_size"], dilation)
        reached = zip(problem.output_size, stride, padding, extents, strict=True)
        natural = tuple((o - 1) * s + e - lo - hi for o, s, (lo, hi), e in reached)
        return replace(problem, **{**changed, "input_size": natural})
    axes = zip(problem.input_size, problem.output_size, stride, padding, dilation, strict=True)
    taps = tuple((i + lo + hi - (o - 1) * s - 1) // d + 1 for i, o, s, (lo, hi), d in axes)
    return _with_outputs(problem, {**changed, "kernel_size": taps})


def of_wanted_size(asked: Computation, **geometry: Any) -> Problem:
    """Return the problem under another geometry in which all sizes are as asked for, whatever is read beyond the end.

    Raises ValueError where there is none.
    """
    return _with_all_sizes(asked, geometry)


def _with_all_sizes(asked: Computation, geometry: dict[str, Any]) -> Problem:
    return _with_outputs(asked.problem, _completed(asked.problem, geometry))


def _completed(problem: Problem, geometry: dict[str, Any]) -> dict[str, Any]:
    unchanged = {name: getattr(problem, name) for name in ("kernel_size", "stride", "padding", "dilation")}
    return {**unchanged, "symbol": None, **geometry}


def _with_outputs(problem: Problem, geometry: dict[str, Any]) -> Problem:
    """Return the problem with the high sides of its padding such that there are as many outputs as in ``problem``."""
    extents = effective_kernel(geometry["kernel_size"], geometry["dilation"])
    axes = zip(problem.input_size, problem.output_size, extents, geometry["stride"], geometry["padding"], strict=True)
    pairs = tuple((lo, (o - 1) * s + e - lo - i) for i, o, e, s, (lo, _) in axes)
    return replace(problem, **{**geometry, "padding": pairs})


def no_padding(rank: int) -> Pairs:
    """Return no padding, for that many axes."""
    return ((0, 0),) * rank


def with_axis(values: Size | Pairs, axis: int, value: Any) -> tuple[Any, ...]:
    """Return ``values`` with another one at ``axis``."""
    return (*values[:axis], value, *values[axis + 1 :])
