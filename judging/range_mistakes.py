"""What explains an answer that is right for numbers of ordinary size and wrong for those from the ends of the range."""

import numpy as np

from convformance.judging.bounds import RANGE_FILL
from convformance.judging.grades import NORM_WISE, WRONG
from convformance.judging.hypotheses.hypothesis import Match
from convformance.judging.judgement import FillResult, Results, of_ordinary_size
from convformance.reference.arrays import Array


def is_of_range(results: Results) -> bool:
    """Whether the answer is wrong on the fill ``range`` and on no other."""
    result = results.get(RANGE_FILL)
    is_wrong = result is not None and result.grade == WRONG
    return is_wrong and all(each.grade != WRONG for each in of_ordinary_size(results).values())


def explain_range(results: Results) -> tuple[Match, ...]:
    """Return what explains the wrong elements of the fill ``range``, where everything else is right."""
    result = results[RANGE_FILL]
    wrong = ~(result.size <= result.trial.tolerance(NORM_WISE, result.trial.expected))
    return (_named(result, wrong) or Match("range-dependent", _where(result, wrong)),)


def _named(result: FillResult, wrong: Array) -> Match | None:
    """Return the mistake that gives every wrong element."""
    got, want = result.value[wrong], result.want[wrong]
    if np.isnan(got).all() and np.isinf(want).all():
        return Match("nan-for-infinity")
    if np.array_equal(got, -want) and np.isinf(want).all():
        return Match("sign-of-infinity")
    if np.isinf(want).all() and np.isfinite(got).all():
        limits = np.unique(np.abs(got))
        return Match("saturated", f"at {limits[0]:g}") if len(limits) == 1 else None
    if not got.any():
        return Match("small-numbers-flushed", _where(result, wrong))
    if not np.isfinite(got).any() and _are_larger(result, wrong):
        return Match("partial-sums-overflow")
    return None


def _are_larger(result: FillResult, wrong: Array) -> bool:
    """Whether more is summed where the answer is wrong than where it is right and finite."""
    sums = result.trial.unscaled(np.broadcast_to(result.trial.A, result.value.shape))
    right = ~wrong & np.isfinite(result.value)
    return bool(sums[wrong].min() > sums[right].max(initial=0.0) / 4)


def _where(result: FillResult, wrong: Array) -> str:
    """Return beyond which power of two results are wrong, "" where right ones lie there, too."""
    sizes = np.frexp(np.abs(result.want))[1]
    zero = (result.want == 0) | ~np.isfinite(result.want)
    wrong_sizes, right_sizes = sizes[wrong & ~zero], sizes[~wrong & ~zero]
    if not wrong_sizes.size or not right_sizes.size:
        return ""
    if wrong_sizes.max() <= right_sizes.min():
        return f"below 2**{wrong_sizes.max()}"
    if wrong_sizes.min() >= right_sizes.max():
        return f"from 2**{wrong_sizes.min() - 1} on"
    return ""
