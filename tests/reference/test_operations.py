"""The public face: what it accepts, what it returns, in which dtype, and what it says when asked for the impossible."""

import subprocess
import sys
from pathlib import Path
from typing import Any

import ml_dtypes
import numpy as np
import pytest

from convformance import reference
from convformance.reference import OPERATIONS, Problem, definition, operations
from convformance.reference.arrays import Array
from convformance.reference.fast import contractions
from convformance.reference.operation import OPERAND_NAMES
from tests.reference.generated import generated_problems, integer_operands, integers

GEOMETRY: dict[str, Any] = {"stride": (2, 1), "padding": ((1, 2), (0, -1)), "dilation": (1, 2), "groups": 2}
PROBLEM = Problem.of(input_size=(8, 7), kernel_size=(3, 2), batch=2, in_channels=4, out_channels=6, **GEOMETRY)
# What the face asks for beside the operands and the geometry.
SIZES: dict[str, dict[str, Any]] = {
    "conv_input_grad": {"input_size": (8, 7)},
    "conv_filter_grad": {"kernel_size": (3, 2)},
    "conv_transpose": {"output_size": (8, 7)},
    "conv_transpose_filter_grad": {"kernel_size": (3, 2)},
}
INTEGERS = (np.int8, np.uint8, np.int16, np.int32, np.uint32, np.int64, np.uint64)
FLOATS = (np.float64, np.float32, np.float16, ml_dtypes.bfloat16, ml_dtypes.float8_e4m3fn, ml_dtypes.float8_e5m2)


def ask(operation: str, *operands: Array, **changes: Any) -> Array:
    """Call the function of the face named ``operation`` on ``PROBLEM``'s geometry, with ``changes``."""
    keywords = {} if operation == "conv_bias_grad" else {**GEOMETRY, **SIZES.get(operation, {})}
    result: Array = getattr(reference, operation)(*operands, **{**keywords, **changes})
    return result


@pytest.mark.parametrize("operation", OPERATIONS)
def test_the_face_and_apply_give_the_same(operation: str) -> None:
    operands = integer_operands(PROBLEM, operation, seed=1)
    result = ask(operation, *operands)
    assert result.shape == PROBLEM.result_shape(operation)
    np.testing.assert_array_equal(result, operations.apply(operation, PROBLEM, *operands), strict=True)
    assert np.unique(result).size > 5


def test_the_operations_of_a_transpose_are_contractions_of_its_convolution() -> None:
    large, small = integers(PROBLEM.input_shape, 2), integers(PROBLEM.output_shape, 3)
    w = integers(PROBLEM.filter_shape, 4)
    np.testing.assert_array_equal(ask("conv_transpose", small, w), contractions.input_gradient(PROBLEM, small, w))
    np.testing.assert_array_equal(ask("conv_transpose_input_grad", large, w), contractions.forward(PROBLEM, large, w))
    np.testing.assert_array_equal(
        ask("conv_transpose_filter_grad", small, large), contractions.filter_gradient(PROBLEM, large, small)
    )


def test_the_bias_gradient_sums_over_batch_and_space() -> None:
    dy = integers((2, 3, 5, 4), seed=5)
    assert reference.conv_bias_grad(dy).tolist() == [dy[:, o].sum() for o in range(3)]


@pytest.mark.parametrize(("operation", "channels"), [("conv", 6), ("conv_transpose", 4)])
def test_a_bias_is_added_to_every_element_of_its_channel(operation: str, channels: int) -> None:
    operands, bias = integer_operands(PROBLEM, operation, seed=6), integers((channels,), seed=7)
    added = ask(operation, *operands, bias=bias) - ask(operation, *operands)
    np.testing.assert_array_equal(added, np.broadcast_to(bias[:, np.newaxis, np.newaxis], added.shape))


def test_a_transpose_of_no_stated_size_has_the_smallest_legal_one() -> None:
    x, w = integers((1, 2, 4), seed=8), integers((2, 3, 2), seed=9)
    sizes = {
        padding: reference.conv_transpose(x, w, stride=3, padding=padding).shape
        for padding in (0, 1, "same_upper", "full")
    }
    assert sizes == {0: (1, 3, 11), 1: (1, 3, 9), "same_upper": (1, 3, 10), "full": (1, 3, 9)}


