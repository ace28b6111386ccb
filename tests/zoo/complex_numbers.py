"""Complex numbers: a conjugate, a sign, a part that is lost. Asked the questions in complex numbers alone."""

from collections.abc import Callable
from dataclasses import replace

import numpy as np

from convformance.reference.operation import OPERATIONS
from convformance.reference.operations import along_channels
from convformance.reference.problem import Problem
from convformance.test_cases.case import FORWARD, UNBIASED
from tests.zoo import tap_loops
from tests.zoo.member import Array, Arrays, Member, Run
from tests.zoo.mutants import Family, answer, biases, data, filters, right

_wrong = Family("complex numbers")
_right = Family("complex numbers, right")
Parts = tuple[Array, Array]


def _of_parts(product: Callable[[Callable[[Array, Array], Array], Parts, Parts], Parts]) -> Run:
    """Return an implementation that makes both parts of the result of real operations on parts of the operands."""

    def run(operation: str, problem: Problem, arrays: Arrays, bias: Array | None) -> Array:
        if len(arrays) == 1:
            return right(operation, problem, arrays, bias)

        def real(first: Array, second: Array) -> Array:
            return tap_loops.apply(operation, problem, (first, second))

        first, second = ((array.real, array.imag) for array in arrays)
        y = _joined(*product(real, first, second))
        return y if bias is None else y + along_channels(bias, problem.rank)

    return run


def _joined(real: Array, imaginary: Array) -> Array:
    y = np.empty(real.shape, np.complex64 if real.dtype == np.float32 else np.complex128)
    y.real, y.imag = real, imaginary
    return y


def _four(real: Callable[[Array, Array], Array], first: Parts, second: Parts) -> Parts:
    (a, b), (c, d) = first, second
    return real(a, c) - real(b, d), real(a, d) + real(b, c)


def _three(real: Callable[[Array, Array], Array], first: Parts, second: Parts) -> Parts:
    (a, b), (c, d) = first, second
    ac, bd, both = real(a, c), real(b, d), real(a + b, c + d)
    return ac - bd, both - ac - bd


def _with_wrong_sign(real: Callable[[Array, Array], Array], first: Parts, second: Parts) -> Parts:
    (a, b), (c, d) = first, second
    return real(a, c) + real(b, d), real(a, d) + real(b, c)


def _with_half_a_cross_term(real: Callable[[Array, Array], Array], first: Parts, second: Parts) -> Parts:
    (a, b), (c, d) = first, second
    return real(a, c) - real(b, d), real(a, d)


def _in_twice_the_channels(operation: str, problem: Problem, arrays: Arrays, bias: Array | None) -> Array:
    """Compute the forward on parts as channels, each group with its own: a right way."""
    if operation not in FORWARD or problem.groups > 1 or operation == "conv_transpose":
        return right(operation, problem, arrays, bias)
    x, w = arrays
    parts = np.concatenate([x.real, x.imag], 1)
    rows = [np.concatenate(pair, 1) for pair in ((w.real, -w.imag), (w.imag, w.real))]
    doubled = replace(problem, in_channels=2 * problem.in_channels, out_channels=2 * problem.out_channels)
    real, imaginary = np.split(tap_loops.apply(operation, doubled, (parts, np.concatenate(rows, 0))), 2, axis=1)
    y = _joined(real, imaginary)
    return y if bias is None else y + along_channels(bias, problem.rank)


def _conjugate(array: Array, problem: Problem) -> Array:
    return np.conj(array)


def _real_part(array: Array, problem: Problem) -> Array:
    return np.asarray(array.real.astype(array.dtype))


def _exchanged(array: Array, problem: Problem) -> Array:
    return np.asarray(_joined(array.imag, array.real))


def _rounded(array: Array, problem: Problem) -> Array:
    """Round each part to 11 digits."""
    parts = array.view(array.real.dtype) if array.flags.c_contiguous else np.ascontiguousarray(array).view("f4")
    significands, exponents = np.frexp(parts)
    return np.ldexp(np.rint(significands * 2048) / 2048, exponents).astype(parts.dtype).view(array.dtype)


_TWO = tuple(operation for operation in UNBIASED)

MEMBERS: tuple[Member, ...] = (
    _wrong("filter-conjugated", "Conjugates the filter.", FORWARD, filters(_conjugate), "conjugated"),
    _wrong("second-operand-conjugated", "Conjugates the second operand, as a derivative does that is taken for a "
           "gradient of real numbers.", _TWO, filters(_conjugate), "conjugated"),
    _wrong("result-conjugated", "Conjugates the result.", UNBIASED, answer(_conjugate), "conjugated"),
    _wrong("imaginary-part-dropped", "Gives the real part of the result.", UNBIASED,
           answer(_real_part), "imaginary-part-lost"),
    _wrong("real-data", "Reads the real part of the data alone.", _TWO, data(_real_part), "imaginary-part-lost"),
    _wrong("parts-in-reverse", "Writes the imaginary part first.", UNBIASED, answer(_exchanged), "parts-exchanged"),
    _wrong("plus-for-minus", "Adds the product of the imaginary parts.", _TWO,
           _of_parts(_with_wrong_sign), "square-of-i"),
    _wrong("half-a-cross-term", "Leaves out one of the two products of a real and an imaginary part.", _TWO,
           _of_parts(_with_half_a_cross_term)),
    _wrong("bias-of-real-part", "Adds the real part of a bias alone.", ("conv", "conv_transpose"), biases(_real_part)),
    _wrong("parts-of-11-digits", "Rounds each part of the data to 11 digits.", _TWO,
           data(_rounded), "low-precision-inputs"),
)  # fmt: skip
GARDEN: tuple[Member, ...] = (
    _right("complex-taps", "Adds products of complex numbers tap by tap.", OPERATIONS, right),
    _right("four-real-operations", "Makes the parts of four operations on parts.", OPERATIONS, _of_parts(_four)),
    _right("three-real-operations", "Makes the parts of three operations on parts and their sums.", OPERATIONS,
           _of_parts(_three)),
    _right("parts-as-channels", "Takes parts for channels, of a filter twice as large.", OPERATIONS,
           _in_twice_the_channels),
)  # fmt: skip
