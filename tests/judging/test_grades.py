"""What is neither conformant nor low-precision: weaker grades, wrong forms, and what a judgement carries of them."""

import numpy as np
import pytest

from convformance.judging.rule import BrokenFill, Examination, Judgement, judge
from convformance.reference import operations
from convformance.test_cases import fills
from tests.judging import fast
from tests.judging.asked import Array, InstantAnswer, case_of, examine, judgement_of

THREE_BY_THREE = {
    channels: case_of(input_size=(14, 13), kernel_size=3, padding=1, in_channels=channels, out_channels=4)
    for channels in (3, 16, 64)
}


@pytest.mark.parametrize("channels", THREE_BY_THREE)
def test_winograd_with_large_tiles_is_norm_wise_or_in_long_sums_componentwise(channels: int) -> None:
    case = THREE_BY_THREE[channels]
    judgement = judgement_of(
        examine(case, "conv", "float32"), lambda operands: fast.winograd(4, case.problem, *operands.arrays)
    )
    assert judgement.grade == "norm-wise" if channels == 3 else judgement.grade in {"norm-wise", "componentwise"}
    assert not judgement.exact
    assert judgement.error > 1.0
    assert judgement.accumulator is None
    assert "not exact on int" in judgement.message


@pytest.mark.parametrize("channels", THREE_BY_THREE)
def test_winograd_with_small_tiles_is_exact_on_integers_and_never_low_precision(channels: int) -> None:
    case = THREE_BY_THREE[channels]
    judgement = judgement_of(
        examine(case, "conv", "float32"), lambda operands: fast.winograd(2, case.problem, *operands.arrays)
    )
    assert judgement.fills["int"] == "exact"
    assert judgement.grade in {"conformant", "componentwise", "norm-wise"}, judgement.message


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("channels", THREE_BY_THREE)
def test_fourier_transforms_are_norm_wise_where_borders_sum_little(channels: int, dtype: str) -> None:
    case = case_of(input_size=(14, 13), kernel_size=5, padding="full", in_channels=channels, out_channels=4)
    judgement = judgement_of(
        examine(case, "conv", dtype), lambda operands: fast.fourier(case.problem, *operands.arrays)
    )
    assert judgement.grade == "norm-wise", judgement.message
    assert judgement.bias is None, "errors of a transform are related, and lean to a side for no reason"


def _forward(answer: object) -> Judgement:
    case = case_of()
    return judge(
        examine(case, "conv", "float32"),
        lambda operands: answer(operations.apply("conv", case.problem, *operands.arrays)),
    )


def test_another_shape_is_wrong_and_says_both() -> None:
    judgement = _forward(lambda y: InstantAnswer(y[:, :, :-1]))
    assert (judgement.grade, judgement.message) == ("wrong", "the result has shape (2, 6, 4, 4); wanted (2, 6, 5, 4)")


def test_another_dtype_is_wrong_and_says_both() -> None:
    judgement = _forward(lambda y: InstantAnswer(y.astype(np.float64)))
    assert (judgement.grade, judgement.message) == ("wrong", "the result has dtype float64; wanted float32")


def test_a_changed_operand_is_wrong_and_named() -> None:
    judgement = _forward(lambda y: InstantAnswer(y, changed=(1,)))
    assert (judgement.grade, judgement.message) == ("wrong", "changed its operand w (number 2)")


def test_a_changed_bias_is_named() -> None:
    case = case_of(bias=True)
    judgement = judge(
        examine(case, "conv", "float32"),
        lambda operands: InstantAnswer(
            operations.apply("conv", case.problem, *operands.arrays, bias=operands.bias), changed=(0, 2)
        ),
    )
    assert judgement.message == "changed its operand x (number 1), its operand bias (number 3)"


