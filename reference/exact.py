"""The exact oracle: the seven operations for float64 as an unevaluated sum of two float64 with a bound on what is left.

Both operands are cut into slices of so few bits that a contraction of two slices is exact in float64, whatever the order in which
it sums; the slice products are then added with error-free additions. Source: Ozaki, Ogita, Oishi & Rump, "Error-free
transformations of matrix multiplication by using fast routines of matrix multiplication and its applications" (2012).
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Unpack

import numpy as np

from convformance.reference import problem_from_arrays
from convformance.reference.arrays import Array
from convformance.reference.fast import contract_each
from convformance.reference.geometry import Size
from convformance.reference.operation import OPERAND_NAMES
from convformance.reference.operations import along_channels, bilinear, check_operands
from convformance.reference.problem_from_arrays import Geometry, PerAxis
from convformance.reference.problem import Problem
from convformance.reference.rounding import computing_dtype

DIGITS = 53
TAIL = 12  # bits below the unit roundoff of float64 that the cut-off products lie
TAILS = range(401)  # more would bring slice products near the smallest float64
SMALLEST = 2.0**-1074
ROUND_UP = 1 + 2.0**-40  # covers the roundings in computing a bound


@dataclass(frozen=True)
class Exact:
    """A result ``y`` with ``|hi + lo - y| <= error`` for every element; ``error == 0`` means exact.

    hi, lo, error: float64 of the result's shape. ``hi`` is ``hi + lo`` rounded to nearest. Where ``|y|`` exceeds the largest
    float64, ``hi`` is infinite and ``lo`` and ``error`` mean nothing.
    """

    hi: Array
    lo: Array
    error: Array


@dataclass(frozen=True)
class _Slices:
    """A tensor as ``2**exponent * (sum of parts + at most remainder)``; ``peaks`` are the largest magnitudes of the parts."""

    exponent: int
    parts: tuple[Array, ...]
    peaks: tuple[float, ...]
    remainder: float


def conv(x: Array, w: Array, *, bias: Array | None = None, tail: int = TAIL, **geometry: Unpack[Geometry]) -> Exact:
    """Return ``operations.conv`` exactly; shapes and keywords are its own, ``tail`` is that of ``apply``."""
    return apply("conv", problem_from_arrays.forward("conv", x, w, **geometry), x, w, bias=bias, tail=tail)


def conv_input_grad(
    dy: Array, w: Array, *, input_size: PerAxis, tail: int = TAIL, **geometry: Unpack[Geometry]
) -> Exact:
    """Return ``operations.conv_input_grad`` exactly; shapes and keywords are its own, ``tail`` is that of ``apply``."""
    problem = problem_from_arrays.input_gradient(
        "conv_input_grad", dy, w, size_name="input_size", size=input_size, **geometry
    )
    return apply("conv_input_grad", problem, dy, w, tail=tail)


def conv_filter_grad(
    x: Array, dy: Array, *, kernel_size: PerAxis, tail: int = TAIL, **geometry: Unpack[Geometry]
) -> Exact:
    """Return ``operations.conv_filter_grad`` exactly; shapes and keywords are its own, ``tail`` is that of ``apply``."""
    problem = problem_from_arrays.filter_gradient("conv_filter_grad", x, dy, kernel_size, **geometry)
    return apply("conv_filter_grad", problem, x, dy, tail=tail)


def conv_bias_grad(dy: Array, *, tail: int = TAIL) -> Exact:
    """Return ``operations.conv_bias_grad`` exactly; the shape is its own, ``tail`` is that of ``apply``."""
    return apply("conv_bias_grad", problem_from_arrays.bias_gradient(dy), dy, tail=tail)


def conv_transpose(
    x: Array,
    w: Array,
    *,
    bias: Array | None = None,
    output_size: PerAxis | None = None,
    tail: int = TAIL,
    **geometry: Unpack[Geometry],
) -> Exact:
    """Return ``operations.conv_transpose`` exactly; shapes and keywords are its own, ``tail`` is that of ``apply``."""
    problem = problem_from_arrays.input_gradient(
        "conv_transpose", x, w, size_name="output_size", size=output_size, **geometry
    )
    return apply("conv_transpose", problem, x, w, bias=bias, tail=tail)


def conv_transpose_input_grad(dy: Array, w: Array, *, tail: int = TAIL, **geometry: Unpack[Geometry]) -> Exact:
    """Return ``operations.conv_transpose_input_grad`` exactly; shapes and keywords are its own, ``tail`` is that of ``apply``."""
    problem = problem_from_arrays.forward("conv_transpose_input_grad", dy, w, **geometry)
    return apply("conv_transpose_input_grad", problem, dy, w, tail=tail)


def conv_transpose_filter_grad(
    x: Array, dy: Array, *, kernel_size: PerAxis, tail: int = TAIL, **geometry: Unpack[Geometry]
) -> Exact:
    """Return ``operations.conv_transpose_filter_grad`` exactly; shapes and keywords are its own, ``tail`` is that of ``apply``."""
    problem = problem_from_arrays.filter_gradient("conv_transpose_filter_grad", x, dy, kernel_size, **geometry)
    return apply("conv_transpose_filter_grad", problem, x, dy, tail=tail)


def apply(operation: str, problem: Problem, *operands: Array, bias: Array | None = None, tail: int = TAIL) -> Exact:
    """Return ``operation`` on ``problem`` with its error.

    Products below about ``2**-(54 + tail)`` of ``max|x| * max|w|`` are left out, for all elements of the tensor alike: data of a
    wide dynamic range needs a larger ``tail``. Data whose slices run out before that (integers, narrow formats) gives ``error``
    0. Operands of other dtypes are converted exactly. Raises ValueError for NaN or Inf, for integers beyond 2^53, for a ``tail``
    outside 0..400, and as ``operations.apply`` does.
    """
    check_operands(operation, problem, operands, bias)
    if tail not in TAILS:
        raise ValueError(f"tail={tail!r}; allowed: {TAILS.start} to {TAILS.stop - 1} bits")
    converted = (_float64(name, array) for name, array in zip(OPERAND_NAMES[operation], operands, strict=True))
    summands = problem.longest_sum(operation)
    bits = (DIGITS - max(summands - 1, 0).bit_length()) // 2
    count = -(-(DIGITS + 1 + tail) // bits)
    first, second = (_split(array, bits, count) for array in bilinear(*converted))
    products = contract_each(operation, problem, list(_pairs(first, second, count)))
    total = _sum(problem.result_shape(operation), products)
    scaled = _scaled(total, summands * _cut_off(first, second, count), first.exponent + second.exponent)
    return scaled if bias is None else _plus(scaled, along_channels(_float64("bias", bias), problem.rank))


def _float64(name: str, array: Array) -> Array:
    """Return ``array`` in float64, unchanged in value."""
    if computing_dtype(array.dtype).kind in "iu" and np.any((array > 2**DIGITS) | (array < -(2**DIGITS))):
        raise ValueError(f"{name} holds integers beyond 2^53; allowed: those float64 represents, -2^53 to 2^53")
    converted = array.astype(np.float64, copy=False)
    if not np.isfinite(converted).all():
        raise ValueError(f"{name} holds NaN or Inf; allowed: finite values")
    return converted


def _split(array: Array, bits: int, count: int) -> _Slices:
    """Cut ``array`` into at most ``count`` slices; slice i holds up to ``2**bits`` times a quantum of ``2**-(bits * (i + 1))``.

    Adding and subtracting ``1.5 * 2**52 * quantum`` rounds to a multiple of ``quantum``; the difference is exact.
    """
    exponent = int(np.frexp(np.abs(array).max(initial=0.0))[1])
    rest = np.ldexp(array, -exponent)
    underflow = SMALLEST if np.any(np.ldexp(rest, exponent) != array) else 0.0
    parts: list[Array] = []
    while rest.any() and len(parts) < count:
        shift = np.ldexp(1.5, DIGITS - 1 - bits * (len(parts) + 1))
        parts.append((rest + shift) - shift)
        rest = rest - parts[-1]
    return _Slices(exponent, tuple(parts), tuple(_peak(part) for part in parts), _peak(rest) + underflow)


def _peak(array: Array) -> float:
    return float(np.abs(array).max(initial=0.0))


def _pairs(first: _Slices, second: _Slices, count: int) -> Iterator[tuple[Array, Array]]:
    """Yield the slices to multiply, those whose product matters, smallest first."""
    for level in reversed(range(count)):
        for i, part in enumerate(first.parts):
            if 0 <= level - i < len(second.parts):
                yield part, second.parts[level - i]


def _cut_off(first: _Slices, second: _Slices, count: int) -> float:
    """Return a bound on what each product of two scaled elements lacks: slice pairs left out, and remainders times at most 1."""
    peaks = [a * b for i, a in enumerate(first.peaks) for j, b in enumerate(second.peaks) if i + j >= count]
    return ROUND_UP * (sum(peaks) + first.remainder + second.remainder)


def _sum(shape: Size, addends: Iterable[Array]) -> Exact:
    """Return the sum of arrays of ``shape``; the error is what two float64 cannot hold."""
    hi, lo, error = np.zeros(shape), np.zeros(shape), np.zeros(shape)
    for addend in addends:
        hi, carry = _two_sum(hi, addend)
        lo, remainder = _two_sum(lo, carry)
        error += np.abs(remainder)
    return Exact(*_two_sum(hi, lo), error)


def _two_sum(a: Array, b: Array) -> tuple[Array, Array]:
    """Return ``a + b`` rounded and what the rounding lost, exactly (Knuth, "The Art of Computer Programming" 2, 4.2.2)."""
    total = a + b
    of_b = total - a
    return total, (a - (total - of_b)) + (b - of_b)


def _scaled(total: Exact, cut_off: float, exponent: int) -> Exact:
    """Return ``total``, which lacks at most ``cut_off``, times ``2**exponent``; what falls below the smallest float64 is error."""
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
