"""The rounding of the result told from the precision of sums: by one product a sum, by sums, with a bias behind it."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from convformance.judging import roundings
from convformance.judging.bounds import Operands
from convformance.judging.examination import Examination
from convformance.judging.formats import FORMATS
from convformance.judging.grades import CONFORMANT, LOW_PRECISION
from convformance.judging.rule import Judgement
from convformance.reference import operations
from convformance.reference.arrays import Array
from convformance.reference.operation import OPERATIONS, WITH_BIAS
from convformance.test_cases import examining
from convformance.test_cases.case import Case
from tests.judging import summing
from tests.judging.asked import case_of, examine, judgement_of

NARROW = ("float16", "bfloat16")
FLOAT32 = FORMATS["float32"]
ONE_PRODUCT = case_of(kernel_size=1, in_channels=1, out_channels=5)
SUMS = case_of()
BIASED = case_of(bias=True)
Store = Callable[[Array], Array]


def _sums(case: Case, operation: str, operands: Operands, *, bias: bool = True) -> Array:
    """Return the sums in float32, those of float64 in that, as numbers in float64."""
    sums = np.positive if operands.arrays[0].dtype == np.float64 else FLOAT32.round
    arrays = (array.astype(np.float64) for array in operands.arrays)
    added = operands.bias.astype(np.float64) if bias and operands.bias is not None else None
    return sums(operations.apply(operation, case.problem, *arrays, bias=added))


def _judged(case: Case, operation: str, dtype: str, store: Store) -> Judgement:
    def answer(operands: Operands) -> Array:
        return store(_sums(case, operation, operands)).astype(operands.arrays[0].dtype)

    return judgement_of(examine(case, operation, dtype), answer)


def _judged_with_bias_after(examination: Examination, case: Case, operation: str, store: Store) -> Judgement:
    def answer(operands: Operands) -> Array:
        y = store(_sums(case, operation, operands, bias=False))
        assert operands.bias is not None
        y = store(y + operands.bias.astype(np.float64).reshape(-1, *(1,) * case.problem.rank))
        return y.astype(operands.arrays[0].dtype)

    return judgement_of(examination, answer)


@pytest.mark.parametrize("dtype", NARROW)
@pytest.mark.parametrize("case", [ONE_PRODUCT, SUMS, BIASED], ids=lambda case: case.id)
def test_every_rounding_that_is_not_to_nearest_is_named_and_none_is_called_narrow_sums(case: Case, dtype: str) -> None:
    for label, store in roundings.once(FORMATS[dtype]):
        judgement = _judged(case, "conv", dtype, store)
        names = [match.name for match in judgement.diagnosis]
        assert judgement.grade == LOW_PRECISION, (label, judgement.message)
        assert names[0] == "result-not-to-nearest", (label, names)
        assert f"result {label}" in judgement.diagnosis[0].detail.split(" = "), judgement.diagnosis
        assert judgement.accumulator == "float32"
        assert judgement.message.startswith("the result ")
        assert "sums kept" not in judgement.message


@pytest.mark.parametrize("operation", OPERATIONS)
def test_a_result_that_is_cut_off_is_named_in_every_operation(operation: str) -> None:
    cut_off = dict(roundings.once(FORMATS["bfloat16"]))["cut off towards zero"]
    judgement = _judged(BIASED, operation, "bfloat16", cut_off)
    assert judgement.grade == LOW_PRECISION
    assert "result-not-to-nearest" in [match.name for match in judgement.diagnosis]


@pytest.mark.parametrize("dtype", NARROW)
@pytest.mark.parametrize("digits", [1, 2, 3])
def test_a_result_that_is_rounded_twice_is_named(digits: int, dtype: str) -> None:
    stored = FORMATS[dtype]
    case = case_of(in_channels=8, input_size=(12, 11))

    def twice(numbers: Array) -> Array:
        return stored.round(roundings.to_digits(stored.digits + digits, np.rint, numbers))

    judgement = _judged(case, "conv", dtype, twice)
    assert (judgement.grade, judgement.diagnosis[0].name) == (LOW_PRECISION, "result-rounded-twice")
    assert f"rounded to {stored.digits + digits} digits first" in judgement.diagnosis[0].detail


def test_a_result_that_comes_by_way_of_float16_says_so() -> None:
    case = case_of(in_channels=2, input_size=(12, 11))
    through = lambda numbers: FORMATS["bfloat16"].round(FORMATS["float16"].round(numbers))  # noqa: E731
    judgement = _judged(case, "conv", "bfloat16", through)
    assert judgement.diagnosis[0].name == "result-rounded-twice"
    assert judgement.message.startswith("the result rounded to float16 first;")


@pytest.mark.parametrize("seed", range(5))
def test_either_neighbour_by_chance_is_a_rounding_where_one_product_is_a_sum(seed: int) -> None:
    down, up = roundings.between(FORMATS["bfloat16"])
    chance = np.random.default_rng(seed)

    def by_chance(numbers: Array) -> Array:
        return np.where(chance.random(numbers.shape) < 0.5, down(numbers), up(numbers))

    judgement = _judged(ONE_PRODUCT, "conv", "bfloat16", by_chance)
    assert (judgement.grade, judgement.diagnosis[0].name) == (LOW_PRECISION, "result-not-to-nearest")
    assert "either neighbour" in judgement.message


@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_a_result_that_is_cut_off_to_a_narrower_format_is_named(dtype: str) -> None:
    cut_off = dict(roundings.once(FORMATS["bfloat16"]))["cut off towards zero"]
    judgement = _judged(SUMS, "conv", dtype, cut_off)
    assert (judgement.grade, judgement.diagnosis[0].name) == (LOW_PRECISION, "low-precision-result")
    assert judgement.message.startswith("the result cut off towards zero, to bfloat16;")


@pytest.mark.parametrize("special", ["nan-data", "inf-filter"])
def test_a_result_that_is_cut_off_is_named_beside_nan_and_infinity_too(special: str) -> None:
    cut_off = dict(roundings.once(FORMATS["bfloat16"]))["cut off towards zero"]
    case = case_of(special=special)
    judgement = _judged(case, "conv", "bfloat16", cut_off)
    assert (judgement.grade, judgement.diagnosis[0].name) == (LOW_PRECISION, "result-not-to-nearest")


@pytest.mark.parametrize("dtype", NARROW)
@pytest.mark.parametrize("operation", WITH_BIAS)
def test_a_bias_added_after_rounding_has_its_own_name(operation: str, dtype: str) -> None:
    judgement = _judged_with_bias_after(examine(BIASED, operation, dtype), BIASED, operation, FORMATS[dtype].round)
    assert (judgement.grade, judgement.accumulator) == (LOW_PRECISION, "float32"), judgement.message
    assert judgement.diagnosis[0].name == "bias-after-rounding"
    assert judgement.message.startswith("the bias added after rounding;")


def test_a_bias_added_after_cutting_off_says_both() -> None:
    cut_off = dict(roundings.once(FORMATS["bfloat16"]))["cut off towards zero"]
    judgement = _judged_with_bias_after(examine(BIASED, "conv", "bfloat16"), BIASED, "conv", cut_off)
    assert judgement.diagnosis[0].name == "bias-after-rounding"
    assert "each time cut off towards zero" in judgement.message


def test_a_rectifier_behind_a_bias_that_is_added_after_rounding_hides_nothing() -> None:
    case = case_of(bias=True, then="relu", operations=("conv",))
    nearest = FORMATS["bfloat16"].round

    def answer(operands: Operands) -> Array:
        arrays = (array.astype(np.float64) for array in operands.arrays)
        y = nearest(FLOAT32.round(operations.apply("conv", case.problem.linear, *arrays)))
        assert operands.bias is not None
        y = nearest(y + operands.bias.astype(np.float64).reshape(-1, 1, 1))
        return np.maximum(y, 0).astype(operands.arrays[0].dtype)

    judgement = judgement_of(examine(case, "conv", "bfloat16"), answer)
    assert judgement.diagnosis[0].name == "bias-after-rounding", judgement.message


def _expecting_bias_after(case: Case, operation: str, dtype: str) -> Examination:
    return examining.examination(case, operation, dtype, bias_after=True)


@pytest.mark.parametrize("dtype", ["float64", "float32", *NARROW])
@pytest.mark.parametrize("operation", WITH_BIAS)
def test_where_the_bias_is_expected_after_rounding_that_is_conformant(operation: str, dtype: str) -> None:
    examination = _expecting_bias_after(BIASED, operation, dtype)
    judgement = _judged_with_bias_after(examination, BIASED, operation, FORMATS[dtype].round)
    assert (judgement.grade, judgement.exact) == (CONFORMANT, True), judgement.message


@pytest.mark.parametrize("ends", ["overflow", "cancelling-overflow"])
@pytest.mark.parametrize("dtype", NARROW)
def test_where_the_bias_is_expected_after_rounding_the_ends_of_the_range_are_conformant(dtype: str, ends: str) -> None:
    case = case_of(bias=True, range=ends)
    examination = _expecting_bias_after(case, "conv", dtype)

    def answer(operands: Operands) -> Array:
        with np.errstate(all="ignore"):
            y = operations.apply("conv", case.problem, *operands.arrays)
            assert operands.bias is not None
            return y + operands.bias.reshape(-1, 1, 1)

    judgement = judgement_of(examination, answer)
    assert judgement.grade == CONFORMANT, judgement.message


def test_where_the_bias_is_expected_after_rounding_other_mistakes_keep_their_names() -> None:
    examination = _expecting_bias_after(BIASED, "conv", "bfloat16")
    cut_off = dict(roundings.once(FORMATS["bfloat16"]))["cut off towards zero"]

    def answer(first: Store) -> Callable[[Any], Array]:
        def of(operands: Operands) -> Array:
            y = first(_sums(BIASED, "conv", operands, bias=False)).astype(operands.arrays[0].dtype)
            assert operands.bias is not None
            return y + operands.bias.reshape(-1, 1, 1)

        return of

    cut = judgement_of(examination, answer(cut_off))
    assert (cut.grade, cut.diagnosis[0].name) == (LOW_PRECISION, "result-not-to-nearest"), cut.message
    none = judgement_of(examination, lambda operands: answer(FORMATS["bfloat16"].round)(_without_bias(operands)))
    assert (none.grade, none.diagnosis[0].name) == ("wrong", "bias-missing")


def _without_bias(operands: Operands) -> Any:
    assert operands.bias is not None
    return replace(operands, bias=np.zeros_like(operands.bias))  # type: ignore[type-var]


@pytest.mark.parametrize("dtype", NARROW)
def test_sums_kept_in_the_narrow_type_are_no_rounding_of_the_result(dtype: str) -> None:
    terms = summing.products("conv", SUMS.problem)
    sums = summing.narrow(summing.to_dtype(FORMATS[dtype].dtype))
    judgement = judgement_of(examine(SUMS, "conv", dtype), lambda operands: summing.summed(terms, operands, sums))
    assert [match.name for match in judgement.diagnosis] == ["low-precision-accumulation"]


def test_what_few_numbers_show_is_said_of_sums_and_of_the_result() -> None:
    """Of four numbers chance decides: both explanations are named, so that other questions may tell."""
    case = case_of(input_size=(4, 3), kernel_size=(3, 3), in_channels=1, out_channels=1, batch=2)
    cut_off = dict(roundings.once(FORMATS["bfloat16"]))["cut off towards zero"]
    judgement = _judged(case, "conv", "bfloat16", cut_off)
    assert judgement.grade == LOW_PRECISION
    assert [match.name for match in judgement.diagnosis][:2] == ["low-precision-accumulation", "result-not-to-nearest"]
    assert ", or the result cut off towards zero" in judgement.message


@pytest.mark.parametrize(
    "label", ["rounded to nearest with halves away from zero", "rounded to nearest with halves up"]
)
def test_a_grade_that_exact_fills_alone_give_does_not_speak_of_errors_of_0_u_w(label: str) -> None:
    case = case_of(input_size=(3, 3), kernel_size=(2, 2), out_channels=2)
    judgement = _judged(case, "conv", "float16", dict(roundings.once(FORMATS["float16"]))[label])
    assert judgement.grade == "componentwise", judgement.message
    assert " 0 u W" not in judgement.message
    assert judgement.message.startswith("not exact on ")
    assert "numbers)" in judgement.message
    assert "random data shows no error beyond that of sums in any order" in judgement.message
