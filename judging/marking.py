"""Marking: one answer against one trial, its error and its grade."""

import numpy as np

from convformance.judging import special
from convformance.judging.bounds import Trial
from convformance.judging.grades import COMPONENTWISE, CONFORMANT, NORM_WISE, WRONG
from convformance.judging.judgement import Marked
from convformance.reference.arrays import Array


def mark(trial: Trial, value: Array) -> Marked:
    """Return the mark of ``value`` in a trial of finite numbers.

    An exact fill is met bit for bit or graded by its errors, as a random one is that exceeds the bound of a conformant answer.
    """
    got = value.astype(np.float64)
    if trial.exact and np.array_equal(got, trial.want):
        return Marked(trial, got, trial.want, np.zeros_like(got), CONFORMANT, exact=True)
    difference = trial.difference(got)
    return Marked(trial, got, trial.want, difference, _grade(trial, np.abs(difference)), exact=False)


def _grade(trial: Trial, size: Array) -> str:
    if not trial.exact and np.all(size <= trial.bound):
        return CONFORMANT
    return _weaker_grade(trial, size)


def _weaker_grade(trial: Trial, size: Array) -> str:
    within = (grade for grade in (COMPONENTWISE, NORM_WISE) if np.all(size <= trial.tolerance(grade, trial.expected)))
    return next(within, WRONG)


def mark_special(trial: Trial, value: Array) -> Marked:
    """Return the mark of ``value`` in a trial that holds NaN or Inf: right ones in the right places, and the rest.

    Elements that stay finite are right within the componentwise bound.
    """
    got = value.astype(np.float64)
    shown, judged = special.expected(trial), ~special.left_open(trial)
    want = np.where(shown == 0, trial.want, shown)
    finite = np.isfinite(want) & np.isfinite(got)
    same = np.where(finite, True, (got == want) | (np.isnan(got) & np.isnan(want)))
    difference = np.where(same, np.where(finite, trial.difference(got), 0.0), np.inf) * 1.0
    difference[~judged] = 0.0
    met = bool(np.all((got == want)[finite & judged])) and bool(np.all(same[judged]))
    grade = _weaker_grade(trial, np.abs(difference))
    return Marked(
        trial, got, want, difference, CONFORMANT if grade == COMPONENTWISE else grade, exact=trial.exact and met
    )