@pytest.mark.parametrize("operation", OPERATIONS)
@pytest.mark.parametrize("dtype", [*INTEGERS, *FLOATS])
def test_the_result_has_the_dtype_of_the_operands_and_small_integers_are_exact(operation: str, dtype: Any) -> None:
    operands = [np.abs(array) for array in integer_operands(PROBLEM, operation, seed=10)]
    thin = [(array % 3 * (array % 7 == 0)).astype(np.int64) for array in operands]
    expected = operations.apply(operation, PROBLEM, *thin)
    result = operations.apply(operation, PROBLEM, *(array.astype(dtype) for array in thin))
    assert result.dtype == dtype
    assert expected.max() > 0
    np.testing.assert_array_equal(result.astype(np.int64), expected.astype(dtype).astype(np.int64))


@pytest.mark.parametrize("dtype", INTEGERS)
@pytest.mark.parametrize("contraction", ["forward", "input_gradient", "filter_gradient"])
def test_integers_wrap_round_as_their_dtype_does(contraction: str, dtype: Any) -> None:
    limits, rng = np.iinfo(dtype), np.random.default_rng(11)
    operation = {"forward": "conv", "input_gradient": "conv_input_grad", "filter_gradient": "conv_filter_grad"}[
        contraction
    ]
    operands = [
        rng.integers(limits.min, limits.max, shape, dtype, endpoint=True) for shape in PROBLEM.operand_shapes(operation)
    ]
    unbounded = getattr(definition, contraction)(PROBLEM, *(array.astype(object) for array in operands))
    expected = (unbounded % 2**64).astype(np.uint64).astype(dtype)
    np.testing.assert_array_equal(operations.apply(operation, PROBLEM, *operands), expected, strict=True)


def test_integers_are_exact_on_both_sides_of_what_float64_holds() -> None:
    for largest in (2**26 - 1, 2**27 + 1, 2**31 - 1):
        x = np.array([[[largest, -largest, largest - 1]]])
        w = np.array([[[largest, largest, 1]]])
        assert reference.conv(x, w).item() == largest - 1


@pytest.mark.parametrize(("dtype", "large", "finite"), [(np.float32, 2.0**100, False), (np.float16, 2.0**10, True)])
def test_products_overflow_in_float32_but_not_in_a_narrower_type(dtype: Any, large: float, finite: bool) -> None:
    x, w = np.array([[[large, -large]]], dtype), np.array([[[large, large]]], dtype)
    assert np.isfinite(reference.conv(x, w)).all() == finite


@pytest.mark.parametrize(
    ("dtype", "addends", "sum_rounded_once"),
    [
        (np.float16, [1, 2**-11, 2**-24], 1 + 2**-10),
        (ml_dtypes.bfloat16, [1, 2**-8, 2**-40], 1 + 2**-7),
        (ml_dtypes.bfloat16, [1, 2**-8, -(2**-40)], 1),
        (ml_dtypes.float8_e4m3fn, [1, 2**-4, 2**-9], 1 + 2**-3),
        (ml_dtypes.float8_e5m2, [1, 2**-3, 2**-16], 1 + 2**-2),
    ],
)
def test_narrow_types_accumulate_in_float64_and_round_once(
    dtype: Any, addends: list[float], sum_rounded_once: float
) -> None:
    x = np.array([[addends]]).astype(dtype)
    assert x[0, 0].astype(np.float64).tolist() == addends
    assert reference.conv(x, np.ones((1, 1, 3), dtype)).astype(np.float64).item() == sum_rounded_once


def test_the_bias_of_a_narrow_type_is_added_before_the_one_rounding() -> None:
    x, w, bias = (
        np.array([[[1]]], np.float16),
        np.array([[[1 + 2**-10]]], np.float16),
        np.array([2**-11 + 2**-20], np.float16),
    )
    assert reference.conv(x, w, bias=bias).item() == 1 + 2**-9


