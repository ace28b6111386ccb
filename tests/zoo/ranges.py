"""Range: right for numbers of ordinary size, wrong for those from the ends of the type's range."""

from typing import Any

import numpy as np

from convformance.judging.formats import format_of
from convformance.reference.problem import Problem
from convformance.reference.rounding import round_once
from convformance.test_cases.case import FILTER_GRADIENT, FORWARD, INPUT_GRADIENT, UNBIASED
from tests.zoo.member import Array, Arrays, Run
from tests.zoo.mutants import Family, answer, data, filters, issue, right

_member = Family("range")


def _largest(dtype: "np.dtype[Any]") -> float:
    return format_of(dtype.name).largest


def _of_finite(run: Run) -> Run:
    """Return an implementation that is right where an operand holds NaN or an infinity."""

    def chosen(operation: str, problem: Problem, arrays: Arrays, bias: Array | None) -> Array:
        finite = all(np.isfinite(array.astype(np.float64)).all() for array in arrays)
        return (run if finite else right)(operation, problem, arrays, bias)

    return chosen


def _saturated(y: Array, problem: Problem) -> Array:
    """Put infinities to the largest number of the type."""
    return np.where(np.isinf(y), np.copysign(y.dtype.type(_largest(y.dtype)), y), y).astype(y.dtype)


def _nan_for_infinity(y: Array, problem: Problem) -> Array:
    return np.where(np.isinf(y), y.dtype.type(np.nan), y).astype(y.dtype)


def _small_as_zero(y: Array, problem: Problem) -> Array:
    return np.where(np.abs(y.astype(np.float64)) < 2.0**-30, y.dtype.type(0), y)


def _few_exponents(array: Array, problem: Problem) -> Array:
    """Bound what lies beyond a format of seven bits for its exponents, as one of an accelerator may have."""
    numbers = array.astype(np.float64)
    bounded = np.clip(numbers, -(2.0**63), 2.0**63)
    return np.where(np.abs(bounded) < 2.0**-62, 0.0, bounded).astype(array.dtype)


def _one_exponent(array: Array, problem: Problem) -> Array:
    """Keep the digits down to 2**-60 of the largest number, as an integer with one scale for all does."""
    numbers = array.astype(np.float64)
    largest = np.frexp(np.abs(numbers).max(initial=0.0))[1]
    kept = np.ldexp(np.rint(np.ldexp(numbers, 60 - largest)), largest - 60)
    return np.where(np.isfinite(numbers), kept, numbers).astype(array.dtype)


def _exponent_cut(y: Array, problem: Problem) -> Array:
    """Lose a factor of two where an exponent has more than six bits."""
    return np.where(np.abs(y.astype(np.float64)) >= 2.0**64, y / 2, y).astype(y.dtype)


def _without_subnormals(array: Array, problem: Problem) -> Array:
    least = format_of(array.dtype.name).smallest_normal
    return np.where(np.abs(array.astype(np.float64)) < least, array.dtype.type(0), array)


def _signs_summed_apart(operation: str, problem: Problem, arrays: Arrays, bias: Array | None) -> Array:
    """Sum positive and negative terms apart, each in the range of the operands' type."""
    dtype = arrays[0].dtype
    first, second = (array.astype(np.float64) for array in arrays)
    pairs = [(np.fmax(first, 0), np.fmin(first, 0)), (np.fmax(second, 0), np.fmin(second, 0))]
    (plus, minus), (more, less) = pairs
    total = np.zeros(())
    for x, w in ((plus, more), (minus, less), (plus, less), (minus, more)):
        part = right(operation, problem, (x, w), None)
        total = total + np.where(np.abs(part) > _largest(dtype), np.copysign(np.inf, part), part)
    if bias is not None:
        total = total + bias.astype(np.float64).reshape(-1, *(1,) * problem.rank)
    return round_once(total, dtype) if dtype == np.float16 else right(operation, problem, arrays, bias)


MEMBERS = (
    _member(
        "largest-for-infinity",
        "Gives the largest number of the type where a sum overflows.",
        UNBIASED,
        _of_finite(answer(_saturated)),
        "saturated",
    ),
    _member(
        "nan-for-overflow",
        "Gives NaN where a sum overflows.",
        UNBIASED,
        _of_finite(answer(_nan_for_infinity)),
        "nan-for-infinity",
    ),
    _member(
        "small-results-as-zero",
        "Gives 0 for results below a billionth.",
        UNBIASED,
        answer(_small_as_zero),
        "small-numbers-flushed",
    ),
    _member(
        "few-exponents",
        "Keeps the operands in a format of seven bits for exponents.",
        (*FORWARD, *INPUT_GRADIENT),
        _of_finite(data(_few_exponents, filters(_few_exponents))),
        "range-dependent",
    ),
    _member(
        "one-exponent-for-all",
        "Keeps an operand as integers with one scale.",
        (*FORWARD, *INPUT_GRADIENT, *FILTER_GRADIENT),
        data(_one_exponent),
        "range-dependent",
    ),
    _member(
        "exponent-cut",
        "Halves results that are larger than 2**64.",
        UNBIASED,
        answer(_exponent_cut),
        "range-dependent",
    ),
    _member(
        "subnormals-as-zero",
        "Takes subnormal operands for 0.",
        UNBIASED,
        data(_without_subnormals),
        "subnormals-flushed",
        issue("jax-ml/jax#37762"),
    ),
    _member(
        "signs-summed-apart",
        "Sums positive and negative terms apart, in the range of float16.",
        UNBIASED,
        _of_finite(_signs_summed_apart),
        "partial-sums-overflow",
        issue("pytorch/pytorch#153700"),
    ),
)
