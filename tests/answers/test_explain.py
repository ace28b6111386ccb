"""One answer: rounding of every kind is called that, and what is no rounding is named by its mistake."""

import json
from typing import Any

import numpy as np
import pytest

from convformance import Explanation, explain
from convformance.reference import conv, conv_input_grad
from convformance.reference.arrays import Array
from tests.answers.numbers import BFLOAT16, cut_to_tf32, operands, rounded_to_tf32, summed

GEOMETRY: dict[str, Any] = {"stride": 2, "padding": 1}


def explained(y: Array, x: Any = None, w: Any = None, **options: Any) -> Explanation:
    ours, filters = operands()
    return explain(y, ours if x is None else x, filters if w is None else w, **{**GEOMETRY, **options})


def names(explanation: Explanation) -> list[str]:
    return [match.name for match in explanation.explains]


@pytest.mark.parametrize("dtype", [np.float64, np.float32, np.float16, BFLOAT16])
def test_sums_in_another_order_are_rounding_in_every_dtype(dtype: Any) -> None:
    x, w = operands(dtype)
    y = summed(x, w, sums=np.float64 if dtype == np.float64 else np.float32, **GEOMETRY)
    explanation = explained(y, x, w)
    assert explanation.ok
    assert explanation.grade in ("conformant", "componentwise")
    assert explanation.share is not None
    assert explanation.share <= 1
    assert str(explanation).startswith("the difference is rounding: ")


def test_finer_sums_than_expected_are_seen() -> None:
    x, w = operands()
    assert explained(summed(x, w, sums=np.float64, **GEOMETRY)).accumulator == "float64"
    assert explained(summed(x, w, sums=np.float32, **GEOMETRY)).accumulator == "float32"


@pytest.mark.parametrize(
    ("rounded", "detail"),
    [
        (rounded_to_tf32, "inputs rounded to tfloat32 or float16"),
        (cut_to_tf32, "inputs cut off to tfloat32 or float16"),
        (lambda array: array.astype(BFLOAT16).astype(np.float32), "inputs rounded to bfloat16"),
        (lambda array: array.astype(np.float16).astype(np.float32), "inputs rounded to tfloat32 or float16"),
    ],
)
def test_inputs_rounded_first_are_named_and_the_answer_is_within_the_bound_of_that(rounded: Any, detail: str) -> None:
    x, w = operands()
    explanation = explained(summed(rounded(x), rounded(w), **GEOMETRY))
    assert explanation.ok
    assert explanation.grade == "low-precision"
    assert [(match.name, match.detail) for match in explanation.explains] == [("low-precision-inputs", detail)]
    assert explanation.share is not None
    assert explanation.explained_share is not None
    assert explanation.explained_share <= 1 < explanation.share
    assert not explained(summed(rounded(x), rounded(w), **GEOMETRY), grade="componentwise").ok


def test_one_rounded_operand_is_told_from_both() -> None:
    x, w = operands()
    explanation = explained(summed(x, rounded_to_tf32(w), **GEOMETRY))
    assert [match.detail for match in explanation.explains] == ["w rounded to tfloat32 or float16"]


def test_a_result_that_was_rounded_and_stored_in_a_wider_type_is_named() -> None:
    x, w = operands()
    y = summed(x, w, **GEOMETRY).astype(np.float16).astype(np.float32)
    assert names(explained(y)) == ["low-precision-result"]
    assert explained(y, dtype="float16").grade in ("conformant", "componentwise")


@pytest.mark.parametrize("sums", [np.float16, BFLOAT16])
def test_narrow_sums_are_named_by_the_size_of_their_errors(sums: Any) -> None:
    rng = np.random.default_rng(1)
    x = rng.standard_normal((2, 24, 9, 9)).astype(np.float32)
    w = rng.standard_normal((4, 24, 3, 3)).astype(np.float32)
    explanation = explained(summed(x, w, sums=sums, **GEOMETRY), x, w)
    assert explanation.ok
    assert names(explanation) == ["low-precision-accumulation"]
    assert np.dtype(sums).name in explanation.explains[0].detail
    assert explained(summed(x, w, sums=sums, **GEOMETRY), x, w, accumulator=np.dtype(sums).name).grade != "wrong"


def test_errors_of_no_arithmetic_are_not_rounding() -> None:
    x, w = operands()
    noise = 1e-3 * np.random.default_rng(2).standard_normal((2, 4, 4, 4)).astype(np.float32)
    explanation = explained(summed(x, w, **GEOMETRY) + noise)
    assert not explanation.ok
    assert explanation.grade == "wrong"
    assert names(explanation) == []
    assert "Beyond the bound" in str(explanation)


def _rotated(x: Array, w: Array) -> Array:
    return summed(x, w[:, :, ::-1, ::-1], **GEOMETRY)


