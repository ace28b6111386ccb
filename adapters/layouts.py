"""Layouts: the order of axes in an array, as letters, the asterisk standing for all spatial axes.

Activations are ``NC*`` canonically, filters ``OI*``; a bias and its gradient have one axis and no layout.
"""

from functools import cache

import numpy as np

from convformance.adapters.guarded import guarded_like
from convformance.reference.arrays import Array
from convformance.reference.operation import BY_NAME

Axes = tuple[int, ...]

# What each of a convolution's arrays is; anything else is an activation.
_ROLES = {"filter": "filter", "bias": "bias"}


@cache
def operand_roles(operation: str) -> tuple[str, ...]:
    """Return ``activation`` or ``filter`` for each operand of ``operation``."""
    return tuple(_ROLES.get(array, "activation") for array in BY_NAME[operation].arrays)


@cache
def result_role(operation: str) -> str:
    """Return ``activation``, ``filter`` or ``bias`` for the result of ``operation``."""
    return _ROLES.get(BY_NAME[operation].result, "activation")


def from_canonical(array: Array, layout: str) -> Array:
    """Return ``array`` with its axes in the order of ``layout``: contiguous when anything moved, else the very same.

    What is guarded stays so.
    """
    there, _ = _orders(layout, array.ndim)
    return array if there is None else guarded_like(np.ascontiguousarray(array.transpose(there)), array)


def to_canonical(array: Array, layout: str) -> Array:
    """Return ``array``, whose axes are in the order of ``layout``, in canonical order; a bias is left alone."""
    _, back = _orders(layout, array.ndim)
    return array if back is None else array.transpose(back)


def shape_in(shape: Axes, layout: str) -> Axes:
    """Return the canonical ``shape`` with its entries in the order of ``layout``."""
    there, _ = _orders(layout, len(shape))
    return shape if there is None else tuple(shape[axis] for axis in there)


@cache
def _orders(layout: str, ndim: int) -> tuple[Axes | None, Axes | None]:
    """Return how to permute the axes of a canonical array into ``layout``, and back; None where nothing moves."""
    axes = {"N": (0,), "O": (0,), "C": (1,), "I": (1,), "*": tuple(range(2, ndim))}
    there = tuple(axis for letter in layout for axis in axes[letter])
    if ndim < 2 or there == tuple(range(ndim)):
        return None, None
    return there, tuple(there.index(axis) for axis in range(ndim))
