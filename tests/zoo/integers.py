"""Integers: zero points left out, sums and differences in too few bits. Asked the questions in integers alone."""

from collections.abc import Callable
from dataclasses import replace
from functools import partial

import numpy as np

from convformance.reference.problem import Problem
from convformance.test_cases.case import UNBIASED
from tests.zoo import tap_loops
from tests.zoo.garden.ways import padded
from tests.zoo.member import Array, Arrays, Member, Run
from tests.zoo.mutants import Family, issue

_wrong = Family("integers")
_right = Family("integers, right")
_CONV = ("conv",)


def shifted(problem: Problem, arrays: Arrays) -> Arrays:
    """Return the operands minus their zero points, in 64 bits."""
    return tuple(array.astype(np.int64) - zero for array, zero in zip(arrays, problem.zero_points, strict=True))


def right(operation: str, problem: Problem, arrays: Arrays, bias: Array | None) -> Array:
    """Return the right answer."""
    return tap_loops.apply(operation, problem, shifted(problem, arrays)).astype(np.int32)


def _without_zero_points(*indices: int) -> Run:
    """Return an implementation that leaves out the zero points of those operands."""

    def run(operation: str, problem: Problem, arrays: Arrays, bias: Array | None) -> Array:
        zeros = tuple(0 if index in indices else zero for index, zero in enumerate(problem.zero_points))
        return right(operation, replace(problem, zero_points=zeros), arrays, bias)

    return run


def _unpadded(problem: Problem, x: Array, filler: int) -> tuple[Problem, Array]:
    """Return the problem without padding, and ``x`` padded with ``filler``."""
    wide = padded(x - filler, problem.padding) + filler
    return replace(problem, input_size=wide.shape[2:], padding=((0, 0),) * problem.rank, symbol=None), wide


def _zero_in_padding(operation: str, problem: Problem, arrays: Arrays, bias: Array | None) -> Array:
    flat, x = _unpadded(problem, arrays[0].astype(np.int64), 0)
    return right(operation, flat, (x, arrays[1]), bias)


def _corrected_by_whole_windows(operation: str, problem: Problem, arrays: Arrays, bias: Array | None) -> Array:
    """Sum what is stored, and subtract what the zero point of x adds to a window that lies inside."""
    x, w = (array.astype(np.int64) for array in arrays)
    w = w - problem.zero_points[1]
    sums = tap_loops.apply(operation, problem, (x, w))
    whole = problem.zero_points[0] * w.reshape(len(w), -1).sum(axis=1)
    return (sums - whole.reshape(-1, *(1,) * problem.rank)).astype(np.int32)


def _corrected(operation: str, problem: Problem, arrays: Arrays, bias: Array | None) -> Array:
    """Sum what is stored, zero points in the padding, and subtract what they add: a right way."""
    (first, second), (x, w) = problem.zero_points, (array.astype(np.int64) for array in arrays)
    flat, x = _unpadded(problem, x, first)
    ones = np.ones_like(w)
    sums = [tap_loops.apply(operation, flat, pair) for pair in ((x, w), (np.ones_like(x), w), (x, ones))]
    length = w[0].size
    return (sums[0] - first * sums[1] - second * sums[2] + first * second * length).astype(np.int32)


def _in_halves(operation: str, problem: Problem, arrays: Arrays, bias: Array | None) -> Array:
    """Cut each number of the first operand into its low half and the rest, sum both in 64 bits: a right way."""
    first, second = shifted(problem, arrays)
    low = first & 0xFFFF
    parts = (tap_loops.apply(operation, problem, (part, second)) for part in (first - low, low))
    return np.add(*parts).astype(np.int32)


def _in_float64(operation: str, problem: Problem, arrays: Arrays, bias: Array | None) -> Array:
    numbers = tuple(array.astype(np.float64) for array in shifted(problem, arrays))
    return tap_loops.apply(operation, problem, numbers).astype(np.int32)


def _in_float32(operation: str, problem: Problem, arrays: Arrays, bias: Array | None) -> Array:
    numbers = tuple(array.astype(np.float32) for array in shifted(problem, arrays))
    return tap_loops.apply(operation, problem, numbers).astype(np.int64).astype(np.int32)


