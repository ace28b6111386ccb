"""``assert_close`` and ``bound``: silent for rounding, for every operation, and a message that says what is wrong."""

import inspect
from dataclasses import fields
from typing import Any, get_type_hints

import numpy as np
import pytest

import convformance
from convformance import assert_close, bound
from convformance.answers.settings import Settings, Stated
from convformance.reference import OPERATIONS, operations
from convformance.reference.arrays import Array
from convformance.reference.operation import BY_NAME, OPERAND_NAMES
from convformance.reference.problem import Problem
from tests.answers.numbers import operands, rounded_to_tf32, summed

GEOMETRY: dict[str, Any] = {"stride": (2, 1), "padding": ((1, 0), (0, 2)), "dilation": (1, 2), "groups": 2}
PROBLEM = Problem.of(input_size=(8, 9), kernel_size=(3, 2), batch=2, in_channels=4, out_channels=6, **GEOMETRY)


def stated(operation: str) -> dict[str, Any]:
    """Return what is said of the problem to an operation: nothing of the geometry where it has none."""
    return {} if BY_NAME[operation].result == "bias" else GEOMETRY


def arrays_of(operation: str) -> dict[str, Array]:
    rng = np.random.default_rng(0)
    shapes = PROBLEM.operand_shapes(operation)
    names = OPERAND_NAMES[operation]
    return {name: rng.standard_normal(shape).astype("f") for name, shape in zip(names, shapes, strict=True)}


def exactly(operation: str, arrays: dict[str, Array]) -> Array:
    """Return the truth in float64."""
    return operations.apply(operation, PROBLEM, *(array.astype(np.float64) for array in arrays.values()))


@pytest.mark.parametrize("operation", OPERATIONS)
def test_every_operation_is_close_to_its_own_rounding_and_to_nothing_else(operation: str) -> None:
    arrays = arrays_of(operation)
    answer = exactly(operation, arrays).astype(np.float32)
    assert_close(answer, op=operation, **arrays, **stated(operation))
    with pytest.raises(AssertionError, match="not rounding"):
        assert_close(np.roll(answer, 1, axis=-1), op=operation, **arrays, **stated(operation))


@pytest.mark.parametrize("operation", OPERATIONS)
def test_the_bound_is_what_the_assertion_allows(operation: str) -> None:
    arrays = arrays_of(operation)
    size = BY_NAME[operation].size_argument
    sizes = {"size": PROBLEM.kernel_size if size == "kernel_size" else PROBLEM.input_size} if size else {}
    truth = exactly(operation, arrays)
    allowed = bound(op=operation, **arrays, **sizes, **stated(operation))
    assert allowed.shape == truth.shape
    assert allowed.dtype == np.float64
    summing = allowed > 0  # elsewhere nothing is summed, and 0 must come out
    answer = (truth + 0.5 * allowed).astype(np.float32)
    assert np.all(np.abs(answer - truth)[summing] <= allowed[summing])
    assert_close(answer, op=operation, **arrays, **stated(operation))
    index = tuple(np.argwhere(summing)[0])
    answer[index] = truth[index] + 2 * allowed[index]
    with pytest.raises(AssertionError, match=r"componentwise was asked for|not rounding"):
        assert_close(answer, op=operation, **arrays, **stated(operation))


def test_the_bound_of_one_product_is_one_rounding_of_it() -> None:
    x, w = np.full((1, 1, 2, 2), 3.0, np.float32), np.full((1, 1, 1, 1), 0.5, np.float32)
    assert bound(x, w) == pytest.approx(1.5 * 2.0**-24, rel=1e-6)
    assert bound(x.astype(np.float16), w.astype(np.float16)) == pytest.approx(1.5 * 2.0**-11, rel=0.1)
    assert bound(x, w, dtype="float64") == pytest.approx(1.5 * 2.0**-53, rel=0.01)


def test_the_bound_lies_as_the_answer_does() -> None:
    x, w = operands()
    moved = bound(x.transpose(0, 2, 3, 1), w.transpose(2, 3, 1, 0), layout="NHWC", filter_layout="HWIO", padding=1)
    assert np.array_equal(moved.transpose(0, 3, 1, 2), bound(x, w, padding=1))
    assert bound(x[0, 0], w[0, 0]).shape == (5, 5)


