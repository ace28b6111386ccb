"""The grade of one answer to operands that somebody has: no exact fills are there, so that bounds alone decide.

The bound that counts is the componentwise one: the statistical one holds of numbers whose order is chance, which a
user's need not be.
"""

import numpy as np

from convformance.judging.bounds import Trial
from convformance.judging.formats import Precision
from convformance.judging.grades import COMPONENTWISE, CONFORMANT, NORM_WISE, WRONG
from convformance.judging.grading import grade_special_fill
from convformance.judging.judgement import FillResult
from convformance.reference.arrays import Array

# From strict to lenient: what an answer may be asked to reach.
BOUNDS = (CONFORMANT, COMPONENTWISE, NORM_WISE)


def holds_special(trial: Trial) -> bool:
    """Whether an operand holds NaN or infinity."""
    return not all(np.isfinite(array).all() for array in trial.operands.arrays)


def allowed(trial: Trial, grade: str, precision: Precision) -> Array:
    """Return how large an error a grade allows in each element: what is strict allows no more than what is lenient."""
    bound = trial.tolerance(grade, precision)
    return np.minimum(bound, trial.tolerance(COMPONENTWISE, precision)) if grade == CONFORMANT else bound


def grade_answer(trial: Trial, value: Array) -> FillResult:
    """Return the errors of ``value`` and its grade, the strictest bound that all elements keep.

    Where operands hold NaN or infinity, these must be in the right elements, and the rest within its bound.
    """
    result = grade_special_fill(trial, value) if holds_special(trial) else compare(trial, value, trial.expected)
    grade = next((bound for bound in BOUNDS if is_within(result, allowed(trial, bound, trial.expected))), WRONG)
    return FillResult(trial, result.value, result.want, result.difference, grade, exact=result.exact)


def compare(trial: Trial, value: Array, precision: Precision) -> FillResult:
    """Return the errors of an answer to finite operands; beyond the largest number infinity is right."""
    got = value.astype(np.float64)
    difference = np.asarray(trial.difference(got))
    overflow = np.isinf(got) & (np.sign(got) == np.sign(trial.y))
    if overflow.any():
        reached = np.abs(trial.y) + trial.tolerance(COMPONENTWISE, precision)
        difference = np.where(overflow & (reached > precision.result.largest), 0.0, difference)
    exact = np.array_equal(got, trial.want)
    return FillResult(trial, got, trial.want, difference, WRONG, exact=exact)


def is_within(result: FillResult, bound: Array) -> bool:
    """Whether no error is larger than its bound; NaN is."""
    return bool(np.all(result.size <= bound))
