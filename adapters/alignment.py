"""Where frameworks read an array in place: at a multiple of 64 bytes, and what lies elsewhere is copied."""

from math import prod

from convformance.adapters.contract import Domain, Request
from convformance.reference.arrays import Array

ALIGNMENT = 64  # bytes
_BYTES = {"float64": 8, "float32": 4}  # of a number; 2 of those of 16 bits


def _is_aligned(request: Request) -> bool:
    """Whether arrays that end at a page begin at a multiple of 64 bytes, as pages do."""
    problem, size = request.problem, _BYTES.get(request.dtype, 2)
    shapes = problem.input_shape, problem.filter_shape, problem.output_shape
    return request.memory != "guarded" or all(prod(shape) * size % ALIGNMENT == 0 for shape in shapes)


ALIGNED = Domain("guarded operands of a multiple of 64 bytes", _is_aligned)


def is_aligned(array: Array) -> bool:
    """Whether the array begins where a framework reads it in place."""
    return bool(array.ctypes.data % ALIGNMENT == 0)
