"""Styles in which parameters, gradients and dtypes reach a function: each is asked for what it means at the first call.

Of a wrong function the first mistake that is named is the one that was made.
"""

from pathlib import Path
from typing import Any

import pytest

from convformance import CheckResult, check
from convformance.checking import asking, loading

PEOPLE = Path(__file__).with_name("people")
RIGHT = ("right", "right-where-it-answers")
SAME: dict[str, Any] = {"padding": "same"}
FUNCTIONS_THAT_ARE_RIGHT = (
    ("records.py:Conv", {}, ""),
    ("records.py:conv_by_tuple", {}, ""),
    ("records.py:conv_by_keywords", {}, ""),
    ("lessons.py:FilterBank", {}, ""),
    ("lessons.py:FilterBank.backward", {}, ""),
    ("single.py:asserting", {"layout": "HW"}, "asked in float32: it takes nothing else"),
    ("single.py:raising", {}, "asked in float32: it takes nothing else"),
    ("single.py:declared", {}, "asked in float32: it takes nothing else"),
    ("single.py:viewed", {"layout": "HW"}, "asked in float32: it returns nothing else"),
    ("single.py:whole_numbers", {"layout": "HW"}, "asked in uint8: it takes nothing else"),
    ("single.py:Layer", {}, "asked in float32: it takes nothing else"),
    ("naming.py:winograd_3x3", {}, "refuses kernels other than 3 x 3"),
    ("naming.py:conv_transpose", {}, ""),
    ("naming.py:conv_transpose_of_letters", {}, ""),
    ("strides.py:channels_last", {}, ""),
    ("strides.py:channels_first", {}, ""),
    ("strides.py:correlated", {"padding": "same_lower"}, ""),
    ("pictures.py:filter_colours", SAME, ""),
    ("pictures.py:filter_with_border", {"padding": "edge", "border": "replicate"}, ""),
)
FUNCTIONS_THAT_ARE_WRONG = (
    ("records.py:ConvBiasTwice", {}, "bias-twice"),
    ("records.py:conv_by_tuple_exchanged", {}, "stride-axes-swapped"),
    ("records.py:conv_by_keywords_unpadded", {"padding": 1}, "padding-ignored"),
    ("records.py:grouped_first_bias", {}, "bias-misread"),
    ("naming.py:conv_transpose_turned", {}, "kernel-rotated"),
    ("strides.py:first_step_for_both", {}, "first-axis-for-both"),
    ("strides.py:correlated", {}, "same-for-valid"),
    ("strides.py:convolved", SAME, "kernel-rotated"),
    ("lessons.py:LayerMean.backward", {}, "scaled"),
    ("single.py:raising_turned", {"layout": "HW"}, "kernel-rotated"),
    ("pictures.py:filter_red", {**SAME, "layout": "HWC", "filter_layout": "HW"}, "first-image-for-all"),
    ("pictures.py:smooth", {"layout": "W", **SAME}, "kernel-rotated"),
)


def result_of(target: str, options: dict[str, Any]) -> CheckResult:
    return check(loading.target_of(str(PEOPLE / target)).function, seconds=60, **options)


@pytest.mark.parametrize(("target", "options", "first_line"), FUNCTIONS_THAT_ARE_RIGHT)
def test_a_right_function_is_right_at_the_first_call(target: str, options: dict[str, Any], first_line: str) -> None:
    result = result_of(target, options)
    assert result.verdict in RIGHT, result
    assert first_line in " ".join(str(result).splitlines()[:2])


@pytest.mark.parametrize(("target", "options", "mistake"), FUNCTIONS_THAT_ARE_WRONG)
def test_a_wrong_function_is_wrong_for_its_own_mistake(target: str, options: dict[str, Any], mistake: str) -> None:
    result = result_of(target, options)
    assert result.verdict == "not-right", result
    assert result.diagnosis[0].name == mistake, result


def test_what_is_misread_in_float64_and_wrong_in_float32_stays_wrong() -> None:
    result = result_of("single.py:viewed_turned", {"layout": "HW"})
    assert result.verdict == "not-right", result


def test_what_leaves_the_range_on_the_way_is_a_remark() -> None:
    result = result_of("naming.py:winograd_3x3", {})
    assert asking.ON_THE_WAY in result.remarks, result


def test_a_dtype_that_is_stated_is_the_only_one() -> None:
    with pytest.raises(ValueError, match="expected Float"):
        result_of("single.py:raising", {"layout": "HW", "dtype": "float16"})


def test_gradients_in_a_dictionary_are_all_asked() -> None:
    result = result_of("lessons.py:Layer.backward", {})
    assert result.ok, result
    operations = ("conv_input_grad", "conv_filter_grad", "conv_bias_grad")
    assert tuple(result.findings.operations) == operations


def test_what_keywords_are_looked_up_for_is_asked() -> None:
    result = result_of("records.py:conv_by_keywords", {})
    assert "stride" in " ".join(verdict["call"] for verdict in result.verdicts)
    assert not any("stride, padding" in each for each in result.not_asked), result


def test_little_time_leaves_no_feature_out() -> None:
    result = result_of("records.py:conv_by_keywords", {})
    first = [verdict["call"] for verdict in result.verdicts[:40]]
    assert all(any(name in call for call in first) for name in ("stride=", "padding=", ", b")), first
