"""Seeded defects of a float32 convolution: of its arithmetic, and of what it computes.

Each takes the problem and the operands and returns the result with the defect.
"""

from collections.abc import Callable
from dataclasses import replace
from functools import partial

import ml_dtypes
import numpy as np

from convformance.judging.bounds import Operands
from convformance.reference import operations
from convformance.reference.arrays import Array
from convformance.reference.problem import Problem
from tests.judging import summing

Defect = Callable[[Problem, Operands], Array]

_HALF, _BRAIN = summing.to_dtype(np.float16), summing.to_dtype(ml_dtypes.bfloat16)


def correct(problem: Problem, operands: Operands) -> Array:
    """Return the convolution in float32."""
    return operations.apply("conv", problem, *operands.arrays)


def _summed(sums: summing.Sum, problem: Problem, operands: Operands) -> Array:
    return summing.summed(summing.products("conv", problem), operands, sums)


def _inputs(rounding: summing.Rounding, problem: Problem, operands: Operands) -> Array:
    return operations.apply("conv", problem, *map(rounding, operands.arrays))


def _output(rounding: summing.Rounding, problem: Problem, operands: Operands) -> Array:
    return rounding(correct(problem, operands))


def _three_products(problem: Problem, operands: Operands) -> Array:
    """Emulate float32 by sums of two bfloat16, without the product of the two small parts."""
    (x, x_rest), (w, w_rest) = (
        (high, _BRAIN(array - high)) for array, high in ((a, _BRAIN(a)) for a in operands.arrays)
    )
    terms = [operations.apply("conv", problem, *pair) for pair in ((x_rest, w), (x, w_rest), (x, w))]
    return terms[0] + terms[1] + terms[2]


def _without_tap(column: int, problem: Problem, operands: Operands) -> Array:
    x, w = operands.arrays
    w = w.copy()
    w.reshape(len(w), -1)[:, column] = 0
    return operations.apply("conv", problem, x, w)


def _without_product_in_one_output(problem: Problem, operands: Operands) -> Array:
    y, lacking = correct(problem, operands), _without_tap(0, problem, operands)
    last = (0, 0, *(size - 1 for size in problem.output_size))
    y[last] = lacking[last]
    return y


def _last_column_zero(problem: Problem, operands: Operands) -> Array:
    y = correct(problem, operands)
    y[..., -1] = 0
    return y


def _row_twice(problem: Problem, operands: Operands) -> Array:
    y = correct(problem, operands)
    y[..., 1, :] = y[..., 0, :]
    return y


def _channel_twice(problem: Problem, operands: Operands) -> Array:
    y = correct(problem, operands)
    y[:, 1] = y[:, 0]
    return y


def _flipped(problem: Problem, operands: Operands) -> Array:
    x, w = operands.arrays
    return operations.apply("conv", problem, x, w[..., ::-1, ::-1])


def _kernel_transposed(problem: Problem, operands: Operands) -> Array:
    x, w = operands.arrays
    return operations.apply("conv", problem, x, w.swapaxes(-1, -2))


def _padding_swapped(problem: Problem, operands: Operands) -> Array:
    swapped = replace(problem, padding=tuple((hi, lo) for lo, hi in problem.padding))
    return operations.apply("conv", swapped, *operands.arrays)


def _edge_repeated(problem: Problem, operands: Operands) -> Array:
    x, w = operands.arrays
    padded = np.pad(x, ((0, 0), (0, 0), *problem.padding), mode="edge")
    unpadded = replace(problem, input_size=padded.shape[2:], padding=((0, 0),) * problem.rank)
    return operations.apply("conv", unpadded, padded, w)


def _one_unwritten(problem: Problem, operands: Operands) -> Array:
    y = correct(problem, operands)
    y[0, 1, 2, 1] = 0
    return y


def _shifted(problem: Problem, operands: Operands) -> Array:
    return np.roll(correct(problem, operands), 1, axis=-1)


def _zeros(problem: Problem, operands: Operands) -> Array:
    return np.zeros_like(correct(problem, operands))


# What narrower arithmetic does, and the words by which the judge tells it.
ARITHMETIC: dict[str, tuple[Defect, str]] = {
    "float16 sums": (partial(_summed, summing.narrow(_HALF)), "sums kept in float16"),
    "bfloat16 sums": (partial(_summed, summing.narrow(_BRAIN)), "sums kept in bfloat16"),
    "TF32 inputs": (partial(_inputs, summing.to_bits(11)), "inputs rounded to tfloat32"),
    "TF32 inputs cut off": (partial(_inputs, summing.to_bits(11, nearest=False)), "inputs rounded to tfloat32"),
    "float16 inputs": (partial(_inputs, _HALF), "inputs rounded to float16"),
    "bfloat16 inputs": (partial(_inputs, _BRAIN), "inputs rounded to bfloat16"),
    "float16 result": (partial(_output, _HALF), "the result rounded to float16"),
    "bfloat16 in three products": (_three_products, "inputs rounded to bfloat16x3"),
}

SUMMED_TOWARDS_ZERO: Defect = partial(_summed, summing.towards_zero)

# What computes something else.
STRUCTURE: dict[str, Defect] = {
    "first product dropped": partial(_without_tap, 0),
    "last product dropped": partial(_without_tap, -1),
    "one product of one output dropped": _without_product_in_one_output,
    "last column zero": _last_column_zero,
    "row twice": _row_twice,
    "channel twice": _channel_twice,
    "kernel flipped": _flipped,
    "kernel transposed": _kernel_transposed,
    "padding swapped": _padding_swapped,
    "edge repeated": _edge_repeated,
    "one element unwritten": _one_unwritten,
    "shifted": _shifted,
    "zeros": _zeros,
}
