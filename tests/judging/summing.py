"""Implementations of every operation that differ in how they sum and in which precision, all from a list of products.

An operation is written out as a matrix of products, a row an element of the result; what is summed in which order and
rounding is then a matter of columns. Slow, and independent of the reference.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from convformance.judging.bounds import Operands
from convformance.reference.arrays import Array
from convformance.reference.problem import Problem

Sum = Callable[[Array, Array], Array]
Rounding = Callable[[Array], Array]


@dataclass(frozen=True)
class Products:
    """Which elements of both operands each element multiplies: indices ``(elements, products)``, -1 for none."""

    shape: tuple[int, ...]
    first: Array
    second: Array

    def factors(self, first: Array, second: Array) -> tuple[Array, Array]:
        """Return the factors of every product; products there are none of are 0 times 0."""
        return np.append(first, first.dtype.type(0))[self.first], np.append(second, second.dtype.type(0))[self.second]


def products(operation: str, problem: Problem) -> Products:
    """Return the products of ``operation`` with two operands, those with padding left out."""
    x, w, y = _triples(problem)
    first, second, result = {
        "conv": (x, w, y),
        "conv_input_grad": (y, w, x),
        "conv_filter_grad": (x, y, w),
        "conv_transpose": (y, w, x),
        "conv_transpose_input_grad": (x, w, y),
        "conv_transpose_filter_grad": (y, x, w),
    }[operation]
    shape = problem.result_shape(operation)
    order = np.argsort(result, kind="stable")
    counts = np.bincount(result, minlength=int(np.prod(shape)))
    column = np.arange(len(result)) - np.repeat(np.cumsum(counts) - counts, counts)
    matrices = [np.full((len(counts), counts.max(initial=0)), -1) for _ in range(2)]
    for matrix, index in zip(matrices, (first, second), strict=True):
        matrix[result[order], column] = index[order]
    return Products(shape, *matrices)


def _triples(problem: Problem) -> tuple[Array, Array, Array]:
    """Return the flat indices in x, w and y of every product of the convolution."""
    rank, groups = problem.rank, problem.groups
    inner, outer = problem.in_channels // groups, problem.out_channels // groups
    grid = np.indices((problem.batch, problem.out_channels, inner, *problem.kernel_size, *problem.output_size))
    n, o, c, taps, positions = grid[0], grid[1], grid[2], grid[3 : 3 + rank], grid[3 + rank :]
    axes = zip(positions, taps, problem.stride, problem.dilation, problem.padding, problem.input_size, strict=True)
    read = [(p * s + t * d - lo, size) for p, t, s, d, (lo, _), size in axes]
    inside = np.logical_and.reduce([(at >= 0) & (at < size) for at, size in read])
    x = np.ravel_multi_index(
        [a[inside] for a in (n, o // outer * inner + c, *(at for at, _ in read))], problem.input_shape
    )
    w = np.ravel_multi_index([a[inside] for a in (o, c, *taps)], problem.filter_shape)
    y = np.ravel_multi_index([a[inside] for a in (n, o, *positions)], problem.output_shape)
    return x, w, y


def summed(table: Products, operands: Operands, sums: Sum, computing: Any = np.float32) -> Array:
    """Return the operation with its products summed by ``sums`` in ``computing``, rounded once at the end."""
    first, second = (array.astype(computing).ravel() for array in operands.arrays)
    result = sums(*table.factors(first, second)).reshape(table.shape)
    if operands.bias is not None:
        result = result + operands.bias.astype(computing).reshape(-1, *(1,) * (result.ndim - 2))
    return result.astype(operands.arrays[0].dtype)


def forwards(first: Array, second: Array) -> Array:
    """Sum in order, each product and each sum rounded."""
    return _in_order(first * second)


def backwards(first: Array, second: Array) -> Array:
    """Sum from the last product to the first."""
    return _in_order((first * second)[:, ::-1])


def shuffled(first: Array, second: Array) -> Array:
    """Sum in an order of no pattern."""
    return _in_order((first * second)[:, np.random.default_rng(5).permutation(first.shape[1])])


def in_lanes(first: Array, second: Array) -> Array:
    """Sum every fourth product apart, then the four sums."""
    return _in_order(np.stack([_in_order((first * second)[:, lane::4]) for lane in range(4)], axis=1))


def in_blocks(first: Array, second: Array) -> Array:
    """Sum 16 products at a time, then the sums of those."""
    terms = first * second
    blocks = [_in_order(terms[:, start : start + 16]) for start in range(0, terms.shape[1], 16)]
    return _in_order(np.stack(blocks, axis=1)) if blocks else _in_order(terms)


def pairwise(first: Array, second: Array) -> Array:
    """Sum neighbours, then neighbours of the sums."""
    terms = first * second
    while terms.shape[1] > 1:
        odd = terms[:, -1:] if terms.shape[1] % 2 else terms[:, :0]
        terms = np.concatenate([terms[:, : terms.shape[1] - odd.shape[1] : 2] + terms[:, 1::2], odd], axis=1)
    return _in_order(terms)


def fused(first: Array, second: Array) -> Array:
    """Sum in order, product and sum rounded together where twice the precision is at hand."""
    wide = np.float64 if first.dtype == np.float32 else np.longdouble
    total = np.zeros(len(first), first.dtype)
    for a, b in zip(first.T, second.T, strict=True):
        total = (total.astype(wide) + a.astype(wide) * b.astype(wide)).astype(first.dtype)
    return total


ORDERS: tuple[Sum, ...] = (forwards, backwards, shuffled, in_lanes, in_blocks, pairwise, fused)


def _in_order(terms: Array) -> Array:
    return narrow(lambda values: values)(terms, None)


def narrow(rounding: Rounding) -> Callable[[Array, Array | None], Array]:
    """Return the sum in order with every product and every partial sum given to ``rounding``."""

    def sums(first: Array, second: Array | None) -> Array:
        terms = first if second is None else rounding(first * second)
        total = np.zeros(len(terms), terms.dtype)
        with np.errstate(over="ignore", invalid="ignore"):  # what leaves the range of a narrow format is infinite
            for term in terms.T:
                total = rounding(total + term)
        return total

    return sums


def to_dtype(dtype: Any) -> Rounding:
    """Return the rounding to a narrower dtype and back."""

    def rounding(values: Array) -> Array:
        with np.errstate(over="ignore"):
            return values.astype(dtype).astype(values.dtype)

    return rounding


def to_bits(digits: int, *, nearest: bool = True) -> Rounding:
    """Return the rounding of float32 to ``digits`` significant bits, to nearest (ties to even) or towards zero."""
    dropped = 24 - digits

    def rounding(values: Array) -> Array:
        bits = np.ascontiguousarray(values, np.float32).view(np.uint32)
        if nearest:
            bits = bits + np.uint32((1 << (dropped - 1)) - 1) + ((bits >> np.uint32(dropped)) & np.uint32(1))
        return (bits & np.uint32(0xFFFFFFFF >> dropped << dropped)).view(np.float32)

    return rounding


def towards_zero(first: Array, second: Array) -> Array:
    """Sum float32 in order, every partial sum cut off instead of rounded."""
    total = np.zeros(len(first), np.float32)
    for a, b in zip(first.T, second.T, strict=True):
        exact = total.astype(np.float64) + a.astype(np.float64) * b.astype(np.float64)
        rounded = exact.astype(np.float32)
        total = np.where(np.abs(rounded) > np.abs(exact), np.nextafter(rounded, np.float32(0)), rounded)
    return total