def test_inf_and_nan_are_answers_and_padding_is_multiplied() -> None:
    x, w = np.ones((1, 1, 4)), np.array([[[np.inf, 1.0]]])
    assert np.array_equal(
        reference.conv(x, w, padding=((1, 0),))[0, 0], [np.nan, np.inf, np.inf, np.inf], equal_nan=True
    )
    assert reference.conv(np.full((1, 1, 1), 300, np.float16), np.full((1, 1, 1), 300, np.float16)).item() == np.inf


@pytest.mark.parametrize("operation", OPERATIONS)
@pytest.mark.parametrize("layout", ["contiguous", "sliced", "permuted", "reversed"])
@pytest.mark.parametrize(
    "problem", [PROBLEM, Problem.of(input_size=(5, 4), kernel_size=(3, 2), batch=2, in_channels=3)]
)
def test_operands_are_read_in_any_layout_never_changed_and_never_aliased(
    operation: str, layout: str, problem: Problem
) -> None:
    operands = integer_operands(problem, operation, seed=12)
    laid = [laid_out(array, layout) for array in operands]
    for array in laid:
        array.setflags(write=False)
    result = operations.apply(operation, problem, *laid)
    np.testing.assert_array_equal(result, operations.apply(operation, problem, *operands))
    assert not any(np.shares_memory(result, array) for array in laid)
    assert result.flags.writeable


def laid_out(array: Array, layout: str) -> Array:
    """Return an array of the same values with other strides."""
    if layout == "sliced":
        return np.repeat(array, 2, axis=-1)[..., ::2]
    if layout == "permuted":
        return np.moveaxis(np.ascontiguousarray(np.moveaxis(array, 1, -1)), -1, 1)
    return array[::-1].copy()[::-1] if layout == "reversed" else array.copy()


@pytest.mark.parametrize("operation", OPERATIONS)
def test_a_kernel_of_one_that_copies_its_input_does_not_alias_it(operation: str) -> None:
    problem = Problem.of(input_size=(4, 3), kernel_size=1)
    operands = [np.ones(shape) for shape in problem.operand_shapes(operation)]
    result = operations.apply(operation, problem, *operands)
    assert not any(np.shares_memory(result, array) for array in operands)


@pytest.mark.parametrize("operation", OPERATIONS)
def test_a_wrong_shape_names_the_argument_and_the_shape_allowed(operation: str) -> None:
    operands = integer_operands(PROBLEM, operation, seed=13)
    for index, (name, array) in enumerate(zip(OPERAND_NAMES[operation], operands, strict=True)):
        wrong = (*operands[:index], array[:1], *operands[index + 1 :])
        with pytest.raises(ValueError, match=rf"{name} has shape \(1, .*allowed: \({array.shape[0]}, "):
            operations.apply(operation, PROBLEM, *wrong)


def test_the_face_names_the_argument_whose_shape_does_not_fit() -> None:
    x, w, dy = (integers(shape, 14) for shape in (PROBLEM.input_shape, PROBLEM.filter_shape, PROBLEM.output_shape))
    with pytest.raises(ValueError, match=r"w has shape \(6, 1, 3, 2\); allowed: \(6, 2, 3, 2\)"):
        ask("conv", x, w[:, :1])
    with pytest.raises(ValueError, match=r"w has shape \(6, 2, 3\); allowed: 4 axes, as x has \(2, 4, 8, 7\)"):
        ask("conv", x, w[..., 0])
    with pytest.raises(ValueError, match=r"x has shape \(8, 7\); allowed: two axes and then one spatial axis or more"):
        ask("conv", x[0, 0], w)
    with pytest.raises(ValueError, match=r"dy has shape \(1, 6, .*\); allowed: \(2, 6, "):
        ask("conv_filter_grad", x, dy[:1])
    with pytest.raises(ValueError, match=r"bias has shape \(4,\); allowed: \(6,\)"):
        ask("conv", x, w, bias=integers((4,), 15))
    with pytest.raises(ValueError, match=r"groups=4; allowed: a divisor of in_channels=4 and out_channels=6"):
        ask("conv", x, w, groups=4)


