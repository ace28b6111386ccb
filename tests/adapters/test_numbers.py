"""Integers and complex numbers: every built-in route that takes them answers rightly, and nobody else is asked."""

import numpy as np
import pytest

from convformance.adapters import discovery
from convformance.adapters.contract import Adapter, Refusal, Request, of_numbers, route
from convformance.adapters.discovery import Selection
from convformance.judging.smallest import Failure, Numbers
from convformance.reference import integers, operations
from convformance.reference.dtypes import ALL_DTYPES, COMPLEX, FLOATS, INTEGERS, operand_dtypes
from convformance.reference.problem import Problem
from convformance.running.questions import Scope
from convformance.scripts import Batch, script_of
from convformance.test_cases import catalogue
from tests.adapters import checking

SIZES = {"batch": 2, "in_channels": 4, "out_channels": 6}
PROBLEMS = {
    "plane": Problem.of(input_size=(6, 7), kernel_size=(3, 2), padding=((1, 0), (0, 2)), **SIZES),
    "strided": Problem.of(input_size=(9, 8), kernel_size=(2, 3), stride=(2, 3), groups=2, **SIZES),
}
ZERO_POINTS = ((0, 0), (3, 0), (0, 5), (7, 100))


def _operands(operation, problem, dtype):
    random = np.random.default_rng(8)
    shapes = problem.operand_shapes(operation)
    if dtype in COMPLEX:
        return tuple((random.integers(-5, 6, s) + 1j * random.integers(-5, 6, s)).astype(dtype) for s in shapes)
    limits = [np.iinfo(name) for name in operand_dtypes(dtype)]
    ranges = [(-9, 9) if limit.bits > 8 else (limit.min, limit.max) for limit in limits]
    names = operand_dtypes(dtype)
    return tuple(random.integers(*r, s).astype(name) for r, s, name in zip(ranges, shapes, names, strict=False))


def _problems(declared, dtype):
    for problem in PROBLEMS.values():
        for zeros in ZERO_POINTS if dtype in INTEGERS else ZERO_POINTS[:1]:
            asked = Problem.of(
                **SIZES, input_size=problem.input_size, kernel_size=problem.kernel_size, stride=problem.stride,
                padding=problem.padding, groups=problem.groups, zero_points=zeros,
            )  # fmt: skip
            if declared.domain.holds(Request(asked, dtype)):
                yield asked


@pytest.mark.parametrize("name", discovery.BUILT_IN)
def test_what_a_route_says_it_takes_it_answers_or_refuses(name):
    adapter, asked, answered = checking.created(name), 0, 0
    for declared in discovery.load(name).routes:
        for dtype in (*INTEGERS, "complex64"):
            for problem in _problems(declared, dtype):
                asked += 1
                operands = _operands(declared.operation, problem, dtype)
                apply = integers.apply if dtype in INTEGERS else operations.apply
                want = apply(declared.operation, problem, *operands)
                try:
                    got = adapter.answer(declared, problem, operands).value
                except Refusal:
                    continue
                answered += 1
                assert got.dtype == want.dtype
                if declared.grade == "conformant":
                    np.testing.assert_array_equal(got, want, err_msg=f"{declared.operation} {declared.name} {dtype}")
                else:
                    np.testing.assert_allclose(got, want, atol=1e-3)
    assert answered > 0 or not asked


class Silent(Adapter):
    """Says nothing of its numbers by one route, and that it takes bytes by another."""

    name = "silent"

    @route("conv")
    def anything(self, problem, x, w, bias=None):
        raise NotImplementedError

    @route("conv", numbers=of_numbers("bytes", "int8"))
    def bytes_alone(self, problem, x, w):
        raise NotImplementedError

    @route("conv", numbers=of_numbers("bytes, with zero points", "int8", zero_points=True))
    def bytes_with_zero_points(self, problem, x, w):
        raise NotImplementedError


def test_a_route_that_says_nothing_is_asked_floating_point_numbers_alone():
    asked = Scope(catalogue.cases("standard")).questions([Selection(Silent, {}, "silent")])
    by_route = {name: {q.dtype for q in asked if q.route.name == name} for name in ("anything", "bytes_alone")}
    assert by_route == {"anything": set(FLOATS), "bytes_alone": {"int8"}}
    zeros = {q.route.name: any(any(e.case.zero_points) for e in asked if e.route == q.route) for q in asked}
    assert zeros == {"anything": False, "bytes_alone": False, "bytes_with_zero_points": True}


def test_what_is_asked_in_other_numbers_is_counted_apart():
    outside = Scope(catalogue.cases("smoke"), dtypes=("uint8xint8",)).asked_or_not([Selection(Silent, {}, "silent")])[1]
    assert {question.route.domain.covers for question in outside} == {
        "floating-point numbers; an ordinary convolution; operands that are contiguous, sliced, permuted",
        "bytes; no bias; an ordinary convolution; operands that are contiguous, sliced, permuted",
        "bytes, with zero points; no bias; an ordinary convolution; operands that are contiguous, sliced, permuted",
    }
    assert set(ALL_DTYPES) >= {question.dtype for question in outside} == {"uint8xint8"}


@pytest.mark.parametrize("mode", ["onnxruntime", "onnxruntime[filter=constant]"])
@pytest.mark.parametrize("zeros", ZERO_POINTS)
def test_a_script_of_integers_calls_the_operator_itself(mode, zeros):
    adapter = discovery.load(mode).create()
    declared = next(each for each in adapter.routes() if each.name == "ConvInteger")
    problem = Problem.of(input_size=(3, 4), kernel_size=2, padding=1, zero_points=zeros)
    operands = _operands("conv", problem, "uint8xint8")
    want = integers.apply("conv", problem, *operands)
    for wanted, status in ((want.astype(float), 0), (want + 1.0, 1)):
        failed = Failure("conv", problem, Numbers(operands), want - 1, "", wanted)
        text = script_of(adapter, declared, failed, case_id="case", dtype="uint8xint8", message="nothing")
        assert text is not None
        assert "ConvInteger" in text
        assert ("x_zero_point" in text, "w_zero_point" in text) == (zeros[0] != 0, zeros[1] != 0)
        with Batch() as batch:
            assert batch.run(text).status == status


def test_a_script_of_complex_numbers_is_asked_through_this_suite_as_a_call_may_need_a_conjugate():
    adapter = discovery.load("scipy").create()
    declared = next(each for each in adapter.routes() if each.name == "signal.correlate")
    problem = Problem.of(input_size=(3, 4), kernel_size=2)
    operands = _operands(declared.operation, problem, "complex64")
    want = operations.apply(declared.operation, problem, *operands).astype(complex)
    failed = Failure(declared.operation, problem, Numbers(operands), want - 1, "", want)
    text = script_of(adapter, declared, failed, case_id="case", dtype="complex64", message="nothing")
    assert text is not None
    assert "adapter = load('scipy')" in text
    with Batch() as batch:
        assert batch.run(text).status == 0
