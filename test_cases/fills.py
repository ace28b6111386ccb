"""Fills: the numbers an operation is asked on, a pure function of the case, the same in any process.

Three exact fills, on which every correct direct algorithm gives the same bits, and two random ones:

- ``int``: both operands integers up to ``R = min(256, sqrt(2**24 / K))``, the same for every dtype;
- ``xwide``: the first operand odd integers of as many digits as fit, the second +-1; ``wwide`` mirrored; elements of
  one of them are put to 0 until all sums of magnitudes fit;
- ``normal``: N(0, 1); ``positive``: U[0, 1), both rounded to the dtype;

and ``range``, exact as well, of which the case says what it holds: see ``ranges``.

Of complex numbers both parts are such fills. Of integers every fill is exact: see ``integer_fills``.

Idea of exact fills: the integer fill of oneDNN's benchdnn.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import lru_cache, partial
from hashlib import blake2b
from math import ceil, isqrt, log2, prod
from typing import Any

import numpy as np

from convformance.judging.bounds import (
    EXACT_FILLS,
    INTEGER_FILLS,
    RANDOM_FILLS,
    RANGE_FILL,
    magnitude,
    products,
    quantum,
)
from convformance.judging.formats import FORMATS, Format, default_accumulator, format_of, operand_formats
from convformance.reference.arrays import Array, joined, magnitudes
from convformance.reference.dtypes import COMPLEX, INTEGERS
from convformance.reference.following import headroom
from convformance.reference.operation import BY_NAME
from convformance.reference.rounding import round_once
from convformance.test_cases import integer_fills, memory
from convformance.test_cases.case import Case
from convformance.test_cases.memory import Role
from convformance.test_cases.ranges import LARGEST, ranged

__all__ = ["EXACT_FILLS", "RANDOM_FILLS", "SPECIALS", "Operands", "fill"]

SPECIALS = ("nan-data", "inf-data", "nan-filter", "inf-filter", "zero-filter-nan-data")

_INTEGER_DIGITS = 24  # of the int fill's sums in every dtype, so that the numbers are the same
_LARGEST_INTEGER = 256  # up to here bfloat16, the format of fewest digits, has every integer
_SUM_DIGITS = 6  # how many digits the sums of a wide fill have more than its multiplicands
_FLOAT16 = FORMATS["float16"]
_RANDOM_LIMIT = 2.0**15  # of the sums of a random fill in float16, half its largest number


@dataclass(frozen=True)
class Operands:
    """What an operation is asked with: arrays in the dtype under test, laid out as the case says; a bias or None."""

    arrays: tuple[Array, ...]
    bias: Array | None = None


@dataclass(frozen=True)
class _Numbers:
    """Operands in float64, before they are rounded and laid out."""

    arrays: tuple[Array, ...]
    bias: Array | None

    def scaled(self, factor: float) -> "_Numbers":
        """Return the operands with the result multiplied by ``factor``."""
        first, *others = self.arrays
        return _Numbers((first * factor, *others), None if self.bias is None else self.bias * factor)

    def mapped(self, function: Callable[[Array], Array]) -> "_Numbers":
        return _Numbers(tuple(map(function, self.arrays)), None if self.bias is None else function(self.bias))

    def in_roles(self, fill: str, function: Callable[[Array, Role], Array]) -> "_Numbers":
        """Return ``function(array, role)`` of every operand and the bias."""
        operands = len(self.arrays)
        arrays = (function(array, Role(fill, number, operands)) for number, array in enumerate(self.arrays))
        return _Numbers(tuple(arrays), None if self.bias is None else function(self.bias, Role(fill, None, operands)))

    def with_array(self, index: int, array: Array) -> "_Numbers":
        return _Numbers((*self.arrays[:index], array, *self.arrays[index + 1 :]), self.bias)


def fill(
    case: Case, operation: str, dtype: str, name: str, accumulator: str | None = None, inputs: str | None = None
) -> Operands:
    """Return the operands of ``operation`` in ``case``, of ``dtype``, filled as ``name`` says.

    An exact fill is exact for sums in ``accumulator`` and multiplicands of the format ``inputs`` where those are
    narrower than what the dtype stands for. Raises ValueError when the fill, a format or the case's special value
    does not exist.
    """
    if dtype in INTEGERS:
        return _of_integers(case, operation, dtype, name)
    stored = format_of(dtype)
    if dtype in COMPLEX:
        numbers = _complex(case, operation, name, _digits(stored, accumulator, inputs))
    elif case.sum_limits is not None:
        numbers = _within_limits(case, operation, name, *case.sum_limits)
    elif case.fixed_filter is not None and "filter" in BY_NAME[operation].arrays:
        numbers = _beside_fixed_filter(case, operation, name, case.fixed_filter)
    elif name in EXACT_FILLS:
        numbers = _exact(case, operation, name, *_digits(stored, accumulator, inputs))
    elif name in RANDOM_FILLS:
        numbers = _random(case, operation, name)
    elif name == RANGE_FILL and case.range:
        return _ranged(case, operation, stored)
    else:
        raise ValueError(f"fill={name!r} is unknown; allowed: {', '.join((*EXACT_FILLS, *RANDOM_FILLS))}")
    if stored == _FLOAT16:  # the other formats reach far beyond any sum asked here
        limit = (_FLOAT16.largest if name in EXACT_FILLS else _RANDOM_LIMIT) / headroom(case.then)
        numbers = _scaled_below(case, operation, numbers, limit)
    rounded = _with_special_value(case, numbers.mapped(partial(_round_to, stored)))
    finished = rounded.in_roles(name, partial(_lay_out, case.memory))
    return Operands(finished.arrays, finished.bias)


def _of_integers(case: Case, operation: str, dtype: str, name: str) -> Operands:
    """Return integers, whose sums are those of any accumulator: they stay within int32."""
    if name not in INTEGER_FILLS:
        raise ValueError(f"fill={name!r} is unknown; allowed: {', '.join(INTEGER_FILLS)}")
    ranges = integer_fills.ranges(name, operand_formats(dtype), case.zero_points, _longest_sum(case, operation))
    arrays = tuple(
        integer_fills.draw(name, numbers, _generator(case, operation, name, str(index)), shape)
        for index, (numbers, shape) in enumerate(zip(ranges, case.problem.operand_shapes(operation), strict=False))
    )
    return Operands(_Numbers(arrays, None).in_roles(name, partial(_lay_out, case.memory)).arrays)


def _complex(case: Case, operation: str, name: str, digits: tuple[int, int]) -> _Numbers:
    """Return numbers whose real and imaginary parts are two real fills, so thin that each part of a sum is exact."""
    sum_digits, input_digits = digits
    if name not in (*EXACT_FILLS, *RANDOM_FILLS):
        raise ValueError(f"fill={name!r} is unknown; allowed: {', '.join((*EXACT_FILLS, *RANDOM_FILLS))}")
    real, imaginary = (
        _exact(each, operation, name, sum_digits - 2, input_digits - 2)
        if name in EXACT_FILLS
        else _random(each, operation, name)
        for each in (case, replace(case, seed=case.seed + 1))
    )
    arrays = tuple(map(joined, real.arrays, imaginary.arrays))
    bias = None if real.bias is None or imaginary.bias is None else joined(real.bias, imaginary.bias)
    numbers = _Numbers(arrays, bias)
    return _thin_out(case, operation, name, numbers, sum_digits, np.inf) if name in EXACT_FILLS else numbers


def _ranged(case: Case, operation: str, stored: Format) -> Operands:
    """Return small integers times powers of two from the ends of the range of ``stored``, which holds all of them."""
    integers = _draw(case, operation, RANGE_FILL, partial(_uniform, LARGEST))
    generator = _generator(case, operation, RANGE_FILL, "exponents")
    arrays, bias = ranged(case.range, operation, case.problem, stored, (integers.arrays, integers.bias), generator)
    numbers = _Numbers(arrays, bias).in_roles(
        RANGE_FILL, lambda array, role: _lay_out(case.memory, array.astype(stored.dtype), role)
    )
    return Operands(numbers.arrays, numbers.bias)


def _lay_out(layout: str, array: Array, role: Role) -> Array:
    """Return ``array`` in memory; what an expanded one repeats holds the NaN or infinity of the case, if it has one."""
    return memory.lay_out(memory.repeated(array, layout, role), layout, role)


def _beside_fixed_filter(case: Case, operation: str, name: str, fixed: Array) -> _Numbers:
    """Return integers, or random numbers, beside the filter that the case fixes."""
    draw = partial(_uniform, _LARGEST_INTEGER)
    numbers = _draw(case, operation, name, draw) if name in EXACT_FILLS else _random(case, operation, name)
    return numbers.with_array(BY_NAME[operation].arrays.index("filter"), fixed)


def _within_limits(case: Case, operation: str, name: str, least: int, largest: int) -> _Numbers:
    """Return whole numbers whose sums lie within limits, none of them negative where those are not."""
    first = 0 if least >= 0 else -3
    kernel = _draw(case, operation, name, lambda generator, shape: generator.integers(first, 4, shape) * 1.0)
    weights, bias = kernel.arrays[1], kernel.bias
    room = min(largest, 2**_INTEGER_DIGITS) - (0 if bias is None else 3)
    chances = _generator(case, operation, name, "thin").random(weights.shape)
    density = 1.0
    while (total := _largest_total(np.where(chances < density, weights, 0.0))) > room:
        density *= 0.75
    most = min(room // max(total, 1), _LARGEST_INTEGER - 1)
    image = _draw(
        case,
        operation,
        name,
        lambda generator, shape: generator.integers(min(first, 0) and -most, most + 1, shape) * 1.0,
    )
    return _Numbers((image.arrays[0], np.where(chances < density, weights, 0.0)), bias)


def _largest_total(weights: Array) -> int:
    """Return the largest sum of magnitudes of one filter."""
    return int(np.abs(weights).reshape(len(weights), -1).sum(axis=1).max(initial=0.0))


def rounds(case: Case, dtype: str) -> bool:
    """Whether sums with the filter that the case fixes are too long for the accumulator, so that they round."""
    if case.fixed_filter is None or not case.fixed_filter.any():
        return False
    stored = format_of(dtype)
    fixed = _round_to(stored, case.fixed_filter).astype(np.float64)
    largest = float(np.abs(fixed).sum()) * _LARGEST_INTEGER * max(1, case.problem.out_channels)
    digits = min(default_accumulator(dtype).digits, stored.digits)
    return not np.array_equal(fixed, case.fixed_filter) or largest > 2.0**digits * quantum(fixed)


def _digits(stored: Format, accumulator: str | None, inputs: str | None) -> tuple[int, int]:
    """Return the digits of sums and of multiplicands."""
    sum_digits = default_accumulator(stored.name).digits
    if accumulator is not None:
        sum_digits = min(sum_digits, FORMATS[accumulator].digits)
    input_digits = stored.digits if inputs is None else min(stored.digits, FORMATS[inputs].digits)
    return sum_digits, min(input_digits, sum_digits - _SUM_DIGITS)


# One generator for all operands, put into another state for each: making one takes longer than drawing from it.
_BITS = np.random.PCG64()
_GENERATOR = np.random.Generator(_BITS)


def _generator(case: Case, operation: str, name: str, operand: str) -> np.random.Generator:
    """Return the source of one operand's numbers; to be drawn from before the next is asked for."""
    _BITS.state = _seeded_state("|".join((case.id, operation, name, operand)))
    return _GENERATOR


