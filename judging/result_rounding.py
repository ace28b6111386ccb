"""The last step: are sums right, and only stored otherwise than once and to nearest, ties to even?

Each way to store them is done again, element by element: the exact fills must show it bit for bit, and every number of
the random ones must lie where it puts the sum, whatever the error is that a sum may have. That is far stricter than any
bound, so that it is asked before narrower sums are, which in their own exact fills leave nothing to be rounded.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

import numpy as np

from convformance.judging import roundings
from convformance.judging.bounds import Trial
from convformance.judging.examination import Examination
from convformance.judging.formats import ACCUMULATORS, FORMATS, Format
from convformance.judging.grades import COMPONENTWISE, CONFORMANT
from convformance.judging.hypotheses.hypothesis import Match
from convformance.judging.judgement import FillResult, Results
from convformance.judging.roundings import Round
from convformance.reference.arrays import Array
from convformance.reference.following import normalises

# Elements that only another rounding explains: of fewer, chance may show any of the many there are. Of one product a
# sum, where sums are out of question, fewer will do; a fast algorithm errs there too, and ties fall to either side.
_ENOUGH, _ENOUGH_OF_PRODUCTS = 16, 3

NOT_TO_NEAREST, TWICE, NARROW, BIAS_AFTER = (
    "result-not-to-nearest",
    "result-rounded-twice",
    "low-precision-result",
    "bias-after-rounding",
)


@dataclass(frozen=True)
class Storing:
    """A way in which results may be stored: its public name, how it is said, and the ends of what it may give.

    ``low`` and ``high`` are the same but where it is a choice. ``bias_after``: the bias is added behind it, and the sum
    stored by ``again``, or in the same way.
    """

    name: str
    label: str
    low: Round
    high: Round
    bias_after: bool = False
    again: Round | None = None

    def ends(self, trial: Trial, error: Array | float) -> tuple[Array, Array]:
        """Return the least and the largest number that it makes of sums that are off by ``error`` at most."""
        low = self._stored(trial, self.low, -error)
        is_one = self.low is self.high and isinstance(error, float) and error == 0.0
        return low, low if is_one else self._stored(trial, self.high, error)

    def _stored(self, trial: Trial, rounding: Round, shift: Array | float) -> Array:
        if self.bias_after:
            return trial.stored_before_bias(rounding, again=self.again, shift=shift)
        with np.errstate(over="ignore", invalid="ignore"):
            return rounding(trial.unscaled(trial.y + shift))


@dataclass(frozen=True)
class StoredOtherwise:
    """What explains an answer: a name and its details, in every way they can be said, and what was ``due`` instead.

    ``sure``: so many numbers show it that it is no chance. ``without_sum``: each sum is of one product at most.
    """

    matches: tuple[Match, ...]
    sentence: str
    due: str
    sure: bool
    without_sum: bool


def find_storing(examination: Examination, results: Results) -> StoredOtherwise | None:
    """Return the ways to store right sums that give every number of the answer, None where none does."""
    expected = examination.expected
    # Steps that are rounded one by one leave no one number that is due.
    if expected.result.kind != "f" or normalises(examination.problem.then):
        return None
    counts = {name: int(np.count_nonzero(_is_otherwise(result, examination))) for name, result in results.items()}
    shown = sum(counts.values())
    if not shown:
        return None
    # A fill that shows much leaves few ways at once.
    telling = [results[name] for name in sorted(results, key=counts.__getitem__, reverse=True)]
    without_sum = max(float(np.max(result.trial.K, initial=0.0)) for result in results.values()) <= 1
    either = without_sum and shown >= _ENOUGH
    fitting = [way for way in _ways(examination, results, either=either) if _gives_all(way, examination, telling)]
    if not fitting:
        return None
    names = dict.fromkeys(way.name for way in fitting)
    due = f"{expected.result.name}" if fitting[0].name == NARROW else "one rounding to nearest, ties to even,"
    matches = tuple(Match(name, " = ".join(way.label for way in fitting if way.name == name)) for name in names)
    sure = shown >= (_ENOUGH_OF_PRODUCTS if without_sum else _ENOUGH)
    return StoredOtherwise(matches, f"the {fitting[0].label}", due, sure, without_sum)


def _ways(examination: Examination, results: Results, *, either: bool) -> Iterator[Storing]:
    expected = examination.expected
    stored, sums = expected.result, expected.accumulator
    trial = next(iter(results.values())).trial
    has_bias, is_expected = trial.operands.bias is not None, trial.adds_bias_after
    if stored.digits < sums.digits:
        is_after = has_bias and not is_expected
        if is_after:
            yield Storing(BIAS_AFTER, "bias added after rounding", stored.round, stored.round, bias_after=True)
        yield from _as_results(trial, NOT_TO_NEAREST, roundings.once(stored))
        yield from _as_results(trial, TWICE, roundings.twice(stored, sums))
        for label, rounding in roundings.once(stored) if is_after else ():
            said = f"bias added after rounding, each time {label}"
            yield Storing(BIAS_AFTER, said, rounding, rounding, bias_after=True)
    for fmt in _formats_below(stored):
        otherwise = ((f"{label}, to {fmt.name}", rounding) for label, rounding in roundings.once(fmt))
        yield from _as_results(trial, NARROW, [(f"rounded to {fmt.name}", fmt.round), *otherwise])
    if either and stored.digits < sums.digits and not has_bias:
        yield Storing(NOT_TO_NEAREST, f"result {roundings.EITHER}", *roundings.between(stored))


def _as_results(trial: Trial, name: str, ways: Iterable[tuple[str, Round]]) -> Iterator[Storing]:
    """Yield roundings as ways to store the result; where its bias is expected behind it, that is added rightly."""
    after, nearest = trial.adds_bias_after, trial.expected.result.round
    for label, rounding in ways:
        yield Storing(name, f"result {label}", rounding, rounding, after, nearest if after else None)


def _formats_below(stored: Format) -> Iterator[Format]:
    return (FORMATS[name] for name in ACCUMULATORS if FORMATS[name].digits < stored.digits)


def _is_otherwise(result: FillResult, examination: Examination) -> Array:
    """Return a mask of the elements that the right rounding of no right sum gives."""
    nearest = examination.expected.result.round
    right = Storing("", "", nearest, nearest, result.trial.adds_bias_after)
    return ~_lies_between(right, examination, result)


def _gives_all(way: Storing, examination: Examination, results: Iterable[FillResult]) -> bool:
    return all(bool(_lies_between(way, examination, result).all()) for result in results)


def _lies_between(way: Storing, examination: Examination, result: FillResult) -> Array:
    """Return a mask of the elements that ``way`` may give; what is rightly infinite or left open counts as such."""
    trial, special = result.trial, examination.special
    error = 0.0 if trial.exact else trial.accumulation(COMPONENTWISE if special else CONFORMANT)
    low, high = way.ends(trial, error)
    is_open = (result.size == 0) & (special | ~np.isfinite(result.value) | ~np.isfinite(result.want))
    mask: Array = ((low <= result.value) & (result.value <= high)) | is_open
    return mask
