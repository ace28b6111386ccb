"""Grading: one answer to one fill, its error and its grade."""

import numpy as np

from convformance.judging import special
from convformance.judging.bounds import Trial
from convformance.judging.grades import COMPONENTWISE, CONFORMANT, NORM_WISE, WRONG
from convformance.judging.judgement import FillResult
from convformance.reference.arrays import Array, larger_parts, widened


def grade_fill(trial: Trial, value: Array) -> FillResult:
    """Return the grade of ``value`` in a trial of finite numbers.

    On an exact fill the answer is right bit for bit, or graded by its errors like a random one that exceeds the bound
    of a conformant answer.
    """
    got = widened(value)
    if trial.exact and np.array_equal(got, trial.want):
        return FillResult(trial, got, trial.want, np.zeros_like(got), CONFORMANT, exact=True)
    difference = trial.difference(got)
    return FillResult(trial, got, trial.want, difference, _grade(trial, larger_parts(difference)), exact=False)


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