def _changed(change: Callable[[Array], Array]) -> Run:
    """Return an implementation that changes the sums, in 64 bits, before they are stored."""

    def run(operation: str, problem: Problem, arrays: Arrays, bias: Array | None) -> Array:
        return change(tap_loops.apply(operation, problem, shifted(problem, arrays))).astype(np.int32)

    return run


def _difference_in_8_bits(operation: str, problem: Problem, arrays: Arrays, bias: Array | None) -> Array:
    differences = tuple(
        number.astype(array.dtype) for number, array in zip(shifted(problem, arrays), arrays, strict=True)
    )
    return right(operation, replace(problem, zero_points=(0, 0)), differences, bias)


def _first_as_unsigned(operation: str, problem: Problem, arrays: Arrays, bias: Array | None) -> Array:
    return right(operation, problem, (arrays[0].astype(np.int64) % 256, arrays[1]), bias)


def _in_8_bits(operation: str, problem: Problem, arrays: Arrays, bias: Array | None) -> Array:
    return right(operation, problem, arrays, bias).astype(arrays[0].dtype)


def _saturating_pairs(operation: str, problem: Problem, arrays: Arrays, bias: Array | None) -> Array:
    """Add the products of the stored numbers two by two, each pair put into 16 bits."""
    y = right(operation, problem, arrays, bias).astype(np.int64)
    flat, x = _unpadded(problem, arrays[0].astype(np.int64), problem.zero_points[0])
    w = arrays[1].astype(np.int64)
    for pair in np.array_split(np.arange(w[0].size), range(2, w[0].size, 2)):
        taps = np.where(np.isin(np.arange(w[0].size), pair), w.reshape(len(w), -1), 0).reshape(w.shape)
        sums = tap_loops.apply(operation, flat, (x, taps))
        y += np.clip(sums, -(2**15), 2**15 - 1) - sums
    return y.astype(np.int32)


MEMBERS: tuple[Member, ...] = (
    _wrong("zero-point-of-data-left-out", "Takes the numbers of the data as they are stored.", _CONV,
           _without_zero_points(0), "zero-point-ignored"),
    _wrong("zero-point-of-filter-left-out", "Takes the numbers of the filter as they are stored.", _CONV,
           _without_zero_points(1), "zero-point-ignored"),
    _wrong("zero-points-left-out", "Takes all numbers as they are stored.", _CONV,
           _without_zero_points(0, 1), "zero-point-ignored"),
    _wrong("zero-in-padding", "Fills the padding with 0 in place of the zero point.", _CONV,
           _zero_in_padding, "zero-point-not-in-padding", issue("uxlfoundation/oneDNN#5080")),
    _wrong("zero-point-corrected-by-whole-windows", "Corrects windows at the border as if they lay inside.", _CONV,
           _corrected_by_whole_windows, "zero-point-not-in-padding"),
    _wrong("pairs-in-16-bits", "Adds two products in 16 bits, which saturate.", _CONV,
           _saturating_pairs, "products-in-16-bits"),
    _wrong("sums-in-16-bits", "Sums in 16 bits, which wrap.", UNBIASED,
           _changed(lambda sums: sums.astype(np.int16)), "wrapped"),
    _wrong("sums-clipped-to-16-bits", "Puts sums to the ends of 16 bits.", UNBIASED,
           _changed(partial(np.clip, a_min=-(2**15), a_max=2**15 - 1)), "clipped"),
    _wrong("sums-in-float32", "Sums integers in float32.", UNBIASED, _in_float32),
    _wrong("difference-in-8-bits", "Subtracts zero points in the type of the operand, where that wraps.", _CONV,
           _difference_in_8_bits),
    _wrong("signed-data-as-unsigned", "Reads bytes with a sign as bytes without.", _CONV,
           _first_as_unsigned, "signed-as-unsigned"),
    _wrong("result-in-8-bits", "Gives the sums in the type of the data.", UNBIASED, _in_8_bits, "wrong-dtype"),
)  # fmt: skip
GARDEN: tuple[Member, ...] = (
    _right("shifted-integers", "Subtracts zero points first, and sums in 64 bits.", UNBIASED, right),
    _right("corrected-sums", "Sums what is stored and subtracts what the zero points add.", _CONV, _corrected),
    _right("integers-in-halves", "Sums the low and the high half of each number apart.", UNBIASED, _in_halves),
    _right("integers-in-float64", "Sums integers in float64, which holds them.", UNBIASED, _in_float64),
)
