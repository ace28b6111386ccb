"""Grading: one answer to one fill, its error and its grade."""

import numpy as np

from convformance.judging import ranges, special
from convformance.judging.bounds import Trial
from convformance.judging.grades import COMPONENTWISE, CONFORMANT, NORM_WISE, WRONG
from convformance.judging.judgement import FillResult
from convformance.reference.arrays import Array, larger_parts, widened


def grade_fill(trial: Trial, value: Array) -> FillResult:
    """Return the grade of ``value`` in a trial of finite numbers.

    On an exact fill the answer is right bit for bit, or graded by its errors like a random one that exceeds the bound
    of a conformant answer. An infinity or NaN that some order of the sums gives has no error.
    """
    got = widened(value)
    if trial.exact and np.array_equal(got, trial.want):
        return FillResult(trial, got, trial.want, np.zeros_like(got), CONFORMANT, exact=True)
    difference = trial.difference(got)
    if trial.expected.result.kind == "f":
        allowed = ranges.allowed(trial, got, trial.expected)
        difference = np.where(allowed, 0.0, difference)
        if trial.exact and bool(np.all((got == trial.want) | allowed)):
            return FillResult(trial, got, trial.want, np.zeros_like(got), CONFORMANT, exact=True)
    return FillResult(trial, got, trial.want, difference, _grade(trial, larger_parts(difference)), exact=False)


def nearest_reading(as_given: FillResult) -> FillResult:
    """Return the result against the nearest truth: with subnormal operands as they are, or some of them taken for 0.

    Element by element, as not every thread need be in the mode that takes them for 0.
    """
    trial, got = as_given.trial, as_given.value
    want, difference = as_given.want, as_given.difference
    for flushed in ranges.without_subnormals(trial):
        reading = grade_fill(flushed, got)
        other = np.asarray(trial.scaled(flushed.unscaled(reading.difference)))
        nearer = ~(np.abs(difference) <= np.abs(other))  # than one that is NaN, too
        want, difference = np.where(nearer, reading.want, want), np.where(nearer, other, difference)
    if difference is as_given.difference or np.array_equal(difference, as_given.difference, equal_nan=True):
        return as_given
    exact = trial.exact and not np.any(difference)
    grade = CONFORMANT if exact else _grade(trial, np.abs(difference))
    return FillResult(trial, got, want, difference, grade, exact=exact)


def _grade(trial: Trial, size: Array) -> str:
    if not trial.exact and np.all(size <= trial.bound):
        return CONFORMANT
    return _weaker_grade(trial, size)


def _weaker_grade(trial: Trial, size: Array) -> str:
    within = (grade for grade in (COMPONENTWISE, NORM_WISE) if np.all(size <= trial.tolerance(grade, trial.expected)))
    return next(within, WRONG)


def grade_special_fill(trial: Trial, value: Array) -> FillResult:
    """Return the grade of ``value`` in a trial that holds NaN or Inf: right ones in the right elements, and the rest.

    Elements that stay finite are right within the componentwise bound.
    """
    got = value.astype(np.float64)
    shown, is_graded = special.expected(trial), ~special.left_open(trial)
    want = np.where(shown == 0, trial.want, shown)
    finite = np.isfinite(want) & np.isfinite(got)
    same = np.where(finite, True, (got == want) | (np.isnan(got) & np.isnan(want)))
    difference = np.where(same, np.where(finite, trial.difference(got), 0.0), np.inf) * 1.0
    difference[~is_graded] = 0.0
    exact = bool(np.all((got == want)[finite & is_graded])) and bool(np.all(same[is_graded]))
    grade = _weaker_grade(trial, np.abs(difference))
    grade = CONFORMANT if grade == COMPONENTWISE else grade
    return FillResult(trial, got, want, difference, grade, exact=trial.exact and exact)
