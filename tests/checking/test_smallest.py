"""The smallest failing case: small, of the same kind, the same every time, and told as the record keeps it."""

from collections.abc import Callable
from functools import partial
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from convformance import check
from convformance.judging.smallest import Failure, Numbers, failure, smallest
from convformance.reference.arrays import Array
from convformance.reference.operations import apply
from convformance.reference.problem import Problem
from convformance.test_cases import fills
from convformance.test_cases.case import Case, case

Defect = Callable[[Problem, Any], Array]

LARGE = case(
    "smallest",
    "A case with everything in it.",
    input_size=(9, 8),
    kernel_size=(3, 2),
    stride=(2, 1),
    padding=((1, 0), (0, 2)),
    dilation=(1, 2),
    groups=2,
)
NAN = case("smallest", "A NaN.", input_size=(9, 8), kernel_size=(3, 2), special="nan-data")


def rotated(problem: Problem, operands: Any) -> Array:
    x, w = operands.arrays
    return apply("conv", problem, x, np.ascontiguousarray(w[..., ::-1, ::-1]))


def grouped_and_strided(problem: Problem, operands: Any) -> Array:
    return apply("conv", problem, *operands.arrays) + (problem.groups > 1 and max(problem.stride) > 1)


def clipped(problem: Problem, operands: Any) -> Array:
    return np.maximum(apply("conv", problem, *operands.arrays), 0)


def swallowing(problem: Problem, operands: Any) -> Array:
    return np.nan_to_num(apply("conv", problem, *operands.arrays))


def raising(problem: Problem, operands: Any) -> Array:
    if max(problem.dilation) > 1:
        raise IndexError(f"index {problem.batch} is out of bounds")
    return rotated(problem, operands)


def asked(defect: Defect, problem: Problem, operands: Any) -> Failure | None:
    def ask(asked_operands: Any) -> Any:
        return SimpleNamespace(value=defect(problem, asked_operands), seconds=0.0, changed=(), earlier=None)

    return failure("conv", problem, operands, ask, "float64")


def shrunk(defect: Defect, start: Case = LARGE, **limits: Any) -> Failure:
    operands = fills.fill(start, "conv", "float64", "int")
    failed = smallest("conv", start.problem, operands, partial(asked, defect), seconds=60.0, **limits)
    assert failed is not None
    return failed


def test_a_rotated_kernel_shrinks_to_two_taps_of_which_one_is_seen() -> None:
    failed = shrunk(rotated)
    x, w = failed.operands.arrays
    assert (x.ravel().tolist(), w.ravel().tolist()) == ([1, 0], [1, 2])
    assert (failed.answer, failed.want) == (np.array([[[[2.0]]]]), np.array([[[[1.0]]]]))
    assert failed.problem == Problem.of(input_size=(1, 2), kernel_size=(1, 2))


def test_parameters_that_matter_are_kept_and_others_are_not() -> None:
    problem = shrunk(grouped_and_strided).problem
    assert problem.groups == 2
    assert sorted(problem.stride) == [1, 2]
    assert (problem.batch, problem.in_channels, problem.out_channels) == (1, 2, 2)
    assert (problem.kernel_size, problem.dilation, problem.padding) == ((1, 1), (1, 1), ((0, 0), (0, 0)))


def leaving_rows_over(problem: Problem, operands: Any) -> Array:
    if any(problem.output_padding):
        raise AssertionError("size does not fit")
    return apply("conv", problem, *operands.arrays)


@pytest.mark.parametrize("stride", [2, 3, (1, 4)])
def test_rows_that_a_stride_leaves_over_are_kept_while_all_else_shrinks(stride: Any) -> None:
    start = case("smallest", "Left-over rows.", input_size=(15, 14), kernel_size=(3, 2), stride=stride, dilation=2)
    problem = shrunk(leaving_rows_over, start).problem
    assert (max(problem.stride), problem.kernel_size, problem.dilation) == (2, (1, 1), (1, 1))
    assert sorted(problem.input_size) in ([1, 2], [2, 2])


