"""Operands that several gradients of one layer have in common, so that one call answers them all.

A function that returns dx and dw computes both in each call. With a dy for each operation half of that is thrown away;
with one dy, and x and w beside it, the call that answers the first operation answers the others, too.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache, partial

from convformance.judging.bounds import EXACT_FILLS, RANDOM_FILLS, Operands, magnitude
from convformance.judging.examination import Examination
from convformance.judging.formats import default_accumulator
from convformance.reference.arrays import Array, widened
from convformance.reference.dtypes import FLOATS
from convformance.reference.operation import OPERAND_NAMES
from convformance.test_cases import examining, fills
from convformance.test_cases.case import Case
from convformance.test_cases.memory import MEMORY

_COMMON = "dy"
_OTHER_SIDE = {"xwide": "wwide", "wwide": "xwide"}


@dataclass(frozen=True)
class SharedOperands:
    """The operands of one operation; ``beside`` has what the others of the same call read, by name."""

    arrays: tuple[Array, ...]
    beside: Mapping[str, Array]
    bias: Array | None = None


def examination(case: Case, operation: str, dtype: str) -> Examination:
    """Return the examination of an operation, on operands in common with the others of its case where it can be."""
    if not _can_share(case, dtype):
        return examining.examination(case, operation, dtype)
    return examining.examination(case, operation, dtype, data=partial(_data, case, operation, dtype))


def beside(operands: Operands) -> Mapping[str, Array]:
    """Return what the other operations of the same call read, nothing where they have no operands in common."""
    return operands.beside if isinstance(operands, SharedOperands) else {}


def _can_share(case: Case, dtype: str) -> bool:
    """Whether several gradients are asked, of ordinary numbers in ordinary memory."""
    gradients = all(_COMMON in OPERAND_NAMES[each] and not case.has_bias(each) for each in case.operations)
    several = len(case.operations) > 1 and gradients
    unusual = case.special or case.memory != MEMORY[0] or case.fixed_filter is not None or case.sum_limits is not None
    return several and not unusual and dtype in FLOATS


def _data(
    case: Case, operation: str, dtype: str, name: str, accumulator: str | None = None, inputs: str | None = None
) -> Operands:
    first = case.operations[0]
    usual = name in (*EXACT_FILLS, *RANDOM_FILLS) and not (accumulator or inputs)
    arrays = _arrays(case, dtype, _fill_of(first, operation, name)) if usual else None
    if arrays is None:
        return fills.fill(case, operation, dtype, name, accumulator, inputs)
    own = OPERAND_NAMES[operation]
    others = {role: array for role, array in arrays.items() if role not in own}
    return SharedOperands(tuple(arrays[role] for role in own), others)


def _fill_of(other: str, operation: str, name: str) -> str:
    """Return the fill of another operation on which dy is what it is on the fill ``name`` of ``operation``."""
    same_side = OPERAND_NAMES[other].index(_COMMON) == OPERAND_NAMES[operation].index(_COMMON)
    return name if same_side else _OTHER_SIDE.get(name, name)


@lru_cache(maxsize=8)  # the fills of one case
def _arrays(case: Case, dtype: str, name: str) -> Mapping[str, Array] | None:
    """Return the operands of all operations by name, those of the first one first; None where some sum is too long."""
    first = case.operations[0]
    arrays: dict[str, Array] = {}
    for operation in case.operations:
        own_name = _fill_of(operation, first, name)
        has_fill = own_name != "wwide" or len(OPERAND_NAMES[operation]) > 1
        operands = fills.fill(case, operation, dtype, own_name) if has_fill else None
        if operands is None:
            continue
        for role, array in zip(OPERAND_NAMES[operation], operands.arrays, strict=True):
            arrays.setdefault(role, array)
    return arrays if name in RANDOM_FILLS or _are_exact(case, dtype, arrays, case.operations[1:]) else None


def _are_exact(case: Case, dtype: str, arrays: Mapping[str, Array], operations: Sequence[str]) -> bool:
    limit = 2.0 ** default_accumulator(dtype).digits
    for operation in operations:
        numbers = tuple(widened(arrays[role]) for role in OPERAND_NAMES[operation])
        if float(magnitude(operation, case.problem, numbers, None).max(initial=0.0)) > limit:
            return False
    return True
