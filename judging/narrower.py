"""Low precision: is an answer what a narrower accumulator, or narrower multiplicands, would give?

Each belief is tried only where the errors are of its size, and must then hold as strictly as the expected precision does: its own
exact fills bit for bit, and the bound of a conformant answer with its own unit on the random fills. How the first answer did on the
exact fills tells beliefs apart: integers of 8 digits survive every rounding of inputs, so that an ``int`` fill not met accuses the
sums or the result; one that is met accuses the inputs first, where a wide fill is not; with all of them met nothing was rounded
early.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

import numpy as np

from convformance.judging import form
from convformance.judging.bounds import EXACT_FILLS, Trial
from convformance.judging.examination import Examination
from convformance.judging.formats import ACCUMULATORS, FORMATS, Format, Precision
from convformance.judging.grades import COMPONENTWISE, CONFORMANT
from convformance.judging.judgement import Array, Ask, Marked

# Least error for a belief to be worth asking for, in its own unit: sums a thousandth of W (far above what the next finer format
# makes), inputs a sixteenth of B + |y|.
_LEAST_SUMS, _LEAST_INPUTS = 2.0**-10, 2.0**-4
_MANY = 2.0**-4  # of all elements


@dataclass(frozen=True)
class Belief:
    """A precision that may explain an answer, and its name in words."""

    precision: Precision
    words: str
    asks: bool = True


def explanation(examination: Examination, ask: Ask, marks: Mapping[str, Marked]) -> Belief | None:
    """Return the finest belief that explains the answer, or None.

    With NaN or Inf about nothing more is asked; the componentwise bound must then hold in every trial.
    """
    for belief in beliefs(examination, marks) if scattered(marks) else ():
        if not _plausible(belief, marks):
            continue
        if examination.special:
            explained = belief.asks and _within(COMPONENTWISE, belief, marks.values())
        else:
            random = [mark for mark in marks.values() if not mark.trial.exact]
            explained = (
                _within(CONFORMANT, belief, random)
                and _credible(belief, marks)
                and _on_exact(belief, examination, ask, marks)
            )
        if explained:
            return belief
    return None


def beliefs(examination: Examination, marks: Mapping[str, Marked]) -> Iterator[Belief]:
    """Yield what the exact fills leave possible, the likelier first; a sum of one operand has no multiplicands to suspect first."""
    exact = [mark.exact for mark in marks.values() if mark.trial.exact]
    if all(exact):
        return
    multiplicands = len(examination.trial("int").operands.arrays) > 1
    if marks["int"].exact and multiplicands:
        yield from _of_inputs(examination.expected, marks)
    yield from _of_sums(examination.expected)
    if marks["int"].exact and not multiplicands:
        yield from _of_inputs(examination.expected, marks)


def _of_inputs(expected: Precision, marks: Mapping[str, Marked]) -> Iterator[Belief]:
    """Yield roundings of the inputs; formats that hold fewer or more of the inputs than the answer shows are left out."""
    exact = [mark for mark in marks.values() if mark.trial.exact]
    largest = max(float(np.abs(array).max(initial=0.0)) for mark in exact for array in mark.trial.numbers[0])
    overflowed = not all(np.isfinite(mark.value).all() for mark in exact)
    for held in _narrower(tuple(FORMATS), expected.result):
        if overflowed == (largest > held.largest):
            yield Belief(Precision(expected.accumulator, expected.result, held), f"inputs rounded to {held.name}")


def _of_sums(expected: Precision) -> Iterator[Belief]:
    for held in _narrower(ACCUMULATORS, expected.result):
        yield Belief(Precision(expected.accumulator, held), f"the result rounded to {held.name}", asks=False)
    for held in _narrower(ACCUMULATORS, expected.accumulator):
        if _as_large(held, expected.result) and held != expected.result:
            continue  # of two formats of one size, nobody sums in the one that is not the result's
        yield Belief(Precision(held, expected.result), f"sums kept in {held.name}")
        yield Belief(Precision(held, expected.result, held), f"inputs rounded to {held.name} and sums kept in it")


def _narrower(names: tuple[str, ...], than: Format) -> Iterator[Format]:
    return (FORMATS[name] for name in names if FORMATS[name].digits < than.digits)


def _as_large(held: Format, other: Format) -> bool:
    return held.dtype is not None and other.dtype is not None and held.dtype.itemsize == other.dtype.itemsize


def scattered(marks: Mapping[str, Marked]) -> bool:
    """Whether errors lie as those of arithmetic do: in many places, or in others on each fill. A defect of a few stays there."""
    places = [_off(mark) for mark in marks.values() if mark.trial.name == "int" or not mark.trial.exact]
    anywhere = np.logical_or.reduce(places)
    return bool(anywhere.mean() >= _MANY) or any(not np.array_equal(off, anywhere) for off in places)


def _off(mark: Marked) -> Array:
    """Return a mask of the elements that are not what the expected precision gives."""
    if not mark.trial.exact:
        return ~(mark.size <= mark.trial.bound)
    off: Array = (mark.value != mark.want) & (mark.size != 0)  # a NaN that is wanted has no error
    return off


def _plausible(belief: Belief, marks: Mapping[str, Marked]) -> bool:
    """Whether the largest error is of the size that the belief makes; one that explains everything explains nothing.

    Numbers of every digit show narrow arithmetic on the way: where all of them came out right, errors elsewhere are others.
    """
    if belief.asks and all(np.array_equal(mark.value, mark.want) for mark in marks.values() if not mark.trial.exact):
        return False
    precision, trials = belief.precision, [(mark, mark.trial) for mark in marks.values()]
    if precision.accumulator.digits < trials[0][1].expected.accumulator.digits:
        return any(_reaches(mark, _LEAST_SUMS * precision.accumulator.unit * trial.W) for mark, trial in trials)
    if precision.inputs is not None:
        return any(_reaches(mark, _LEAST_INPUTS * precision.inputs.unit * trial.spread) for mark, trial in trials)
    return True


def _reaches(mark: Marked, least: Array) -> bool:
    """Whether any error, but for the rounding of the result, is larger than ``least``."""
    return bool(np.any(mark.size > least + mark.trial.rounding(mark.trial.expected)))


def _within(grade: str, belief: Belief, marks: Iterable[Marked]) -> bool:
    return all(bool(np.all(mark.size <= mark.trial.tolerance(grade, belief.precision))) for mark in marks)


def _credible(belief: Belief, marks: Mapping[str, Marked]) -> bool:
    """Whether the errors on the exact fills are no larger than such arithmetic makes, what overflowed aside."""
    exact = (mark for mark in marks.values() if mark.trial.exact)
    return all(bool(np.all((mark.size <= _reach(belief, mark.trial)) | ~np.isfinite(mark.value))) for mark in exact)


def _reach(belief: Belief, trial: Trial) -> Array:
    """Return how large an error the belief may make of any data: all of A where there are so many terms that sums stand still."""
    bound = trial.tolerance(COMPONENTWISE, belief.precision)
    stands_still = trial.K.max() * belief.precision.accumulator.unit >= 1
    return np.maximum(bound, trial.A) if stands_still else bound


def _on_exact(belief: Belief, examination: Examination, ask: Ask, marks: Mapping[str, Marked]) -> bool:
    """Whether the belief's own exact fills are met bit for bit; a rounded result is seen on the fills already answered."""
    exact = (marks[name] for name in examination.fills if name in EXACT_FILLS)
    return all(_met(belief, examination, ask, mark) for mark in exact)


def _met(belief: Belief, examination: Examination, ask: Ask, mark: Marked) -> bool:
    if not belief.asks:
        return _agree(mark.value, mark.trial, belief.precision.result, examination.expected.result)
    trial = examination.trial(mark.trial.name, belief.precision)
    answer = ask(trial.operands)
    result = examination.expected.result
    return form.fault(examination, answer) is None and _agree(answer.value.astype(np.float64), trial, result, result)


def _agree(value: Array, trial: Trial, kept: Format, stored: Format) -> bool:
    """Whether ``value`` is the truth rounded to what it was kept in and then to what it is stored in."""
    return bool(np.all(value == stored.round(kept.round(trial.y))))
