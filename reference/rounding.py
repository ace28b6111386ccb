"""Which dtype an operation is computed in, and how its result is rounded, once, to the dtype of the operands."""

from functools import cache
from typing import Any

import numpy as np

from convformance.reference.arrays import Array

DType = np.dtype[Any]

ALLOWED_DTYPES = "float64, float32, float16, bfloat16, an 8-bit float, complex128, complex64, or a NumPy integer type"

# Kinds and sizes in bytes.
_IN_THEMSELVES = (("f", 4), ("f", 8), ("c", 8), ("c", 16))


@cache
def computing_dtype(dtype: DType) -> DType:
    """Return the dtype in which the reference computes on operands of ``dtype``.

    float64, float32, complex128, complex64 and integers in themselves, every narrower floating type in float64. Raises
    TypeError for others.
    """
    if dtype.kind in "iu":
        return dtype
    if (dtype.kind, dtype.itemsize) in _IN_THEMSELVES:
        return dtype.newbyteorder("=")
    # Extension types such as bfloat16 are known by name, as they come from a distribution that NumPy does not need.
    if dtype.itemsize <= 2 and dtype.name.startswith(("float", "bfloat")):
        return np.dtype(np.float64)
    raise TypeError(f"dtype={dtype.name}; allowed: {ALLOWED_DTYPES}")


def round_once(values: Array, dtype: DType) -> Array:
    """Return ``values`` rounded to ``dtype`` to nearest, ties to even, in one rounding; itself if it has that dtype.

    Extension types convert float64 by way of float32, which rounds twice: 1 + 2^-8 + 2^-40 would become the bfloat16 1
    and not 1 + 2^-7. Rounding to odd in float32 first makes the second rounding the only one. Source: Boldo &
    Melquiond, "Emulation of FMA and correctly rounded sums: proved algorithms using rounding to odd" (2008).
    """
    if values.dtype == dtype:
        return values
    with np.errstate(over="ignore"):  # Inf is what nearest says beyond the range
        if values.dtype == np.float64 and dtype.itemsize <= 2 and dtype != np.float16:
            values = _round_to_odd(values)
        return values.astype(dtype)


def _round_to_odd(values: Array) -> Array:
    """Return float64 ``values`` in float32: exact ones as they are, the others as the neighbour whose last bit is 1."""
    nearest = values.astype(np.float32)
    inexact = nearest != values
    towards_zero = np.where(np.abs(nearest) > np.abs(values), np.nextafter(nearest, np.float32(0)), nearest)
    odd: Array = (towards_zero.view(np.uint32) | inexact).view(np.float32)
    return odd
