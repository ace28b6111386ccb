"""Finite differences: gradients from values of a function alone; exact where it is affine and the data are integers.

The cost is one or two evaluations of the function for each element of its argument.
"""

from collections.abc import Callable, Iterator
from typing import Any

import numpy as np

from convformance.reference.arrays import Array
from convformance.reference.geometry import Size

Function = Callable[[Array], Array]

# Balances the h^2 of the truncation with the u / h of the rounding.
STEP = float(np.finfo(np.float64).eps) ** (1 / 3)


def unit_differences(function: Function, x: Array, dy: Array) -> Array:
    """Return ``dx[i] = <function(x + e_i) - function(x), dy>``, the gradient of ``<function(x), dy>`` by unit steps.

    It is the gradient itself, not an approximation, for a function that is affine in x, as a convolution is in each
    operand, while every number is an integer below 2^53. dy: the shape of ``function(x)``; dx: shape and dtype of x.
    """
    at_x = function(x)
    _check_cotangent(at_x, dy)
    dx = np.zeros_like(x)
    for index, moved in _moved(x, lambda _: 1):
        dx[index] = np.sum((function(moved) - at_x) * dy)
    return dx


def numerical_gradient(function: Function, x: Array, dy: Array, *, step: float = STEP) -> Array:
    """Return the gradient of ``<function(x), dy>`` in x by central differences, for any smooth function.

    ``dx[i] = <function(x + h e_i) - function(x - h e_i), dy> / 2h`` with ``h = step * max(1, |x_i|)``. The default
    step, the cube root of the spacing of float64 at 1, leaves a relative error of about 1e-10. x: float64, any shape;
    dy: the shape of ``function(x)``. Raises TypeError for another dtype of x, ValueError for a ``step`` that is not
    positive or a dy that does not fit. Source: Nocedal & Wright, "Numerical Optimization" (2006), 8.1.
    """
    if x.dtype != np.float64:
        allowed = "float64, as narrower types drown the differences in rounding"
        raise TypeError(f"x has dtype {x.dtype.name}; allowed: {allowed}")
    if not step > 0:
        raise ValueError(f"step={step!r}; allowed: numbers above 0")
    _check_cotangent(function(x), dy)
    dx = np.zeros_like(x)
    above = _moved(x, lambda entry: step * max(1.0, abs(entry)))
    below = _moved(x, lambda entry: -step * max(1.0, abs(entry)))
    for (index, after), (_, before) in zip(above, below, strict=True):
        dx[index] = np.sum((function(after) - function(before)) * dy) / (after[index] - before[index])
    return dx


def _moved(x: Array, by: Callable[[Any], Any]) -> Iterator[tuple[Size, Array]]:
    """Yield every index of x with a copy of x in which that entry is moved by ``by(entry)``."""
    for index in np.ndindex(x.shape):
        moved = x.copy()
        moved[index] += by(x[index])
        yield index, moved


def _check_cotangent(y: Array, dy: Array) -> None:
    if y.shape != dy.shape:
        raise ValueError(f"dy has shape {dy.shape}; allowed: {y.shape}, the shape of function(x)")
