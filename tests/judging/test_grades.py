"""What is neither conformant nor low-precision: weaker grades, wrong forms, and what a judgement carries of them."""

import numpy as np
import pytest

from convformance.judging.rule import BrokenFill, Examination, Judgement, judge
from convformance.reference import operations
from convformance.test_cases import fills
from tests.judging import fast
from tests.judging.asked import Array, Given, examined, judged, posed

THREE_BY_THREE = {
    channels: posed(input_size=(14, 13), kernel_size=3, padding=1, in_channels=channels, out_channels=4)
    for channels in (3, 16, 64)
}


@pytest.mark.parametrize("channels", THREE_BY_THREE)
def test_winograd_with_large_tiles_is_norm_wise_or_in_long_sums_componentwise(channels: int) -> None:
    case = THREE_BY_THREE[channels]
    judgement = judged(examined(case, "conv", "float32"), lambda given: fast.winograd(4, case.problem, *given.arrays))
    assert judgement.grade == "norm-wise" if channels == 3 else judgement.grade in {"norm-wise", "componentwise"}
    assert not judgement.exact
    assert judgement.error > 1.0
    assert judgement.accumulator is None
    assert "not exact on int" in judgement.message


@pytest.mark.parametrize("channels", THREE_BY_THREE)
def test_winograd_with_small_tiles_is_exact_on_integers_and_never_low_precision(channels: int) -> None:
    case = THREE_BY_THREE[channels]
    judgement = judged(examined(case, "conv", "float32"), lambda given: fast.winograd(2, case.problem, *given.arrays))
    assert judgement.fills["int"] == "exact"
    assert judgement.grade in {"conformant", "componentwise", "norm-wise"}, judgement.message


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("channels", THREE_BY_THREE)
def test_fourier_transforms_are_norm_wise_where_borders_sum_little(channels: int, dtype: str) -> None:
    case = posed(input_size=(14, 13), kernel_size=5, padding="full", in_channels=channels, out_channels=4)
    judgement = judged(examined(case, "conv", dtype), lambda given: fast.fourier(case.problem, *given.arrays))
    assert judgement.grade == "norm-wise", judgement.message
    assert judgement.bias is None, "errors of a transform are related, and lean to a side for no reason"


def _forward(answer: object) -> Judgement:
    case = posed()
    return judge(
        examined(case, "conv", "float32"), lambda given: answer(operations.apply("conv", case.problem, *given.arrays))
    )


def test_another_shape_is_wrong_and_says_both() -> None:
    judgement = _forward(lambda y: Given(y[:, :, :-1]))
    assert (judgement.grade, judgement.message) == ("wrong", "the result has shape (2, 6, 4, 4); wanted (2, 6, 5, 4)")


def test_another_dtype_is_wrong_and_says_both() -> None:
    judgement = _forward(lambda y: Given(y.astype(np.float64)))
    assert (judgement.grade, judgement.message) == ("wrong", "the result has dtype float64; wanted float32")


def test_a_changed_operand_is_wrong_and_named() -> None:
    judgement = _forward(lambda y: Given(y, changed=(1,)))
    assert (judgement.grade, judgement.message) == ("wrong", "changed its operand w (number 2)")


def test_a_changed_bias_is_named() -> None:
    case = posed(bias=True)
    judgement = judge(
        examined(case, "conv", "float32"),
        lambda given: Given(operations.apply("conv", case.problem, *given.arrays, bias=given.bias), changed=(0, 2)),
    )
    assert judgement.message == "changed its operand x (number 1), its operand bias (number 3)"


@pytest.mark.parametrize("lost", [np.nan, np.inf, -np.inf])
def test_a_single_element_that_is_not_finite_is_wrong(lost: float) -> None:
    def losing(y: Array) -> Given:
        y[1, 4, 3, 2] = lost
        return Given(y)

    judgement = _forward(losing)
    assert judgement.grade == "wrong"
    assert judgement.worst["index"] == [1, 4, 3, 2]
    assert np.array_equal(judgement.worst["got"], lost, equal_nan=True)
    assert judgement.error == np.inf


def test_a_negative_zero_is_the_zero_that_is_wanted() -> None:
    case = posed(input_size=(4, 5), padding=((2, 2), (0, 0)), kernel_size=2)

    def negative(given: object) -> Array:
        y = operations.apply("conv", case.problem, *given.arrays)
        return np.where(y == 0, np.float32(-0.0), y)

    assert judged(examined(case, "conv", "float32"), negative).grade == "conformant"


def test_what_the_implementation_raises_passes_through() -> None:
    def refusing(given: object) -> Array:
        raise NotImplementedError("not in this house")

    with pytest.raises(NotImplementedError, match="not in this house"):
        judged(examined(posed(), "conv", "float32"), refusing)


def test_a_judgement_carries_the_fastest_call_and_a_grade_for_each_fill() -> None:
    case, seconds = posed(), iter([0.5, 0.25, 0.75, 1.0, 2.0])
    judgement = judge(
        examined(case, "conv", "float32"),
        lambda given: Given(operations.apply("conv", case.problem, *given.arrays), seconds=next(seconds)),
    )
    assert judgement.seconds == 0.25
    assert judgement.fills == {
        "int": "exact",
        "xwide": "exact",
        "wwide": "exact",
        "normal": "conformant",
        "positive": "conformant",
    }


EMPTY = {"no images": posed(batch=0), "no result": posed(input_size=(2, 6), kernel_size=(3, 2))}


@pytest.mark.parametrize("operation", ["conv", "conv_filter_grad", "conv_input_grad"])
@pytest.mark.parametrize("name", EMPTY)
def test_empty_operands_and_results_are_judged(name: str, operation: str) -> None:
    case = EMPTY[name]
    judgement = judged(
        examined(case, operation, "float32"), lambda given: operations.apply(operation, case.problem, *given.arrays)
    )
    assert (judgement.grade, judgement.message) == ("conformant", "")


@pytest.mark.parametrize("left", [1e-40, 3.5, np.nan])
@pytest.mark.parametrize("name", EMPTY)
def test_a_filter_gradient_over_nothing_must_be_zero(name: str, left: float) -> None:
    case = EMPTY[name]
    judgement = judged(
        examined(case, "conv_filter_grad", "float32"),
        lambda given: np.full(case.problem.filter_shape, left, np.float32),
    )
    assert judgement.grade == "wrong"


def test_an_empty_result_of_another_shape_is_wrong() -> None:
    judgement = judged(examined(EMPTY["no images"], "conv", "float32"), lambda given: given.arrays[0])
    assert judgement.message == "the result has shape (0, 4, 7, 5); wanted (0, 6, 5, 4)"


def test_an_empty_result_is_asked_for_once() -> None:
    asked = []
    judged(
        examined(EMPTY["no images"], "conv", "float32"),
        lambda given: asked.append(given) or np.zeros((0, 6, 5, 4), np.float32),
    )
    assert len(asked) == 1


def test_a_fill_that_is_not_exact_is_the_fault_of_the_suite() -> None:
    case = posed()
    broken = Examination(
        "conv", case.problem, "float32", lambda name, accumulator, inputs: fills.fill(case, "conv", "float32", "normal")
    )
    with pytest.raises(BrokenFill, match="fill int of conv in float32: sums reach"):
        judged(broken, lambda given: given.arrays[0])
