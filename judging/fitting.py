"""Fitting: which mistakes reproduce a wrong answer on the exact fills, each alone or two together.

A prediction is met bit for bit where its numbers are numbers of the result's format; elsewhere by either neighbour, as it is not
known where a wrong computation rounds. It must be met on every exact fill, those included on which the answer is right.
"""

from collections.abc import Iterable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from itertools import islice, product
from typing import TypeVar

import numpy as np

from convformance.judging.bounds import Trial
from convformance.judging.hypotheses import BY_NAME, GENERAL, MISTAKES, PLACES
from convformance.judging.hypotheses.hypothesis import Computation, Fit, Hypothesis, Prediction
from convformance.reference.arrays import Array

_T = TypeVar("_T")

# Multiplications that all predictions on one wrong answer may take, about a second of them, and those of mistakes two by two.
_BUDGET, _BUDGET_OF_PAIRS = 2**28, 2**24
# What one prediction costs beside its multiplications, in as many of them: calls and copies.
_CALL = 2**14

# Mistakes of which two are tried together, a change of the computation first.
_FIRST = (
    "kernel-rotated",
    "gradient-rotated",
    "in-out-channels-swapped",
    "kernel-axes-swapped",
    "groups-ignored",
    "stride-ignored",
    "dilation-ignored",
    "padding-ignored",
    "padding-sides-swapped",
    "same-fixed-padding",
    "stride-axes-swapped",
    "dilation-axes-swapped",
    "padding-axes-swapped",
    "bias-missing",
)
_SECOND = (
    *_FIRST,
    "bias-twice",
    "sign-flipped",
    "scaled",
    "clipped",
    "batch-reversed",
    "batch-not-summed",
    "overwritten-not-accumulated",
    "layout-misread",
)

_PAIRS = tuple(
    (BY_NAME[one], BY_NAME[other])
    for one, other in product(_FIRST, _SECOND)
    if _SECOND.index(one) < _SECOND.index(other)
)


@dataclass
class _Budget:
    """How many multiplications are left; a prediction that needs none, made of a result that is there, costs nothing."""

    left: int

    def allows(self, made: Computation) -> bool:
        """Whether ``made`` can still be computed; takes its cost."""
        if made.is_new:
            self.left -= made.problem.multiplications + _CALL
        return self.left >= 0 or not made.is_new


@dataclass(frozen=True)
class Evidence:
    """An answer to one exact fill: the trial, the computation that was asked for, and whether the answer is right."""

    trial: Trial
    asked: Computation
    right: bool

    @classmethod
    def of(cls, trial: Trial, answer: Array, *, right: bool) -> "Evidence":
        """Return the evidence of a float64 ``answer``, whatever its shape."""
        bias = trial.operands.bias
        arrays = tuple(array.astype(np.float64) for array in trial.operands.arrays)
        numbers = None if bias is None else bias.astype(np.float64)
        return cls(trial, Computation(trial.operation, trial.problem, arrays, numbers, answer).at_hand(), right)

    @property
    def wanted_shape(self) -> tuple[int, ...]:
        """The shape of a right answer."""
        return self.trial.problem.result_shape(self.trial.operation)

    def met(self, made: Computation, placed: str | None = None) -> str | None:
        """Return how the result of ``made`` has to be placed in the wanted shape to be the answer, None where it is not."""
        for words, value in self._placings(made.result):
            if placed in (None, words) and self._is(value, rounded=made.rounded):
                return words
        return None

    def _placings(self, value: Array) -> Iterator[tuple[str, Array]]:
        """Yield ``value`` where it has the answer's shape, or as it is cropped and filled up with zeros to the shape wanted."""
        shape = self.asked.answer.shape
        if value.shape == shape:
            yield "", value
        elif shape == self.wanted_shape and value.ndim == len(shape) > 2 and value.shape[:2] == shape[:2]:
            yield "aligned at the start", _aligned(value, shape, 0.0)
            yield "aligned at the end", _aligned(value, shape, 1.0)
            yield "in the middle", _aligned(value, shape, 0.5)

    def _is(self, predicted: Array, *, rounded: bool) -> bool:
        """Whether the answer is what was predicted; looks at one element first, as few predictions come near."""
        answer, result = self.asked.answer, self.trial.expected.result
        slack = self.trial.bound if rounded else np.zeros((1,) * answer.ndim)
        probe = answer.size // 2
        if answer.size and not _near(answer.flat[probe], predicted.flat[probe], 2 * result.unit, float(slack.max())):
            return False
        kept = result.round(predicted)
        if np.array_equal(answer, kept, equal_nan=True):
            return True
        units = np.where(kept == predicted, 0.0, 2 * result.unit)
        return bool(np.all(_near(answer, predicted, units, slack)))


def _near(answer: Array, predicted: Array, units: Array | float, slack: Array | float) -> Array:
    with np.errstate(invalid="ignore"):
        near: Array = np.abs(answer - predicted) <= units * np.abs(predicted) + slack
        same: Array = near | (answer == predicted) | (np.isnan(answer) & np.isnan(predicted))
        return same


