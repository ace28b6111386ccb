"""Numbers from the whole range of a type: small integers, times a power of two for each image and each channel.

All products of one sum are integers times the same power of two, so that sums are exact in any order for as long as
none of them leaves the range:

- ``wide-range``: operands and results from the smallest normal numbers to the largest; nothing overflows;
- ``overflow``: terms of one sign, and about half of the sums beyond the largest number: infinity in any order;
- ``cancelling-overflow``: terms of both signs, whose sums come back from beyond the largest number;
- ``subnormal``: subnormal numbers in either operand, times numbers so large that the products are normal.
"""

from math import ceil, log2

import numpy as np

from convformance.judging.bounds import magnitude
from convformance.judging.formats import Format
from convformance.judging.scaling import Axes, Exponents, sizes
from convformance.reference.arrays import Array
from convformance.reference.problem import Problem

RANGES = ("wide-range", "overflow", "cancelling-overflow", "subnormal")
LARGEST = 7  # of the integers: every type has as many digits, and few of the exponents go into them
_DIGITS = 3

Numbers = tuple[tuple[Array, ...], Array | None]
# Exponents by letter, and the power of two that all numbers of the first and of the second operand are times.
_Powers = tuple[dict[str, Array], tuple[int, int]]


def ranged(
    kind: str, operation: str, problem: Problem, stored: Format, integers: Numbers, generator: np.random.Generator
) -> Numbers:
    """Return ``integers``, the bias with them, times the powers of two that ``kind`` asks for; exact in ``stored``."""
    axes = Axes.of(operation)
    arrays, bias = _signed(kind, axes, operation, problem, integers)
    span = _Span.of(stored)
    terms = magnitude(operation, problem, arrays, bias)
    if kind == "wide-range":
        by_letter, offsets = _everywhere(span, axes, problem, terms, generator, has_bias=bias is not None)
    elif kind == "subnormal":
        by_letter, offsets = _below_normal(span, axes, problem)
    else:
        by_letter, offsets = _at_the_end(kind, span, axes, problem, terms, has_bias=bias is not None)
    exponents = Exponents(operation, problem, by_letter)
    pairs = zip(arrays, exponents.of_operands(), offsets, strict=False)
    scaled = tuple(np.ldexp(array, each + offset) for array, each, offset in pairs)
    return scaled, None if bias is None else np.ldexp(bias, exponents.of_bias() + sum(offsets))


class _Span:
    """The exponents of a format: of its smallest normal and smallest subnormal number, and of its largest."""

    def __init__(self, least: int, most: int, subnormal: int) -> None:
        self.least, self.most, self.subnormal = least, most, subnormal

    @classmethod
    def of(cls, stored: Format) -> "_Span":
        least, most = round(log2(stored.smallest_normal)), int(np.frexp(stored.largest)[1]) - 1
        return cls(least, most, least - stored.digits + 1)


def _signed(kind: str, axes: Axes, operation: str, problem: Problem, integers: Numbers) -> Numbers:
    """Return the integers with the signs that the kind asks for."""
    arrays, bias = integers
    if kind not in ("overflow", "cancelling-overflow") or not axes.second:
        return (tuple(map(np.abs, arrays)) if kind == "overflow" else arrays), bias
    first, second = np.abs(arrays[0]), arrays[1]
    if kind == "cancelling-overflow":
        return (first, second), bias
    alternating = {letter: np.zeros(size, np.int64) for letter, size in sizes(problem).items()}
    alternating[axes.second] = np.arange(len(alternating[axes.second])) % 2
    exponents = Exponents(operation, problem, alternating)
    signs = 1.0 - 2.0 * exponents.of_operands()[1]
    of_bias = None if bias is None else np.abs(bias) * (1.0 - 2.0 * exponents.of_bias())
    return (first, np.abs(second) * signs), of_bias


def _everywhere(
    span: _Span, axes: Axes, problem: Problem, terms: Array, generator: np.random.Generator, *, has_bias: bool
) -> _Powers:
    """Return exponents for which results lie everywhere between the ends, and the numbers of the operands as well."""
    room = max(0, span.most - span.least - ceil(log2(terms.max(initial=0.0) + 1)))
    count = sizes(problem)
    if not axes.second:
        return {"o": _spread(generator, count["o"], 0, room), "n": np.zeros(count["n"], np.int64)}, (span.least, 0)
    of_first = 0 if has_bias else room // 2  # what is added to every image has one size
    of_second = room - of_first
    low, most = span.least // 2, span.most - _DIGITS
    high = span.least - low
    least_summed = max(span.least - low, high + of_second - most)
    most_summed = min(most - low - of_first, high - span.least)
    return {
        axes.first: _spread(generator, count[axes.first], 0, of_first),
        axes.second: _spread(generator, count[axes.second], 0, of_second),
        axes.summed: _spread(generator, count[axes.summed], least_summed, max(least_summed, most_summed)),
    }, (low, high)


def _spread(generator: np.random.Generator, count: int, least: int, most: int) -> Array:
    """Return exponents from ``least`` to ``most`` in any order; of a single one any."""
    if count == 1:
        return generator.integers(least, most + 1, 1)
    return generator.permutation(np.rint(np.linspace(least, most, count)).astype(np.int64))


def _at_the_end(kind: str, span: _Span, axes: Axes, problem: Problem, terms: Array, *, has_bias: bool) -> _Powers:
    """Return exponents for which some sums, or those of their terms of one sign, lie beyond the largest number.

    Powers of two are coarse: images and channels differ by some, so that sums on either side of the end are there.
    """
    usual = float(np.median(terms)) if terms.size else 1.0
    if kind == "cancelling-overflow":
        usual /= 4
    total = span.most + 1 - round(log2(max(usual, 1.0)))
    by_letter = {letter: np.zeros(size, np.int64) for letter, size in sizes(problem).items()}
    channels = axes.second or axes.first
    by_letter[channels] = np.arange(len(by_letter[channels])) // 2 % 3 - 1
    if not axes.second:
        by_letter[channels] = np.minimum(by_letter[channels], span.most - _DIGITS + 1 - total)
        return by_letter, (total, 0)
    if has_bias:
        total = min(total, span.most - _DIGITS)  # a bias is no product, and is a number itself
    else:  # what is added to every image has one size
        by_letter[axes.first] = np.arange(len(by_letter[axes.first])) % 2
    return by_letter, (total // 2, total - total // 2)


def _below_normal(span: _Span, axes: Axes, problem: Problem) -> _Powers:
    """Return exponents for which a third of what is summed is subnormal in the first operand, a third in the second."""
    count = sizes(problem)
    small, large = span.subnormal + 1, span.most - _DIGITS
    total = small + large
    low = total // 2
    third = np.arange(count[axes.summed]) % 3
    zeros = {letter: np.zeros(size, np.int64) for letter, size in count.items()}
    return {**zeros, axes.summed: np.choose(third, (small - low, large - low, 0))}, (low, total - low)
