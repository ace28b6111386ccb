"""Truth and bounds: each is what its formula says, computed here from the list of products."""

from typing import Any

import numpy as np
import pytest

from convformance.judging.bounds import Trial, products
from convformance.judging.formats import FORMATS, Precision, default_accumulator, format_of
from convformance.judging.grades import COMPONENTWISE, CONFORMANT, NORM_WISE
from convformance.reference import operations
from convformance.reference.arrays import Array
from convformance.reference.operation import OPERATIONS
from convformance.test_cases import fills
from convformance.test_cases.case import UNBIASED
from tests.judging import summing
from tests.judging.asked import case_of, examine

CASES = [
    case_of(padding=((1, 0), (0, 2)), stride=(2, 1)),
    case_of(input_size=(9,), kernel_size=3, dilation=2, groups=2, padding=2),
    case_of(input_size=(4, 5, 3), kernel_size=(2, 3, 1), stride=(1, 2, 3), padding=1, in_channels=3, out_channels=5),
    case_of(batch=0),
    case_of(in_channels=0, out_channels=3),
    case_of(input_size=(2, 6), kernel_size=(3, 2)),
]
SINGLE = Precision(FORMATS["float32"], FORMATS["float32"])


@pytest.mark.parametrize("operation", OPERATIONS)
@pytest.mark.parametrize("case", CASES, ids=lambda case: case.id)
def test_the_number_of_products_is_the_operation_on_ones(case: Any, operation: str) -> None:
    ones = [np.ones(shape) for shape in case.problem.operand_shapes(operation)]
    wanted = operations.apply(operation, case.problem, *ones)
    assert np.array_equal(np.broadcast_to(products(operation, case.problem), wanted.shape), wanted)


def _trial(operation: str, fill: str, **sizes: Any) -> tuple[Trial, Array]:
    """Return a trial in float32, and the matrix of its products in float64."""
    case = case_of(padding=((1, 0), (0, 2)), stride=(2, 1), **sizes)
    trial = examine(case, operation, "float32").trial(fill)
    terms = summing.products(operation, case.problem)
    first, second = terms.factors(*(array.astype(np.float64).ravel() for array in trial.operands.arrays))
    return trial, (first * second).reshape(*terms.shape, -1)


@pytest.mark.parametrize("fill", ["int", "normal", "positive"])
@pytest.mark.parametrize("operation", UNBIASED)
def test_bounds_are_those_of_the_products(operation: str, fill: str) -> None:
    trial, terms = _trial(operation, fill)
    K, B = trial.K, np.sqrt((terms**2).sum(-1))
    y, A = terms.sum(-1), np.abs(terms).sum(-1)
    W = np.sqrt(K) * (B + np.abs(y))
    for name, wanted in {"y": y, "A": A, "B": B, "W": W}.items():
        np.testing.assert_allclose(getattr(trial, name), wanted, rtol=1e-12, atol=1e-12 * A.max())


def test_a_bias_is_one_more_product() -> None:
    case = case_of(bias=True)
    trial = examine(case, "conv", "float32").trial("normal")
    (x, w), b = trial.numbers
    unbiased = Trial("conv", case.problem, "normal", fills.Operands((x, w)), SINGLE)
    along = b.reshape(-1, 1, 1)
    assert np.array_equal(trial.K, unbiased.K + 1)
    np.testing.assert_allclose(trial.y, unbiased.y + along, rtol=1e-12)
    np.testing.assert_allclose(trial.A, unbiased.A + np.abs(along), rtol=1e-12)
    np.testing.assert_allclose(trial.B**2, unbiased.B**2 + along**2, rtol=1e-12)


def test_tolerances_are_those_of_the_rule() -> None:
    trial, _ = _trial("conv", "normal")
    u, least = 2.0**-24, 2.0**-126
    bounds = {
        CONFORMANT: np.minimum(trial.K * trial.A, 3 * trial.W) * u,
        COMPONENTWISE: np.minimum(trial.K, 3 * np.sqrt(trial.K)) * trial.A * u,
        NORM_WISE: 16 * u * trial.W.max(axis=(2, 3), keepdims=True),
    }
    for grade, bound in bounds.items():
        np.testing.assert_allclose(trial.tolerance(grade, SINGLE), bound + least * (trial.K > 0), rtol=1e-14)


