"""The type of an array, as every signature writes it, and what is common to real and complex numbers."""

from typing import Any

import numpy as np

Array = np.ndarray[Any, Any]


def widened(array: Array) -> Array:
    """Return ``array`` in float64, or in complex128 where it holds complex numbers."""
    wide: Array = array.astype(np.complex128 if np.iscomplexobj(array) else np.float64)
    return wide


def magnitudes(array: Array) -> Array:
    """Return ``|a|``, and of complex numbers ``|re| + |im|``: so that those of factors bound each part of a product."""
    size: Array = np.abs(array.real) + np.abs(array.imag) if np.iscomplexobj(array) else np.abs(array)
    return size


def larger_parts(array: Array) -> Array:
    """Return ``|a|``, and of complex numbers the larger of ``|re|`` and ``|im|``."""
    size: Array = np.maximum(np.abs(array.real), np.abs(array.imag)) if np.iscomplexobj(array) else np.abs(array)
    return size


def joined(real: Array, imaginary: Array) -> Array:
    """Return the complex128 numbers of these parts; ``real + 1j * imaginary`` would make NaN of infinities."""
    parts = np.empty(np.broadcast_shapes(real.shape, imaginary.shape), np.complex128)
    parts.real, parts.imag = real, imaginary
    return parts
