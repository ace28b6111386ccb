"""Named mistakes that reproduce one wrong answer on numbers of any kind: within the bound, in place of bit for bit."""

from dataclasses import replace
from functools import cached_property
from math import prod

import numpy as np

from convformance.answers.question import GivenOperands, Question
from convformance.judging.grades import COMPONENTWISE
from convformance.judging.hypotheses.hypothesis import Match
from convformance.judging.matching import Evidence, find_matches
from convformance.reference.arrays import Array
from convformance.reference.operation import BY_NAME

# A prediction must come so much nearer to a wrong element than the truth is: else it predicts nothing.
_NEARER = 0.25
# Images that large answers are cut down to, and the multiplications from which an answer is large.
_IMAGES, _LARGE = 2, 2**24
# Multiplications that a search may take, bytes of results that it may keep, and the fewest and most predictions.
_BUDGET, _MEMORY, _FEWEST, _MOST = 2**34, 2**29, 40, 8000


class MeasuredEvidence(Evidence):
    """An answer whose numbers are known up to the rounding of sums: twice the largest bound of the answer."""

    def _is_answer(self, predicted: Array, *, rounded: bool) -> bool:
        answer = self.asked.answer
        with np.errstate(invalid="ignore"):
            size = np.abs(answer - predicted)
        size[(answer == predicted) | (np.isnan(answer) & np.isnan(predicted))] = 0.0
        if not bool(np.all(size <= self._slack + self._units * np.abs(predicted))):
            return False
        if self._wrong is None:
            return True
        return bool(np.all(size[self._wrong] <= _NEARER * self._sizes[self._wrong]))

    @cached_property
    def _bound(self) -> Array:
        return self.trial.tolerance(COMPONENTWISE, self.trial.expected)

    @cached_property
    def _slack(self) -> float:
        return 2 * float(np.max(self._bound, initial=0.0))

    @property
    def _units(self) -> float:
        """The relative error that storing a number in the result's format makes."""
        return 2 * self.trial.expected.result.unit

    @cached_property
    def _sizes(self) -> Array:
        return np.abs(self.trial.difference(self.asked.answer))

    @cached_property
    def _wrong(self) -> Array | None:
        """The elements that are wrong, None where the answer has another shape than the truth."""
        return ~(self._sizes <= self._bound) if self.asked.answer.shape == self.wanted_shape else None


def find_mistakes(asked: Question, answer: Array) -> tuple[Match, ...]:
    """Return the mistakes that reproduce an answer in canonical layout, whatever its shape, the likeliest first.

    Those of a large answer's first images alone are looked for first, then of all of it: what is wrong with the order
    of a batch shows in no part.
    """
    smaller, part = _first_images(asked, answer)
    matches = _search(smaller, part)
    return matches if matches or smaller is asked else _search(asked, answer)


def _search(asked: Question, answer: Array) -> tuple[Match, ...]:
    evidence = MeasuredEvidence.of(asked.trial, _with_right_elements_exact(asked, answer), right=False)
    return find_matches([evidence], budget=_budget(asked))


def _with_right_elements_exact(asked: Question, answer: Array) -> Array:
    """Return the answer in float64, its right elements without their rounding: what says where it is wrong compares."""
    numbers, trial = answer.astype(np.float64), asked.trial
    if numbers.shape != asked.shape:
        return numbers
    right = np.abs(trial.difference(numbers)) <= trial.tolerance(COMPONENTWISE, trial.expected)
    return np.where(right, trial.float64_result, numbers)


def _budget(asked: Question) -> int:
    """Return how many multiplications the search may take: many more are as fast together as few in small calls.

    The result of each prediction is kept, so that memory limits them too.
    """
    predictions = int(np.clip(_MEMORY // max(8 * prod(asked.shape), 1), _FEWEST, _MOST))
    return min(_BUDGET, predictions * (asked.problem.multiplications + 2**14))


def _first_images(asked: Question, answer: Array) -> tuple[Question, Array]:
    """Return the question and the answer of its first images, where it is large and has images to leave out."""
    problem, operation = asked.problem, BY_NAME[asked.op]
    by_image = operation.result not in ("filter", "bias")
    if not by_image or problem.batch <= _IMAGES or problem.multiplications < _LARGE or len(answer) != problem.batch:
        return asked, answer
    arrays = tuple(
        array if name == "filter" else array[:_IMAGES]
        for name, array in zip(operation.arrays, asked.operands.arrays, strict=True)
    )
    smaller = replace(
        asked,
        problem=replace(problem, batch=_IMAGES),
        operands=GivenOperands(arrays, asked.operands.bias),
    )
    return smaller, answer[:_IMAGES]
