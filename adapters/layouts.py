"""Layouts: the order of axes in an array, as letters, the asterisk standing for all spatial axes.

Activations are ``NC*`` canonically, filters ``OI*``; a bias and its gradient have one axis and no layout. A ``G`` in
the layout of a filter stands for the groups, and ``O`` for the filters of one: ``GOI*`` has an axis of groups,
``(GI)O*`` is the filter of a transposed convolution by groups, ``(C, O / groups, *kernel_size)``, as parentheses make
one axis of two.
"""

import re
from functools import cache
from math import prod

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


def from_canonical(array: Array, layout: str, groups: int = 1) -> Array:
    """Return ``array`` with its axes in the order of ``layout``: contiguous when anything moved, else the very same.

    What is guarded stays so.
    """
    if "G" in layout:
        return guarded_like(np.ascontiguousarray(_grouped(array, layout, groups)), array)
    there, _ = _orders(layout, array.ndim)
    return array if there is None else guarded_like(np.ascontiguousarray(array.transpose(there)), array)


def to_canonical(array: Array, layout: str, groups: int = 1) -> Array:
    """Return ``array``, whose axes are in the order of ``layout``, in canonical order; a bias is left alone."""
    if "G" in layout:
        return _ungrouped(array, layout, groups)
    _, back = _orders(layout, array.ndim)
    return array if back is None else array.transpose(back)


def _grouped(array: Array, layout: str, groups: int) -> Array:
    """Return a canonical filter in a layout with groups."""
    outputs, *rest = array.shape
    split = array.reshape(groups, outputs // groups, *rest)
    order = sum(_grouped_axes(layout, len(rest) - 1), ())
    return split.transpose(order).reshape(shape_in(array.shape, layout, groups))


def _ungrouped(array: Array, layout: str, groups: int) -> Array:
    """Return a filter in a layout with groups as the canonical one."""
    spatial = array.ndim - len(_grouped_axes(layout, 0))
    axes = _grouped_axes(layout, spatial)
    sizes = [_sizes(merged, size, groups) for merged, size in zip(axes, array.shape, strict=True)]
    groups_first = array.reshape(sum(sizes, ())).transpose(np.argsort(sum(axes, ())))
    return groups_first.reshape(-1, *groups_first.shape[2:])


def _grouped_axes(layout: str, spatial: int) -> list[Axes]:
    """Return, for each axis in ``layout``, the axes of ``(G, O / groups, I / groups, *spatial)`` that it is made of."""
    axes = {"G": 0, "O": 1, "I": 2}
    parts = re.findall(r"\((\w+)\)|(\w|\*)", layout)
    every = [(3 + axis,) for axis in range(spatial)]
    stated = (every if single == "*" else [tuple(axes[each] for each in both or single)] for both, single in parts)
    return [merged for part in stated for merged in part]


def _sizes(merged: Axes, size: int, groups: int) -> Axes:
    """Return the sizes of the axes that one axis is made of: the groups, and what is left."""
    return (size,) if len(merged) == 1 else tuple(groups if axis == 0 else size // groups for axis in merged)


def shape_in(shape: Axes, layout: str, groups: int = 1) -> Axes:
    """Return the canonical ``shape`` with its entries in the order of ``layout``."""
    if "G" in layout:
        split = groups, shape[0] // groups, *shape[1:]
        return tuple(prod(split[axis] for axis in merged) for merged in _grouped_axes(layout, len(shape) - 2))
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
