"""A failing case as its reader sees it: the call as the function wants it, the arrays in the function's own layout and names."""

from typing import Any

from convformance.adapters.layouts import result_role
from convformance.checking.answering import Asker
from convformance.judging.smallest import Failure, listed
from convformance.reference.arrays import Array


def shown(failed: Failure, asker: Asker) -> dict[str, Any]:
    """Return ``failed.to_json()`` with the call and the arrays as the function has them: JSON types only."""
    given = asker.own(failed.operation, failed.problem, failed.operands)
    answer = None if failed.answer is None else _own(asker, failed.operation, failed.answer)
    want, difference = _own(asker, failed.operation, failed.want), failed.difference
    error = failed.error
    if answer is not None and answer.shape != want.shape:
        error = f"the result has shape {answer.shape}; wanted {want.shape}"
    return {
        **failed.to_json(),
        "operation": failed.operation,
        "call": asker.caller.words(failed.operation, failed.problem, given),
        "operands": {_name(asker, role): listed(array) for role, array in given.items()},
        "got": None if answer is None else listed(answer),
        "error": error,
        "want": listed(want),
        "difference": None if difference is None else listed(_own(asker, failed.operation, difference)),
    }


def _name(asker: Asker, role: str) -> str:
    held = asker.caller.signature.of(role)
    return held.name if held else role


def _own(asker: Asker, operation: str, array: Array) -> Array:
    """Return a canonical result in the function's layout; one of another number of axes as it is."""
    role = result_role(operation)
    canonical = 1 if role == "bias" else 2 + asker.caller.layouts.rank
    return asker.caller.layouts.own(array, role) if array.ndim == canonical else array
