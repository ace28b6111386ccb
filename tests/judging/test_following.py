"""What follows a convolution, as the judge sees it: every right order is right, every mistake is wrong and named."""

from collections.abc import Callable
from typing import Any

import ml_dtypes
import numpy as np
import pytest

from convformance.judging.bounds import Operands
from convformance.judging.examination import Examination
from convformance.judging.rule import Judgement, judge
from convformance.reference.arrays import Array
from convformance.reference.following import EPSILON, FOLLOWING, statistics
from tests.judging import handmade
from tests.judging.asked import InstantAnswer, case_of, examine

SIZES: dict[str, Any] = {"in_channels": 3, "out_channels": 6, "bias": True}
DTYPES = {"float64": np.float64, "float32": np.float32, "float16": np.float16, "bfloat16": ml_dtypes.bfloat16}
# (the convolution without its bias, the bias of each channel, mean, deviation, scale, shift) -> what follows
Formula = Callable[..., Array]


def _columns(operands: Operands) -> list[Array]:
    numbers = statistics(6)
    deviation = np.sqrt(numbers.variance + EPSILON)
    bias = np.zeros(6) if operands.bias is None else operands.bias.astype(np.float64)
    each = bias, numbers.mean, deviation, numbers.scale, numbers.shift
    return [column.reshape(-1, 1, 1) for column in each]


def _judged(then: str, formula: Formula, dtype: str = "float32", **sizes: Any) -> Judgement:
    declared = case_of(**{**SIZES, **sizes, "then": then})
    examination = examine(declared, "conv", dtype)

    def answer(operands: Operands) -> InstantAnswer:
        x, w = (array.astype(np.float64) for array in operands.arrays)
        with np.errstate(invalid="ignore", over="ignore"):
            value = formula(handmade.forward(x, w), *_columns(operands))
            return InstantAnswer(value.astype(DTYPES[dtype]))

    return judge(examination, answer)


def _relu(y: Array) -> Array:
    return np.maximum(y, 0)


def _normal(z: Array, mean: Array, deviation: Array, scale: Array, shift: Array) -> Array:
    return (z - mean) / deviation * scale + shift


RIGHT: dict[str, Formula] = {
    "relu": lambda z, b, *_: _relu(z + b),
    "batch_norm": lambda z, b, *n: _normal(z + b, *n),
    "batch_norm_relu": lambda z, b, *n: _relu(_normal(z + b, *n)),
}
_NUMBERS = statistics(6)
_VARIANCE = _NUMBERS.variance.reshape(-1, 1, 1)
FOLLOWED: dict[str, tuple[str, Formula]] = {
    "following-ignored": ("batch_norm_relu", lambda z, b, *n: z + b),
    "rectified-before-bias": ("relu", lambda z, b, *n: _relu(z) + b),
    "rectified-before-normalisation": ("batch_norm_relu", lambda z, b, *n: _normal(_relu(z + b), *n)),
    "variance-for-deviation": ("batch_norm", lambda z, b, m, d, s, t: (z + b - m) / (_VARIANCE + EPSILON) * s + t),
    "epsilon-forgotten": ("batch_norm_relu", lambda z, b, m, d, s, t: _relu((z + b - m) / np.sqrt(_VARIANCE) * s + t)),
    "normalisation-folded-into-filter": ("batch_norm", lambda z, b, m, d, s, t: z / d * s + b),
}


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("then", FOLLOWING)
def test_the_right_order_is_right_in_every_type(then: str, dtype: str) -> None:
    judgement = _judged(then, RIGHT[then], dtype)
    assert judgement.grade == "conformant", judgement.message
    assert judgement.error is not None
    assert judgement.error <= 1


