"""Raw questions: each is asked in a process of its own, forked off one that has imported the framework.

So a crash or a hang costs one question, and the process that asks all others never sees the framework's mistake.
"""

import math
import re
from collections.abc import Mapping
from functools import cache, partial
from typing import Any

import numpy as np

from convformance import scripts
from convformance.adapters import discovery, layouts
from convformance.adapters.contract import Adapter, first_paragraph
from convformance.judging.grades import ACCEPTED, CONFORMANT, CRASHED, ERROR, REFUSED, TIMED_OUT
from convformance.processes import environment, forked
from convformance.processes.child import Child, Ended, Message, Tell, serve
from convformance.processes.loading import error_text, tidy
from convformance.running.questions import Question, question_of

SECONDS = 60.0  # that a call may take, however little of it it computes
_START = 300.0  # seconds in which a framework must be imported


class RawAsker:
    """Puts raw questions; starts a process for each adapter on its first question."""

    def __init__(self, specs: Mapping[str, str], seconds: float = math.inf) -> None:
        self._specs, self._seconds = specs, min(seconds, SECONDS)
        self._children: dict[str, Child] = {}

    def ask(self, question: Question) -> tuple[str, str, float]:
        """Return the grade of the answer, what is to be said of it, and the seconds that it took."""
        spec = self._specs[question.adapter]
        if spec not in self._children:
            self._children[spec] = Child(__name__, env=environment.asking())
        request = {"spec": spec, "key": list(question.key), "seconds": self._seconds}
        (event, *_) = list(self._children[spec].ask(request, silence=_START + self._seconds))
        if isinstance(event, Ended):
            del self._children[spec]
            return ERROR, tidy(f"{event.message}: {event.last_words}"), 0.0
        return event[1]["grade"], event[1]["message"], event[1]["seconds"]


@cache
def _adapter(spec: str) -> Adapter | str:
    """Return the adapter, or why it cannot be made."""
    try:
        return discovery.load(spec).create()
    except Exception as error:
        return error_text(error)


def _answer(request: Message, tell: Tell) -> None:
    """In the process that has imported the framework: answer one question in a fork."""
    adapter = _adapter(request["spec"])
    if isinstance(adapter, str):
        tell("verdict", {"grade": ERROR, "message": adapter, "seconds": 0.0})
        return
    question = question_of(discovery.load(request["spec"]), *request["key"][1:])
    program = scripts.raw_program(adapter, question.route, question.case, question.dtype)
    answer = forked.in_fork(partial(_attempt, adapter, question, program.text), seconds=request["seconds"])
    grade, message = _grade(answer)
    tell("verdict", {"grade": grade, "message": tidy(message), "seconds": round(answer.seconds, 6)})


def _grade(answer: forked.Forked) -> tuple[str, str]:
    if answer.kind == forked.ANSWERED:
        grade, message = answer.value
        return str(grade), str(message)
    if answer.kind == forked.SILENT:
        return TIMED_OUT, f"no answer after {forked.CPU_SECONDS} s of computing, or {SECONDS:g} s of waiting"
    said = _last_words(answer.printed)
    return CRASHED, answer.message + (f"; it said: {said}" if said else "")


def _last_words(printed: str) -> str:
    """Return the line that says why a process ended itself, the last line where none does: a trace may follow it."""
    lines = printed.splitlines()
    reasons = [match[0] for line in lines if (match := re.search(r"(?:Check failed|what\(\)): .*", line))]
    return (reasons or lines or [""])[-1]


def _attempt(adapter: Adapter, question: Question, program: str) -> tuple[str, str]:
    """In the fork: run the call, and return a grade with what is to be said."""
    names: dict[str, Any] = {"__name__": "__main__"}
    try:
        exec(compile(program, "call.py", "exec"), names)
        value = adapter.to_numpy(names["y"])
    except Exception as error:
        return REFUSED, first_paragraph(error)
    role = layouts.result_role(question.operation)
    layout = adapter.layout(question.route, role)
    canonical = layouts.to_canonical(np.asarray(value), layout)
    said = scripts.fault(question.case, question.operation, canonical)
    return (ACCEPTED, said) if said else (CONFORMANT, "")


if __name__ == "__main__":
    serve(_answer)