def test_a_kernel_and_its_image_shrink_together() -> None:
    def single_output(problem: Problem, operands: Any) -> Array:
        return apply("conv", problem, *operands.arrays) + (problem.output_size == (2, 3))

    start = case("smallest", "Six outputs.", input_size=(6, 5), kernel_size=(5, 3))
    assert shrunk(single_output, start).problem == Problem.of(input_size=(2, 3), kernel_size=(1, 1))


def wrong_beyond_stride_1(x: Array, w: Array, problem: Problem) -> Array:
    return apply("conv", problem, x, w) * (max(problem.stride) == 1 or problem.groups == 1)


def test_what_a_call_hides_in_its_problem_is_said_beside_it() -> None:
    result = check(wrong_beyond_stride_1, call=lambda fn, x, w, problem: fn(x, w, problem))
    assert result.smallest is not None
    assert result.smallest["call"] in (
        f"call(fn, x, w, problem), stride {stride}, groups 2" for stride in ("(2, 1)", "(1, 2)")
    )


def test_data_that_matter_are_kept() -> None:
    failed = shrunk(clipped)
    assert failed.problem.multiplications == 1
    assert failed.want.item() < 0 == failed.answer
    special = shrunk(swallowing, NAN)
    assert np.isnan(special.want).all()
    assert special.problem.multiplications == 1


def test_an_exception_stays_that_exception_and_does_not_become_a_wrong_value() -> None:
    failed = shrunk(raising)
    assert failed.answer is None
    assert "out of bounds" in failed.error
    assert max(failed.problem.dilation) == 2
    assert failed.problem.multiplications <= 2


def test_the_search_is_deterministic_and_keeps_to_its_limit() -> None:
    assert shrunk(rotated).to_json() == shrunk(rotated).to_json()
    count = 0

    def counting(problem: Problem, operands: Any) -> Failure | None:
        nonlocal count
        count += 1
        return asked(rotated, problem, operands)

    smallest("conv", LARGE.problem, fills.fill(LARGE, "conv", "float64", "int"), counting, asks=7, seconds=60.0)
    assert count == 8, "the first failure, then seven more questions"


def test_what_does_not_fail_again_has_no_smallest_case() -> None:
    right = partial(asked, lambda problem, operands: apply("conv", problem, *operands.arrays))
    assert smallest("conv", LARGE.problem, fills.fill(LARGE, "conv", "float64", "int"), right) is None


def test_data_that_cannot_be_summed_exactly_prove_nothing() -> None:
    problem = Problem.of(input_size=(3,), kernel_size=3)
    huge = Numbers((np.full((1, 1, 3), 2.0**40 + 1), np.full((1, 1, 3), 2.0**40 + 1)))
    assert asked(rotated, problem, huge) is None


@pytest.mark.parametrize(
    ("operation", "geometry", "call"),
    [
        ("conv", {"stride": (2, 1)}, "conv(x, w, stride=(2, 1))"),
        ("conv_input_grad", {"padding": 1}, "conv_input_grad(dy, w, input_size=(5, 4), padding=((1, 1), (1, 1)))"),
        ("conv_filter_grad", {}, "conv_filter_grad(x, dy, kernel_size=(2, 3))"),
        ("conv_bias_grad", {"stride": 2}, "conv_bias_grad(dy)"),
        ("conv_transpose", {"stride": 3}, "conv_transpose(x, w, output_size=(5, 4), stride=(3, 3))"),
    ],
)
def test_a_failure_is_told_with_the_call_that_asks_the_same(operation: str, geometry: Any, call: str) -> None:
    problem = Problem.of(input_size=(5, 4), kernel_size=(2, 3), **geometry)
    operands = Numbers(tuple(map(np.ones, problem.operand_shapes(operation))))
    want = apply(operation, problem, *operands.arrays)
    record = Failure(operation, problem, operands, want + np.nan, "", want).to_json()
    assert record["call"] == call
    assert set(np.ravel(record["got"])) == {"nan"}
    assert record["want"] == want.tolist()
    assert record["problem"]["input_size"] == (5, 4)
