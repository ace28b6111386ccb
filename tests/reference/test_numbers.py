"""Integers with zero points, and complex numbers, against the definition and against real operations."""

from fractions import Fraction

import numpy as np
import pytest

from convformance.reference import definition, exact_complex, integers, operations
from convformance.reference.operation import OPERATIONS
from convformance.reference.problem import Problem

GEOMETRIES = (
    {},
    {"stride": (2, 3), "padding": ((1, 0), (0, 2))},
    {"dilation": (1, 2), "groups": 2, "padding": "same_upper"},
    {"kernel_size": 1, "groups": 4},
)


def _problem(**changes):
    sizes = {"input_size": (7, 6), "kernel_size": (3, 2), "batch": 2, "in_channels": 4, "out_channels": 8}
    return Problem.of(**{**sizes, **changes})


@pytest.mark.parametrize("geometry", GEOMETRIES)
@pytest.mark.parametrize("zero_points", [(0, 0), (200, -7), (255, 127)])
def test_integers_are_the_definition_on_their_distances_from_the_zero_points(geometry, zero_points):
    random = np.random.default_rng(3)
    problem = _problem(**geometry)
    x = random.integers(0, 256, problem.input_shape).astype(np.uint8)
    w = random.integers(-128, 128, problem.filter_shape).astype(np.int8)
    y = integers.conv(x, w, zero_points=zero_points, **{k: v for k, v in geometry.items() if k != "kernel_size"})
    want = definition.forward(problem, x.astype(np.int64) - zero_points[0], w.astype(np.int64) - zero_points[1])
    assert y.dtype == np.int32
    np.testing.assert_array_equal(y, want)


def test_sums_of_integers_wrap_beyond_32_bits():
    x = np.full((1, 2, 1), 2**30, np.int32)
    assert integers.conv(x, np.full((1, 2, 1), 2, np.int32)).tolist() == [[[0]]]
    assert integers.conv(x, np.ones((1, 2, 1), np.int32)).tolist() == [[[-(2**31)]]]


def test_the_gradients_of_integers_are_those_of_the_same_numbers_as_floats():
    random = np.random.default_rng(4)
    dy, w = random.integers(-128, 128, (2, 3, 5)).astype(np.int8), random.integers(-9, 9, (3, 2, 4)).astype(np.int32)
    got = integers.conv_input_grad(dy, w, input_size=12, stride=2)
    want = operations.conv_input_grad(dy.astype(float), w.astype(float), input_size=12, stride=2)
    np.testing.assert_array_equal(got, want)


def test_what_is_no_integer_or_has_a_bias_is_refused():
    x, w = np.ones((1, 1, 3), np.int8), np.ones((1, 1, 2), np.int8)
    with pytest.raises(TypeError, match="w has dtype float64; allowed: NumPy integer types"):
        integers.conv(x, w.astype(float))
    with pytest.raises(TypeError, match="bias is an array; allowed: None"):
        integers.conv(x, w, bias=np.ones(1, np.int8))


@pytest.mark.parametrize("dtype", ["complex64", "complex128"])
@pytest.mark.parametrize("geometry", [*GEOMETRIES, {"in_channels": 32, "out_channels": 64, "input_size": (24, 25)}])
@pytest.mark.parametrize("operation", OPERATIONS)
def test_complex_numbers_are_four_real_operations_and_nothing_is_conjugated(operation, geometry, dtype):
    random, problem = np.random.default_rng(5), _problem(**geometry)
    parts = [random.integers(-9, 10, (2, *shape)) * 1.0 for shape in problem.operand_shapes(operation)]
    got = operations.apply(operation, problem, *((part[0] + 1j * part[1]).astype(dtype) for part in parts))
    if len(parts) == 1:
        want = [operations.apply(operation, problem, parts[0][index]) for index in (0, 1)]
    else:
        (a, b), (c, d) = parts
        ac, bd, ad, bc = (operations.apply(operation, problem, *pair) for pair in ((a, c), (b, d), (a, d), (b, c)))
        want = [ac - bd, ad + bc]
    assert got.dtype == dtype
    np.testing.assert_array_equal(got, want[0] + 1j * want[1])


def test_the_oracle_for_complex_numbers_holds_the_exact_sums():
    random, problem = np.random.default_rng(6), _problem(input_size=(3, 2), out_channels=1, batch=1)
    x, w = (
        random.standard_normal(shape) + 1j * random.standard_normal(shape)
        for shape in (problem.input_shape, problem.filter_shape)
    )
    bias = np.array([0.1 + 3j])
    y = exact_complex.apply("conv", problem, x, w, bias=bias)
    pairs = list(zip(x.ravel(), w.ravel(), strict=True))
    for part, name in enumerate(("real", "imag")):
        exactly = Fraction(float(getattr(bias[0], name)))
        for first, second in pairs:
            a, b, c, d = map(Fraction, (first.real, first.imag, second.real, second.imag))
            exactly += a * d + b * c if part else a * c - b * d
        hi, lo = (Fraction(float(getattr(each.ravel()[0], name))) for each in (y.hi, y.lo))
        assert abs(hi + lo - exactly) <= y.error.ravel()[0] < 1e-18
        assert hi != exactly
    assert (
        complex(exact_complex.apply("conv_bias_grad", problem, np.full(problem.output_shape, 1 + 2j)).hi[0]) == 1 + 2j
    )
