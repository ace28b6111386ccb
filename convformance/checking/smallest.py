"""The smallest failing case of a function, as its author sees it: its own call, layout and names."""

from collections.abc import Iterable, Sequence
from functools import partial
from itertools import islice
from typing import Any

from convformance.adapters.layouts import result_role
from convformance.checking.kernels import kernel_of
from convformance.checking.target import FunctionUnderTest
from convformance.judging.bounds import RANGE_FILL, Operands
from convformance.judging.smallest import Failure, failure, listed, smallest
from convformance.processes.limits import CallTimeout
from convformance.reference.arrays import Array
from convformance.reference.operation import BY_NAME
from convformance.reference.problem import Problem
from convformance.reports.lines import Verdict
from convformance.test_cases import fills
from convformance.test_cases.case import Case

_TRIES = 3  # an answer that is wrong only now and then may not fail again


def smallest_case(
    function: FunctionUnderTest, failed: Iterable[Verdict], cases: Sequence[Case], *, seconds: float
) -> dict[str, Any] | None:
    """Return the smallest failing case of the first ``failed`` that fails again: what a record keeps, as JSON types."""
    by_id = {case.id: case for case in cases}
    for verdict in islice(failed, _TRIES):
        shrunk = _shrunk(function, verdict, by_id[verdict.case], seconds)
        if shrunk is not None:
            return _to_json(function, shrunk)
    return None


def _shrunk(function: FunctionUnderTest, verdict: Verdict, case: Case, seconds: float) -> Failure | None:
    fill = verdict.worst.fill if verdict.worst and verdict.worst.fill in (*fills.EXACT_FILLS, RANGE_FILL) else "int"
    operands = fills.fill(case, verdict.op, function.spec.dtype, fill)
    try:
        return smallest(
            verdict.op, case.problem, operands, partial(_fails, function, verdict.op, fill), seconds=seconds
        )
    except CallTimeout:
        return None


def _fails(
    function: FunctionUnderTest, operation: str, fill: str, problem: Problem, operands: Operands
) -> Failure | None:
    if function.capabilities.refuses(operation, problem) is not None:
        return None
    kernel = kernel_of(function.capabilities.function)
    if kernel is not None:
        operands = _with_kernel(operation, operands, kernel)
    ask, dtype = partial(function.answer, operation, problem), function.spec.dtype
    return failure(operation, problem, operands, ask, dtype, rounds=kernel is not None, fill=fill)


def _with_kernel(operation: str, operands: Operands, kernel: Array) -> Operands:
    """Return the operands with the kernel that the function has built in as the filter."""
    names = BY_NAME[operation].arrays
    arrays = tuple(
        kernel.astype(array.dtype) if name == "filter" else array
        for name, array in zip(names, operands.arrays, strict=True)
    )
    return fills.Operands(arrays, operands.bias)


def _to_json(function: FunctionUnderTest, failed: Failure) -> dict[str, Any]:
    operation, problem, operands = failed.operation, failed.problem, failed.operands
    results = {"got": failed.answer, "want": failed.want, "difference": failed.difference}
    own = {name: _in_own_layout(function, operation, each) for name, each in results.items() if each is not None}
    error = failed.error
    if "got" in own and own["got"].shape != own["want"].shape:
        error = f"the result has shape {own['got'].shape}; wanted {own['want'].shape}"
    arrays = function.own_arrays(operation, problem, operands)
    return {
        **failed.to_json(),
        "operation": operation,
        "call": function.call_text(operation, problem, operands),
        "operands": {_own_name(function, role): listed(array) for role, array in arrays.items()},
        "error": error,
        **{name: listed(own[name]) if name in own else None for name in results},
    }


def _own_name(function: FunctionUnderTest, role: str) -> str:
    parameter = function.capabilities.signature.of(role)
    return parameter.name if parameter else role


def _in_own_layout(function: FunctionUnderTest, operation: str, array: Array) -> Array:
    """Return a canonical result in the function's layout; one of another number of axes as it is."""
    role = result_role(operation)
    canonical_axes = 1 if role == "bias" else 2 + function.capabilities.layouts.rank
    return function.capabilities.layouts.own(array, role) if array.ndim == canonical_axes else array
