"""Special values: NaN and infinities lost, changed or spread."""

import numpy as np

from convformance.reference.problem import Problem
from convformance.test_cases.case import FORWARD, UNBIASED
from tests.zoo import tap_loops
from tests.zoo.member import Array, Arrays
from tests.zoo.mutants import Family, answer, data, filters, issue, right, when

_member = Family("special values")


def _nan_as_zero(array: Array, problem: Problem) -> Array:
    return np.where(np.isnan(array), array.dtype.type(0), array)


def _to_numbers(array: Array, problem: Problem) -> Array:
    largest = array.dtype.type(30000)
    return np.where(np.isnan(array), array.dtype.type(0), np.clip(array, -largest, largest))


def _bounded(array: Array, problem: Problem) -> Array:
    """Put infinities to a large number."""
    return np.where(np.isinf(array), np.copysign(array.dtype.type(30000), array), array).astype(array.dtype)


def _spread_to_all(y: Array, problem: Problem) -> Array:
    return np.full_like(y, np.nan) if np.isnan(y).any() else y


def _without_sign(y: Array, problem: Problem) -> Array:
    return np.where(np.isinf(y), np.abs(y), y)


def _zero_taps_skipped(operation: str, problem: Problem, arrays: Arrays, bias: Array | None) -> Array:
    """Multiply by each filter element that is not 0, so that 0 times NaN is 0."""
    x, w = arrays
    y = right(operation, problem, (_nan_as_zero(x, problem), w), bias)
    reached = tap_loops.apply(operation, problem, (np.isnan(x).astype(np.float32), (w != 0).astype(np.float32)))
    return np.where(reached > 0, y.dtype.type(np.nan), y)


def _never_below_first(y: Array, problem: Problem) -> Array:
    """The larger of the result and minus infinity, in a comparison that NaN loses."""
    result: Array = np.fmax(y, y.dtype.type(-30000))
    return result


def _rest_of_block(problem: Problem) -> bool:
    return problem.in_channels % 4 != 0


def _all_nan(y: Array, problem: Problem) -> Array:
    return np.full_like(y, np.nan)


def _buffer_not_cleared(y: Array, problem: Problem) -> Array:
    """Add to a buffer whose last row of channels held NaN."""
    y[:, problem.out_channels // 4 * 4 :] = np.nan
    return y


MEMBERS = (
    _member(
        "nan-as-zero-in-input",
        "Puts NaN in the data to 0.",
        UNBIASED,
        data(_nan_as_zero),
        "nan-swallowed",
        issue("tensorflow/tensorflow#63391"),
    ),
    _member("nan-as-zero-in-result", "Puts NaN in the result to 0.", UNBIASED, answer(_nan_as_zero), "nan-swallowed"),
    _member("nan-as-zero-in-filter", "Puts NaN in the filter to 0.", FORWARD, filters(_nan_as_zero), "nan-swallowed"),
    _member(
        "nan-lost-in-maximum",
        "Bounds the result from below in a comparison that NaN loses.",
        FORWARD,
        answer(_never_below_first),
        "clipped",
    ),
    _member(
        "zero-taps-skipped",
        "Skips the elements of the filter that are 0, NaN in the data or not.",
        FORWARD,
        _zero_taps_skipped,
        "nan-swallowed",
    ),
    _member(
        "result-to-numbers",
        "Returns 0 for NaN and a large number for an infinity.",
        FORWARD,
        answer(_to_numbers),
        "clipped",
    ),
    _member(
        "infinity-as-number",
        "Puts infinities in the data to a large number.",
        UNBIASED,
        data(_bounded),
        "nan-swallowed",
    ),
    _member(
        "infinity-without-sign", "Returns a positive infinity for a negative one.", UNBIASED, answer(_without_sign)
    ),
    _member("nan-spread", "Returns NaN everywhere when there is one.", FORWARD, answer(_spread_to_all), "nan-spread"),
    _member(
        "nan-from-padded-channels",
        "Fills the input channels up to a multiple of 4 with NaN, which a filter of 0 does not hide.",
        FORWARD,
        when(_rest_of_block, answer(_all_nan)),
        None,
        issue("XiaoMi/mace#345"),
    ),
    _member(
        "buffer-not-cleared",
        "Adds to memory that nobody has cleared in the output channels beyond a multiple of 4.",
        FORWARD,
        answer(_buffer_not_cleared),
        "unwritten",
        issue("ROCm/MIOpen#3378"),
    ),
)
