"""What the judge says of one answer, and of the answer to each fill on the way."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, Protocol

import numpy as np

from convformance.judging.bounds import RANGE_FILL, Operands, Trial
from convformance.judging.hypotheses.hypothesis import Match
from convformance.reference.arrays import Array, larger_parts


class Answer(Protocol):
    """What an operation was answered with."""

    @property
    def value(self) -> Array:
        """The result in canonical layout."""

    @property
    def seconds(self) -> float:
        """The seconds it took."""

    @property
    def changed(self) -> tuple[int, ...]:
        """The indices of operands that were changed, a bias counted after them."""

    @property
    def earlier(self) -> Array | None:
        """The result of the first of two calls, where there were two."""


Ask = Callable[[Operands], Answer]


@dataclass(frozen=True)
class Judgement:
    """The judge's answer on one route, operation, problem and dtype.

    ``exact``: every exact fill was answered bit for bit. ``error``: the largest error on the random fills as a share
    of a conformant answer's bound. ``accumulator``: the format that explains the errors. ``seconds``: the fastest call.
    ``worst``, ``spread`` and ``map`` tell where the answer is wrong; ``fills`` the grade on each fill; ``bias`` how
    many standard errors the mean error lies from zero, None where that is not measured. ``diagnosis``: the named
    mistakes that explain the answer, the simplest first.
    """

    grade: str
    message: str = ""
    exact: bool = False
    error: float | None = None
    accumulator: str | None = None
    seconds: float = 0.0
    worst: Mapping[str, Any] | None = None
    spread: Mapping[str, Any] | None = None
    map: Mapping[str, Any] | None = None
    fills: Mapping[str, str] = field(default_factory=dict)
    bias: float | None = None
    diagnosis: tuple[Match, ...] = ()


@dataclass(frozen=True)
class FillResult:
    """One trial with its answer and what was wanted in float64 or complex128, the signed error, and the grade.

    ``exact`` when every element is the truth, rounded once. Where NaN or Inf is rightly there, or left open, the error
    is 0; where it is not, infinite. ``first``: the grade of the first of two calls, where it gave other bits. On the
    fill ``range`` errors are in the units of the trial's bounds.
    """

    trial: Trial
    value: Array
    want: Array
    difference: Array
    grade: str
    exact: bool
    first: str = ""

    @cached_property
    def size(self) -> Array:
        """The magnitude of the error, element by element; of complex numbers that of the larger part."""
        return larger_parts(self.difference)

    def share(self, bound: Array) -> Array:
        """Return error over ``bound``: 0 for the rounded truth, infinite for NaN or where nothing is allowed."""
        right = (self.value == self.want) | (self.size == 0)
        with np.errstate(invalid="ignore", divide="ignore", over="ignore"):
            share: Array = self.size / bound
        share[np.isnan(share)] = np.inf
        share[right] = 0.0
        return share


Results = Mapping[str, FillResult]  # by the names of the fills


def of_ordinary_size(results: Results) -> dict[str, FillResult]:
    """Return the results on all fills but that of numbers from the whole range of the type."""
    return {name: result for name, result in results.items() if name != RANGE_FILL}
