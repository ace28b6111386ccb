"""Checking filters of integer images: what becomes of sums beyond the range and of fractions is found out and said."""

from typing import Any

import numpy as np
import pytest

from convformance import check
from convformance.checking.integers import ROUNDINGS
from convformance.reference.arrays import Array
from tests.checking.handwritten import integers
from tests.checking.test_handwritten import convformance

UINT8: dict[str, Any] = {"layout": "HW", "dtype": "uint8", "seconds": 8}


@pytest.mark.parametrize(
    ("function", "remark"),
    [
        (integers.clipped, "as uint8: sums beyond the range are clipped; fractions are cut off"),
        (integers.clipped_and_rounded, "sums beyond the range are clipped; fractions are rounded, halves to even"),
        (integers.kept, "as float64: sums beyond the range stay, in a wider type; fractions stay"),
    ],
)
def test_what_becomes_of_other_sums_is_found_and_said(function: Any, remark: str) -> None:
    result = check(function, **UINT8)
    assert result.ok, result
    assert any(remark in each for each in result.remarks), result.remarks
    assert "uint8 images, float64 kernels" in str(result)
    assert {verdict["dtype"] for verdict in result.verdicts} == {"uint8"}


def test_the_function_is_given_the_types_that_are_said() -> None:
    seen = set()

    def filtered(image: Array, kernel: Array) -> Array:
        seen.add((image.dtype.name, kernel.dtype.name))
        return integers.clipped(image, kernel)

    assert check(filtered, kernel_dtype="int16", **UINT8).ok
    assert seen == {("uint8", "int16")}


def test_sums_that_wrap_around_are_called_so() -> None:
    result = check(integers.converted, **UINT8)
    assert not result.ok
    assert [each.name for each in result.diagnosis] == ["wrapped"]
    assert "0..255" in result.diagnosis[0].explanation
    assert "np.clip(y, 0, 255)" in result.diagnosis[0].remedy


def test_sums_that_wrap_around_are_right_where_that_is_said() -> None:
    assert check(integers.converted, rounding="wrap", **UINT8).ok
    assert not check(integers.clipped, rounding="wrap", **UINT8).ok


@pytest.mark.parametrize("function", [integers.below_forgotten, integers.absolute])
def test_a_range_that_no_rule_explains_is_a_finding_with_an_example(function: Any) -> None:
    result = check(function, **UINT8)
    assert not result.ok
    assert "comes out as" in result.verdicts[-1]["message"]


@pytest.mark.parametrize("rounding", ["clip,half-even", "saturate, half-even", "half-even"])
def test_a_rule_that_is_said_is_held_to(rounding: str) -> None:
    assert check(integers.clipped_and_rounded, rounding=rounding, **UINT8).ok
    result = check(integers.clipped, rounding=rounding, **UINT8)
    assert not result.ok
    assert "half-even" in result.verdicts[-1]["message"]


def test_a_mistake_of_the_convolution_itself_is_named_first() -> None:
    result = check(integers.turned, **UINT8)
    assert not result.ok
    assert result.diagnosis[0].name == "kernel-rotated"
    assert any("sums beyond the range" in entry for entry in result.not_asked)


def test_an_image_that_is_changed_is_a_finding() -> None:
    result = check(integers.in_place, **UINT8)
    assert not result.ok
    assert "changed" in str(result)


@pytest.mark.parametrize("dtype", ["int8", "uint16", "int16", "int32", "int64"])
def test_other_types_are_asked_too(dtype: str) -> None:
    limits = np.iinfo(dtype)

    def saturating(image: Array, kernel: Array) -> Array:
        assert image.dtype == dtype
        return integers.kept(image, kernel).clip(limits.min, limits.max).astype(dtype)

    result = check(saturating, layout="HW", dtype=dtype, kernel_dtype="int32", seconds=8)
    assert result.ok, result


def test_sums_in_the_type_of_the_image_wrap_around() -> None:
    result = check(integers.whole_sums, layout="HW", dtype="int16", kernel_dtype="int16", seconds=8)
    assert not result.ok
    assert result.diagnosis[0].name == "wrapped"


def test_halves_tell_the_roundings_from_each_other() -> None:
    halves = np.array([-2.5, -1.5, -0.5, 0.5, 1.5, 2.5, 0.25, -0.25])
    rounded = {name: tuple(rule(halves, None) + 0.0) for name, rule in ROUNDINGS.items()}
    assert len(set(rounded.values())) == len(ROUNDINGS)
    assert rounded["half-even"] == (-2, -2, 0, 0, 2, 2, 0, 0)
    assert rounded["half-away"] == (-3, -2, -1, 1, 2, 3, 0, 0)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"rounding": "somehow"}, "rounding='somehow'; allowed: clip"),
        ({"op": "conv_filter_grad"}, "allowed: conv"),
        ({"kernel_dtype": "complex64"}, "kernel_dtype='complex64'"),
        ({"dtype": "uint7"}, "dtype='uint7'"),
    ],
)
def test_what_cannot_be_asked_is_refused(options: dict[str, Any], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        check(integers.clipped, **{**UINT8, **options})


def test_a_kernel_that_is_built_in_is_not_asked_in_integers() -> None:
    with pytest.raises(ValueError, match="a kernel that is built in"):
        check(lambda image: integers.clipped(image, np.ones((3, 3))), **UINT8)


def test_the_command_line_takes_integer_images() -> None:
    right = convformance("integers.py:clipped", "--layout", "HW", "--dtype", "uint8")
    assert right.returncode == 0, right.stdout + right.stderr
    wrong = convformance("integers.py:converted", "--layout", "HW", "--dtype", "uint8", "--kernel-dtype", "int64")
    assert wrong.returncode == 1, wrong.stdout + wrong.stderr
    assert "wrapped" in wrong.stdout
    assert (
        convformance("integers.py:converted", "--layout", "HW", "--dtype", "uint8", "--rounding", "wrap").returncode
        == 0
    )