def test_an_illegal_size_is_answered_with_the_legal_ones() -> None:
    dy, w = integers((1, 2, 4), seed=16), integers((2, 3, 5), seed=17)
    with pytest.raises(ValueError, match=r"input_size=14; allowed per axis: 10 to 12"):
        reference.conv_input_grad(dy, w, input_size=14, stride=3, padding=2)
    with pytest.raises(ValueError, match=r"output_size=\(9,\); allowed per axis: 10 to 12"):
        reference.conv_transpose(dy, w, output_size=(9,), stride=3, padding=2)
    with pytest.raises(ValueError, match=r"output_size=None; no size has this output .*; allowed per axis: none"):
        reference.conv_transpose(dy, w, stride=1, padding=9)
    with pytest.raises(ValueError, match=r"output_size=\(10, 10\); allowed: .* 1 of them"):
        reference.conv_transpose(dy, w, output_size=(10, 10), stride=3, padding=2)


def test_wrong_types_name_the_argument_and_what_is_allowed() -> None:
    x, w = np.ones(PROBLEM.input_shape), np.ones(PROBLEM.filter_shape)
    with pytest.raises(TypeError, match="w has dtype float32; allowed: float64, as x has"):
        ask("conv", x, w.astype(np.float32))
    with pytest.raises(TypeError, match="bias has dtype int64; allowed: float64, as x has"):
        ask("conv", x, w, bias=integers((6,), 18))
    with pytest.raises(TypeError, match="bias is a list; allowed: a NumPy array"):
        ask("conv", x, w, bias=[0.0] * 6)
    with pytest.raises(TypeError, match="x is a list; allowed: a NumPy array"):
        reference.conv([[[1.0]]], w)  # type: ignore[arg-type]
    with pytest.raises(TypeError, match="conv_bias_grad was given 2 operands; allowed: 1, which are dy"):
        operations.apply("conv_bias_grad", PROBLEM, x, w)
    for dtype in (np.clongdouble, np.bool_, object, ml_dtypes.int4):
        with pytest.raises(TypeError, match=r"dtype=\w+; allowed: float64, float32, float16, bfloat16"):
            ask("conv", x.astype(dtype), w.astype(dtype))


def test_a_bias_where_none_is_added_and_an_unknown_operation_are_refused() -> None:
    dy = np.ones(PROBLEM.output_shape)
    with pytest.raises(ValueError, match="operation='conv_bias_grad' takes no bias; allowed: conv, conv_transpose"):
        operations.apply("conv_bias_grad", PROBLEM, dy, bias=np.ones(6))
    with pytest.raises(ValueError, match="operation='conv2d' is unknown; allowed: conv, conv_input_grad"):
        operations.apply("conv2d", PROBLEM, dy)


@pytest.mark.parametrize(
    "problem", [problem for problem in generated_problems(120, seed=41) if 0 in problem.output_shape]
)
def test_empty_batches_and_empty_results_keep_their_shape_and_sum_to_zero(problem: Problem) -> None:
    for operation in OPERATIONS:
        operands = [np.ones(shape) for shape in problem.operand_shapes(operation)]
        result = operations.apply(operation, problem, *operands)
        assert result.shape == problem.result_shape(operation)
        assert not result.any()


def test_no_channels_at_all_give_zeros() -> None:
    problem = Problem.of(input_size=(4, 3), kernel_size=2, in_channels=0, out_channels=3)
    result = operations.apply("conv", problem, np.ones(problem.input_shape), np.ones(problem.filter_shape))
    assert result.shape == (1, 3, 3, 2)
    assert not result.any()


def test_importing_the_reference_imports_nothing_but_numpy() -> None:
    listing = (
        "import sys, numpy; before = set(sys.modules); import convformance.reference; print(*set(sys.modules) - before)"
    )
    root = Path(__file__).resolve().parents[2]
    run = subprocess.run([sys.executable, "-c", listing], cwd=root, capture_output=True, text=True, check=True)
    foreign = {name.split(".")[0] for name in run.stdout.split()} - {"convformance", *sys.stdlib_module_names}
    assert "convformance.reference.operations" in run.stdout.split()
    assert not foreign