def test_rounding_of_a_narrow_result_and_of_inputs_is_added() -> None:
    trial, _ = _trial("conv", "positive")
    brain, tensor = FORMATS["bfloat16"], FORMATS["tfloat32"]
    precision = Precision(FORMATS["float32"], brain, tensor)
    added = trial.tolerance(CONFORMANT, precision) - trial.tolerance(CONFORMANT, SINGLE)
    wanted = 1.01 * 2.0**-8 * np.abs(trial.y) + 4 * 2.0**-11 * (trial.B + np.abs(trial.y))
    np.testing.assert_allclose(added, wanted, rtol=1e-9)


def test_nothing_is_allowed_where_nothing_is_summed() -> None:
    case = case_of(input_size=(4, 5), padding=((3, 0), (0, 0)), kernel_size=2)
    trial = examine(case, "conv", "float32").trial("normal")
    nothing = np.broadcast_to(trial.K == 0, trial.y.shape)
    assert nothing.any()
    assert np.array_equal(trial.tolerance(CONFORMANT, SINGLE) == 0, nothing)
    assert np.array_equal(trial.tolerance(COMPONENTWISE, SINGLE) == 0, nothing)


def test_sums_that_may_stand_still_are_allowed_to_lose_everything() -> None:
    case = case_of(input_size=(41, 42), kernel_size=(2, 3), batch=3, in_channels=1, out_channels=2)
    trial = examine(case, "conv_filter_grad", "bfloat16").trial("positive")
    brain = FORMATS["bfloat16"]
    assert np.all(trial.tolerance(CONFORMANT, Precision(brain, brain)) >= trial.A)
    assert np.all(trial.bound < 0.01 * trial.A), "in float32 nothing stands still"
    zero_mean = examine(case, "conv_filter_grad", "bfloat16").trial("normal")
    assert np.median(zero_mean.tolerance(CONFORMANT, Precision(brain, brain)) / zero_mean.A) < 0.1


def test_the_truth_of_float64_is_better_than_float64() -> None:
    case = case_of(in_channels=32)
    trial = examine(case, "conv", "float64").trial("normal")
    extended = summing.summed(summing.products("conv", case.problem), trial.operands, summing.pairwise, np.longdouble)
    unbiased = operations.apply("conv", case.problem, *trial.operands.arrays)
    assert np.abs(trial.difference(extended)).max() <= 2.0**-52 * np.abs(trial.y).max()
    assert np.abs(trial.difference(unbiased)).max() > 0
    assert np.array_equal(trial.difference(trial.y + 1.0) > 0.5, np.full(trial.y.shape, True))


def test_formats_have_the_numbers_of_their_standards() -> None:
    for name, dtype in (("float64", np.float64), ("float32", np.float32), ("float16", np.float16)):
        info, terms = np.finfo(dtype), FORMATS[name]
        assert terms.unit == info.eps / 2
        assert terms.smallest_normal == info.smallest_normal
        assert terms.largest == info.max
    assert FORMATS["bfloat16"].largest == float.fromhex("0x1.fep127")
    assert (FORMATS["tfloat32"].unit, FORMATS["bfloat16"].unit) == (2.0**-11, 2.0**-8)


def test_sums_are_expected_in_float32_but_of_float64_in_float64() -> None:
    expected = {dtype: default_accumulator(dtype).name for dtype in ("float64", "float32", "float16", "bfloat16")}
    assert expected == {"float64": "float64", "float32": "float32", "float16": "float32", "bfloat16": "float32"}


def test_a_format_without_a_dtype_neither_rounds_nor_stores() -> None:
    with pytest.raises(TypeError, match="tfloat32 has no dtype to round to"):
        FORMATS["tfloat32"].round(np.ones(3))
    with pytest.raises(ValueError, match="dtype='int16' is not judged"):
        format_of("int16")


def test_rounding_is_to_nearest_once() -> None:
    assert FORMATS["bfloat16"].round(np.array([1 + 2**-8 + 2**-40]))[0] == 1 + 2**-7
    assert FORMATS["float16"].round(np.array([1 + 2**-11 + 2**-40]))[0] == 1 + 2**-10