@lru_cache(maxsize=64)  # for the other dtypes of the question: seeding, too, takes longer than drawing
def _seeded_state(seed: str) -> Any:
    return np.random.PCG64(int.from_bytes(blake2b(seed.encode(), digest_size=16).digest(), "little")).state


def _draw(
    case: Case, operation: str, name: str, draw: Callable[[np.random.Generator, tuple[int, ...]], Array]
) -> _Numbers:
    """Return every operand drawn by ``draw(generator, shape)`` from a source of its own."""
    shapes = case.problem.operand_shapes(operation)
    arrays = tuple(draw(_generator(case, operation, name, str(index)), shape) for index, shape in enumerate(shapes))
    bias = None
    if case.has_bias(operation):
        bias = draw(_generator(case, operation, name, "bias"), case.problem.operation_bias_shape(operation))
    return _Numbers(arrays, bias).in_roles(name, lambda array, role: memory.repeated(array, case.memory, role))


@lru_cache(maxsize=4)  # for the other dtypes, which round the same numbers
def _random(case: Case, operation: str, name: str) -> _Numbers:
    draw = np.random.Generator.standard_normal if name == "normal" else np.random.Generator.random
    return _draw(case, operation, name, draw)


def _exact(case: Case, operation: str, name: str, sum_digits: int, input_digits: int) -> _Numbers:
    """Return integers whose products add up to at most ``2**sum_digits`` in every element."""
    if name == "int":
        return _integers(case, operation, min(sum_digits, _INTEGER_DIGITS))
    return _wide(case, operation, name, sum_digits, input_digits)


