"""The smallest failing case of what lies beyond an ordinary convolution keeps what the failure needs, and no more."""

from functools import partial
from typing import Any

import numpy as np
import pytest

from convformance.judging.bounds import Operands
from convformance.judging.smallest import Failure, failure, smallest
from convformance.reference import operations
from convformance.reference.problem import Problem
from convformance.test_cases import fills
from tests.judging.asked import InstantAnswer, case_of


def _smallest(operation: str, wrong: Any, **sizes: Any) -> Failure:
    declared = case_of(**sizes, operations=(operation,))

    def fails(problem: Problem, operands: Operands) -> Failure | None:
        def ask(asked: Operands) -> InstantAnswer:
            right = operations.apply(operation, problem, *asked.arrays, bias=asked.bias)
            return InstantAnswer(wrong(right, problem))

        return failure(operation, problem, operands, ask, "float32")

    found = smallest(
        operation, declared.problem, fills.fill(declared, operation, "float32", "int"), partial(fails), seconds=60
    )
    assert found is not None
    return found


def test_a_wide_output_padding_stays_where_the_failure_needs_it() -> None:
    def wrong(y: np.ndarray, problem: Problem) -> np.ndarray:
        return y + np.float32(1e6) if problem.outputs is not None else y

    case = _smallest("conv_transpose", wrong, input_size=(9, 8), dilation=(3, 4), outputs=(3, 3))
    assert case.problem.outputs == (1, 1)
    assert max(case.problem.output_padding) >= 1
    assert case.to_json()["problem"]["outputs"] == (1, 1)
    assert "output_size=" in case.to_json()["call"]


def _wrong_where_wide(y: np.ndarray, problem: Problem) -> np.ndarray:
    return y + np.float32(1e6) * (problem.outputs is not None)


def test_the_call_of_a_gradient_says_how_large_its_result_is() -> None:
    sizes = {"input_size": (9, 8), "dilation": (3, 4), "outputs": (3, 3)}
    case = _smallest("conv_transpose_input_grad", lambda y, problem: y + np.float32(1e6), **sizes)
    assert case.problem.outputs is None, "every result is wrong: nothing of it is needed"
    wide = _smallest("conv_transpose_input_grad", _wrong_where_wide, **sizes)
    assert "input_size=(1, 1)" in wide.to_json()["call"]


@pytest.mark.parametrize(("then", "needed"), [("relu", "relu"), ("batch_norm_relu", "")])
def test_what_follows_stays_only_where_it_matters(then: str, needed: str) -> None:
    def wrong(y: np.ndarray, problem: Problem) -> np.ndarray:
        return y + np.float32(1e6) if not needed or problem.then else y

    case = _smallest("conv", wrong, then=then)
    assert case.problem.then == needed
    assert ("then=" in case.to_json()["call"]) == bool(needed)


def test_a_border_is_dropped_where_zeros_fail_too() -> None:
    assert _smallest("conv", lambda y, problem: y + np.float32(1e6), padding=1, border="edge").problem.border == "zero"
    kept = _smallest(
        "conv", lambda y, problem: y + np.float32(1e6) * (problem.border == "edge"), padding=1, border="edge"
    ).problem
    assert kept.border == "edge"