def _mean(x: Array, w: Array) -> Array:
    return summed(x, w, **GEOMETRY) / np.float32(6)


def _reflected(x: Array, w: Array) -> Array:
    return summed(np.pad(x, ((0, 0), (0, 0), (1, 1), (1, 1)), mode="reflect"), w, stride=2)


def _clipped(x: Array, w: Array) -> Array:
    return np.maximum(summed(x, w, **GEOMETRY), 0)


@pytest.mark.parametrize(
    ("mistake", "name"),
    [
        (_rotated, "kernel-rotated"),
        (_mean, "scaled"),
        (_reflected, "reflect-padding-for-zero"),
        (_clipped, "clipped"),
    ],
)
@pytest.mark.parametrize("dtype", [np.float32, np.float16])
def test_a_mistake_is_named_from_one_answer(mistake: Any, name: str, dtype: Any) -> None:
    x, w = operands()
    if dtype == np.float16:
        x, w = x.astype(dtype), w.astype(dtype)
    wide = (array.astype(np.float32) for array in (x, w))
    explanation = explained(mistake(*wide).astype(dtype), x, w)
    assert not explanation.ok
    assert names(explanation)[0] == name
    assert "To mend it" in str(explanation)


def test_what_no_mistake_explains_says_where_it_is() -> None:
    x, w = operands()
    y = summed(x, w, **GEOMETRY)
    y[0, 1, 2, 3] += 1
    explanation = explained(y)
    assert not explanation.ok
    assert explanation.spread is not None
    assert explanation.spread["wrong"] == 1
    assert explanation.worst is not None
    assert explanation.worst["index"] == [0, 1, 2, 3]
    assert "Worst element (0, 1, 2, 3)" in str(explanation)


def test_an_operand_of_more_digits_than_the_answer_may_have_been_rounded_first() -> None:
    x, w = operands(np.float64)
    assert explained(summed(x.astype(np.float32), w.astype(np.float32), **GEOMETRY), x, w).grade != "wrong"
    half = summed(x.astype(BFLOAT16).astype(np.float32), w.astype(BFLOAT16).astype(np.float32), **GEOMETRY)
    assert explained(half.astype(BFLOAT16), x, w).grade != "wrong"
    assert explained(half, x, w).grade == "low-precision"


def test_a_fast_algorithm_is_right_unless_more_is_asked_for() -> None:
    x, w = operands()
    y = summed(x, w, **GEOMETRY)
    small = np.unravel_index(np.argmin(np.abs(y)), y.shape)
    y[small] += np.float32(1e-5)
    assert (explained(y).grade, explained(y).ok) == ("norm-wise", True)
    assert not explained(y, grade="componentwise").ok
    assert "fast algorithm" in str(explained(y))


def test_nan_in_an_operand_must_show_where_it_is_summed_and_nowhere_else() -> None:
    x, w = operands()
    x[0, 0, 3, 3] = np.nan
    lost, spread = summed(np.nan_to_num(x), w, **GEOMETRY), summed(x, w, **GEOMETRY)
    assert explained(spread, x, w).ok
    assert names(explained(lost, x, w)) == ["nan-swallowed"]
    spread[1] = np.nan
    assert names(explained(spread, x, w)) == ["nan-spread"]


def test_nan_that_comes_of_nothing_is_wrong() -> None:
    x, w = operands()
    y = summed(x, w, **GEOMETRY)
    y[0, 0, 0, 0] = np.nan
    assert not explained(y).ok
    assert "1 elements of the answer are NaN or infinite" in str(explained(y))


def test_overflow_of_a_narrow_type_is_right() -> None:
    x, w = (array * 100 for array in operands())
    x, w = x.astype(np.float16), w.astype(np.float16)
    y = conv(x, w, **GEOMETRY)
    assert np.isinf(y).any()
    assert explained(y, x, w).ok
    wrong = y.copy()
    wrong[np.isinf(y)] *= -1
    assert not explained(wrong, x, w).ok


def test_whole_numbers_must_be_right_to_the_last() -> None:
    x, w = np.arange(25, dtype=np.uint8).reshape(5, 5), np.arange(9, dtype=np.int64).reshape(3, 3)
    y = conv(x.astype(np.int64)[None, None], w[None, None])[0, 0]
    assert explain(y, x, w).share == 0
    y[1, 1] += 1
    assert not explain(y, x, w).ok


