"""Fills: the numbers an operation is asked on, a pure function of the case, the same in any process.

Three exact fills, on which every correct direct algorithm gives the same bits, and two random ones:

- ``int``: both operands integers up to ``R = min(256, sqrt(2**24 / K))``, the same for every dtype;
- ``xwide``: the first operand odd integers of as many digits as fit, the second +-1; ``wwide`` mirrored; elements of one of them
  are put to 0 until all sums of magnitudes fit;
- ``normal``: N(0, 1); ``positive``: U[0, 1), both rounded to the dtype.

Idea of exact fills: the integer fill of oneDNN's benchdnn.
"""

from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache, partial
from hashlib import blake2b
from math import ceil, isqrt, log2, prod
from typing import Any

import numpy as np

from convformance.judging.bounds import EXACT_FILLS, RANDOM_FILLS, magnitude, products
from convformance.judging.formats import FORMATS, Format, default_accumulator, format_of
from convformance.reference.arrays import Array
from convformance.reference.operation import BY_NAME
from convformance.reference.rounding import round_once
from convformance.test_cases.case import Case

__all__ = ["EXACT_FILLS", "RANDOM_FILLS", "SPECIALS", "Operands", "fill"]

SPECIALS = ("nan-data", "inf-data", "nan-filter", "inf-filter", "zero-filter-nan-data")

_INTEGER_DIGITS = 24  # of the int fill's sums in every dtype, so that the numbers are the same
_LARGEST_INTEGER = 256  # what bfloat16, the format of fewest digits, still holds
_SUM_DIGITS = 6  # how many digits the sums of a wide fill have more than its multiplicands
_FLOAT16 = FORMATS["float16"]
_RANDOM_LIMIT = 2.0**15  # of the sums of a random fill in float16, half its largest number


@dataclass(frozen=True)
class Operands:
    """What an operation is asked with: arrays in the dtype under test, laid out as the case says, and a bias or None."""

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


def fill(
    case: Case, operation: str, dtype: str, name: str, accumulator: str | None = None, inputs: str | None = None
) -> Operands:
    """Return the operands of ``operation`` in ``case``, of ``dtype``, filled as ``name`` says.

    An exact fill is exact for sums in ``accumulator`` and multiplicands of the format ``inputs`` where those are narrower than what
    the dtype stands for. Raises ValueError when the fill, a format or the case's special value does not exist.
    """
    stored = format_of(dtype)
    if name in EXACT_FILLS:
        numbers = _exact(case, operation, name, *_digits(stored, accumulator, inputs))
    elif name in RANDOM_FILLS:
        numbers = _random(case, operation, name)
    else:
        raise ValueError(f"fill={name!r} is unknown; allowed: {', '.join((*EXACT_FILLS, *RANDOM_FILLS))}")
    if stored == _FLOAT16:
        numbers = _in_range(case, operation, numbers, _FLOAT16.largest if name in EXACT_FILLS else _RANDOM_LIMIT)
    finished = _special(case, numbers.mapped(partial(_stored, stored)))
    laid = finished.mapped(partial(_laid, memory=case.memory))
    return Operands(laid.arrays, laid.bias)


def _digits(stored: Format, accumulator: str | None, inputs: str | None) -> tuple[int, int]:
    """Return the digits of sums and of multiplicands."""
    sums = default_accumulator(stored.name).digits
    if accumulator is not None:
        sums = min(sums, FORMATS[accumulator].digits)
    held = stored.digits if inputs is None else min(stored.digits, FORMATS[inputs].digits)
    return sums, min(held, sums - _SUM_DIGITS)


def _generator(case: Case, operation: str, name: str, operand: str) -> np.random.Generator:
    """Return the source of one operand's numbers, seeded by a hash of what it is for; it is to be used before the next."""
    _BITS.state = _state("|".join((case.id, operation, name, operand)))
    return _SOURCE


_BITS = np.random.PCG64()
_SOURCE = np.random.Generator(_BITS)


@lru_cache(maxsize=64)
def _state(what: str) -> Any:
    """Return where the source of ``what`` begins; kept for the other dtypes, as seeding takes longer than drawing."""
    return np.random.PCG64(int.from_bytes(blake2b(what.encode(), digest_size=16).digest(), "little")).state


def _drawn(
    case: Case, operation: str, name: str, draw: Callable[[np.random.Generator, tuple[int, ...]], Array]
) -> _Numbers:
    """Return every operand drawn by ``draw(generator, shape)`` from a source of its own."""
    shapes = case.problem.operand_shapes(operation)
    arrays = tuple(draw(_generator(case, operation, name, str(place)), shape) for place, shape in enumerate(shapes))
    if not case.has_bias(operation):
        return _Numbers(arrays, None)
    return _Numbers(
        arrays, draw(_generator(case, operation, name, "bias"), case.problem.operation_bias_shape(operation))
    )


@lru_cache(maxsize=4)
def _random(case: Case, operation: str, name: str) -> _Numbers:
    """Return random numbers, kept for the other dtypes."""
    draw = np.random.Generator.standard_normal if name == "normal" else np.random.Generator.random
    return _drawn(case, operation, name, draw)


def _exact(case: Case, operation: str, name: str, sums: int, held: int) -> _Numbers:
    """Return integers whose products add up to at most ``2**sums`` in every element."""
    return (
        _integers(case, operation, min(sums, _INTEGER_DIGITS))
        if name == "int"
        else _wide(case, operation, name, sums, held)
    )


