"""Orders of summation: every element of a result is a row of products, and any order of a row is right."""

from functools import lru_cache, partial

import numpy as np

from convformance.reference.arrays import Array
from convformance.reference.operations import along_channels
from convformance.reference.problem import Problem
from convformance.reference.rounding import round_once
from tests.judging import summing
from tests.zoo.garden.ways import Way, as_expected

_products = lru_cache(maxsize=8)(summing.products)


def listed(sums: summing.Sum) -> Way:
    """Return the way that writes every element as a row of products, and adds rows up by ``sums(first, second)``."""
    return Way(*(partial(_summed, sums, operation) for operation in ("conv", "conv_input_grad", "conv_filter_grad")))


def _summed(sums: summing.Sum, operation: str, problem: Problem, first: Array, second: Array) -> Array:
    products = _products(operation, problem)
    return sums(*products.factors(first.ravel(), second.ravel())).reshape(products.shape)


def bias_first(operation: str, problem: Problem, arrays: tuple[Array, ...], bias: Array | None) -> Array:
    """Sum in order, from the bias on, as a loop does that starts from it."""
    dtype, working = arrays[0].dtype, as_expected(arrays[0].dtype)
    products = _products(operation, problem)
    first, second = products.factors(*(array.astype(working).ravel() for array in arrays))
    if bias is not None:
        start = np.broadcast_to(along_channels(bias.astype(working), problem.rank), products.shape).reshape(-1, 1)
        first, second = np.hstack([start, first]), np.hstack([np.ones_like(start), second])
    return round_once(summing.forwards(first, second).reshape(products.shape), dtype)


def compensated(first: Array, second: Array) -> Array:
    """Sum in order and carry what each addition lost into the next that adds anything.

    Source: Kahan, "Further remarks" (1965).
    """
    total = lacking = np.zeros(len(first), first.dtype)
    for term in (first * second).T:
        more = term - lacking
        larger = total + more
        # What is infinite has lost nothing that could be carried.
        carried = np.where(np.isfinite(larger), (larger - total) - more, 0)
        lacking = np.where(term == 0, lacking, carried)
        total = np.where(term == 0, total, larger)
    return total


def smallest_first(first: Array, second: Array) -> Array:
    """Sum by growing magnitude."""
    terms = first * second
    return summing.forwards(np.take_along_axis(terms, np.argsort(np.abs(terms), axis=1), axis=1), np.ones_like(terms))


def by_sign(first: Array, second: Array) -> Array:
    """Sum from the most negative product to the most positive one, so that partial sums grow far beyond the result."""
    terms = np.sort(first * second, axis=1)
    return summing.forwards(terms, np.ones_like(terms))


def signs_apart(first: Array, second: Array) -> Array:
    """Sum the positive and the negative terms apart, then both: where both overflow, the result is NaN."""
    terms = first * second
    ones = np.ones_like(terms)
    return summing.forwards(np.maximum(terms, 0), ones) + summing.forwards(np.minimum(terms, 0), ones)


def from_both_ends(first: Array, second: Array) -> Array:
    """Sum the first and the last product, then the two next to them, and so on."""
    count = first.shape[1]
    order = np.stack([np.arange(count), np.arange(count)[::-1]], axis=1).ravel()[:count]
    return summing.forwards(first[:, order], second[:, order])


def integers_where_they_are(first: Array, second: Array) -> Array:
    """Sum integers as integers, and anything else pairwise."""
    terms = first * second
    are_integers = (
        np.isfinite(terms).all() and np.array_equal(terms, np.rint(terms)) and np.abs(terms).sum(initial=0) < 2.0**62
    )
    return terms.astype(np.int64).sum(axis=1).astype(first.dtype) if are_integers else summing.pairwise(first, second)


def in_three_parts(first: Array, second: Array) -> Array:
    """Cut each factor into three parts of a third of its digits and add the nine exact products up, small first."""
    if not (np.isfinite(first).all() and np.isfinite(second).all()):
        return summing.forwards(first, second)
    parts = [_parts(factor) for factor in (first, second)]
    pairs = sorted(((i, j) for i in range(3) for j in range(3)), key=sum, reverse=True)
    return sum((summing.forwards(parts[0][i], parts[1][j]) for i, j in pairs), np.zeros(len(first), first.dtype))


def _parts(values: Array) -> tuple[Array, Array, Array]:
    """Return three parts that add up to ``values``, cut off towards zero so that none changes sign."""
    high = _cut(values)
    middle = _cut(values - high)
    return high, middle, values - high - middle


def _cut(values: Array) -> Array:
    digits = (np.finfo(values.dtype).nmant + 3) // 3
    significands, exponents = np.frexp(values)
    kept: Array = np.ldexp(np.trunc(np.ldexp(significands, digits)), exponents - digits)
    return kept.astype(values.dtype)
