"""The exact oracle against rational arithmetic: its bound holds, is small, and is 0 only where the result is exact."""

from fractions import Fraction
from itertools import pairwise
from typing import Any

import ml_dtypes
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from convformance import reference
from convformance.reference import OPERATIONS, Problem, definition, exact, operations
from convformance.reference.arrays import Array
from convformance.reference.exact import Exact
from tests.reference.generated import PROPERTY, count_products, generated_problems, integers, problems, seeds

PROBLEMS = tuple(
    problem for problem in generated_problems(60, seed=51) if count_products(problem) and 0 not in problem.output_shape
)
PROBLEM = Problem.of(
    input_size=(6, 5),
    kernel_size=(3, 2),
    batch=2,
    in_channels=4,
    out_channels=2,
    stride=(2, 1),
    padding=((1, 2), (-1, 2)),
    groups=2,
)
FRACTION = np.vectorize(Fraction, otypes=[object])
UNIT = 2.0**-53


def rational(operation: str, problem: Problem, operands: tuple[Array, ...], bias: Array | None = None) -> Array:
    """Return ``operation`` in Fractions, by the definition's loops."""
    first, *others = (FRACTION(array.astype(np.float64)) for array in operands)
    if operation == "conv_bias_grad":
        return np.array([sum(first[:, o].flat, Fraction(0)) for o in range(first.shape[1])], object)
    contraction = {
        "conv": definition.forward,
        "conv_input_grad": definition.input_gradient,
        "conv_filter_grad": definition.filter_gradient,
        "conv_transpose": definition.input_gradient,
        "conv_transpose_input_grad": definition.forward,
        "conv_transpose_filter_grad": lambda asked, x, dy: definition.filter_gradient(asked, dy, x),
    }[operation]
    result = contraction(problem, first, *others)
    return result if bias is None else result + FRACTION(bias.astype(np.float64)).reshape(-1, *(1,) * problem.rank)


def errors(result: Exact, expected: Array) -> Array:
    """Return ``|hi + lo - expected|``, exactly."""
    return np.abs(FRACTION(result.hi) + FRACTION(result.lo) - expected)


def assert_bounded(result: Exact, expected: Array) -> None:
    """Assert that the bound holds, that 0 means exact and that hi is the sum of both rounded."""
    assert result.hi.shape == result.lo.shape == result.error.shape == expected.shape
    assert (errors(result, expected) <= FRACTION(result.error)).all()
    np.testing.assert_array_equal(result.hi + result.lo, result.hi)
    exactly = result.error == 0
    np.testing.assert_array_equal(result.hi[exactly], expected[exactly].astype(np.float64))


def normal(shape: tuple[int, ...], seed: int, octaves: int = 0) -> Array:
    """Return normal data, each element scaled by a power of two of up to ``octaves`` either way."""
    rng = np.random.default_rng(seed)
    data: Array = rng.standard_normal(shape) * 2.0 ** rng.integers(-octaves, octaves + 1, shape)
    return data


def operands_of(problem: Problem, operation: str, seed: int, octaves: int = 0) -> tuple[Array, ...]:
    return tuple(normal(shape, seed + index, octaves) for index, shape in enumerate(problem.operand_shapes(operation)))


@pytest.mark.parametrize("index", range(len(PROBLEMS)))
def test_the_bound_holds_and_is_small_over_generated_geometries(index: int) -> None:
    problem, operation = PROBLEMS[index], OPERATIONS[index % len(OPERATIONS)]
    operands = operands_of(problem, operation, index)
    result, expected = exact.apply(operation, problem, *operands), rational(operation, problem, operands)
    assert_bounded(result, expected)
    largest = np.prod([np.abs(array).max(initial=0.0) for array in operands])
    assert result.error.max(initial=0.0) <= problem.longest_sum(operation) * largest * 2.0**-57