@lru_cache(maxsize=4)
def _integers(case: Case, operation: str, sums: int) -> _Numbers:
    """Return integers of either sign up to the largest ``R`` of which that many products fit; kept for the other dtypes."""
    operands = len(case.problem.operand_shapes(operation))
    room = 2**sums // max(_longest(case, operation), 1)
    largest = max(1, min(_LARGEST_INTEGER, isqrt(room) if operands > 1 else room))
    numbers = _drawn(case, operation, "int", partial(_uniform, largest))
    return _thinned(case, operation, "int", numbers, sums, 2.0**sums / largest**operands)


def _wide(case: Case, operation: str, name: str, sums: int, held: int) -> _Numbers:
    """Return odd integers of ``held`` digits in one operand and +-1 in the other, if there is one."""
    numbers = _drawn(case, operation, name, partial(_odd, 2**held))
    narrow = 1 if name == "xwide" else 0
    if len(numbers.arrays) > 1:
        signs = tuple(np.sign(array) if place == narrow else array for place, array in enumerate(numbers.arrays))
        numbers = _Numbers(signs, numbers.bias)
    return _thinned(case, operation, name, numbers, sums, 2.0 ** (sums - held))


def _uniform(largest: int, generator: np.random.Generator, shape: tuple[int, ...]) -> Array:
    """Return integers of either sign up to ``largest``, without 0, which would hide what it is multiplied by."""
    drawn = generator.integers(-largest, largest, shape)
    return (drawn + (drawn >= 0)).astype(np.float64)


def _odd(limit: int, generator: np.random.Generator, shape: tuple[int, ...]) -> Array:
    """Return odd integers of either sign below ``limit``."""
    return 2.0 * generator.integers(-limit // 2, limit // 2, shape) + 1.0


def _longest(case: Case, operation: str) -> int:
    """Return how many products the longest sum has, a bias counted."""
    return int(products(operation, case.problem).max(initial=0)) + case.has_bias(operation)


def _thinned(case: Case, operation: str, name: str, numbers: _Numbers, sums: int, summands: float) -> _Numbers:
    """Return ``numbers`` with elements of one operand put to 0 until no sum of magnitudes exceeds ``2**sums``.

    About ``summands`` products are left in the longest sum to begin with. The margin is what float64 may lose in adding them up.
    """
    limit = 2.0**sums * (1 - 2.0**-30)
    density = min(1.0, summands / max(_longest(case, operation), 1))
    if density == 1.0 and _fits(case, operation, numbers, limit):
        return numbers
    place = _sparse_place(case, operation)
    chances = _generator(case, operation, name, "thin").random(numbers.arrays[place].shape)
    while True:
        kept = tuple(np.where(chances < density, a, 0.0) if at == place else a for at, a in enumerate(numbers.arrays))
        thinned = _Numbers(kept, numbers.bias)
        if _fits(case, operation, thinned, limit):
            return thinned
        density *= 0.75


def _sparse_place(case: Case, operation: str) -> int:
    """Return which operand to thin out: the one whose elements meet one of the other's in the most sums.

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


def _fits(case: Case, operation: str, numbers: _Numbers, limit: float) -> bool:
    """Whether no sum of magnitudes exceeds ``limit``; often the largest numbers tell without a sum."""
    bias = 0.0 if numbers.bias is None else _peak(numbers.bias)
    at_most = _longest(case, operation) * prod(map(_peak, numbers.arrays)) + bias
    return at_most <= limit or _largest_sum(case, operation, numbers) <= limit


def _peak(array: Array) -> float:
    return float(np.abs(array).max(initial=0.0))


def _largest_sum(case: Case, operation: str, numbers: _Numbers) -> float:
    return float(magnitude(operation, case.problem, numbers.arrays, numbers.bias).max(initial=0.0))


def _in_range(case: Case, operation: str, numbers: _Numbers, limit: float) -> _Numbers:
    """Return ``numbers`` scaled down by a power of two so that no sum of magnitudes exceeds ``limit``."""
    if _fits(case, operation, numbers, limit):
        return numbers
    largest = _largest_sum(case, operation, numbers)
    return numbers.scaled(2.0 ** -max(0, ceil(log2(max(largest, limit) / limit))))


def _stored(stored: Format, array: Array) -> Array:
    """Return a copy of ``array`` rounded to ``stored``; what would be subnormal there, and may be flushed, is 0."""
    rounded = np.array(round_once(array, np.dtype(stored.dtype)))
    rounded[np.abs(array) < stored.smallest_normal] = 0
    return rounded


def _special(case: Case, numbers: _Numbers) -> _Numbers:
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


def _laid(array: Array, memory: str) -> Array:
    """Return ``array`` as it lies in memory: as it is, every second element of a larger array, or of a channels-last one."""
    if memory == "sliced":
        larger = np.full([2 * size for size in array.shape], np.nan, array.dtype)
        laid = larger[(slice(None, None, 2),) * array.ndim]
        laid[...] = array
        return laid
    if memory == "permuted" and array.ndim > 1:
        return np.moveaxis(np.ascontiguousarray(np.moveaxis(array, 1, -1)), -1, 1)
    return np.ascontiguousarray(array)
