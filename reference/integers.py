"""The operations on integers: operands of any integer types, each minus its zero point, summed in int32.

Sums beyond int32 wrap, as those of machines do. Padding holds the zero point, so that it counts as 0. Source: Jacob et
al., "Quantization and training of neural networks for efficient integer-arithmetic-only inference" (2018).
"""

from collections.abc import Callable
from functools import wraps
from inspect import signature
from typing import Any

import numpy as np

from convformance.reference import operations
from convformance.reference.arrays import Array
from convformance.reference.operation import OPERAND_NAMES
from convformance.reference.problem import NO_ZERO_POINTS, Problem
from convformance.reference.problem_from_arrays import problem_from_arrays, taken_size


def apply(operation: str, problem: Problem, *operands: Array) -> Array:
    """Return ``operation`` on ``problem``, whose zero points are those of the operands, in int32.

    Raises TypeError for anything but integers, and as ``operations.apply`` does.
    """
    for name, array in zip(OPERAND_NAMES[operation], operands, strict=False):
        if array.dtype.kind not in "iu":
            raise TypeError(f"{name} has dtype {array.dtype.name}; allowed: NumPy integer types")
    wide = operations.apply(operation, problem, *(array.astype(np.int64) for array in operands))
    return wide.astype(np.int32)


def _of_integers(operation: Callable[..., Array]) -> Callable[..., Array]:
    """Return the function of the arguments of ``operation``, without its bias, and of ``zero_points``."""
    name, parameters = operation.__name__, signature(operation)

    @wraps(operation)
    def of_integers(*arguments: Any, zero_points: tuple[int, int] = NO_ZERO_POINTS, **keywords: Any) -> Array:
        named = parameters.bind(*arguments, **keywords).arguments
        operands = [named.pop(operand) for operand in OPERAND_NAMES[name]]
        if named.pop("bias", None) is not None:
            raise TypeError("bias is an array; allowed: None, as integers are summed without one")
        size = taken_size(named)
        problem = problem_from_arrays(name, *operands, size=size, zero_points=zero_points, **named)
        return apply(name, problem, *operands)

    return of_integers


# The operations, each with the arguments of its namesake in ``operations`` and the zero points of its two operands.
conv = _of_integers(operations.conv)
conv_input_grad = _of_integers(operations.conv_input_grad)
conv_filter_grad = _of_integers(operations.conv_filter_grad)
conv_bias_grad = _of_integers(operations.conv_bias_grad)
conv_transpose = _of_integers(operations.conv_transpose)
conv_transpose_input_grad = _of_integers(operations.conv_transpose_input_grad)
conv_transpose_filter_grad = _of_integers(operations.conv_transpose_filter_grad)
