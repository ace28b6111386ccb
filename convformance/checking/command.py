"""``convformance check``: a function in a file, judged in a process of its own."""

import argparse
import ast
import contextlib
from dataclasses import fields
from typing import Any

import numpy as np

from convformance.checking import page
from convformance.checking.findings import CheckVerdict, Findings
from convformance.checking.result import CheckResult
from convformance.checking.spec import CheckSpec
from convformance.checking.target import CALL_SHARE
from convformance.judging.grades import CRASHED, TIMED_OUT
from convformance.processes import environment
from convformance.processes.child import Child, Ended, Message

OK, FINDINGS = range(2)
_STARTING = 60.0  # seconds that the file may take to be run, frameworks and all


def run(parsed: argparse.Namespace) -> int:
    """Judge, print the result, and return the exit status. Raises ValueError for what cannot be asked."""
    findings = _findings(_request(parsed))
    print(CheckResult(findings))
    if parsed.html:
        parsed.html.write_text(page.document(findings), encoding="utf-8")
    return OK if findings.ok else FINDINGS


def _request(parsed: argparse.Namespace) -> Message:
    """Return the parameters of ``CheckSpec``, the function and its call as text."""
    options = {**vars(parsed), "fn": parsed.target, "fixed": dict(map(_fixed, parsed.fixed))}
    for name in ("padding", "border"):
        if getattr(parsed, name) is not None:
            options["fixed"][name] = _value(getattr(parsed, name))
    options["w"] = _weights(parsed.weights)
    if parsed.returns:
        options["returns"] = [None if name in ("-", "None") else name for name in parsed.returns.split(",")]
    return {parameter.name: options[parameter.name] for parameter in fields(CheckSpec)}


def _weights(text: str | None) -> Any:
    """Return the numbers that a text or a file of NumPy holds, as nested lists."""
    if text is None:
        return None
    try:
        array = np.load(text, allow_pickle=False) if text.endswith(".npy") else np.array(ast.literal_eval(text), float)
    except (OSError, ValueError, SyntaxError, TypeError) as error:
        allowed = "nested lists of numbers, or a file.npy"
        raise ValueError(f"--weights {text!r} cannot be read; allowed: {allowed}") from error
    return array.tolist()


def _fixed(text: str) -> tuple[str, Any]:
    name, equals, value = text.partition("=")
    if not (name.isidentifier() and equals and value):
        raise ValueError(f"--fixed {text!r} cannot be read; allowed: NAME=VALUE, such as stride=2")
    return name, _value(value)


def _value(text: str) -> Any:
    """Return the number, tuple or name that a text stands for; anything else is a name."""
    try:
        return ast.literal_eval(text)
    except (ValueError, SyntaxError):
        return text


def _findings(request: Message) -> Findings:
    """Return what the process found; if it died or never came back, what it told until then and that it did."""
    verdicts: list[CheckVerdict] = []
    asking: Message = {}
    silence = _STARTING + CALL_SHARE * request["seconds"]
    with (
        Child("convformance.checking.child", env=environment.importing(), echo=True) as child,
        contextlib.closing(child.ask(request, silence=silence)) as events,
    ):
        for event in events:
            if isinstance(event, Ended):
                return _cut_off(request, verdicts, asking, event)
            kind, message = event
            if kind == "usage":
                raise ValueError(message["message"])
            if kind == "findings":
                return Findings.from_json(message)
            if kind == "verdict":
                verdicts.append(CheckVerdict.from_json(message))
            asking = message if kind in ("asking", "trying") else {}
    raise AssertionError("a check that is done has told its findings")


def _cut_off(request: Message, verdicts: list[CheckVerdict], asking: Message, ended: Ended) -> Findings:
    """Return the findings of a process that ended before it told any: what it was asked last is one."""
    if not asking:
        raise ValueError(f"{request['fn']}: {ended.message} before anything could be asked")
    grade = CRASHED if ended.kind == "died" else TIMED_OUT
    message = f"{ended.message} in {asking['call']}, case {asking['case']}"
    operations = dict.fromkeys(name for name in request["returns"] or [request["op"] or asking["op"]] if name)
    return Findings(
        request["fn"].rpartition(":")[2],
        tuple(operations),
        f"{len(verdicts) + 1} questions, {request['dtype']}, layout {request['layout'] or 'NCHW'}",
        [*verdicts, CheckVerdict.without_answer(asking, grade, message)],
        not_asked=["everything after that question"],
    )
