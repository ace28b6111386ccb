"""Matching: which mistakes reproduce a wrong answer on the exact fills, each alone or two together.

A prediction matches bit for bit where its numbers are numbers of the result's format; elsewhere either neighbour will
do, as it is not known where a wrong computation rounds. It must match on every exact fill, those included on which the
answer is right.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from functools import partial
from itertools import product

import numpy as np

from convformance.judging.bounds import Trial
from convformance.judging.grades import NORM_WISE
from convformance.judging.hypotheses import BY_NAME, GENERAL, LOCATIONS, MISTAKES
from convformance.judging.hypotheses.hypothesis import Computation, Hypothesis, Match, Predict, Prediction, unchanged
from convformance.reference.arrays import Array

# Multiplications that all predictions on one wrong answer may take, about a second of them, and those of mistakes two
# by two: there are two hundred pairs, each with many predictions, and few answers are wrong in two ways.
_BUDGET, _BUDGET_OF_PAIRS = 2**28, 2**24
# What one prediction costs beside its multiplications, in as many of them: calls and copies.
_CALL = 2**14

# The plainest pairs first, by what is made first and then by what follows it.
_PAIRS = sorted(
    (pair for pair in product(MISTAKES, repeat=2) if pair[0].pairs_with(pair[1])),
    key=lambda pair: (pair[0].pair_rank, pair[1].pair_rank),
)


@dataclass
class _Budget:
    """How many multiplications are left; a prediction that only changes a result that is there costs nothing."""

    left: int

    def allows(self, computation: Computation) -> bool:
        """Whether ``computation`` can still be made; takes its cost."""
        if computation.is_new:
            self.left -= computation.problem.multiplications + _CALL
        return self.left >= 0 or not computation.is_new


@dataclass(frozen=True)
class Evidence:
    """An answer to one exact fill: the trial, the computation that was asked for, and whether the answer is right.

    ``noise`` is what an element may be off by where the answers are those of a fast algorithm, a Fourier transform.
    """

    trial: Trial
    asked: Computation
    right: bool
    noise: float = 0.0

    @classmethod
    def of(cls, trial: Trial, answer: Array, *, right: bool) -> "Evidence":
        """Return the evidence of a float64 or complex128 ``answer``, whatever its shape."""
        arrays, bias = trial.stated_numbers
        asked = Computation(
            trial.operation,
            trial.problem,
            arrays,
            bias,
            answer,
            rounded=not trial.exact,
            zero_points=trial.zero_points,
            integers=trial.expected.result.is_integer,
        )
        return cls(trial, asked.precomputed(), right)

    @property
    def is_noisy(self) -> bool:
        """Whether the answer has fractions that no sum of the fill has."""
        if not self.trial.exact:
            return False
        with np.errstate(invalid="ignore", divide="ignore"):
            quanta = self.asked.answer / self.trial.quantum
        return bool(np.any(np.isfinite(quanta) & (quanta != np.rint(quanta))))

    def with_noise(self) -> "Evidence":
        """Return the evidence with what a fast algorithm may be off by."""
        bound = self.trial.tolerance(NORM_WISE, self.trial.expected)
        return replace(self, noise=float(np.max(bound, initial=0.0)))

    @property
    def wanted_shape(self) -> tuple[int, ...]:
        """The shape of a right answer."""
        return self.trial.problem.result_shape(self.trial.operation)

    def match(self, computation: Computation, alignment: str | None = None) -> str | None:
        """Return how the result of ``computation`` must be aligned in the wanted shape to be the answer, or None.

        ``alignment``: the only one that counts; "" where the shapes are the same.
        """
        for label, value in self._alignments(computation.result):
            if alignment in (None, label) and self._is_answer(value, rounded=computation.rounded):
                return label
        return None

    def _alignments(self, value: Array) -> Iterator[tuple[str, Array]]:
        """Yield ``value`` where it has the answer's shape, or else cropped and zero-filled to the shape wanted."""
        shape = self.asked.answer.shape
        if value.shape == shape:
            yield "", value
        elif shape == self.wanted_shape and value.ndim == len(shape) > 2 and value.shape[:2] == shape[:2]:
            yield "aligned at the start", _aligned(value, shape, 0.0)
            yield "aligned at the end", _aligned(value, shape, 1.0)
            yield "in the middle", _aligned(value, shape, 0.5)

    def _is_answer(self, predicted: Array, *, rounded: bool) -> bool:
        """Whether the answer is what was predicted; looks at one element first, as few predictions come near."""
        answer, result = self.asked.answer, self.trial.expected.result
        slack = self.noise + (self.trial.bound if rounded else np.zeros((1,) * answer.ndim))
        probe = answer.size // 2
        if answer.size and not _near(answer.flat[probe], predicted.flat[probe], 2 * result.unit, float(slack.max())):
            return False
        nearest = result.round(predicted)
        if np.array_equal(answer, nearest, equal_nan=True):
            return True
        units = np.where(nearest == predicted, 0.0, 2 * result.unit)
        return bool(np.all(_near(answer, predicted, units, slack)))


