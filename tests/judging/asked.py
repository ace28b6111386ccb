"""Asking the judge about a function: cases by their sizes, answers from plain functions of the operands."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from convformance.judging.bounds import Operands
from convformance.judging.rule import Examination, Judgement, judge
from convformance.reference.arrays import Array
from convformance.test_cases import examining
from convformance.test_cases.case import Case, case

Implementation = Callable[[Operands], Array]


@dataclass(frozen=True)
class InstantAnswer:
    """An answer that took no time."""

    value: Array
    seconds: float = 0.0
    changed: tuple[int, ...] = ()
    earlier: Array | None = None


def case_of(**sizes: Any) -> Case:
    """Return a case of these sizes, 7 x 5 with a kernel of 3 x 2 unless they say otherwise."""
    return case("tests", "What a test makes of it.", **{"input_size": (7, 5), "kernel_size": (3, 2), **sizes})


def examine(declared: Case, operation: str, dtype: str, accumulator: str | None = None) -> Examination:
    """Return the examination of ``operation`` in that case, on the suite's own fills."""
    return examining.examination(declared, operation, dtype, accumulator)


def judgement_of(examination: Examination, implementation: Implementation) -> Judgement:
    """Return the judgement on ``implementation``."""
    return judge(examination, lambda operands: InstantAnswer(implementation(operands)))
