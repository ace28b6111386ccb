"""The smallest failing case of a question, sought in a process of its own: what fails on one case may crash on a smaller one."""

import json
import subprocess
import sys
from functools import partial
from typing import TYPE_CHECKING, Any

from convformance.adapters.contract import Adapter
from convformance.adapters.discovery import described
from convformance.judging.smallest import Failure, failure, smallest
from convformance.reference.problem import Problem
from convformance.running.launch import environment
from convformance.test_cases import fills
from convformance.test_cases.fills import EXACT_FILLS, Operands

if TYPE_CHECKING:
    from convformance.running.runner import Question

_SECONDS = 60.0  # to import the framework and to search
_LARGEST = 400  # numbers in all operands, so that they can be read

Told = dict[str, Any]


def apart(spec: str, question: "Question", fill: str) -> Told | None:
    """Return the smallest failing case as the record keeps it, or None where none was found, or the search crashed or hung."""
    names = {"adapter": spec, "op": question.operation, "route": question.route.name, "case": question.case.id}
    words = [f"--{name}={value}" for name, value in {**names, "dtype": question.dtype, "fill": fill}.items()]
    command = [sys.executable, "-m", "convformance", "smallest", *words, "--json"]
    try:
        done = subprocess.run(command, env=environment(), capture_output=True, timeout=_SECONDS, check=False)
    except subprocess.TimeoutExpired:
        return None
    # Frameworks print what they like before: the case is the last line.
    lines = done.stdout.splitlines()
    found: Told | None = json.loads(lines[-1]) if done.returncode == 0 and lines else None
    return found


def search(adapter: Adapter, question: "Question", fill: str) -> Told | None:
    """Return the smallest case that still fails as this question does on that fill; None when it does not fail on exact numbers."""
    exact = fill if fill in EXACT_FILLS else "int"
    operands = fills.fill(question.case, question.operation, question.dtype, exact)
    found = smallest(question.operation, question.case.problem, operands, partial(_fails, adapter, question))
    if found is None or sum(array.size for array in found.operands.arrays) > _LARGEST:
        return None
    return found.to_json()


def _fails(adapter: Adapter, question: "Question", problem: Problem, operands: Operands) -> Failure | None:
    ask = partial(_answer, adapter, question, problem)
    expected = question.route.accumulator.get(question.dtype)
    return failure(question.operation, problem, operands, ask, question.dtype, accumulator=expected, error_text=described)


def _answer(adapter: Adapter, question: "Question", problem: Problem, operands: Operands) -> Any:
    return adapter.answer(question.route, problem, operands.arrays, operands.bias)