@lru_cache(maxsize=4)
def _integers(case: Case, operation: str, sum_digits: int) -> _Numbers:
    """Return integers of either sign up to the largest ``R`` of which that many products fit."""
    operands = len(case.problem.operand_shapes(operation))
    room = 2**sum_digits // max(_longest_sum(case, operation), 1)
    largest = max(1, min(_LARGEST_INTEGER, isqrt(room) if operands > 1 else room))
    numbers = _draw(case, operation, "int", partial(_uniform, largest))
    return _thin_out(case, operation, "int", numbers, sum_digits, 2.0**sum_digits / largest**operands)


def _wide(case: Case, operation: str, name: str, sum_digits: int, input_digits: int) -> _Numbers:
    """Return odd integers of ``input_digits`` digits in one operand and +-1 in the other, if there is one."""
    numbers = _draw(case, operation, name, partial(_odd, 2**input_digits))
    narrow = 1 if name == "xwide" else 0
    if len(numbers.arrays) > 1:
        numbers = numbers.with_array(narrow, np.sign(numbers.arrays[narrow]))
    return _thin_out(case, operation, name, numbers, sum_digits, 2.0 ** (sum_digits - input_digits))


def _uniform(largest: int, generator: np.random.Generator, shape: tuple[int, ...]) -> Array:
    """Return integers of either sign up to ``largest``, without 0, which would hide what it is multiplied by."""
    integers = generator.integers(-largest, largest, shape)
    return (integers + (integers >= 0)).astype(np.float64)


