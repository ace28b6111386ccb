"""NaN and infinities: they show where the definition has them and nowhere else; what it leaves open is not judged."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from convformance.judging import special
from convformance.reference import operations
from convformance.reference.operation import OPERATIONS
from convformance.test_cases import fills
from convformance.test_cases.case import DTYPES, UNBIASED
from tests.judging import summing
from tests.judging.asked import Array, Implementation, case_of, examine, judgement_of

GEOMETRIES: dict[str, dict[str, Any]] = {
    "plain": {},
    "padded": {"padding": ((1, 0), (2, 1))},
    "strided": {"input_size": (9, 8), "stride": (2, 3), "padding": ((0, 1), (1, 0))},
    "dilated line": {"input_size": (11,), "kernel_size": 3, "dilation": 2, "padding": ((3, 1),)},
    "grouped": {"groups": 2, "padding": 1},
}


def _multiplying(operation: str, case: Any) -> Implementation:
    """The reference: padding is multiplied like any other zero."""
    return lambda operands: operations.apply(operation, case.problem, *operands.arrays)


def _skipping(operation: str, case: Any) -> Implementation:
    """Products of elements of the operands, and of nothing else."""
    terms = summing.products(operation, case.problem)

    def sums(first: Array, second: Array) -> Array:
        with np.errstate(invalid="ignore"):
            return np.where(terms.first < 0, 0, first * second).sum(axis=1)

    return lambda operands: summing.summed(terms, operands, sums)


def _spreading(operation: str, case: Any) -> Implementation:
    """An input gradient, or a filter gradient, with the zeros that a stride inserts written out and multiplied."""

    def answered(operands: Any) -> Array:
        problem = case.problem
        assert operation == "conv_filter_grad"
        x, dy = operands.arrays
        size = tuple((o - 1) * s + 1 for o, s in zip(problem.output_size, problem.stride, strict=True))
        dense = np.zeros((*dy.shape[:2], *size), dy.dtype)
        dense[(..., *(slice(None, None, s) for s in problem.stride))] = dy
        padding = problem.filter_gradient_padding
        return operations.conv_filter_grad(
            x, dense, kernel_size=problem.kernel_size, padding=padding, dilation=problem.dilation
        )

    return answered


IMPLEMENTATIONS: dict[str, Callable[[str, Any], Implementation]] = {"multiplying": _multiplying, "skipping": _skipping}


@pytest.mark.parametrize("name", fills.SPECIALS)
@pytest.mark.parametrize("geometry", GEOMETRIES)
@pytest.mark.parametrize("implementation", IMPLEMENTATIONS)
def test_multiplying_padding_is_as_right_as_skipping_it(implementation: str, geometry: str, name: str) -> None:
    case = case_of(special=name, **GEOMETRIES[geometry])
    for operation in UNBIASED:
        judgement = judgement_of(examine(case, operation, "float32"), IMPLEMENTATIONS[implementation](operation, case))
        assert judgement.grade == "conformant", (operation, judgement.message)


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("name", fills.SPECIALS)
def test_special_values_are_judged_in_every_dtype(name: str, dtype: str) -> None:
    case = case_of(special=name, padding=1)
    assert judgement_of(examine(case, "conv", dtype), _multiplying("conv", case)).grade == "conformant"


@pytest.mark.parametrize("name", ["nan-data", "inf-data", "zero-filter-nan-data"])
def test_multiplying_the_zeros_that_a_stride_inserts_is_as_right_as_skipping_them(name: str) -> None:
    case = case_of(special=name, **GEOMETRIES["strided"])
    examination = examine(case, "conv_filter_grad", "float32")
    assert special.left_open(examination.trial("normal")).any()
    assert judgement_of(examination, _spreading("conv_filter_grad", case)).grade == "conformant"


@pytest.mark.parametrize("operation", UNBIASED)
@pytest.mark.parametrize("name", fills.SPECIALS)
def test_what_is_expected_is_what_the_products_sum_to(operation: str, name: str) -> None:
    case = case_of(special=name)
    trial = examine(case, operation, "float64").trial("int")
    with np.errstate(invalid="ignore"):
        summed = _skipping(operation, case)(trial.operands)
    shown = special.expected(trial)
    assert np.isnan(shown).any() or np.isinf(shown).any()
    assert np.array_equal(np.where(np.isfinite(summed), 0.0, summed), shown, equal_nan=True)


def test_without_padding_and_stride_nothing_is_left_open() -> None:
    for name in fills.SPECIALS:
        for operation in ("conv", "conv_filter_grad"):
            assert not special.left_open(examine(case_of(special=name), operation, "float32").trial("normal")).any()


def test_a_filter_that_is_not_finite_leaves_the_padded_border_open_and_no_more() -> None:
    case = case_of(special="nan-filter", padding=1)
    trial = examine(case, "conv", "float32").trial("normal")
    assert np.isnan(special.expected(trial)).any()
    undecided = special.left_open(trial)
    assert undecided.any()
    assert not undecided[..., 1:-1, 1:-1].any()


def _changed(change: Callable[[Array], None], name: str = "nan-data", **sizes: Any) -> str:
    """Return the grade of the reference's answers with ``change`` made to them."""
    case = case_of(special=name, **sizes)

    def answered(operands: Any) -> Array:
        y = operations.apply("conv", case.problem, *operands.arrays)
        change(y)
        return y

    return judgement_of(examine(case, "conv", "float32"), answered).grade


