"""Whose fault a bias is: every way to leave it out or misread it has its name, in each operation that takes one."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from convformance.judging.bounds import Operands
from convformance.judging.rule import Judgement
from convformance.reference import operations
from convformance.reference.arrays import Array
from convformance.reference.operation import WITH_BIAS
from convformance.test_cases.case import Case
from tests.judging.asked import case_of, examine, judgement_of

# (the result without a bias, the bias, how many products each element sums) -> what is answered
Mistake = Callable[[Array, Array, Array], Array]

CASE = case_of(
    input_size=(8, 7), kernel_size=(3, 2), stride=2, batch=3, in_channels=6, out_channels=6, groups=2, bias=True
)


def _column(bias: Array) -> Array:
    return bias[:, None, None]


def _of_channels(order: list[int]) -> Mistake:
    return lambda y, bias, counts: y + _column(bias[order])


def _on_first_image(y: Array, bias: Array, counts: Array) -> Array:
    y[0] += _column(bias)
    return y


def _where_something_is_summed(y: Array, bias: Array, counts: Array) -> Array:
    return np.where(counts > 0, y + _column(bias), 0)


NAMED: dict[str, tuple[str, str, Mistake]] = {
    "ignored": ("bias-missing", "", lambda y, bias, counts: y),
    "first image": ("bias-missing", "but to the first image", _on_first_image),
    "twice": ("bias-twice", "", lambda y, bias, counts: y + _column(2 * bias)),
    "subtracted": ("bias-repeated", "subtracted", lambda y, bias, counts: y - _column(bias)),
    "shared out": ("bias-repeated", "divided by 3", lambda y, bias, counts: y + _column(bias / 3)),
    "by count": ("bias-repeated", "18 times", lambda y, bias, counts: y + _column(18 * bias)),
    "last axis": ("bias-on-wrong-axis", "axis 3", lambda y, bias, counts: y + np.resize(bias, y.shape[-1])),
    "batch": ("bias-on-wrong-axis", "axis 0", lambda y, bias, counts: y + np.resize(bias, len(y))[:, None, None, None]),
    "memory": ("bias-on-wrong-axis", "in turns", lambda y, bias, counts: y + np.resize(bias, y.size).reshape(y.shape)),
    "first for all": ("bias-misread", "that of the first for all", _of_channels([0] * 6)),
    "reversed": ("bias-misread", "in reverse order", _of_channels([5, 4, 3, 2, 1, 0])),
    "next": ("bias-misread", "of the next", _of_channels([1, 2, 3, 4, 5, 0])),
    "first group": ("bias-misread", "that of the first group for all", _of_channels([0, 1, 2, 0, 1, 2])),
    "interleaved": ("bias-misread", "groups interleaved", _of_channels([0, 3, 1, 4, 2, 5])),
    "any other order": ("bias-misread", "those of channels 4, 0, 3, 1, 5, 2", _of_channels([4, 0, 3, 1, 5, 2])),
}


def _judged(case: Case, operation: str, dtype: str, mistake: Mistake) -> Judgement:
    def answer(operands: Operands) -> Array:
        arrays = [array.astype(np.float64) for array in operands.arrays]
        counts = operations.apply(operation, case.problem, *map(np.ones_like, arrays))
        assert operands.bias is not None
        y: Any = mistake(operations.apply(operation, case.problem, *arrays), operands.bias.astype(np.float64), counts)
        return y.astype(operands.arrays[0].dtype)  # type: ignore[no-any-return]

    return judgement_of(examine(case, operation, dtype), answer)


@pytest.mark.parametrize("dtype", ["float32", "bfloat16"])
@pytest.mark.parametrize("operation", WITH_BIAS)
@pytest.mark.parametrize("mistake", NAMED)
def test_a_mistake_with_the_bias_is_named_first(mistake: str, operation: str, dtype: str) -> None:
    name, detail, answer = NAMED[mistake]
    judgement = _judged(CASE, operation, dtype, answer)
    first = judgement.diagnosis[0]
    assert (judgement.grade, first.name) == ("wrong", name), (judgement.message, judgement.diagnosis)
    assert first.detail.startswith(detail)


def test_a_bias_that_is_missing_where_no_tap_writes_says_so() -> None:
    case = case_of(input_size=(9, 7), kernel_size=2, stride=3, bias=True)
    judgement = _judged(case, "conv_transpose", "float32", _where_something_is_summed)
    assert judgement.diagnosis[0].name == "bias-missing"
    assert judgement.diagnosis[0].detail == "where nothing else is summed"


def test_a_bias_for_every_product_follows_the_border() -> None:
    case = case_of(padding=1, bias=True)
    judgement = _judged(case, "conv", "float32", lambda y, bias, counts: y + _column(bias) * counts)
    assert (judgement.diagnosis[0].name, judgement.diagnosis[0].detail) == ("bias-repeated", "for every product")


def test_a_right_bias_is_blamed_for_nothing() -> None:
    judgement = _judged(CASE, "conv", "float32", lambda y, bias, counts: y + _column(bias))
    assert (judgement.grade, judgement.diagnosis) == ("conformant", ())


def test_a_wrong_sum_beside_a_right_bias_is_no_mistake_with_the_bias() -> None:
    judgement = _judged(CASE, "conv", "float32", lambda y, bias, counts: y[::-1] + _column(bias))
    assert not judgement.diagnosis[0].name.startswith("bias-")
