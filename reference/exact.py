"""The exact oracle: the seven operations for float64 as an unevaluated sum of two float64 with a bound on what is left.

Both operands are cut into slices of so few bits that a contraction of two slices is exact in float64, whatever the
order in which it sums; the slice products are then added with error-free additions. Source: Ozaki, Ogita, Oishi & Rump,
"Error-free transformations of matrix multiplication by using fast routines of matrix multiplication and its
applications" (2012).
"""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from functools import wraps
from inspect import signature
from typing import Any

import numpy as np

from convformance.reference import operations
from convformance.reference.arrays import Array
from convformance.reference.fast import contract_each
from convformance.reference.geometry import Size
from convformance.reference.operation import OPERAND_NAMES
from convformance.reference.problem import Problem
from convformance.reference.problem_from_arrays import problem_from_arrays, taken_size
from convformance.reference.rounding import computing_dtype

DIGITS = 53
TAIL = 12  # bits below the unit roundoff of float64 that the cut-off products lie
TAILS = range(401)  # more would bring slice products near the smallest float64
SMALLEST = 2.0**-1074
ROUND_UP = 1 + 2.0**-40  # covers the roundings in computing a bound


@dataclass(frozen=True)
class Exact:
    """A result ``y`` with ``|hi + lo - y| <= error`` for every element; ``error == 0`` means exact.

    hi, lo, error: float64 of the result's shape. ``hi`` is ``hi + lo`` rounded to nearest. Where ``|y|`` exceeds the
    largest float64, ``hi`` is infinite and ``lo`` and ``error`` mean nothing.
    """

    hi: Array
    lo: Array
    error: Array


@dataclass(frozen=True)
class _Slices:
    """A tensor as ``2**exponent * (sum of parts + at most remainder)``; ``peaks``: the parts' largest magnitudes."""

    exponent: int
    parts: tuple[Array, ...]
    peaks: tuple[float, ...]
    remainder: float


