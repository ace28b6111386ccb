"""A bias that the suite adds to the result of a route that has none: where, in which dtype, and how it is judged."""

from typing import Any

import ml_dtypes
import numpy as np
import pytest

from convformance.adapters.contract import Adapter, Request, route
from convformance.judging.rule import Judgement, judge
from convformance.reference import operations
from convformance.reference.arrays import Array
from convformance.reference.operation import WITH_BIAS
from convformance.reference.problem import Problem
from convformance.test_cases import examining
from convformance.test_cases.case import case
from convformance.test_cases.fills import Operands

PROBLEM = Problem.of(input_size=(5, 4), kernel_size=(2, 3), batch=2, in_channels=2, out_channels=3)
BIASED = case("tests", "A bias.", input_size=(7, 5), kernel_size=(3, 2), bias=True)


class Unbiased(Adapter):
    """Knows of no bias, and has its channels last."""

    name = "unbiased"
    activations = "N*C"

    @route("conv", bias="after")
    def conv(self, problem: Problem, x: Any, w: Any) -> Any:
        y = operations.apply("conv", problem, np.ascontiguousarray(np.moveaxis(x, -1, 1)), w)
        return np.moveaxis(y, 1, -1)

    @route("conv_transpose", bias="after")
    def conv_transpose(self, problem: Problem, x: Any, w: Any) -> Any:
        y = operations.apply("conv_transpose", problem, np.ascontiguousarray(np.moveaxis(x, -1, 1)), w)
        return np.moveaxis(y, 1, -1)

    @route("conv", "wide", bias="after")
    def in_float64(self, problem: Problem, x: Any, w: Any) -> Any:
        return self.conv(problem, x.astype(np.float64), w.astype(np.float64))

    @route("conv", "one channel", bias="after")
    def of_one_channel(self, problem: Problem, x: Any, w: Any) -> Any:
        return self.conv(problem, x, w)[..., :1]

    @route("conv", "plain")
    def without(self, problem: Problem, x: Any, w: Any) -> Any:
        return self.conv(problem, x, w)


ROUTES = {(each.operation, each.name): each for each in Unbiased.routes()}


def _operands(dtype: Any) -> tuple[Array, Array, Array]:
    draw = np.random.default_rng(1)
    shapes = PROBLEM.input_shape, PROBLEM.filter_shape, (PROBLEM.out_channels,)
    x, w, bias = (draw.integers(-3, 4, shape).astype(dtype) for shape in shapes)
    return x, w, bias


def _judged(operation: str, dtype: str, *, expected: bool) -> Judgement:
    declared, adapter = ROUTES[operation, operation], Unbiased()

    def ask(operands: Operands) -> Any:
        return adapter.answer(declared, BIASED.problem, operands.arrays, operands.bias)

    return judge(examining.examination(BIASED, operation, dtype, bias_after=expected), ask)


@pytest.mark.parametrize("dtype", [np.float64, np.float32, np.float16, ml_dtypes.bfloat16])
def test_the_bias_is_added_along_the_channels_in_the_dtype_of_the_result(dtype: Any) -> None:
    x, w, bias = _operands(dtype)
    answer = Unbiased().answer(ROUTES["conv", "conv"], PROBLEM, (x, w), bias)
    assert answer.value.dtype == dtype
    np.testing.assert_array_equal(answer.value, operations.apply("conv", PROBLEM, x, w, bias=bias))


def test_both_of_two_calls_get_the_bias() -> None:
    x, w, bias = _operands(np.float32)
    answer = Unbiased(calls="2").answer(ROUTES["conv", "conv"], PROBLEM, (x, w), bias)
    assert answer.earlier is not None
    np.testing.assert_array_equal(answer.earlier, answer.value)


def test_a_wrong_dtype_or_shape_of_the_route_is_not_hidden() -> None:
    x, w, bias = _operands(np.float16)
    adapter = Unbiased()
    assert adapter.answer(ROUTES["conv", "wide"], PROBLEM, (x, w), bias).value.dtype == np.float64
    assert adapter.answer(ROUTES["conv", "one channel"], PROBLEM, (x, w), bias).value.shape[1] == 1


def test_such_a_route_is_asked_to_add_a_bias_where_nothing_follows() -> None:
    after, plain = ROUTES["conv", "conv"].domain, ROUTES["conv", "plain"].domain
    assert after.holds(Request(PROBLEM, "float32", has_bias=True))
    assert not plain.holds(Request(PROBLEM, "float32", has_bias=True))
    followed = Problem.of(input_size=(5,), kernel_size=(2,), then="relu")
    assert not after.holds(Request(followed, "float32", has_bias=True))


@pytest.mark.parametrize("dtype", ["float64", "float32", "float16", "bfloat16"])
@pytest.mark.parametrize("operation", WITH_BIAS)
def test_it_is_judged_by_what_it_declares(operation: str, dtype: str) -> None:
    judgement = _judged(operation, dtype, expected=True)
    assert (judgement.grade, judgement.exact) == ("conformant", True), judgement.message


def test_without_that_declaration_it_is_low_precision_by_a_name_of_its_own() -> None:
    judgement = _judged("conv", "float16", expected=False)
    assert (judgement.grade, judgement.diagnosis[0].name) == ("low-precision", "bias-after-rounding")


def test_what_cannot_be_is_refused_when_it_is_declared() -> None:
    def biased(adapter: Any, problem: Problem, x: Any, w: Any, bias: Any = None) -> Any: ...

    def unbiased(adapter: Any, problem: Problem, x: Any, w: Any) -> Any: ...

    with pytest.raises(ValueError, match="has a bias of its own"):
        route("conv", bias="after")(biased)
    with pytest.raises(ValueError, match="bias='before' is unknown; allowed: 'after'"):
        route("conv", bias="before")(unbiased)
    with pytest.raises(ValueError, match="allowed for: conv, conv_transpose"):
        route("conv_input_grad", bias="after")(unbiased)
