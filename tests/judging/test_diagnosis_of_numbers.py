"""The diagnoses of mistakes with zero points, bytes and complex numbers, of a forward convolution."""

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest

from convformance.judging.bounds import Operands
from convformance.reference import integers, operations
from convformance.reference.arrays import Array
from convformance.test_cases.case import Case
from tests.judging.asked import case_of, examine, judgement_of

Mistake = Callable[[Case, Operands], Array]

_PADDED = {"padding": ((1, 0), (0, 1))}
_ZEROS = case_of(**_PADDED, dtypes=("uint8",), zero_points=(3, 5))
_BYTES = case_of(**_PADDED, dtypes=("int8xuint8",))
_COMPLEX = case_of(**_PADDED, dtypes=("complex64",))


def _with_zero_points(*zeros: int) -> Mistake:
    return lambda asked, operands: integers.apply("conv", replace(asked.problem, zero_points=zeros), *operands.arrays)


def _zeros_in_padding(asked: Case, operands: Operands) -> Array:
    x = np.pad(operands.arrays[0], ((0, 0), (0, 0), *asked.padding))
    sizes = {"input_size": x.shape[2:], "padding": ((0, 0), (0, 0))}
    return integers.apply("conv", replace(asked.problem, **sizes), x, operands.arrays[1])


def _unsigned_data(asked: Case, operands: Operands) -> Array:
    return integers.apply("conv", asked.problem, operands.arrays[0].view(np.uint8), operands.arrays[1])


def _pairs_in_16_bits(asked: Case, operands: Operands) -> Array:
    """Sum the products of two neighbouring taps in 16 bits, which saturate."""
    x, w = operands.arrays
    y = integers.apply("conv", asked.problem, x, w).astype(np.int64)
    number = np.arange(w[0].size).reshape(w[0].shape)
    for first in range(0, w[0].size, 2):
        sums = integers.apply("conv", asked.problem, x, np.where(number // 2 == first // 2, w, 0))
        y += np.clip(sums, -(2**15), 2**15 - 1) - sums
    return y.astype(np.int32)


def _of_operands(change: Callable[[Array, Array], tuple[Array, Array]]) -> Mistake:
    return lambda asked, operands: operations.apply("conv", asked.problem, *change(*operands.arrays))


def _of_parts(parts: Callable[[Array], tuple[Array, Array]]) -> Mistake:
    def answer(asked: Case, operands: Operands) -> Array:
        y = operations.apply("conv", asked.problem, *operands.arrays)
        changed = np.empty_like(y)
        changed.real, changed.imag = parts(y)
        return changed

    return answer


def _plus_for_minus(asked: Case, operands: Operands) -> Array:
    x, w = operands.arrays
    y = operations.apply("conv", asked.problem, x, w)
    y.real = operations.apply("conv", asked.problem, x, w.conj()).real
    return y


NUMBERS: dict[str, tuple[Case, Mistake]] = {
    "zero-point-ignored": (_ZEROS, _with_zero_points(0, 5)),
    "zero-point-not-in-padding": (_ZEROS, _zeros_in_padding),
    "signed-as-unsigned": (_BYTES, _unsigned_data),
    "products-in-16-bits": (_BYTES, _pairs_in_16_bits),
    "conjugated": (_COMPLEX, _of_operands(lambda x, w: (x, w.conj()))),
    "imaginary-part-lost": (_COMPLEX, _of_parts(lambda y: (y.real, np.zeros_like(y.real)))),
    "parts-exchanged": (_COMPLEX, _of_parts(lambda y: (y.imag, y.real))),
    "square-of-i": (_COMPLEX, _plus_for_minus),
}


@pytest.mark.parametrize("name", NUMBERS)
def test_a_mistake_with_numbers_is_named_first(name: str) -> None:
    asked, mistake = NUMBERS[name]
    judgement = judgement_of(examine(asked, "conv", asked.dtypes[0]), lambda operands: mistake(asked, operands))
    assert judgement.grade == "wrong"
    assert judgement.diagnosis[0].name == name
