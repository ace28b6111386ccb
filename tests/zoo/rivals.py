"""Rivals: the rules that convolutions are usually compared by, on the same answers.

- ``allclose-*``: ``numpy.allclose`` with rtol = atol, on normal data, against the reference in the dtype under test.
- ``integers``: small integers compared exactly, and nothing else, as oneDNN's benchdnn does.
- ``dot-product-bound``: with ``b`` the operation on magnitudes, ``u`` the unit roundoff of the dtype and K the longest
  sum, errors ``e = (answer - truth) / (b u)`` of normal and of positive data satisfy ``|e| <= K``,
  ``sum e^2 <= 0.4 K T`` and ``|sum e| <= 2 sqrt(K T)`` over the T elements of a result, as TOSA's reference model
  demands of dot products.
- ``pcc-*``, ``cosine-*``, ``nmse-*``: Pearson's correlation, the cosine, the squared error over the squared reference,
  on normal data, over all elements in which the reference is finite.
- ``float32-reference``: a reference that is computed in float32, with the default tolerances of torch.testing.
- ``bound``: what ``convformance.assert_close`` allows, the componentwise bound, on the same normal data.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from math import sqrt

import numpy as np

from convformance.answers.grading import grade_answer
from convformance.judging.bounds import Trial
from convformance.judging.examination import Examination
from convformance.judging.grades import COMPONENTWISE, is_at_least
from convformance.reference import operations
from convformance.reference.arrays import Array

Answers = Mapping[str, Array]  # in float64, by the names of the fills

# (rtol, atol) that torch.testing.assert_close has by default.
_TORCH_TESTING = {"float16": (1e-3, 1e-5), "bfloat16": (1.6e-2, 1e-5)}
_TORCH_TESTING_FLOAT32 = 1.3e-6, 1e-5
_RELATIVE = 1e-2  # of numbers that do not vary, which have no correlation


class Rivals:
    """The usual rules on the answers to one question; what they compare with is computed when first needed."""

    def __init__(self, examination: Examination) -> None:
        self._examination = examination
        self._references: dict[tuple[str, str | None], Array] = {}
        self._units: dict[str, Array] = {}

    def rejecting(self, answers: Sequence[Array]) -> tuple[str, ...]:
        """Return the rules that reject ``answers``, one for each fill of the examination, in order.

        A result of another shape is rejected by all of them; none looks at its dtype, or at the operands. An empty one
        passes.
        """
        if any(answer.shape != self._examination.shape for answer in answers):
            return tuple(RULES)
        if 0 in self._examination.shape:
            return ()
        by_fill = dict(zip(self._examination.fills, (answer.astype(np.float64) for answer in answers), strict=True))
        with np.errstate(all="ignore"):
            return tuple(name for name, rule in RULES.items() if rule.rejects(self, by_fill))

    def reference(self, fill: str, dtype: str | None = None) -> Array:
        """Return what the reference gives, in the dtype under test or in another one, in float64."""
        if (fill, dtype) not in self._references:
            operands = self.trial(fill).operands
            arrays = [array if dtype is None else array.astype(dtype) for array in operands.arrays]
            bias = operands.bias if operands.bias is None or dtype is None else operands.bias.astype(dtype)
            answer = operations.apply(self._examination.operation, self._examination.problem, *arrays, bias=bias)
            self._references[fill, dtype] = answer.astype(np.float64)
        return self._references[fill, dtype]

    def trial(self, fill: str) -> Trial:
        """Return the trial on one fill."""
        return self._examination.trial(fill)

    @property
    def dtype(self) -> str:
        """The dtype under test."""
        return self._examination.expected.result.name

    def unit(self, trial: Trial) -> Array:
        """Return ``b u``, or the smallest normal number where that is more."""
        if trial.name not in self._units:
            result = self._examination.expected.result
            self._units[trial.name] = np.maximum(trial.A * result.unit, result.smallest_normal)
        return self._units[trial.name]


def _differs_by(tolerance: float, rivals: Rivals, answers: Answers) -> bool:
    return not np.allclose(answers["normal"], rivals.reference("normal"), tolerance, tolerance, equal_nan=True)


def _differs_from_float32(rivals: Rivals, answers: Answers) -> bool:
    tolerances = _TORCH_TESTING.get(rivals.dtype, _TORCH_TESTING_FLOAT32)
    return not np.allclose(answers["normal"], rivals.reference("normal", "float32"), *tolerances, equal_nan=True)


def _integers_differ(rivals: Rivals, answers: Answers) -> bool:
    return not np.array_equal(answers["int"], rivals.reference("int"), equal_nan=True)


def _is_beyond_dot_product(rivals: Rivals, answers: Answers) -> bool:
    return not all(_within(rivals, fill, answers[fill]) for fill in ("normal", "positive"))


def _within(rivals: Rivals, fill: str, got: Array) -> bool:
    """Whether the errors on one fill, in units of a dot product's bound, are small, vary little and centred."""
    trial = rivals.trial(fill)
    finite = np.isfinite(rivals.reference(fill))
    errors = (trial.difference(got) / rivals.unit(trial))[finite]
    longest, count = float(trial.K.max()), errors.size
    if not np.all(np.abs(errors) <= longest):  # NaN is no smaller than anything
        return False
    return bool(np.sum(errors**2) <= 0.4 * longest * count and abs(errors.sum()) <= 2 * sqrt(longest * count))