def _near(answer: Array, predicted: Array, units: Array | float, slack: Array | float) -> Array:
    with np.errstate(invalid="ignore"):
        near: Array = np.abs(answer - predicted) <= units * np.abs(predicted) + slack
        same: Array = near | (answer == predicted) | (np.isnan(answer) & np.isnan(predicted))
        return same


def _aligned(value: Array, shape: tuple[int, ...], share: float) -> Array:
    """Return ``value`` in ``shape`` with that share of the difference before it."""
    aligned = np.zeros(shape, value.dtype)
    axes = [(min(size, wanted), int((wanted - size) * share)) for size, wanted in zip(value.shape, shape, strict=True)]
    into, taken = (tuple(slice(max(0, by * sign), max(0, by * sign) + count) for count, by in axes) for sign in (1, -1))
    aligned[into] = value[taken]
    return aligned


def _ordered(evidence: Iterable[Evidence]) -> list[Evidence]:
    """Return the evidence, wrong answers first; with noise on all fills where it shows on one."""
    ordered = sorted(evidence, key=lambda each: each.right)
    return [each.with_noise() for each in ordered] if any(each.is_noisy for each in ordered) else ordered


def find_matches(evidence: Iterable[Evidence], *, budget: int | None = None, pairs: bool = True) -> tuple[Match, ...]:
    """Return every mistake that reproduces the answers to the exact fills, the likeliest first.

    Empty where every fill was answered rightly: what is wrong then, no computation on integers shows. ``pairs``: two
    mistakes are looked for where no one is enough.
    """
    ordered = _ordered(evidence)
    if not ordered or ordered[0].right:
        return ()
    with np.errstate(all="ignore"):  # an answer may hold NaN, Inf and numbers too large for what is made of them
        return _search(ordered, _Budget(_BUDGET if budget is None else budget), pairs=pairs)


def _search(evidence: Sequence[Evidence], budget: _Budget, *, pairs: bool) -> tuple[Match, ...]:
    """Return the matches on ``evidence``, a wrong answer first.

    A reader acts on the first name, and time is short; hence this order:

    1. Mistakes, the plainest first. All are tried even when one matches: on one problem several mistakes may give the
       same numbers, and only many questions together tell them apart.
    2. Any other number for a parameter, only where no mistake matches on all fills: of so many numbers, some match an
       answer that has a better reason.
    3. Where the answer is wrong. It takes the wrong values from the answer itself, which proves nothing about their
       cause, so that it must match on all fills and comes last.
    4. Two mistakes together, only where nothing of 1 to 3 matches on all fills: there are many pairs, each with more
       freedom to match by chance than a single mistake.

    What matches on the first wrong fill alone comes after what matches on all of them.
    """
    matches = _single_matches(MISTAKES, evidence, budget)
    if not any(match.on_all_fills for match in matches):
        matches += _single_matches(GENERAL, evidence, budget)
    sure = [match for match in matches if match.on_all_fills]
    unsure = [match for match in matches if not match.on_all_fills]
    locations = [match for match in _single_matches(LOCATIONS, evidence, budget) if match.on_all_fills]
    if pairs and not sure and not locations:
        sure = _first_pair(evidence)
    return (*sure, *unsure, *locations)


