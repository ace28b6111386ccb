"""The conversation of one question as files: what a program is sent, and the numbers that must come back."""

import json
import shlex
from dataclasses import dataclass
from math import prod
from pathlib import Path

import numpy as np

from convformance.adapters import layouts
from convformance.adapters.contract import Route, UsageError
from convformance.adapters.discovery import load
from convformance.adapters.program import Program
from convformance.adapters.protocol import messages
from convformance.adapters.protocol.conversation import START, STOP
from convformance.judging.bounds import Operands
from convformance.reference import operations
from convformance.reference.arrays import Array
from convformance.reference.problem import Problem
from convformance.running.questions import Question, question_of
from convformance.running.runner import VerdictRunner
from convformance.running.smallest import smallest_failing
from convformance.test_cases.fills import EXACT_FILLS, fill

SENT, EXPECTED, README = "stdin.bin", "expected.bin", "README.txt"
SECONDS = 60.0  # that the program may take over a question while a smaller one is looked for


@dataclass(frozen=True)
class Transcript:
    """One question to a program: its header, all the bytes it is sent, and the result in the layout it was asked in."""

    header: dict[str, object]
    sent: bytes
    expected: Array

    @classmethod
    def of(cls, adapter: Program, route: Route, problem: Problem, operands: Operands) -> "Transcript":
        header, sent = adapter.question(1, route, problem, operands.arrays, operands.bias)
        wide = [array.astype(np.float64) for array in operands.arrays]
        bias = None if operands.bias is None else operands.bias.astype(np.float64)
        truth = operations.apply(route.operation, problem, *wide, bias=bias).astype(operands.arrays[0].dtype)
        result = layouts.from_canonical(
            truth, adapter.layout(route, layouts.result_role(route.operation)), problem.groups
        )
        return cls(header, START + sent + STOP, result)


def write(spec: str, operation: str, route: str, case: str, dtype: str, folder: Path) -> str:
    """Write the conversation of one question below ``folder``: the smallest that fails as it does, or itself.

    Return a sentence on what was written. Raises UsageError for an adapter that is no program.
    """
    selection = load(spec)
    if not issubclass(selection.adapter_class, Program):
        raise UsageError(f"--files: {spec} is no program; allowed: --adapter exec:COMMAND")
    question = question_of(selection, operation, route, case, dtype)
    runner = VerdictRunner([selection], seconds=SECONDS)
    verdict = runner.verdict(question)
    adapter = runner.adapter(selection.label)
    assert isinstance(adapter, Program)
    problem, operands = _asked(adapter, question, verdict.worst.fill if verdict.worst else EXACT_FILLS[0])
    adapter.close()
    transcript = Transcript.of(adapter, question.route, problem, operands)
    folder.mkdir(parents=True, exist_ok=True)
    (folder / SENT).write_bytes(transcript.sent)
    (folder / EXPECTED).write_bytes(messages.raw(transcript.expected))
    seen = f"{verdict.grade}: {verdict.message}".rstrip(": ")
    (folder / README).write_text(_text(adapter, transcript, seen), encoding="utf-8")
    return f"{folder / README} says how the question is asked again; the verdict on {case} was {seen}"


def _asked(adapter: Program, question: Question, name: str) -> tuple[Problem, Operands]:
    """Return the smallest problem that fails as the question does, with its operands, or the question's own."""
    smallest = smallest_failing(adapter, question, name)
    if smallest is not None:
        return smallest.problem, smallest.operands
    chosen = name if name in EXACT_FILLS else EXACT_FILLS[0]
    return question.case.problem, fill(question.case, question.operation, question.dtype, chosen)


def _text(adapter: Program, transcript: Transcript, seen: str) -> str:
    command, length = shlex.join(adapter.command), len(messages.raw(transcript.expected))
    dtype = transcript.header["dtype"]
    shape = "x".join(map(str, transcript.expected.shape))
    numbers = transcript.expected.astype(np.float64).tolist() if prod(transcript.expected.shape) <= 64 else "(many)"
    return f"""\
One question to {adapter.name} {adapter.version()}, as the protocol sends it. Seen when it was written: {seen}

    {command} < {SENT} > stdout.bin
    tail -c {length} stdout.bin | cmp - {EXPECTED}

{SENT}      the start, the header below with the raw numbers behind it, and the stop
{EXPECTED}   the right result, {shape} numbers of {dtype}, little-endian, whatever the order of the sums

{json.dumps(transcript.header)}

expected: {numbers}
"""
