"""Layouts: the order of axes in an array, as letters, the asterisk standing for all spatial axes.

Activations are ``NC*`` canonically, filters ``OI*``; a bias and its gradient have one axis and no layout.
"""

from typing import Any

import numpy as np

Array = np.ndarray[Any, Any]

_ROLES: dict[str, tuple[tuple[str, ...], str]] = {
    "conv": (("activation", "filter"), "activation"),
    "conv_input_grad": (("activation", "filter"), "activation"),
    "conv_filter_grad": (("activation", "activation"), "filter"),
    "conv_bias_grad": (("activation",), "bias"),
    "conv_transpose": (("activation", "filter"), "activation"),
    "conv_transpose_input_grad": (("activation", "filter"), "activation"),
    "conv_transpose_filter_grad": (("activation", "activation"), "filter"),
}


def operand_roles(operation: str) -> tuple[str, ...]:
    """Return ``activation`` or ``filter`` for each operand of ``operation``."""
    return _ROLES[operation][0]


def result_role(operation: str) -> str:
    """Return ``activation``, ``filter`` or ``bias`` for the result of ``operation``."""
    return _ROLES[operation][1]


def from_canonical(array: Array, layout: str) -> Array:
    """Return ``array`` with its axes in the order of ``layout``; contiguous when anything moved, else the very same array."""
    order = _canonical_axes(layout, array.ndim)
    if order == tuple(range(array.ndim)):
        return array
    return np.ascontiguousarray(array.transpose(order))


def to_canonical(array: Array, layout: str) -> Array:
    """Return ``array``, whose axes are in the order of ``layout``, in canonical order. An array of one axis is left alone."""
    if array.ndim < 2:
        return array
    return array.transpose(np.argsort(_canonical_axes(layout, array.ndim)))


def _canonical_axes(layout: str, ndim: int) -> tuple[int, ...]:
    """Return, for each axis of ``layout``, where it stands canonically: the two letters first, then the spatial axes."""
    first = "N" if "N" in layout else "O"
    spatial = tuple(range(2, ndim))
    places = {first: (0,), "*": spatial}
    return tuple(axis for letter in layout for axis in places.get(letter, (1,)))
