"""bfloat16, which NumPy has no type for: as the 16-bit numbers of its bits, and back; and dtypes by their names."""

import ml_dtypes
import numpy as np

from convformance.reference.arrays import Array

BFLOAT16 = np.dtype(ml_dtypes.bfloat16)


def to_bits(array: Array) -> Array:
    """Return a bfloat16 array as uint16, for frameworks that take its bits; any other as it is."""
    return array.view(np.uint16) if array.dtype == BFLOAT16 else array


def from_bits(array: Array) -> Array:
    """Return an array whose elements have two bytes as bfloat16."""
    return array.view(BFLOAT16)


def dtype_named(name: str) -> np.dtype[np.generic]:
    """Return the dtype of that name, bfloat16 included."""
    return BFLOAT16 if name == "bfloat16" else np.dtype(name)
