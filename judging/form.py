"""The form of an answer: shape, dtype and operands left alone, before any number is looked at."""

from convformance.judging.examination import Examination
from convformance.judging.judgement import Answer
from convformance.reference.operation import OPERAND_NAMES


def fault(examination: Examination, answer: Answer) -> str | None:
    """Return what is wrong with the form of ``answer`` in a sentence, or None."""
    value, dtype = answer.value, examination.expected.result.dtype
    if value.shape != examination.shape:
        return f"the result has shape {value.shape}; wanted {examination.shape}"
    if value.dtype != dtype:
        return f"the result has dtype {value.dtype.name}; wanted {examination.expected.result.name}"
    if answer.changed:
        return f"changed {', '.join(_operand(examination.operation, index) for index in answer.changed)}"
    return None


def _operand(operation: str, index: int) -> str:
    name = (*OPERAND_NAMES[operation], "bias")[index]
    return f"its operand {name} (number {index + 1})"
