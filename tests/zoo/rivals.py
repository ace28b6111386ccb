"""Rivals: the rules that convolutions are usually compared by, on the same answers.

- ``allclose-1e-5`` and ``allclose-1e-3``: ``numpy.allclose`` with rtol = atol, on normal data, against the reference in
  the dtype under test.
- ``integers``: small integers compared exactly, and nothing else, as oneDNN's benchdnn does.
- ``dot-product-bound``: with ``b`` the operation on magnitudes, ``u`` the unit roundoff of the dtype and K the longest
  sum, errors ``e = (answer - truth) / (b u)`` of normal and of positive data satisfy ``|e| <= K``,
  ``sum e^2 <= 0.4 K T`` and ``|sum e| <= 2 sqrt(K T)`` over the T elements of a result, as TOSA's reference model
  demands of dot products.
"""

from collections.abc import Sequence
from math import sqrt

import numpy as np

from convformance.judging.bounds import Trial
from convformance.judging.examination import Examination
from convformance.reference import operations
from convformance.reference.arrays import Array

RULES = {
    "allclose-1e-5": "`allclose(rtol=1e-5, atol=1e-5)` on normal data",
    "allclose-1e-3": "`allclose(rtol=1e-3, atol=1e-3)` on normal data",
    "integers": "small integers compared exactly, as oneDNN's benchdnn does",
    "dot-product-bound": "error limit, variance and bias of a dot product, as TOSA's reference model has them",
}


class Rivals:
    """The usual rules on the answers to one question; what they compare with is computed when first needed."""

    names = tuple(RULES)

    def __init__(self, examination: Examination) -> None:
        self._examination = examination
        self._references: dict[str, Array] = {}
        self._units: dict[str, Array] = {}

    def rejecting(self, answers: Sequence[Array]) -> tuple[str, ...]:
        """Return the rules that reject ``answers``, one for each fill of the examination, in order.

        A result of another shape is rejected by all of them; none looks at its dtype, or at the operands. An empty one
        passes.
        """
        if any(answer.shape != self._examination.shape for answer in answers):
            return self.names
        if 0 in self._examination.shape:
            return ()
        by_fill = dict(zip(self._examination.fills, (answer.astype(np.float64) for answer in answers), strict=True))
        return tuple(name for name in self.names if self._rejects(name, by_fill))

    def _rejects(self, name: str, by_fill: dict[str, Array]) -> bool:
        if name == "integers":
            return not np.array_equal(by_fill["int"], self._reference("int"), equal_nan=True)
        if name == "dot-product-bound":
            return not all(self._within(fill, by_fill[fill]) for fill in ("normal", "positive"))
        tolerance = float(name.removeprefix("allclose-"))
        return not np.allclose(by_fill["normal"], self._reference("normal"), tolerance, tolerance, equal_nan=True)

    def _reference(self, fill: str) -> Array:
        """Return what the reference gives in the dtype under test, in float64."""
        if fill not in self._references:
            operands = self._examination.trial(fill).operands
            answer = operations.apply(
                self._examination.operation, self._examination.problem, *operands.arrays, bias=operands.bias
            )
            self._references[fill] = answer.astype(np.float64)
        return self._references[fill]

    def _within(self, fill: str, got: Array) -> bool:
        """Whether the errors on one fill, in units of a dot product's bound, are small, vary little and centred."""
        trial = self._examination.trial(fill)
        finite = np.isfinite(self._reference(fill))
        with np.errstate(over="ignore"):
            errors = (trial.difference(got) / self._unit(trial))[finite]
        longest, count = float(trial.K.max()), errors.size
        if not np.all(np.abs(errors) <= longest):  # NaN is no smaller than anything
            return False
        return bool(np.sum(errors**2) <= 0.4 * longest * count and abs(errors.sum()) <= 2 * sqrt(longest * count))

    def _unit(self, trial: Trial) -> Array:
        """Return ``b u``, or the smallest normal number where that is more."""
        if trial.name not in self._units:
            result = self._examination.expected.result
            self._units[trial.name] = np.maximum(trial.A * result.unit, result.smallest_normal)
        return self._units[trial.name]
