"""One rounding, to nearest and ties to even, into every narrow type, against the neighbours in that type."""

from fractions import Fraction
from typing import Any

import ml_dtypes
import numpy as np
import pytest

from convformance.reference.arrays import Array
from convformance.reference.rounding import round_once

NARROW = (np.float16, ml_dtypes.bfloat16, ml_dtypes.float8_e5m2, ml_dtypes.float8_e4m3fn)


def finite_values(dtype: Any) -> Array:
    """Return every finite value of a narrow type, ascending, in float64."""
    bits = np.arange(2 ** (8 * np.dtype(dtype).itemsize)).astype(f"u{np.dtype(dtype).itemsize}")
    with np.errstate(invalid="ignore"):  # there are NaNs among them
        values = bits.view(dtype).astype(np.float64)
    return np.unique(values[np.isfinite(values)])


@pytest.mark.parametrize("dtype", NARROW)
def test_every_value_of_the_type_is_itself(dtype: Any) -> None:
    values = finite_values(dtype)
    np.testing.assert_array_equal(round_once(values, np.dtype(dtype)).astype(np.float64), values)


@pytest.mark.parametrize("dtype", NARROW)
def test_halves_go_to_even_and_the_least_bit_beyond_a_half_decides(dtype: Any) -> None:
    values = finite_values(dtype)
    below, above = values[:-1], values[1:]
    middle = below + (above - below) / 2
    even = np.where(mantissa_is_even(below, dtype), below, above)
    np.testing.assert_array_equal(round_once(middle, np.dtype(dtype)).astype(np.float64), even)
    np.testing.assert_array_equal(round_once(np.nextafter(middle, -np.inf), np.dtype(dtype)).astype(np.float64), below)
    np.testing.assert_array_equal(round_once(np.nextafter(middle, np.inf), np.dtype(dtype)).astype(np.float64), above)


def mantissa_is_even(values: Array, dtype: Any) -> Array:
    even: Array = values.astype(dtype).view(f"u{np.dtype(dtype).itemsize}") % 2 == 0
    return even


@pytest.mark.parametrize("dtype", [np.float16, ml_dtypes.bfloat16, ml_dtypes.float8_e5m2])
def test_what_is_beyond_the_range_is_infinite_and_nan_stays_nan(dtype: Any) -> None:
    special = np.array([1e300, -1e300, np.inf, -np.inf, np.nan, -0.0])
    rounded = round_once(special, np.dtype(dtype)).astype(np.float64)
    np.testing.assert_array_equal(rounded, [np.inf, -np.inf, np.inf, -np.inf, np.nan, 0])
    assert np.signbit(rounded[-1])


def test_random_values_round_to_the_nearest_bfloat16() -> None:
    rng = np.random.default_rng(3)
    values, neighbours = rng.standard_normal(200) * 2.0 ** rng.integers(-20, 20, 200), finite_values(ml_dtypes.bfloat16)
    for value, rounded in zip(values, round_once(values, np.dtype(ml_dtypes.bfloat16)).astype(np.float64), strict=True):
        index = int(np.searchsorted(neighbours, value))
        distances = [abs(Fraction(neighbour) - Fraction(value)) for neighbour in neighbours[index - 1 : index + 1]]
        assert abs(Fraction(rounded) - Fraction(value)) == min(distances)


def test_an_array_that_has_the_dtype_already_is_returned_as_it_is() -> None:
    values = np.ones(3)
    assert round_once(values, np.dtype(np.float64)) is values
