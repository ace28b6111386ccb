"""Formats of numbers: digits, unit roundoff and range of what an answer may be stored, summed or rounded in."""

from dataclasses import dataclass
from typing import Any

import ml_dtypes
import numpy as np

from convformance.reference.arrays import Array, joined
from convformance.reference.dtypes import operand_dtypes, result_dtype
from convformance.reference.rounding import round_once


@dataclass(frozen=True)
class Format:
    """A binary format: of floating-point numbers, of complex numbers whose parts have it, or of integers.

    ``digits`` counts the significand with its hidden bit; ``smallest_normal`` and ``largest`` are magnitudes. ``dtype``
    is None for a format that exists inside arithmetic only. ``kind`` is that of a NumPy dtype. Source: IEEE 754-2019,
    table 3.5, and its bfloat16 and TF32 relatives.
    """

    name: str
    digits: int
    smallest_normal: float
    largest: float
    dtype: "np.dtype[Any] | None" = None

    @property
    def kind(self) -> str:
        return "f" if self.dtype is None or self.dtype.kind not in "iuc" else self.dtype.kind

    @property
    def is_integer(self) -> bool:
        return self.kind in "iu"

    @property
    def unit(self) -> float:
        """The unit roundoff ``u = 2**-digits``: the largest relative error of one rounding; 0 of integers."""
        return 0.0 if self.is_integer else 2.0**-self.digits

    def round(self, values: Array) -> Array:
        """Return ``values`` rounded once to this format, in the dtype that they have, float64 or complex128.

        Integers beyond the format wrap. Raises TypeError for a format without a dtype.
        """
        if self.dtype is None:
            raise TypeError(f"{self.name} has no dtype to round to; allowed: a format that arrays can be stored in")
        if self.is_integer:
            return np.where(np.isfinite(values), values, 0).astype(np.int64).astype(self.dtype).astype(np.float64)
        if np.iscomplexobj(values) and self.kind != "c":
            return joined(self.round(values.real), self.round(values.imag))
        rounded: Array = round_once(values, self.dtype).astype(np.complex128 if self.kind == "c" else np.float64)
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

_COMPLEX: dict[str, Format] = {
    "complex128": _format("complex128", 53, (-1022, 1023), np.complex128),
    "complex64": _format("complex64", 24, _SINGLE, np.complex64),
}
_INTEGERS: dict[str, Format] = {
    name: Format(name, np.iinfo(name).bits - (np.iinfo(name).min < 0), 0.0, float(np.iinfo(name).max), np.dtype(name))
    for name in ("int8", "uint8", "int32")
}
STORED: dict[str, Format] = {
    **{name: fmt for name, fmt in FORMATS.items() if fmt.dtype is not None},
    **_COMPLEX,
    **_INTEGERS,
}

# What sums are kept in, finest first; the others only ever hold multiplicands.
ACCUMULATORS = ("float64", "float32", "float16", "bfloat16")


def format_of(dtype: str) -> Format:
    """Return the format of arrays of that dtype; raises ValueError naming those there are."""
    fmt = STORED.get(dtype)
    if fmt is None:
        raise ValueError(f"dtype={dtype!r} is not judged; allowed: {', '.join(STORED)}")
    return fmt


def operand_formats(dtype: str) -> tuple[Format, Format]:
    """Return the formats of the first and of the second operand of a question in that dtype."""
    first, second = operand_dtypes(dtype)
    return format_of(first), format_of(second)


def result_format(dtype: str) -> Format:
    """Return the format of the result of a question in that dtype."""
    return format_of(result_dtype(dtype))


def holds_numbers(dtype: "np.dtype[Any]") -> bool:
    """Whether arrays of that dtype hold numbers, real or complex."""
    return dtype.kind == "c" or holds_reals(dtype)


def holds_reals(dtype: "np.dtype[Any]") -> bool:
    """Whether arrays of that dtype hold real numbers; bfloat16 is one of those that NumPy itself knows nothing of."""
    return dtype.kind in "fiu" or any(dtype == fmt.dtype for fmt in FORMATS.values() if fmt.dtype is not None)


def default_accumulator(dtype: str) -> Format:
    """Return what a sum is expected to be kept in: float32 for the 16-bit types, int32 for integers, else the dtype."""
    stored = result_format(dtype)
    return FORMATS["float32"] if stored.digits < FORMATS["float32"].digits else stored


@dataclass(frozen=True)
class Precision:
    """What an answer is judged as: the formats of its sums, of its result, and of multiplicands that are rounded.

    ``bias_after``: a sum is rounded to the result's format before the bias is added to it, and then again.
    """

    accumulator: Format
    result: Format
    inputs: Format | None = None
    bias_after: bool = False

    @property
    def smallest_normal(self) -> float:
        """The largest of the smallest normal numbers on the way: below it a result may be flushed to zero."""
        return max(self.accumulator.smallest_normal, self.result.smallest_normal)
