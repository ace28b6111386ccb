"""The exact oracle for complex numbers: the four real operations that a bilinear one on complex numbers is."""

from collections.abc import Iterator, Sequence

import numpy as np

from convformance.reference import exact
from convformance.reference.arrays import Array, joined
from convformance.reference.exact import Exact
from convformance.reference.problem import Problem


def apply(operation: str, problem: Problem, *operands: Array, bias: Array | None = None) -> Exact:
    """Return ``operation`` on complex operands with its error, a bound on that of each part; see ``exact.apply``."""
    parts = [(array.real, array.imag) for array in operands]
    biases = (None, None) if bias is None else (bias.real, bias.imag)
    real, imaginary = (_part(operation, problem, parts, biases[part], part) for part in (0, 1))
    return Exact(joined(real.hi, imaginary.hi), joined(real.lo, imaginary.lo), np.maximum(real.error, imaginary.error))


def _part(
    operation: str, problem: Problem, parts: Sequence[tuple[Array, Array]], bias: Array | None, part: int
) -> Exact:
    """Return the real part (0) or the imaginary part (1) of the result."""
    if len(parts) == 1:
        return exact.apply(operation, problem, parts[0][part], bias=bias)
    terms = [
        (sign, exact.apply(operation, problem, parts[0][first], parts[1][second], bias=each_bias))
        for sign, first, second, each_bias in ((1, 0, part, bias), (1 if part else -1, 1, 1 - part, None))
    ]
    total = exact.add_up(problem.result_shape(operation), _signed(terms))
    return Exact(total.hi, total.lo, exact.ROUND_UP * (total.error + sum(term.error for _, term in terms)))


def _signed(terms: Sequence[tuple[int, Exact]]) -> Iterator[Array]:
    for sign, term in terms:
        yield sign * term.hi
        yield sign * term.lo
