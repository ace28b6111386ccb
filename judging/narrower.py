"""Low precision: is an answer what a narrower accumulator, or narrower multiplicands, would give?

Each candidate is tried only where the errors are of its size, and must then hold as strictly as the expected precision
does: its own exact fills bit for bit, and the bound of a conformant answer with its own unit on the random fills. How
the first answer did on the exact fills tells candidates apart: integers of 8 digits survive every rounding of inputs,
so that an ``int`` fill not answered exactly accuses the sums or the result; one that is accuses the inputs first, where
a wide fill is not; with all of them exact nothing was rounded early.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace

import numpy as np

from convformance.judging import form, ranges
from convformance.judging.bounds import EXACT_FILLS, RANGE_FILL, Trial
from convformance.judging.examination import Examination
from convformance.judging.formats import ACCUMULATORS, FORMATS, Format, Precision
from convformance.judging.grades import COMPONENTWISE, CONFORMANT, WRONG
from convformance.judging.hypotheses.hypothesis import Match
from convformance.judging.judgement import Ask, FillResult, Results, of_ordinary_size
from convformance.judging.result_rounding import StoredOtherwise, find_storing
from convformance.reference.arrays import Array, widened

# Least error for a candidate to be worth asking for, in its own unit: without it a coarse format would explain every
# small error. Sums: a thousandth of W, far below what narrow ones make (0.4 W and more, measured) and far above what
# the next finer format makes (float32 where float16 is suspected: 2**-13 of that). Inputs: a sixteenth of B + |y|,
# where rounded ones reach twice B + |y| (measured).
_LEAST_SUMS, _LEAST_INPUTS = 2.0**-10, 2.0**-4
# Of all elements: rounding shows in nearly every one, a defect at an end or in one channel in fewer than that.
_MANY = 2.0**-4
# Elements of a result: of fewer than so many, chance decides on which fill one of them shows narrow arithmetic.
_FEW = 16
# Products in all fills: of fewer than so many, chance may let narrow sums meet all that the exact fills ask.
_FEW_PRODUCTS = 512


@dataclass(frozen=True)
class Candidate:
    """A precision that may explain an answer, and how it is said; ``asks``: its own exact fills must be asked.

    ``stored``: the sums are those that were expected, and what is done to them at last explains the answer as well, or
    where ``label`` is its sentence, alone. ``is_weak``: so few elements show it that it changes no grade.
    """

    precision: Precision
    label: str
    asks: bool = True
    stored: StoredOtherwise | None = None
    is_weak: bool = False

    @property
    def is_of_result(self) -> bool:
        """Whether the sums are as expected, and only what is done to them at last is not."""
        return self.stored is not None and self.label == self.stored.sentence

    @property
    def matches(self) -> tuple[Match, ...]:
        """What it is called: where chance leaves two explanations, both."""
        stored = self.stored.matches if self.stored else ()
        return stored if self.is_of_result else (Match(_public_name(self), self.label), *stored)


def _public_name(candidate: Candidate) -> str:
    """Return the public name of the narrower arithmetic."""
    inputs = candidate.precision.inputs
    if not candidate.asks:
        return "low-precision-result"
    if inputs is None or inputs == candidate.precision.accumulator:
        return "low-precision-accumulation"
    return "low-precision-inputs"


def find_candidate(examination: Examination, ask: Ask, results: Results) -> Candidate | None:
    """Return what explains the answer: sums that are right and stored otherwise, or the finest narrower precision.

    What a few elements alone show is said of sums first, which err by more. Where only roundings explain it, it is the
    reason of a wrong answer all the same, and beside the grade of any other, such as that of a fast algorithm.
    """
    stored = find_storing(examination, results)
    of_result = Candidate(examination.expected, stored.sentence, asks=False, stored=stored) if stored else None
    if stored is None or not (stored.sure or stored.without_sum):
        narrower = _find_narrower(examination, ask, results)
        if narrower is not None:
            return replace(narrower, stored=stored)
    if stored is None or of_result is None or stored.sure or any(each.grade == WRONG for each in results.values()):
        return of_result
    return replace(of_result, is_weak=True)


def _find_narrower(examination: Examination, ask: Ask, results: Results) -> Candidate | None:
    """Return the finest candidate that explains the answer, or None.

    With NaN or Inf about nothing more is asked; the componentwise bound must then hold in every trial.
    """
    for candidate in candidates(examination, results) if is_scattered(results) else ():
        if _is_plausible(candidate, results) and _explains(candidate, examination, ask, results):
            return candidate
    return None


def _explains(candidate: Candidate, examination: Examination, ask: Ask, results: Results) -> bool:
    if examination.special:
        return candidate.asks and _within(COMPONENTWISE, candidate, results.values())
    random = [result for result in results.values() if not result.trial.exact]
    return (
        _within(CONFORMANT, candidate, random)
        and _is_credible(candidate, results)
        and _matches_exact_fills(candidate, examination, ask, results)
    )


def candidates(examination: Examination, results: Results) -> Iterator[Candidate]:
    """Yield what the exact fills leave possible, the likelier first; sums of one operand have no multiplicands.

    Where few products are summed, those rounded to the type of the result may meet all exact fills by chance.
    """
    if all(result.exact for result in of_ordinary_size(results).values() if result.trial.exact):
        if sum(float(result.trial.K.sum()) for result in of_ordinary_size(results).values()) < _FEW_PRODUCTS:
            yield from _sums_in_own_type(examination.expected)
        return
    multiplicands = len(examination.trial("int").operands.arrays) > 1
    if results["int"].exact and multiplicands:
        yield from _narrower_inputs(examination.expected, results)
    yield from _narrower_sums(examination.expected)
    if results["int"].exact and not multiplicands:
        yield from _narrower_inputs(examination.expected, results)


def _narrower_inputs(expected: Precision, results: Results) -> Iterator[Candidate]:
    """Yield roundings of the inputs, without formats that overflow where the answer does not, or the reverse."""
    exact = [result for result in of_ordinary_size(results).values() if result.trial.exact]
    largest = max(float(np.abs(array).max(initial=0.0)) for result in exact for array in result.trial.numbers[0])
    overflowed = not all(np.isfinite(result.value).all() for result in exact)
    for inputs in _formats_below(tuple(FORMATS), expected.result):
        if overflowed == (largest > inputs.largest):
            yield Candidate(replace(expected, inputs=inputs), f"inputs rounded to {inputs.name}")


def _sums_in_own_type(expected: Precision) -> Iterator[Candidate]:
    if expected.result.digits < expected.accumulator.digits and expected.result.name in ACCUMULATORS:
        yield Candidate(replace(expected, accumulator=expected.result), f"sums kept in {expected.result.name}")


def _narrower_sums(expected: Precision) -> Iterator[Candidate]:
    for fmt in _formats_below(ACCUMULATORS, expected.result):
        yield Candidate(replace(expected, result=fmt), f"the result rounded to {fmt.name}", asks=False)
    for fmt in _formats_below(ACCUMULATORS, expected.accumulator):
        if _are_as_large(fmt, expected.result) and fmt != expected.result:
            continue  # of two formats of one size, nobody sums in the one that is not the result's
        narrower = replace(expected, accumulator=fmt)
        yield Candidate(narrower, f"sums kept in {fmt.name}")
        yield Candidate(replace(narrower, inputs=fmt), f"inputs rounded to {fmt.name} and sums kept in it")


def _formats_below(names: tuple[str, ...], fmt: Format) -> Iterator[Format]:
    return (FORMATS[name] for name in names if FORMATS[name].digits < fmt.digits)


def _are_as_large(fmt: Format, other: Format) -> bool:
    return fmt.dtype is not None and other.dtype is not None and fmt.dtype.itemsize == other.dtype.itemsize


def is_beyond_rounding(result: FillResult) -> bool:
    """Whether the answer to the integers is further off than any candidate for such an answer may be, twice over.

    What they show is never said of the inputs, so that the coarsest is sums, and a result, in the coarsest accumulator.
    """
    coarsest, expected = FORMATS[ACCUMULATORS[-1]], result.trial.expected.result
    if result.grade != WRONG or expected.kind != "f" or expected.digits <= coarsest.digits or not result.trial.exact:
        return False
    precision = Precision(coarsest, expected, coarsest)
    rounded = result.trial.rounding(Precision(expected, coarsest))
    reach = 2.0 * (_reach(Candidate(precision, ""), result.trial) + rounded)
    return bool(np.any(np.isfinite(result.size) & (result.size > reach)))


def is_scattered(results: Results) -> bool:
    """Whether errors lie as those of arithmetic do: in many elements, or in others on each fill.

    A defect of a few elements stays in those. A result of few elements does not say.
    """
    if next(iter(results.values())).value.size < _FEW:
        return True
    masks = [
        _wrong_elements(result) for result in results.values() if result.trial.name == "int" or not result.trial.exact
    ]
    on_any_fill = np.logical_or.reduce(masks)
    return bool(on_any_fill.mean() >= _MANY) or any(not np.array_equal(mask, on_any_fill) for mask in masks)


def _wrong_elements(result: FillResult) -> Array:
    """Return a mask of the elements that are not what the expected precision gives."""
    if not result.trial.exact:
        return ~(result.size <= result.trial.bound)
    wrong: Array = (result.value != result.want) & (result.size != 0)  # a NaN that is wanted has no error
    return wrong


def _is_plausible(candidate: Candidate, results: Results) -> bool:
    """Whether the largest error is of the size that the candidate makes; one that explains everything explains nothing.

    Numbers of every digit show narrow arithmetic on the way: where all of them came out right, errors elsewhere are
    others.
    """
    random = [result for result in results.values() if not result.trial.exact]
    is_shown = random[0].value.size < _FEW or not all(np.array_equal(each.value, each.want) for each in random)
    if candidate.asks and not is_shown:
        return False
    precision, trials = candidate.precision, [(result, result.trial) for result in of_ordinary_size(results).values()]
    if precision.accumulator.digits < trials[0][1].expected.accumulator.digits:
        unit = _LEAST_SUMS * precision.accumulator.unit
        return any(_reaches(result, unit * trial.W) for result, trial in trials)
    if precision.inputs is not None:
        unit = _LEAST_INPUTS * precision.inputs.unit
        return any(_reaches(result, unit * trial.spread) for result, trial in trials)
    return True


def _reaches(result: FillResult, least: Array) -> bool:
    """Whether any error, but for the rounding of the result, is larger than ``least``."""
    return bool(np.any(result.size > least + result.trial.rounding(result.trial.expected)))


def _within(grade: str, candidate: Candidate, results: Iterable[FillResult]) -> bool:
    return all(bool(np.all(result.size <= result.trial.tolerance(grade, candidate.precision))) for result in results)


def _is_credible(candidate: Candidate, results: Results) -> bool:
    """Whether the errors on the exact fills are no larger than such arithmetic makes, what overflowed aside."""
    exact = (result for result in results.values() if result.trial.exact)
    return all(
        bool(np.all((result.size <= _reach(candidate, result.trial)) | _overflowed(candidate, result)))
        for result in exact
    )


def _overflowed(candidate: Candidate, result: FillResult) -> Array:
    """Return a mask of what overflowed: where numbers are of ordinary size, the fills made for that show if rightly."""
    if result.trial.name == RANGE_FILL:
        return ranges.allowed(result.trial, result.value, candidate.precision)
    mask: Array = ~np.isfinite(result.value)
    return mask


def _reach(candidate: Candidate, trial: Trial) -> Array:
    """Return how large an error the candidate may make of any data: all of A where sums may stand still."""
    bound = trial.tolerance(COMPONENTWISE, candidate.precision)
    stands_still = trial.K.max() * candidate.precision.accumulator.unit >= 1
    return np.maximum(bound, trial.A) if stands_still else bound


def _matches_exact_fills(candidate: Candidate, examination: Examination, ask: Ask, results: Results) -> bool:
    """Whether the candidate's own exact fills are answered bit for bit; a rounded result shows on those there are."""
    exact = (results[name] for name in examination.fills if name in EXACT_FILLS)
    return all(_matches_fill(candidate, examination, ask, result) for result in exact)


def _matches_fill(candidate: Candidate, examination: Examination, ask: Ask, result: FillResult) -> bool:
    stored = examination.expected.result
    if not candidate.asks:
        return _is_stored_truth(result.value, result.trial, candidate.precision.result)
    trial = examination.trial(result.trial.name, candidate.precision)
    answer = ask(trial.operands)
    if form.fault(examination, answer) is not None:
        return False
    return _is_stored_truth(widened(answer.value), trial, stored)


def _is_stored_truth(value: Array, trial: Trial, narrow: Format) -> bool:
    """Whether ``value`` is the truth rounded to ``narrow`` and then to what it is stored in."""
    stored = trial.expected.result
    if trial.adds_bias_after:
        return bool(np.all(value == trial.stored_before_bias(narrow.round, again=stored.round)))
    return bool(np.all(value == stored.round(narrow.round(trial.y))))


def precisions_asked(expected: Precision) -> Iterator[Precision]:
    """Yield every precision whose own exact fills an answer may be asked on, whatever the answers are."""
    for inputs in _formats_below(tuple(FORMATS), expected.result):
        yield Precision(expected.accumulator, expected.result, inputs)
    yield from (candidate.precision for candidate in _narrower_sums(expected) if candidate.asks)
