"""Gradients that one call returns: asked on the same dy, so that it answers each of them, and judged each by itself."""

from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from convformance.checking import sharing
from convformance.checking.run import run_check
from convformance.checking.spec import CheckSpec
from convformance.reference import operations
from convformance.test_cases import catalogue
from convformance.test_cases.case import Case

OPERATIONS = ("conv_input_grad", "conv_filter_grad", "conv_bias_grad")
CASES: list[Case] = [
    replace(case, operations=OPERATIONS)
    for case in catalogue.standard_cases_of(2, "float32", OPERATIONS)
    if set(OPERATIONS[:2]) <= set(case.operations) and case.problem.multiplications < 1e5
]


def _gradients(dy: Any, x: Any, w: Any, stride: Any) -> tuple[Any, Any]:
    dx = operations.conv_input_grad(dy, w, input_size=x.shape[2:], stride=stride)
    return dx, operations.conv_filter_grad(x, dy, kernel_size=w.shape[2:], stride=stride)


class Counted:
    """The gradients, with the filter's scaled and the calls counted; ``reused``: in the same memory every time."""

    def __init__(self, scale: float = 1.0, *, reused: bool = False) -> None:
        self.scale, self.reused, self.calls = scale, reused, 0
        self.memory: dict[Any, Any] = {}

    def check(self) -> Any:
        """Return the findings on it."""

        def backward(dy, x, w, stride=1):  # type: ignore[no-untyped-def]
            self.calls += 1
            dx, dw = _gradients(dy, x, w, stride)
            return self._in_memory("dx", dx), self._in_memory("dw", dw * self.scale)

        return run_check(CheckSpec(backward, returns=("conv_input_grad", "conv_filter_grad"), seconds=600.0))

    def _in_memory(self, name: str, array: Any) -> Any:
        if not self.reused:
            return array
        memory = self.memory.setdefault((name, array.shape), np.empty(array.shape))
        memory[...] = array
        return memory


def test_one_call_answers_both_gradients(monkeypatch: pytest.MonkeyPatch) -> None:
    once, each = Counted(), Counted()
    assert once.check().ok
    monkeypatch.setattr(sharing, "_can_share", lambda case, dtype: False)
    assert each.check().ok
    assert once.calls < 0.75 * each.calls


def test_each_gradient_is_judged_by_itself() -> None:
    findings = Counted(2.0).check()
    wrong = {verdict.verdict.op for verdict in findings.verdicts if verdict.is_wrong}
    assert wrong == {"conv_filter_grad"}


def test_results_in_memory_that_the_next_call_writes_into_are_right() -> None:
    assert Counted(reused=True).check().ok


@pytest.mark.parametrize("dtype", ["float64", "float32"])
def test_operands_in_common_are_exact_where_they_have_to_be(dtype: str) -> None:
    """An examination raises BrokenFill for integers whose sums its accumulator cannot hold."""
    shared = 0
    for case in CASES:
        for operation in OPERATIONS:
            examination = sharing.examination(case, operation, dtype)
            for name in examination.fills:
                shared += bool(sharing.beside(examination.trial(name).operands))
    assert shared > len(CASES)


def test_operations_have_one_dy() -> None:
    case = next(case for case in CASES if not case.special and case.memory == "contiguous" and not case.range)
    first, second, third = (sharing.examination(case, operation, "float64") for operation in OPERATIONS)
    for name, other in {"int": "int", "xwide": "wwide", "wwide": "xwide", "normal": "normal"}.items():
        dy, _ = first.trial(name).operands.arrays
        assert np.array_equal(second.trial(other).operands.arrays[1], dy)
        if name in third.fills:
            assert np.array_equal(third.trial(name).operands.arrays[0], dy)