@pytest.mark.parametrize("not_finite", [np.nan, np.inf, -np.inf])
def test_a_single_element_that_is_not_finite_is_wrong(not_finite: float) -> None:
    def losing(y: Array) -> InstantAnswer:
        y[1, 4, 3, 2] = not_finite
        return InstantAnswer(y)

    judgement = _forward(losing)
    assert judgement.grade == "wrong"
    assert judgement.worst["index"] == [1, 4, 3, 2]
    assert np.array_equal(judgement.worst["got"], not_finite, equal_nan=True)
    assert judgement.error == np.inf


def test_a_negative_zero_is_the_zero_that_is_wanted() -> None:
    case = case_of(input_size=(4, 5), padding=((2, 2), (0, 0)), kernel_size=2)

    def negative(operands: object) -> Array:
        y = operations.apply("conv", case.problem, *operands.arrays)
        return np.where(y == 0, np.float32(-0.0), y)

    assert judgement_of(examine(case, "conv", "float32"), negative).grade == "conformant"


def test_what_the_implementation_raises_passes_through() -> None:
    def refusing(operands: object) -> Array:
        raise NotImplementedError("not in this house")

    with pytest.raises(NotImplementedError, match="not in this house"):
        judgement_of(examine(case_of(), "conv", "float32"), refusing)


def test_a_judgement_carries_the_fastest_call_and_a_grade_for_each_fill() -> None:
    case, seconds = case_of(), iter([0.5, 0.25, 0.75, 1.0, 2.0])
    judgement = judge(
        examine(case, "conv", "float32"),
        lambda operands: InstantAnswer(operations.apply("conv", case.problem, *operands.arrays), seconds=next(seconds)),
    )
    assert judgement.seconds == 0.25
    assert judgement.fills == {
        "int": "exact",
        "xwide": "exact",
        "wwide": "exact",
        "normal": "conformant",
        "positive": "conformant",
    }


EMPTY = {"no images": case_of(batch=0), "no result": case_of(input_size=(2, 6), kernel_size=(3, 2))}


@pytest.mark.parametrize("operation", ["conv", "conv_filter_grad", "conv_input_grad"])
@pytest.mark.parametrize("name", EMPTY)
def test_empty_operands_and_results_are_judged(name: str, operation: str) -> None:
    case = EMPTY[name]
    judgement = judgement_of(
        examine(case, operation, "float32"),
        lambda operands: operations.apply(operation, case.problem, *operands.arrays),
    )
    assert (judgement.grade, judgement.message) == ("conformant", "")


@pytest.mark.parametrize("left", [1e-40, 3.5, np.nan])
@pytest.mark.parametrize("name", EMPTY)
def test_a_filter_gradient_over_nothing_must_be_zero(name: str, left: float) -> None:
    case = EMPTY[name]
    judgement = judgement_of(
        examine(case, "conv_filter_grad", "float32"),
        lambda operands: np.full(case.problem.filter_shape, left, np.float32),
    )
    assert judgement.grade == "wrong"


def test_an_empty_result_of_another_shape_is_wrong() -> None:
    judgement = judgement_of(examine(EMPTY["no images"], "conv", "float32"), lambda operands: operands.arrays[0])
    assert judgement.message == "the result has shape (0, 4, 7, 5); wanted (0, 6, 5, 4)"


def test_an_empty_result_is_asked_for_once() -> None:
    asked = []
    judgement_of(
        examine(EMPTY["no images"], "conv", "float32"),
        lambda operands: asked.append(operands) or np.zeros((0, 6, 5, 4), np.float32),
    )
    assert len(asked) == 1


def test_a_fill_that_is_not_exact_is_the_fault_of_the_suite() -> None:
    case = case_of()
    broken = Examination(
        "conv", case.problem, "float32", lambda name, accumulator, inputs: fills.fill(case, "conv", "float32", "normal")
    )
    with pytest.raises(BrokenFill, match="fill int of conv in float32: sums reach"):
        judgement_of(broken, lambda operands: operands.arrays[0])