def _is_beyond_bound(rivals: Rivals, answers: Answers) -> bool:
    return not is_at_least(grade_answer(rivals.trial("normal"), answers["normal"]).grade, COMPONENTWISE)


Measure = Callable[[Array, Array], bool]


def _rejects_by(accepts: Measure, rivals: Rivals, answers: Answers) -> bool:
    """Whether ``accepts(answer, reference)`` fails, where the reference is finite; NaN there is rejected."""
    reference = rivals.reference("normal")
    finite = np.isfinite(reference)
    got, want = answers["normal"][finite], reference[finite]
    return not np.isfinite(got).all() or (bool(got.size) and not accepts(got, want))


def _correlates(least: float, got: Array, want: Array) -> bool:
    if np.ptp(got) == 0 or np.ptp(want) == 0:
        return bool(np.isclose(got.max(), want.max(), _RELATIVE, _RELATIVE))
    return bool(np.corrcoef(got, want)[0, 1] >= least)


def _points_the_same_way(least: float, got: Array, want: Array) -> bool:
    norms = float(np.linalg.norm(got) * np.linalg.norm(want))
    return bool(np.vdot(got, want) >= least * norms) if norms else not got.any() and not want.any()


def _has_small_squares(most: float, got: Array, want: Array) -> bool:
    return bool(np.sum((got - want) ** 2) <= most * np.sum(want**2))


@dataclass(frozen=True)
class Rule:
    """A rule of comparison: how it is said, and whether it rejects the answers on all fills."""

    sentence: str
    rejects: Callable[[Rivals, Answers], bool]


def _allclose(tolerance: str) -> Rule:
    text = f"`allclose(rtol={tolerance}, atol={tolerance})` on normal data"
    return Rule(text, partial(_differs_by, float(tolerance)))


def _measured(sentence: str, accepts: Measure) -> Rule:
    return Rule(sentence, partial(_rejects_by, accepts))


RULES: dict[str, Rule] = {
    "allclose-1e-5": _allclose("1e-5"),
    "allclose-1e-4": _allclose("1e-4"),
    "allclose-1e-3": _allclose("1e-3"),
    "allclose-1e-2": _allclose("1e-2"),
    "integers": Rule("small integers compared exactly, as oneDNN's benchdnn does", _integers_differ),
    "dot-product-bound": Rule(
        "error limit, variance and bias of a dot product, as TOSA's reference model has them", _is_beyond_dot_product
    ),
    "pcc-0.985": _measured("Pearson's correlation of at least 0.985", partial(_correlates, 0.985)),
    "cosine-0.999": _measured("cosine of at least 0.999", partial(_points_the_same_way, 0.999)),
    "nmse-5e-4": _measured("normalised mean squared error of at most 5e-4", partial(_has_small_squares, 5e-4)),
    "float32-reference": Rule(
        "a reference in float32, with the default tolerances of `torch.testing`", _differs_from_float32
    ),
    "bound": Rule("`convformance.assert_close`, the componentwise bound", _is_beyond_bound),
}
# Which of them each page shows, in order.
SUITES = ("allclose-1e-5", "allclose-1e-3", "integers", "dot-product-bound")
TOLERANCES = (
    "bound",
    "pcc-0.985",
    "cosine-0.999",
    "nmse-5e-4",
    "allclose-1e-2",
    "allclose-1e-3",
    "allclose-1e-4",
    "float32-reference",
)