def _single_matches(hypotheses: Iterable[Hypothesis], evidence: Sequence[Evidence], budget: _Budget) -> list[Match]:
    """Return a match of each mistake that has one: the first on all fills, or else the first on the first wrong one."""
    best = []

    def is_worth_computing(computation: Computation) -> bool:
        return _may_match(computation, evidence[0]) and budget.allows(computation)

    for hypothesis in hypotheses:
        matches = list(_matches(hypothesis.name, hypothesis.predict, evidence, is_worth_computing))
        best += sorted(matches, key=lambda match: not match.on_all_fills)[:1]
    return best


def _first_pair(evidence: Sequence[Evidence]) -> list[Match]:
    """Return the first pair of mistakes that matches on all fills, if there is one."""
    budget = _Budget(_BUDGET_OF_PAIRS)

    def is_worth_computing(computation: Computation) -> bool:
        return _may_match(computation, evidence[0]) and budget.allows(computation)

    for first, second in _PAIRS:
        predict = partial(_both, first, second, budget)
        for match in _matches(f"{first.name}+{second.name}", predict, evidence, is_worth_computing):
            if match.on_all_fills:
                return [match]
    return []


def _matches(
    name: str, predict: Predict, evidence: Sequence[Evidence], is_worth_computing: Callable[[Computation], bool]
) -> Iterator[Match]:
    """Yield the predictions that match on the first wrong fill, up to one that matches on the others too."""
    first, *others = evidence
    # What compares, divides or counts makes no sense of complex numbers, and says so.
    of_kind = (TypeError,) if np.iscomplexobj(first.asked.answer) else ()
    with suppress(
        IndexError, ValueError, *of_kind
    ):  # it cannot be made: an axis without elements, a group that has no channel
        for detail, computation in predict(first.asked):
            alignment = first.match(computation) if is_worth_computing(computation) else None
            if alignment is None:
                continue
            on_all_fills = all(_matches_again(predict(other.asked), detail, alignment, other) for other in others)
            yield Match(name, ", ".join(filter(None, (detail, alignment))), on_all_fills)
            if on_all_fills:
                return


def _matches_again(predictions: Iterator[Prediction], detail: str, alignment: str, other: Evidence) -> bool:
    """Whether the prediction of that detail matches on another fill; where there is none, the answer must be right."""
    same = [computation for other_detail, computation in predictions if other_detail == detail]
    if not same:
        return other.right
    return any(other.match(computation, alignment) is not None for computation in same)


def _both(first: Hypothesis, second: Hypothesis, budget: _Budget, asked: Computation) -> Iterator[Prediction]:
    """Yield what two mistakes predict together; the second may look at the result of the first, at its cost."""
    for first_detail, changed in first.predict(asked):
        if not budget.allows(changed):
            return
        for second_detail, computation in () if changed.completed else second.predict(changed):
            if computation.completed:
                continue
            yield ", ".join(filter(None, (first_detail, second_detail))), computation


def _may_match(computation: Computation, evidence: Evidence) -> bool:
    """Whether the result can be aligned in the answer's shape, as far as is known without computing it."""
    if computation.changes:
        return True
    shape, answered = computation.problem.result_shape(computation.operation), evidence.asked.answer.shape
    return bool(shape == answered or (shape[:2] == answered[:2] and answered == evidence.wanted_shape))


def is_reproducible(name: str) -> bool:
    """Whether the mistake of that public name, or the two of ``a+b``, can be seen in the values of a single answer."""
    return all(part in BY_NAME and BY_NAME[part].predict is not unchanged for part in name.split("+"))


def find_match(name: str, evidence: Iterable[Evidence]) -> Match | None:
    """Return how the mistake of that name, or the two of ``a+b``, reproduce the answers to the exact fills, or None.

    To try what has been named costs a small part of what it costs to look for a name.
    """
    ordered = _ordered(evidence)
    if not ordered or ordered[0].right or not is_reproducible(name):
        return None
    budget = _Budget(_BUDGET)
    first, *second = (BY_NAME[part] for part in name.split("+"))
    predict = partial(_both, first, second[0], budget) if second else first.predict
    with np.errstate(all="ignore"):
        matches = list(_matches(name, predict, ordered, budget.allows))
    return min(matches, key=lambda match: not match.on_all_fills, default=None)