@pytest.mark.parametrize("octaves", [0, 20, 200])
@pytest.mark.parametrize("tail", [0, 12, 40, 400])
@pytest.mark.parametrize("operation", OPERATIONS)
def test_the_bound_holds_at_every_tail_and_dynamic_range(operation: str, tail: int, octaves: int) -> None:
    operands = operands_of(PROBLEM, operation, 1, octaves)
    result = exact.apply(operation, PROBLEM, *operands, tail=tail)
    assert_bounded(result, rational(operation, PROBLEM, operands))


def test_a_longer_tail_has_a_smaller_error_until_all_slices_are_used() -> None:
    operands = operands_of(PROBLEM, "conv", 2, octaves=20)
    tails = (0, 24, 48, 120)  # of 24 bits a slice: three slices, four, five, all there are
    worst = [exact.apply("conv", PROBLEM, *operands, tail=tail).error.max() for tail in tails]
    assert all(longer < shorter * 2.0**-10 for shorter, longer in pairwise(worst[:-1]))
    expected = rational("conv", PROBLEM, operands)
    assert worst[-1] <= 2.0**-100 * max(abs(value) for value in expected.flat)


@pytest.mark.parametrize(("operation", "channels"), [("conv", 2), ("conv_transpose", 4)])
@pytest.mark.parametrize("scale", [1.0, 2.0**70, 2.0**-70, 2.0**-1000])
def test_a_bias_of_any_size_is_within_the_bound(operation: str, channels: int, scale: float) -> None:
    operands, bias = operands_of(PROBLEM, operation, 3), normal((channels,), 4) * scale
    result = exact.apply(operation, PROBLEM, *operands, bias=bias)
    assert_bounded(result, rational(operation, PROBLEM, operands, bias))


@given(problems(), seeds, st.sampled_from(OPERATIONS))
@PROPERTY
def test_integers_are_exact_and_say_so(problem: Problem, seed: int, operation: str) -> None:
    operands = tuple(integers(shape, seed, 2**20) for shape in problem.operand_shapes(operation))
    result = exact.apply(operation, problem, *operands)
    np.testing.assert_array_equal(result.hi, operations.apply(operation, problem, *operands))
    assert not result.lo.any()
    assert not result.error.any()


@pytest.mark.parametrize("dtype", [np.float32, np.float16, ml_dtypes.bfloat16, ml_dtypes.float8_e4m3fn])
@pytest.mark.parametrize("operation", OPERATIONS)
def test_narrow_operands_are_converted_exactly(operation: str, dtype: Any) -> None:
    operands = tuple(array.astype(dtype) for array in operands_of(PROBLEM, operation, 5))
    result = exact.apply(operation, PROBLEM, *operands, tail=40)
    assert_bounded(result, rational(operation, PROBLEM, operands))
    assert not result.error.any()


@pytest.mark.parametrize(
    "exponents", [(0, -1074), (-500, -560), (-700, -700), (900, -900), (500, 520), (1023, 0), (-1040, 1000)]
)
def test_the_bound_holds_near_the_ends_of_the_range_of_float64(exponents: tuple[int, int]) -> None:
    operands = tuple(
        np.ldexp(normal(shape, 6) / 64, exponent)
        for shape, exponent in zip(PROBLEM.operand_shapes("conv"), exponents, strict=True)
    )
    assert_bounded(exact.apply("conv", PROBLEM, *operands), rational("conv", PROBLEM, operands))


def test_elements_far_below_the_largest_are_bounded_when_scaling_loses_them() -> None:
    x, w = np.array([[[2.0**1000, 3 * 2.0**-1074]]]), np.array([[[8.0]]])
    problem = Problem.of(input_size=(2,), kernel_size=1)
    result = exact.apply("conv", problem, x, w)
    assert_bounded(result, rational("conv", problem, (x, w)))
    assert result.error.max() < 2.0**-60