@pytest.mark.parametrize("dtype", DTYPES)
def test_a_normalisation_may_be_folded_into_filter_and_bias_of_the_operands_type(dtype: str) -> None:
    working = DTYPES[dtype]
    examination = examine(case_of(**SIZES, then="batch_norm_relu"), "conv", dtype)

    def folded(operands: Operands) -> InstantAnswer:
        (x, w), (bias, mean, deviation, scale, shift) = operands.arrays, _columns(operands)
        factor = scale / deviation
        filters = (w.astype(np.float64) * factor[..., None]).astype(working)
        biases = ((bias - mean) * factor + shift).astype(working)
        z = handmade.forward(x.astype(np.float64), filters.astype(np.float64)) + biases.astype(np.float64)
        return InstantAnswer(_relu(z).astype(working))

    assert judge(examination, folded).grade == "conformant"


@pytest.mark.parametrize("dtype", DTYPES)
def test_each_step_may_be_rounded_to_the_type(dtype: str) -> None:
    working = DTYPES[dtype]

    def rounded(value: Array) -> Array:
        return value.astype(working).astype(np.float64)

    def stepwise(z: Array, b: Array, m: Array, d: Array, s: Array, t: Array) -> Array:
        return rounded(rounded(rounded(rounded(rounded(z) + b) - m) * rounded(1 / d)) * s) + t

    assert _judged("batch_norm", stepwise, dtype).grade == "conformant"


@pytest.mark.parametrize("name", FOLLOWED)
def test_a_mistake_is_wrong_and_named_first(name: str) -> None:
    then, formula = FOLLOWED[name]
    judgement = _judged(then, formula)
    assert judgement.grade == "wrong"
    assert judgement.diagnosis[0].name == name, judgement.diagnosis


@pytest.mark.parametrize("dtype", ["float16", "bfloat16"])
@pytest.mark.parametrize("name", FOLLOWED)
def test_a_mistake_is_wrong_in_narrow_types_too(name: str, dtype: str) -> None:
    then, formula = FOLLOWED[name]
    assert _judged(then, formula, dtype).grade == "wrong"


def test_a_rectifier_leaves_exact_fills_exact_and_a_normalisation_does_not() -> None:
    assert _judged("relu", RIGHT["relu"]).exact
    examinations: list[Examination] = [
        examine(case_of(**SIZES, then=then), "conv", "float32") for then in ("relu", "batch_norm")
    ]
    assert [examination.trial("int").exact for examination in examinations] == [True, False]


def test_an_error_of_one_unit_after_a_rectifier_is_seen_on_exact_fills() -> None:
    judgement = _judged("relu", lambda z, b, *_: np.nextafter(_relu(z + b), np.inf, dtype=np.float32))
    assert not judgement.exact


@pytest.mark.parametrize("then", FOLLOWING)
@pytest.mark.parametrize("special", ["nan-data", "inf-data"])
def test_special_values_are_handed_on(then: str, special: str) -> None:
    assert _judged(then, RIGHT[then], special=special).grade == "conformant"


def test_a_nan_that_a_rectifier_swallows_is_wrong_and_named() -> None:
    judgement = _judged("relu", lambda z, b, *_: np.where(z + b > 0, z + b, 0.0), special="nan-data")
    assert judgement.grade == "wrong"
    assert judgement.diagnosis[0].name == "nan-swallowed"


def test_an_infinity_with_the_wrong_sign_behind_a_negative_scale_is_wrong() -> None:
    judgement = _judged("batch_norm", lambda z, b, m, d, s, t: (z + b - m) / d * abs(s) + t, special="inf-data")
    assert judgement.grade == "wrong"


def test_the_oracle_of_float64_is_as_exact_as_the_bound_needs() -> None:
    for then in FOLLOWING:
        judgement = _judged(then, RIGHT[then], "float64")
        assert judgement.grade == "conformant"
        assert judgement.error is not None
        assert judgement.error < 0.5


@pytest.mark.parametrize("then", FOLLOWING)
def test_a_transposed_convolution_is_followed_by_its_own_channels(then: str) -> None:
    declared = case_of(**{**SIZES, "in_channels": 6, "out_channels": 3, "then": then}, operations=("conv_transpose",))
    examination = examine(declared, "conv_transpose", "float32")
    shape = examination.shape
    assert examination.trial("normal").y.shape == shape
    assert examination.trial("normal").bound.shape == shape
