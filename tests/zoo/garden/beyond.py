"""Right implementations of what lies beyond an ordinary convolution, in orders of their own."""

import numpy as np

from convformance.reference.arrays import Array
from convformance.reference.problem import Problem
from convformance.reference.rounding import round_once
from tests.zoo import tap_loops
from tests.zoo.bordering import Beyond, biased, columns, rectified
from tests.zoo.member import Arrays


def _working(array: Array) -> Array:
    return array.astype(np.float32) if array.dtype.itemsize == 2 else array


def folded(operation: str, problem: Problem, arrays: Arrays, bias: Array | None) -> Array:
    """Fold a normalisation into the filter, rounded to the type of the operands, and into the bias."""
    if problem.then in ("", "relu"):
        return Beyond()(operation, problem, arrays, bias)
    dtype, transposed = arrays[0].dtype, operation == "conv_transpose"
    numbers = columns(np.zeros((1, problem.result_shape(operation)[1], *(1,) * problem.rank)))
    mean, variance, scale, shift = (column.reshape(-1) for column in numbers)
    factor = scale / np.sqrt(variance)
    y, w = arrays
    filters = round_once(w.astype(np.float64) * _by_filter(factor, problem, transposed=transposed), dtype)
    own = np.zeros(len(factor)) if bias is None else bias.astype(np.float64)
    z = tap_loops.apply(operation, problem.linear, (y, filters), round_once((own - mean) * factor + shift, dtype))
    with np.errstate(invalid="ignore"):
        return rectified(z, problem).astype(dtype)


def _by_filter(factor: Array, problem: Problem, *, transposed: bool) -> Array:
    """Return the factor of each filter, or in a transposed convolution of each of its channels, group by group."""
    ones = (1,) * problem.rank
    if not transposed:
        return factor.reshape(-1, 1, *ones)
    rows = np.repeat(np.arange(problem.groups), problem.out_channels // problem.groups)
    return factor.reshape(problem.groups, -1)[rows].reshape(problem.out_channels, -1, *ones)


def step_by_step(operation: str, problem: Problem, arrays: Arrays, bias: Array | None) -> Array:
    """Round after the convolution, after its bias and after each step of a normalisation."""
    if not problem.then:
        return Beyond()(operation, problem, arrays, bias)
    dtype = arrays[0].dtype

    def rounded(value: Array) -> Array:
        return _working(round_once(value, dtype))

    with np.errstate(invalid="ignore", over="ignore"):
        z = _working(tap_loops.apply(operation, problem.linear, arrays))
        y = rounded(biased(z, None if bias is None else _working(bias)))
        if problem.then != "relu":
            mean, variance, scale, shift = (column.astype(y.dtype) for column in columns(z))
            y = rounded(rounded(rounded(y - mean) * rounded(1 / np.sqrt(variance))) * scale)
            y = rounded(y + shift)
        return rectified(y, problem).astype(dtype)