def _odd(limit: int, generator: np.random.Generator, shape: tuple[int, ...]) -> Array:
    """Return odd integers of either sign below ``limit``."""
    return 2.0 * generator.integers(-limit // 2, limit // 2, shape) + 1.0


def _longest_sum(case: Case, operation: str) -> int:
    """Return how many products the longest sum has, a bias counted."""
    return int(products(operation, case.problem).max(initial=0)) + case.has_bias(operation)


def _thin_out(case: Case, operation: str, name: str, numbers: _Numbers, sum_digits: int, summands: float) -> _Numbers:
    """Return ``numbers`` with elements of one operand put to 0 until no sum of magnitudes exceeds ``2**sum_digits``.

    About ``summands`` products are left in the longest sum to begin with.
    """
    limit = 2.0**sum_digits * (1 - 2.0**-30)  # the margin is what float64 may lose in adding the magnitudes up
    density = min(1.0, summands / max(_longest_sum(case, operation), 1))
    if density == 1.0 and _stays_below(case, operation, numbers, limit):
        return numbers
    index = _operand_to_thin_out(case, operation)
    array = numbers.arrays[index]
    role = Role(name, index, len(numbers.arrays))
    drawn = np.asarray(_generator(case, operation, name, "thin").random(array.shape))
    chances = memory.repeated(drawn, case.memory, role)
    while True:
        thinned = numbers.with_array(index, np.where(chances < density, array, 0.0))
        if _stays_below(case, operation, thinned, limit):
            return thinned
        density *= 0.75


def _operand_to_thin_out(case: Case, operation: str) -> int:
    """Return the index of the operand whose elements meet one of the other's in the most sums.

    Every element of the other is then still multiplied in some of them, and a product that is left out is seen.
    """
    problem = case.problem
    if BY_NAME[operation].result == "bias":
        return 0
    images_or_filters, channels, *space = problem.result_shape(operation)
    if BY_NAME[operation].result != "filter":
        return 0 if images_or_filters * prod(space) >= channels // problem.groups else 1
    large, small = (1, 0) if BY_NAME[operation].transposed else (0, 1)
    return large if channels * prod(space) >= images_or_filters // problem.groups else small


def _stays_below(case: Case, operation: str, numbers: _Numbers, limit: float) -> bool:
    """Whether no sum of magnitudes exceeds ``limit``; often the largest numbers tell without a sum."""
    bias = 0.0 if numbers.bias is None else _peak(numbers.bias)
    upper_bound = _longest_sum(case, operation) * prod(map(_peak, numbers.arrays)) + bias
    return upper_bound <= limit or _largest_magnitude(case, operation, numbers) <= limit


def _peak(array: Array) -> float:
    return float(magnitudes(array).max(initial=0.0))


def _largest_magnitude(case: Case, operation: str, numbers: _Numbers) -> float:
    return float(magnitude(operation, case.problem, numbers.arrays, numbers.bias).max(initial=0.0))


def _scaled_below(case: Case, operation: str, numbers: _Numbers, limit: float) -> _Numbers:
    """Return ``numbers`` scaled down by a power of two so that no sum of magnitudes exceeds ``limit``."""
    if _stays_below(case, operation, numbers, limit):
        return numbers
    largest = _largest_magnitude(case, operation, numbers)
    return numbers.scaled(2.0 ** -max(0, ceil(log2(max(largest, limit) / limit))))


def _round_to(stored: Format, array: Array) -> Array:
    """Return a copy of ``array`` rounded to ``stored``; what would be subnormal there, and may be flushed, is 0."""
    rounded = np.array(round_once(array, np.dtype(stored.dtype)))
    rounded[np.abs(array) < stored.smallest_normal] = 0
    return rounded


def _with_special_value(case: Case, numbers: _Numbers) -> _Numbers:
    """Return ``numbers`` with one NaN or Inf in the middle of the operand that ``case.special`` names."""
    if not case.special:
        return numbers
    if case.special not in SPECIALS:
        raise ValueError(f"special={case.special!r} is unknown; allowed: {', '.join(SPECIALS)}")
    arrays = [array.copy() for array in numbers.arrays]
    if case.special == "zero-filter-nan-data":
        arrays[-1].reshape(-1)[::2] = 0.0
    target = arrays[-1 if case.special in {"nan-filter", "inf-filter"} else 0]
    if target.size:
        target[tuple(size // 2 for size in target.shape)] = np.inf if case.special.startswith("inf") else np.nan
    return _Numbers(tuple(arrays), numbers.bias)