def apply(operation: str, problem: Problem, *operands: Array, bias: Array | None = None, tail: int = TAIL) -> Exact:
    """Return ``operation`` on ``problem`` with its error.

    Products below about ``2**-(54 + tail)`` of ``max|x| * max|w|`` are left out, for all elements of the tensor alike:
    data of a wide dynamic range needs a larger ``tail``. Data whose slices run out before that (integers, narrow
    formats) gives ``error`` 0. Operands of other dtypes are converted exactly. Raises ValueError for NaN or Inf, for
    integers beyond 2^53, for a ``tail`` outside 0..400, and as ``operations.apply`` does.
    """
    operations.check_operands(operation, problem, operands, bias)
    if tail not in TAILS:
        raise ValueError(f"tail={tail!r}; allowed: {TAILS.start} to {TAILS.stop - 1} bits")
    converted = (_float64(name, array) for name, array in zip(OPERAND_NAMES[operation], operands, strict=True))
    # The sum of so many products of two slices has to fit in DIGITS bits; slices are cut until the tail is reached.
    summands = problem.longest_sum(operation)
    bits = (DIGITS - max(summands - 1, 0).bit_length()) // 2
    count = -(-(DIGITS + 1 + tail) // bits)
    first, second = (_split(array, bits, count) for array in operations.bilinear(*converted))
    products = contract_each(operation, problem, list(_pairs(first, second, count)))
    total = add_up(problem.result_shape(operation), products)
    scaled = _scaled(total, summands * _cut_off(first, second, count), first.exponent + second.exponent)
    if bias is None:
        return scaled
    return _plus(scaled, operations.along_channels(_float64("bias", bias), problem.rank))


def _exactly(operation: Callable[..., Array]) -> Callable[..., Exact]:
    """Return the function of the arguments of ``operation``, and ``tail`` as of ``apply``, whose result is exact."""
    name, parameters = operation.__name__, signature(operation)

    @wraps(operation)
    def exactly(*arguments: Any, tail: int = TAIL, **keywords: Any) -> Exact:
        named = parameters.bind(*arguments, **keywords).arguments
        operands = [named.pop(operand) for operand in OPERAND_NAMES[name]]
        bias = named.pop("bias", None)
        size = taken_size(named)
        problem = problem_from_arrays(name, *operands, size=size, **named)
        return apply(name, problem, *operands, bias=bias, tail=tail)

    return exactly


# The seven operations, each with the arguments of its namesake in ``operations`` and a ``tail``.
conv = _exactly(operations.conv)
conv_input_grad = _exactly(operations.conv_input_grad)
conv_filter_grad = _exactly(operations.conv_filter_grad)
conv_bias_grad = _exactly(operations.conv_bias_grad)
conv_transpose = _exactly(operations.conv_transpose)
conv_transpose_input_grad = _exactly(operations.conv_transpose_input_grad)
conv_transpose_filter_grad = _exactly(operations.conv_transpose_filter_grad)


def _float64(name: str, array: Array) -> Array:
    if computing_dtype(array.dtype).kind in "iu" and np.any((array > 2**DIGITS) | (array < -(2**DIGITS))):
        raise ValueError(f"{name} holds integers beyond 2^53; allowed: those float64 represents, -2^53 to 2^53")
    converted = array.astype(np.float64, copy=False)
    if not np.isfinite(converted).all():
        raise ValueError(f"{name} holds NaN or Inf; allowed: finite values")
    return converted


def _split(array: Array, bits: int, count: int) -> _Slices:
    """Cut ``array`` into at most ``count`` slices; slice i has up to ``2**bits`` quanta of ``2**-(bits * (i + 1))``."""
    exponent = int(np.frexp(np.abs(array).max(initial=0.0))[1])
    rest = np.ldexp(array, -exponent)
    underflow = SMALLEST if np.any(np.ldexp(rest, exponent) != array) else 0.0
    parts: list[Array] = []
    while rest.any() and len(parts) < count:
        # Adding and subtracting 1.5 * 2**52 quanta rounds to a multiple of the quantum; the difference is exact.
        shift = np.ldexp(1.5, DIGITS - 1 - bits * (len(parts) + 1))
        parts.append((rest + shift) - shift)
        rest = rest - parts[-1]
    return _Slices(exponent, tuple(parts), tuple(_peak(part) for part in parts), _peak(rest) + underflow)


def _peak(array: Array) -> float:
    return float(np.abs(array).max(initial=0.0))


def _pairs(first: _Slices, second: _Slices, count: int) -> Iterator[tuple[Array, Array]]:
    """Yield the slices whose product matters, those of the smallest products first: so their sum loses least."""
    for level in reversed(range(count)):
        for i, part in enumerate(first.parts):
            if 0 <= level - i < len(second.parts):
                yield part, second.parts[level - i]


def _cut_off(first: _Slices, second: _Slices, count: int) -> float:
    """Return a bound on what a product of two scaled elements lacks: pairs of slices left out, and the remainders."""
    left_out = [peak * other for i, peak in enumerate(first.peaks) for other in second.peaks[count - i :]]
    return ROUND_UP * (sum(left_out) + first.remainder + second.remainder)  # a scaled element is 1 at most


def add_up(shape: Size, addends: Iterable[Array]) -> Exact:
    """Return the sum of arrays of ``shape``; the error is what two float64 cannot hold."""
    hi, lo, error = np.zeros(shape), np.zeros(shape), np.zeros(shape)
    for addend in addends:
        hi, carry = _two_sum(hi, addend)
        lo, remainder = _two_sum(lo, carry)
        error += np.abs(remainder)
    return Exact(*_two_sum(hi, lo), error)


def _two_sum(a: Array, b: Array) -> tuple[Array, Array]:
    """Return ``a + b`` rounded, and exactly what that leaves (Knuth, "The Art of Computer Programming" 2, 4.2.2)."""
    total = a + b
    of_b = total - a
    return total, (a - (total - of_b)) + (b - of_b)


def _scaled(total: Exact, cut_off: float, exponent: int) -> Exact:
    """Return ``total``, which lacks at most ``cut_off``, times ``2**exponent``; what underflows is error."""
    error = ROUND_UP * (total.error + cut_off)
    with np.errstate(over="ignore", invalid="ignore"):
        hi, lo = np.ldexp(total.hi, exponent), np.ldexp(total.lo, exponent)
        rounded = (np.ldexp(hi, -exponent) != total.hi) | (np.ldexp(lo, -exponent) != total.lo)
        bound = np.ldexp(error, exponent) * ROUND_UP + 2 * SMALLEST
        return Exact(*_two_sum(hi, lo), np.where(rounded | (error > 0), bound, 0.0))


def _plus(y: Exact, bias: Array) -> Exact:
    hi, carry = _two_sum(y.hi, bias)
    lo, remainder = _two_sum(y.lo, carry)
    return Exact(*_two_sum(hi, lo), ROUND_UP * (y.error + np.abs(remainder)))
