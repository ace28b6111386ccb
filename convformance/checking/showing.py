"""A failing case as its reader sees it: the call as the function wants it, the arrays in the function's own layout and names."""

from typing import Any

from convformance.adapters.layouts import result_role
from convformance.checking.target import FunctionUnderTest
from convformance.judging.smallest import Failure, listed, told
from convformance.reference.arrays import Array


def shown(failed: Failure, function: FunctionUnderTest) -> dict[str, Any]:
    """Return ``told(failed)`` with the call and the arrays as the function has them: JSON types only."""
    given = function.own(failed.operation, failed.problem, failed.operands)
    answer = None if failed.answer is None else _own(function, failed.operation, failed.answer)
    want, difference = _own(function, failed.operation, failed.want), failed.difference
    error = failed.error
    if answer is not None and answer.shape != want.shape:
        error = f"the result has shape {answer.shape}; wanted {want.shape}"
    return {
        **told(failed),
        "operation": failed.operation,
        "call": function.caller.words(failed.operation, failed.problem, given),
        "operands": {_name(function, role): listed(array) for role, array in given.items()},
        "got": None if answer is None else listed(answer),
        "error": error,
        "want": listed(want),
        "difference": None if difference is None else listed(_own(function, failed.operation, difference)),
    }


def _name(function: FunctionUnderTest, role: str) -> str:
    held = function.caller.signature.of(role)
    return held.name if held else role


def _own(function: FunctionUnderTest, operation: str, array: Array) -> Array:
    """Return a canonical result in the function's layout; one of another number of axes as it is."""
    role = result_role(operation)
    canonical = 1 if role == "bias" else 2 + function.caller.layouts.rank
    return function.caller.layouts.own(array, role) if array.ndim == canonical else array
