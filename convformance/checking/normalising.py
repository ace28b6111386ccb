"""The form of an answer told apart from its numbers: what is wrong with it, and the answer with that put right."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from math import prod
from typing import TYPE_CHECKING, Any

import numpy as np

from convformance.adapters.contract import Answer
from convformance.adapters.layouts import result_role
from convformance.checking.target import FunctionUnderTest
from convformance.judging import form
from convformance.judging.formats import format_of, holds_reals
from convformance.judging.rule import Examination
from convformance.reference.arrays import Array
from convformance.reference.problem import Problem

if TYPE_CHECKING:
    from convformance.checking.layouts import Layouts

_NOTHING = 1e-6  # the share of a complex number that is none
SHAPE, DTYPE, OPERAND, PRINTS = "shape", "dtype", "operand", "prints"
_NAMES = {SHAPE: "wrong-shape", DTYPE: "wrong-dtype", OPERAND: "operand-changed"}


@dataclass(frozen=True)
class Fault:
    """What is wrong with the form of an answer: its kind, a detail, what the function does, and a message."""

    kind: str
    detail: str
    does: str
    message: str

    @property
    def name(self) -> str:
        """The public name of it as a mistake, "" where it has none."""
        return _NAMES.get(self.kind, "")


def normalised(
    examination: Examination, answer: Answer, layouts: "Layouts", own_shape: Sequence[int]
) -> tuple[Answer, list[Fault]]:
    """Return ``answer`` in the shape and dtype that are wanted, as far as that changes no number, and what was not so.

    ``own_shape`` is the shape in the function's layout before it was made canonical.
    """
    faults = []
    value, role = answer.value, result_role(examination.operation)
    wanted = layouts.own_shape(examination.shape, role)
    if value.shape != examination.shape and len(own_shape) != len(wanted) and value.size == prod(examination.shape):
        value = layouts.canonical(value.reshape(wanted), role)
        faults.append(_shape_fault(tuple(own_shape), wanted))
    name = examination.expected.result.name
    if value.dtype != format_of(name).dtype:
        does = f"returns {value.dtype.name}" + (", whole numbers" if value.dtype.kind in "iub" else "")
        message = f"the result has dtype {value.dtype.name}; wanted {name}"
        faults.append(Fault(DTYPE, f"{value.dtype.name} for {name}", does, message))
        value = _cast(value, format_of(name).dtype)
    changed = form.fault(examination, replace(answer, value=np.empty(examination.shape, format_of(name).dtype)))
    if changed is not None:
        operand = changed.removeprefix("changed its operand ").split(" ")[0]
        faults.append(Fault(OPERAND, operand, f"changes its operand {operand}", changed))
    return replace(answer, value=value, changed=()), faults


class Normalised(FunctionUnderTest):
    """The function with the form of its answers put right, so that a smallest case shows wrong numbers."""

    def __init__(self, function: FunctionUnderTest) -> None:
        super().__init__(function.spec, function.capabilities)

    def answer(self, operation: str, problem: Problem, operands: Any) -> Answer:
        """Return the answer in the shape and dtype that are wanted."""
        returned = super().answer(operation, problem, operands)
        examination = Examination(operation, problem, self.spec.dtype, lambda *_: operands)
        return normalised(examination, returned, self.capabilities.layouts, self.own_shape or ())[0]


def _shape_fault(own: tuple[int, ...], wanted: tuple[int, ...]) -> Fault:
    axes = "axis" if len(own) == 1 else "axes"
    does = f"returns {len(own)} {axes} for {len(wanted)}"
    return Fault(SHAPE, f"{own} for {wanted}", does, f"the result has shape {own}; wanted {wanted}")


def _cast(value: Array, dtype: Any) -> Array:
    """Return the numbers in ``dtype``; of complex ones the real parts, where the others are next to nothing."""
    if value.dtype.kind == "c":
        finite = value[np.isfinite(value)]
        size = float(np.abs(finite).max(initial=0.0))
        return value.real.astype(dtype) if np.abs(finite.imag).max(initial=0.0) <= _NOTHING * size else value
    with np.errstate(all="ignore"):
        return value.astype(dtype) if holds_reals(value.dtype) or value.dtype.kind in "biu" else value
