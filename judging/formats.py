"""Floating-point formats: digits, unit roundoff and range of what an answer may be stored, summed or rounded in."""

from dataclasses import dataclass
from typing import Any

import ml_dtypes
import numpy as np

from convformance.reference.arrays import Array
from convformance.reference.rounding import round_once


@dataclass(frozen=True)
class Format:
    """A binary floating-point format.

    ``digits`` counts the significand with its hidden bit; ``smallest_normal`` and ``largest`` are magnitudes. ``dtype``
    is None for a format that exists inside arithmetic only. Source: IEEE 754-2019, table 3.5, and its bfloat16 and TF32
    relatives.
    """

    name: str
    digits: int
    smallest_normal: float
    largest: float
    dtype: "np.dtype[Any] | None" = None

    @property
    def unit(self) -> float:
        """The unit roundoff ``u = 2**-digits``: the largest relative error of one rounding to nearest."""
        return 2.0**-self.digits

    def round(self, values: Array) -> Array:
        """Return float64 ``values`` rounded once to this format, as float64; TypeError for a format without a dtype."""
        if self.dtype is None:
            raise TypeError(f"{self.name} has no dtype to round to; allowed: a format that arrays can be stored in")
        rounded: Array = round_once(values, self.dtype).astype(np.float64, copy=False)
        return rounded


def _format(name: str, digits: int, exponents: tuple[int, int], dtype: Any = None) -> Format:
    """Return the format whose normal numbers have the exponents ``(least, greatest)``."""
    least, greatest = exponents
    largest = (2.0 - 2.0 ** (1 - digits)) * 2.0**greatest
    return Format(name, digits, 2.0**least, largest, None if dtype is None else np.dtype(dtype))


_SINGLE = (-126, 127)
FORMATS: dict[str, Format] = {
    fmt.name: fmt
    for fmt in (
        _format("float64", 53, (-1022, 1023), np.float64),
        _format("float32", 24, _SINGLE, np.float32),
        # A float32 as the sum of two bfloat16, multiplied in three products: 16 digits of each multiplicand take part.
        _format("bfloat16x3", 16, _SINGLE),
        _format("tfloat32", 11, _SINGLE),
        _format("float16", 11, (-14, 15), np.float16),
        _format("bfloat16", 8, _SINGLE, ml_dtypes.bfloat16),
    )
}

# What sums are kept in, finest first; the others only ever hold multiplicands.
ACCUMULATORS = ("float64", "float32", "float16", "bfloat16")


def format_of(dtype: str) -> Format:
    """Return the format of arrays of that dtype; raises ValueError naming those there are."""
    fmt = FORMATS.get(dtype)
    if fmt is None or fmt.dtype is None:
        allowed = ", ".join(name for name, each in FORMATS.items() if each.dtype is not None)
        raise ValueError(f"dtype={dtype!r} is not judged; allowed: {allowed}")
    return fmt


def holds_reals(dtype: "np.dtype[Any]") -> bool:
    """Whether arrays of that dtype hold real numbers; bfloat16 is one of those that NumPy itself knows nothing of."""
    return dtype.kind in "fiu" or any(dtype == fmt.dtype for fmt in FORMATS.values() if fmt.dtype is not None)


def default_accumulator(dtype: str) -> Format:
    """Return what a sum is expected to be kept in: float64 for float64, float32 for float32 and the 16-bit types."""
    return FORMATS["float64" if format_of(dtype).digits > FORMATS["float32"].digits else "float32"]


@dataclass(frozen=True)
class Precision:
    """What an answer is judged as: the formats of its sums, of its result, and of multiplicands that are rounded."""

    accumulator: Format
    result: Format
    inputs: Format | None = None

    @property
    def smallest_normal(self) -> float:
        """The largest of the smallest normal numbers on the way: below it a result may be flushed to zero."""
        return max(self.accumulator.smallest_normal, self.result.smallest_normal)