@pytest.mark.parametrize(
    ("options", "expected"),
    [({"stride": 2}, "--padding same"), ({"padding": 1}, "--stride 2"), ({"padding": 3, "stride": 2}, "--padding 1")],
)
def test_an_answer_of_another_shape_is_told_the_settings_in_which_it_is_right(options: Any, expected: str) -> None:
    rng = np.random.default_rng(3)
    x, w = rng.standard_normal((1, 2, 9, 9)).astype(np.float32), rng.standard_normal((3, 2, 3, 3)).astype(np.float32)
    explanation = explain(summed(x, w, stride=2, padding=1), x, w, **options)
    assert not explanation.ok
    (suggestion,) = explanation.suggestions
    assert suggestion["numbers_right"]
    assert suggestion["options"] in (expected, "--padding same", "--padding 1")
    assert "its shape fits, and the numbers are right" in str(explanation)


def test_channels_last_is_suggested_where_the_operands_make_no_convolution() -> None:
    x, w = operands()
    y = summed(x, w)
    moved = y.transpose(0, 2, 3, 1), x.transpose(0, 2, 3, 1), w.transpose(2, 3, 1, 0)
    (suggestion,) = explain(*moved).suggestions
    assert suggestion["options"] == "--layout NHWC --filter-layout HWIO"
    assert explain(*moved, layout="NHWC", filter_layout="HWIO").ok


def test_channels_exchanged_in_a_square_filter_are_seen_although_the_shape_fits() -> None:
    rng = np.random.default_rng(4)
    x, w = rng.standard_normal((1, 3, 8, 8)).astype(np.float32), rng.standard_normal((3, 3, 3, 3)).astype(np.float32)
    explanation = explain(summed(x, w), x, w.transpose(1, 0, 2, 3))
    assert not explanation.ok
    assert "in-out-channels-swapped" in names(explanation)


def test_an_answer_of_another_shape_that_no_settings_give_is_explained_by_a_mistake() -> None:
    x, w = operands()
    explanation = explained(summed(x, w, **GEOMETRY).transpose(0, 2, 3, 1))
    assert names(explanation)[0] == "layout-misread"


def test_arrays_that_fit_in_no_way_are_an_error_in_one_sentence() -> None:
    x, w = operands()
    with pytest.raises(ValueError, match="w has shape"):
        explain(summed(x, w), x, w[:, :2])


def test_a_bias_that_was_not_stated_is_remarked_and_so_is_a_scale() -> None:
    x, w = operands()
    y = summed(x, w, **GEOMETRY)
    bias, scale = np.array([0.5, -1, 2, 3], np.float32), np.array([1.5, 0.7, 2.3, 1], np.float32)
    explanation = explained(y + bias[:, None, None])
    assert not explanation.ok
    assert "added to it, 0.5, -1, 2, 3: a bias that was not stated?" in " ".join(explanation.remarks)
    assert "multiplied by one number, 1.5, 0.7, 2.3, 1" in " ".join(explained(y * scale[:, None, None]).remarks)
    assert explained(y + y**2).remarks == ()


def test_channels_last_without_images_is_suggested() -> None:
    x, w = operands()
    y = summed(x, w)[0].transpose(1, 2, 0)
    (suggestion,) = explain(y, x[0].transpose(1, 2, 0), w.transpose(2, 3, 1, 0)).suggestions
    assert suggestion["options"] == "--layout HWC --filter-layout HWIO"


def test_a_size_that_the_stride_leaves_open_is_remarked_and_can_be_stated() -> None:
    _, w = operands()
    dy = np.ones((2, 4, 4, 4), np.float32)
    dx = conv_input_grad(dy, w, input_size=(7, 7), **GEOMETRY)
    options: dict[str, Any] = {"dy": dy, "w": w, "op": "conv_input_grad", **GEOMETRY}
    assert "--size states it" in " ".join(explain(dx[..., :-1].copy(), **options).remarks)
    assert explain(dx, size=(7, 7), **options).remarks == ()
    short = explain(dx[..., :-1].copy(), size=(7, 7), **options)
    assert not short.ok
    assert names(short)[0] == "remainder-ignored"


def test_an_answer_whose_size_no_operands_give_is_not_called_an_error_of_the_operands() -> None:
    x, _ = operands()
    dy = np.ones((2, 4, 5, 5), np.float32)
    explanation = explain(np.ones((4, 3, 9, 9), np.float32), x, dy=dy, op="conv_filter_grad")
    assert not explanation.ok
    assert "the answer has shape (4, 3, 9, 9); wanted (4, 3, 3, 2)" in str(explanation)


def test_json_has_everything_and_no_number_that_json_has_none_for() -> None:
    x, w = operands()
    y = summed(x, w, **GEOMETRY)
    y[0, 0, 0, 0] = np.inf
    document = json.loads(json.dumps(explained(y).to_dict(), allow_nan=False))
    assert document["schema"] == "convformance-explain/1"
    assert (document["ok"], document["grade"], document["share"]) == (False, "wrong", "inf")
    named = explained(_rotated(x, w)).to_dict()["explains"][0]
    assert named["name"] == "kernel-rotated"
    assert named["remedy"].endswith(".")