def fits(evidence: Iterable[Evidence]) -> tuple[Fit, ...]:
    """Return every mistake that explains the answers to the exact fills, the simplest first; what says where, not what, comes last.

    Two together are tried where no single one reproduces the values on every fill; what does so on the first wrong one only comes
    after them. Empty where every fill was met: what is wrong then, no computation on integers shows.
    """
    ordered = sorted(evidence, key=lambda found: found.right)
    if not ordered or ordered[0].right:
        return ()
    with np.errstate(
        all="ignore"
    ):  # an answer may hold NaN, Inf and numbers too large for what a mistake makes of them
        return _fits(ordered)


def _fits(evidence: Sequence[Evidence]) -> tuple[Fit, ...]:
    budget = _Budget(_BUDGET)
    sure, weak = _sorted(MISTAKES, evidence, budget)
    if not sure:
        sure, weaker = _sorted(GENERAL, evidence, budget)
        weak += weaker
    places, _ = _sorted(PLACES, evidence, budget)
    if not sure and not places:
        sure = _of_two(evidence)
    return (*sure, *weak, *places)


def _sorted(
    hypotheses: Iterable[Hypothesis], evidence: Sequence[Evidence], budget: _Budget
) -> tuple[list[Fit], list[Fit]]:
    """Return what fits every fill, and what fits the first wrong one only; the first detail of each mistake."""
    sure: list[Fit] = []
    weak: list[Fit] = []
    for hypothesis in hypotheses:
        found = list(_possible(_of_one(hypothesis, evidence, budget)))
        everywhere = [fit for fit, always in found if always]
        (sure if everywhere else weak).extend((everywhere or [fit for fit, _ in found])[:1])
    return sure, weak


def _possible(found: Iterator[_T]) -> Iterator[_T]:
    """Yield what ``found`` does until its mistake cannot be made: an axis without elements, a group that has no channel."""
    with suppress(IndexError, ValueError):
        yield from found


def _of_one(hypothesis: Hypothesis, evidence: Sequence[Evidence], budget: _Budget) -> Iterator[tuple[Fit, bool]]:
    """Yield what fits the first wrong answer, and whether it fits the others too; ends with the first that does."""
    first, *others = evidence
    for detail, made in hypothesis.predict(first.asked):
        if not budget.allows(made):
            continue
        words = first.met(made)
        if words is not None:
            always = all(_again(hypothesis.predict(other.asked), detail, words, other) for other in others)
            yield Fit(hypothesis.name, ", ".join(filter(None, (detail, words)))), always
            if always:
                return


def _again(predictions: Iterator[Prediction], detail: str, placed: str, other: Evidence) -> bool:
    """Whether the prediction of that detail is met on another fill; one that does not speak of that fill must find it right."""
    made = [found for said, found in predictions if said == detail]
    return any(other.met(found, placed) is not None for found in made) or (not made and other.right)


def _of_two(evidence: Sequence[Evidence]) -> list[Fit]:
    """Return the first pair of mistakes that reproduces every exact fill, if there is one."""
    budget = _Budget(_BUDGET_OF_PAIRS)
    fitting = (fit for one, other in _PAIRS for fit in _possible(_of_pair(one, other, evidence, budget)))
    return list(islice(fitting, 1))


def _of_pair(one: Hypothesis, other: Hypothesis, evidence: Sequence[Evidence], budget: _Budget) -> Iterator[Fit]:
    """Yield what fits every fill when both mistakes are made."""
    first, *others = evidence
    for detail, made in _both(one, other, first.asked, budget):
        if not _may_fit(made, first) or not budget.allows(made):
            continue
        words = first.met(made)
        if words is not None and all(
            _again(_both(one, other, rest.asked, budget), detail, words, rest) for rest in others
        ):
            yield Fit(f"{one.name}+{other.name}", ", ".join(filter(None, (detail, words))))


def _both(one: Hypothesis, other: Hypothesis, asked: Computation, budget: _Budget) -> Iterator[Prediction]:
    """Yield what two mistakes predict together; the second may look at the result of the first, which takes its cost."""
    for first_detail, first in one.predict(asked):
        if not budget.allows(first):
            return
        for detail, made in other.predict(first):
            yield ", ".join(filter(None, (first_detail, detail))), made


def _may_fit(made: Computation, evidence: Evidence) -> bool:
    """Whether the result can be placed in the answer's shape, as far as is known without computing it."""
    if made.changes:
        return True
    shape, answered = made.problem.result_shape(made.operation), evidence.asked.answer.shape
    return bool(shape == answered or (shape[:2] == answered[:2] and answered == evidence.wanted_shape))


def _aligned(value: Array, shape: tuple[int, ...], share: float) -> Array:
    """Return ``value`` in ``shape`` with that share of the difference before it."""
    placed = np.zeros(shape, value.dtype)
    axes = [(min(size, wanted), int((wanted - size) * share)) for size, wanted in zip(value.shape, shape, strict=True)]
    into, taken = (tuple(slice(max(0, by * sign), max(0, by * sign) + count) for count, by in axes) for sign in (1, -1))
    placed[into] = value[taken]
    return placed
