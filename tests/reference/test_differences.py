"""Finite differences equal the gradients: exactly by unit steps on integers, nearly by central steps elsewhere."""

from typing import Any

import numpy as np
import pytest
from hypothesis import given

from convformance.reference import Problem, operations
from convformance.reference.arrays import Array
from convformance.reference.differences import numerical_gradient, unit_differences
from tests.reference.generated import PROPERTY, integers, problems, seeds

PROBLEM = Problem.of(
    input_size=(5, 4),
    kernel_size=(3, 2),
    batch=2,
    in_channels=4,
    out_channels=2,
    stride=(2, 1),
    padding=((1, 0), (-1, 2)),
    groups=2,
)
# (the differentiated operation, which operand, the gradient, whether the gradient takes dy first)
GRADIENTS = [
    ("conv", 0, "conv_input_grad", True),
    ("conv", 1, "conv_filter_grad", False),
    ("conv_transpose", 0, "conv_transpose_input_grad", True),
    ("conv_transpose", 1, "conv_transpose_filter_grad", False),
]


@pytest.mark.parametrize("dtype", [np.int64, np.float64])
@pytest.mark.parametrize(("operation", "operand", "gradient", "dy_first"), GRADIENTS)
def test_unit_differences_are_the_gradient(
    operation: str, operand: int, gradient: str, dy_first: bool, dtype: Any
) -> None:
    operands = [integers(shape, seed).astype(dtype) for seed, shape in enumerate(PROBLEM.operand_shapes(operation))]
    dy = integers(PROBLEM.result_shape(operation), 3).astype(dtype)

    def function(moved: Array) -> Array:
        return operations.apply(operation, PROBLEM, *operands[:operand], moved, *operands[operand + 1 :])

    other = operands[1 - operand]
    expected = operations.apply(gradient, PROBLEM, *((dy, other) if dy_first else (other, dy)))
    np.testing.assert_array_equal(unit_differences(function, operands[operand], dy), expected, strict=True)


@given(problems(), seeds)
@PROPERTY
def test_unit_differences_are_the_filter_gradient_of_any_geometry(problem: Problem, seed: int) -> None:
    x, w, dy = (integers(shape, seed) for shape in (problem.input_shape, problem.filter_shape, problem.output_shape))
    differences = unit_differences(lambda moved: operations.apply("conv", problem, x, moved), w, dy)
    np.testing.assert_array_equal(differences, operations.apply("conv_filter_grad", problem, x, dy))


def test_unit_differences_of_a_bias_are_its_gradient() -> None:
    x, w, dy = (integers(shape, 4) for shape in (PROBLEM.input_shape, PROBLEM.filter_shape, PROBLEM.output_shape))
    differences = unit_differences(
        lambda bias: operations.apply("conv", PROBLEM, x, w, bias=bias), integers((2,), 5), dy
    )
    np.testing.assert_array_equal(differences, operations.apply("conv_bias_grad", PROBLEM, dy))


def test_central_differences_find_the_gradient_of_a_smooth_function() -> None:
    rng = np.random.default_rng(6)
    x, dy = rng.normal(size=(3, 2)) * 10.0 ** np.arange(-1, 1), rng.normal(size=(3, 2))
    exact = np.cos(x) * dy + 3 * x**2 * dy
    gradient = numerical_gradient(lambda moved: np.sin(moved) + moved**3, x, dy)
    np.testing.assert_array_less(np.abs(gradient - exact), 1e-9 * np.maximum(1, np.abs(x)) ** 2)


def test_central_differences_of_a_convolution_are_its_input_gradient() -> None:
    rng = np.random.default_rng(7)
    x, w, dy = (rng.normal(size=shape) for shape in (PROBLEM.input_shape, PROBLEM.filter_shape, PROBLEM.output_shape))
    gradient = numerical_gradient(lambda moved: operations.apply("conv", PROBLEM, moved, w), x, dy)
    np.testing.assert_array_less(np.abs(gradient - operations.apply("conv_input_grad", PROBLEM, dy, w)), 1e-9)


def test_a_wrong_gradient_is_told_from_a_right_one() -> None:
    rng = np.random.default_rng(8)
    x, w, dy = (rng.normal(size=shape) for shape in (PROBLEM.input_shape, PROBLEM.filter_shape, PROBLEM.output_shape))
    flipped = operations.apply("conv_input_grad", PROBLEM, dy, np.ascontiguousarray(w[..., ::-1, :]))
    gradient = numerical_gradient(lambda moved: operations.apply("conv", PROBLEM, moved, w), x, dy)
    assert np.abs(gradient - flipped).max() > 0.1


def test_the_argument_is_not_changed_by_being_differentiated() -> None:
    x = np.array([1.0, 2.0])
    x.setflags(write=False)
    np.testing.assert_array_equal(unit_differences(lambda moved: 3 * moved, x, np.array([1.0, 10.0])), [3, 30])
    np.testing.assert_allclose(
        numerical_gradient(lambda moved: 3 * moved, x, np.array([1.0, 10.0])), [3, 30], rtol=1e-9
    )


def test_differences_refuse_what_they_cannot_differentiate() -> None:
    with pytest.raises(TypeError, match="x has dtype float32; allowed: float64"):
        numerical_gradient(np.sin, np.ones(2, np.float32), np.ones(2, np.float32))
    with pytest.raises(ValueError, match=r"step=0\.0; allowed: numbers above 0"):
        numerical_gradient(np.sin, np.ones(2), np.ones(2), step=0.0)
    for differences in (unit_differences, numerical_gradient):
        with pytest.raises(ValueError, match=r"dy has shape \(3,\); allowed: \(2,\)"):
            differences(np.sin, np.ones(2), np.ones(3))