def test_a_result_beyond_the_range_of_float64_is_infinite() -> None:
    x = np.full((1, 1, 2), 2.0**1000)
    assert exact.conv(x, x[..., :1]).hi.tolist() == [[[np.inf, np.inf]]]


def test_cancellation_that_leaves_nothing_of_a_float64_sum_is_resolved() -> None:
    x, w = np.array([[[1e16, 1.0, -1e16]]]), np.array([[[1.0, 2.0**-60, 1.0]]])
    result, short = exact.conv(x, w, tail=80), exact.conv(x, w)
    assert (result.hi.item(), result.error.item()) == (2.0**-60, 0)
    assert abs(short.hi.item() - 2.0**-60) <= short.error.item()


@pytest.mark.parametrize("zero", [0, 1])
def test_zeros_are_exact(zero: int) -> None:
    operands = [normal(shape, 7) for shape in PROBLEM.operand_shapes("conv")]
    operands[zero] = np.zeros_like(operands[zero])
    result = exact.apply("conv", PROBLEM, *operands)
    assert result.hi.shape == PROBLEM.output_shape
    assert not any(part.any() for part in (result.hi, result.lo, result.error))


def test_plain_float64_is_far_from_what_the_oracle_resolves() -> None:
    operands = operands_of(PROBLEM, "conv", 8)
    expected, result = rational("conv", PROBLEM, operands), exact.apply("conv", PROBLEM, *operands, tail=40)
    float64_error = np.abs(FRACTION(operations.apply("conv", PROBLEM, *operands)) - expected).max()
    assert errors(result, expected).max() < float64_error * 2.0**-30


def test_the_seven_functions_are_those_of_the_plain_face() -> None:
    keywords: dict[str, Any] = {"stride": (2, 1), "padding": ((1, 2), (-1, 2)), "groups": 2}
    sizes: dict[str, dict[str, Any]] = {
        "conv_input_grad": {"input_size": (6, 5), **keywords},
        "conv_filter_grad": {"kernel_size": (3, 2), **keywords},
        "conv_bias_grad": {},
        "conv_transpose": {"output_size": (6, 5), **keywords},
        "conv_transpose_filter_grad": {"kernel_size": (3, 2), **keywords},
    }
    for operation in OPERATIONS:
        operands = [integers(shape, 9).astype(np.float64) for shape in PROBLEM.operand_shapes(operation)]
        asked = sizes.get(operation, keywords)
        result: Exact = getattr(exact, operation)(*operands, **asked)
        np.testing.assert_array_equal(result.hi, getattr(reference, operation)(*operands, **asked), strict=True)
        assert result.hi.any()


def test_operands_are_not_changed() -> None:
    operands = operands_of(PROBLEM, "conv", 10)
    bias = normal((2,), 11)
    for array in (*operands, bias):
        array.setflags(write=False)
    assert exact.apply("conv", PROBLEM, *operands, bias=bias).hi.any()


def test_what_the_oracle_cannot_do_it_refuses_by_name() -> None:
    x, w = np.ones((1, 1, 3)), np.ones((1, 1, 2))
    for value in (np.nan, np.inf):
        with pytest.raises(ValueError, match="w holds NaN or Inf; allowed: finite values"):
            exact.conv(x, w * value)
    for tail in (-1, 401):
        with pytest.raises(ValueError, match=rf"tail={tail}; allowed: 0 to 400 bits"):
            exact.conv(x, w, tail=tail)
    with pytest.raises(ValueError, match=r"x holds integers beyond 2\^53; allowed: .* -2\^53 to 2\^53"):
        exact.conv(np.full((1, 1, 3), 2**53 + 1), np.ones((1, 1, 2), np.int64))
    with pytest.raises(ValueError, match=r"bias has shape \(2,\); allowed: \(1,\)"):
        exact.conv(x, w, bias=np.ones(2))
    with pytest.raises(TypeError, match="w has dtype float32; allowed: float64, as x has"):
        exact.conv(x, w.astype(np.float32))