def test_a_nan_that_is_lost_is_wrong() -> None:
    assert _changed(lambda y: np.nan_to_num(y, copy=False)) == "wrong"


def test_a_nan_in_one_place_too_many_is_wrong() -> None:
    def spread(y: Array) -> None:
        y[0, 0, 0, 0] = np.nan

    assert _changed(lambda y: None) == "conformant"
    assert _changed(spread) == "wrong"


def test_an_infinity_of_the_other_sign_is_wrong() -> None:
    assert _changed(lambda y: np.negative(y, out=y, where=np.isinf(y)), "inf-data") == "wrong"


def test_an_infinity_that_became_the_largest_number_is_wrong() -> None:
    assert _changed(lambda y: np.clip(y, -3e38, 3e38, out=y), "inf-data") == "wrong"


def test_a_finite_element_beside_a_nan_must_still_be_right() -> None:
    def nudge(y: Array) -> None:
        y[0, 2, 1, 1] *= np.float32(1.001)

    assert _changed(nudge) == "wrong"


def test_zero_times_nan_must_be_nan() -> None:
    case = case_of(special="zero-filter-nan-data")

    def sparse(operands: Any) -> Array:
        x, w = operands.arrays
        terms = summing.products("conv", case.problem)
        first, second = terms.factors(x.ravel(), w.ravel())
        return np.where(second == 0, 0, first * second).sum(axis=1).reshape(terms.shape)

    with np.errstate(invalid="ignore"):
        assert judgement_of(examine(case, "conv", "float32"), sparse).grade == "wrong"


@pytest.mark.parametrize("name", fills.SPECIALS)
def test_one_element_of_the_named_operand_is_placed_in_its_middle(name: str) -> None:
    operands = fills.fill(case_of(special=name), "conv", "float32", "normal")
    not_finite = [np.argwhere(~np.isfinite(array)).tolist() for array in operands.arrays]
    middles = [[[size // 2 for size in array.shape]] for array in operands.arrays]
    assert not_finite == ([[], middles[1]] if name in {"nan-filter", "inf-filter"} else [middles[0], []])
    zeros = np.mean(operands.arrays[1] == 0)
    assert zeros == (0.5 if name.startswith("zero") else 0.0)


@pytest.mark.parametrize(("name", "shown"), [("nan-data", np.nan), ("inf-data", np.inf)])
def test_a_bias_gradient_shows_what_its_channel_holds(name: str, shown: float) -> None:
    case = case_of(special=name, operations=OPERATIONS)
    examination = examine(case, "conv_bias_grad", "float32")
    assert judgement_of(examination, _multiplying("conv_bias_grad", case)).grade == "conformant"
    np.testing.assert_array_equal(special.expected(examination.trial("normal")), [0, 0, 0, shown, 0, 0])


def test_errors_of_a_fast_algorithm_beside_a_nan_are_norm_wise() -> None:
    def noisy(operands: Any) -> Array:
        y = operations.apply("conv", case.problem, *operands.arrays)
        return y + np.float32(8 * 2.0**-24) * np.abs(y[np.isfinite(y)]).max()

    case = case_of(special="nan-data", padding=1)
    judgement = judgement_of(examine(case, "conv", "float32"), noisy)
    assert judgement.grade == "norm-wise", judgement.message


@pytest.mark.parametrize(("name", "pair"), [("", True), ("nan-data", False)])
def test_two_mistakes_are_looked_for_among_ordinary_numbers_alone(name: str, pair: bool) -> None:
    case = case_of(special=name or None, batch=3, stride=2)

    def turned_and_out_of_order(operands: Any) -> Array:
        x, w = operands.arrays
        return operations.apply("conv", case.problem, x[::-1], np.flip(w, (2, 3)))

    diagnosis = judgement_of(examine(case, "conv", "float64"), turned_and_out_of_order).diagnosis
    assert any("+" in match.name for match in diagnosis) == pair