def test_the_bound_grows_with_leniency() -> None:
    x, w = operands()
    strict, usual, fast = (bound(x, w, grade=grade) for grade in ("conformant", "componentwise", "norm-wise"))
    assert np.all(strict <= usual)
    assert np.all(usual.max() < fast.max())
    assert np.all(bound(x, w) < bound(x, w, inputs="tfloat32"))
    assert np.all(bound(x, w) < bound(x, w, accumulator="float16"))


def test_narrower_arithmetic_is_close_only_where_it_is_asked_for() -> None:
    x, w = operands()
    answer = summed(rounded_to_tf32(x), rounded_to_tf32(w))
    with pytest.raises(AssertionError, match="inputs rounded to tfloat32"):
        assert_close(answer, x, w)
    assert_close(answer, x, w, inputs="tfloat32")


def test_the_message_is_the_explanation() -> None:
    x, w = operands()
    answer = summed(x, w[:, :, ::-1, ::-1])
    with pytest.raises(AssertionError) as failure:
        assert_close(answer, x, w)
    assert str(failure.value) == str(convformance.explain(answer, x, w, grade="componentwise"))
    assert all(text in str(failure.value) for text in ("kernel-rotated", "Worst element (", "To mend it: "))


def test_a_bias_counts() -> None:
    x, w = operands()
    bias = np.arange(4, dtype=np.float32)
    answer = summed(x, w) + bias[:, None, None]
    assert_close(answer, x, w, bias=bias)
    with pytest.raises(AssertionError, match="bias-missing"):
        assert_close(summed(x, w), x, w, bias=bias)


def test_anything_that_numpy_reads_is_an_array() -> None:
    class Foreign:
        def __init__(self, array: Array) -> None:
            self.array = array

        def __array__(self, dtype: Any = None, copy: Any = None) -> Array:
            return self.array

    x, w = operands()
    assert_close(Foreign(summed(x, w)), Foreign(x), Foreign(w))
    assert_close([[4.0]], [[1.0, 1.0], [1.0, 1.0]], [[1.0, 1.0], [1.0, 1.0]])


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"op": "convolution"}, "operation='convolution' is unknown"),
        ({"op": "conv_input_grad"}, "reads dy, w; given: x, w"),
        ({"grade": "wrong"}, "grade='wrong'; allowed: conformant"),
        ({"inputs": "int8"}, "inputs='int8'; allowed: float64"),
        ({"dtype": "float8"}, "dtype='float8' is not judged"),
        ({"bias": np.ones(3, np.float32)}, "bias has shape"),
        ({"layout": "NXYZ"}, "layout='NXYZ'"),
        ({"stride": 0}, "stride=0; allowed"),
    ],
)
def test_what_is_stated_wrongly_is_an_error_in_one_sentence(options: dict[str, Any], message: str) -> None:
    x, w = operands()
    with pytest.raises(ValueError, match=message):
        assert_close(summed(x, w), x, w, **options)


@pytest.mark.parametrize("answer", [None, "text", np.array([object()]), np.ones((2, 4, 5, 5), complex)])
def test_what_holds_no_numbers_is_an_error(answer: Any) -> None:
    with pytest.raises(ValueError, match="the answer"):
        assert_close(answer, *operands())


def test_an_empty_answer_is_close() -> None:
    x, w = operands()
    assert_close(np.zeros((0, 4, 5, 5), np.float32), x[:0], w)


@pytest.mark.parametrize("function", [assert_close, bound, convformance.explain])
def test_help_shows_every_keyword_with_its_default(function: Any) -> None:
    shown = inspect.signature(function).parameters
    stated = {each.name: each.default for each in fields(Settings)}
    default = None if function is convformance.explain else "componentwise"
    assert {name: shown[name].default for name in stated} == {**stated, "grade": default}
    assert not any(each.kind == inspect.Parameter.VAR_KEYWORD for each in shown.values())


def test_type_checkers_know_the_same_keywords() -> None:
    assert list(Stated.__annotations__) == [each.name for each in fields(Settings)]
    assert get_type_hints(Stated) == get_type_hints(Settings)


def test_a_keyword_that_is_not_known_is_named() -> None:
    with pytest.raises(TypeError, match=r"bound\(\) got an unexpected keyword argument 'strides'"):
        bound(np.ones((3, 3)), np.ones((2, 2)), strides=2)  # type: ignore[call-arg]
