"""``convformance check``: a function in a file, judged in a process of its own."""

import argparse
import ast
import contextlib
import json
import shlex
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from convformance.processes import environment
from convformance.processes.child import Child, Ended, Message

if TYPE_CHECKING:  # what takes long to import is imported while the other process starts
    from convformance.checking.findings import Findings


class CannotAsk(ValueError):
    """The other process could not ask anything; ``data`` has why, as ``sentence``, and what would help."""

    def __init__(self, data: Mapping[str, Any]) -> None:
        super().__init__(data["sentence"])
        self.data = data


def run(parsed: argparse.Namespace) -> int:
    """Judge, print the result, and return the exit status. Raises ValueError for what cannot be asked."""
    try:
        findings = _findings(parsed)
    except CannotAsk as error:
        return _cannot_ask(parsed, error)
    from convformance.checking import document
    from convformance.checking.result import CheckResult

    print(json.dumps(document.document(findings)) if parsed.json else CheckResult(findings))
    if parsed.html:
        from convformance.checking import page

        parsed.html.write_text(page.document(findings), encoding="utf-8")
    return document.STATUSES[findings.verdict]


def _cannot_ask(parsed: argparse.Namespace, error: CannotAsk) -> int:
    """Say on the command line what the library says in Python's terms: the message with a command line to paste."""
    options = error.data.get("options", {})
    command = _command(parsed, options) if options else ""
    message = "; try: ".join(filter(None, (str(error), command)))
    if not parsed.json:
        raise ValueError(message)
    from convformance.checking import document

    print(json.dumps(document.usage_document(message, command=command, error=error.data)))
    return document.STATUSES[document.USAGE]


def _command(parsed: argparse.Namespace, options: Mapping[str, Any]) -> str:
    """Return the command line that was typed with ``options``, parameters of ``check``, in place of its own."""
    from convformance.checking.spec import USUAL_VALUES

    usual = {**USUAL_VALUES, "weights": None, "padding": None, "border": None}
    entered = {name: getattr(parsed, name) for name, value in usual.items() if getattr(parsed, name) != value}
    if "layout" in options:
        entered.pop("filter_layout", None)
    stated = {**entered, **{name: value for name, value in options.items() if name in USUAL_VALUES}}
    fixed = {**dict(each.partition("=")[::2] for each in parsed.fixed), **options}
    parts = ["convformance", "check", parsed.target]
    for name, value in stated.items():
        text = [] if value is True else [f"{value:g}" if isinstance(value, float) else str(value)]
        parts += [f"--{name.replace('_', '-')}", *text]
    for name, value in fixed.items():
        parts += ["--fixed", f"{name}={value}"] if name not in stated else []
    return shlex.join(parts)


def _request(parsed: argparse.Namespace) -> Message:
    """Return the parameters of ``CheckSpec``, the function and its call as text."""
    from dataclasses import fields

    from convformance.checking.spec import CheckSpec

    options = {**vars(parsed), "fn": parsed.target, "fixed": dict(map(_fixed, parsed.fixed))}
    for name in ("padding", "border"):
        if getattr(parsed, name) is not None:
            options["fixed"][name] = value_of(getattr(parsed, name))
    options["w"] = _weights(parsed.weights)
    if parsed.returns:
        options["returns"] = [None if name in ("-", "None") else name for name in parsed.returns.split(",")]
    return {parameter.name: options[parameter.name] for parameter in fields(CheckSpec)}


def _weights(text: str | None) -> Any:
    """Return the numbers that a text or a file of NumPy holds, as nested lists."""
    if text is None:
        return None
    import numpy as np

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
    return name, value_of(value)


def value_of(text: str) -> Any:
    """Return the number, tuple or name that a text stands for; anything else is a name."""
    try:
        return ast.literal_eval(text)
    except (ValueError, SyntaxError):
        return text


def _findings(parsed: argparse.Namespace) -> "Findings":
    """Return what the process found; if it died or never came back, what it told until then and that it did."""
    with Child("convformance.checking.child", env=environment.importing(), echo=True) as child:
        from convformance.checking.findings import Findings
        from convformance.checking.target import CALL_SHARE

        request = _request(parsed)
        verdicts: list[Message] = []
        asking: Message = {}
        silence = _STARTING + CALL_SHARE * request["seconds"]
        with contextlib.closing(child.ask(request, silence=silence)) as events:
            for event in events:
                if isinstance(event, Ended):
                    return _cut_off(request, verdicts, asking, event)
                kind, message = event
                if kind == "usage":
                    raise CannotAsk(message["data"])
                if kind == "findings":
                    return Findings.from_json(message)
                if kind == "verdict":
                    verdicts.append(message)
                asking = message if kind in ("asking", "trying") else {}
    raise AssertionError("a check that is done has told its findings")


_STARTING = 60.0  # seconds that the file may take to be run, frameworks and all


def _cut_off(request: Message, verdicts: list[Message], asking: Message, ended: Ended) -> "Findings":
    """Return the findings of a process that ended before it told any: what it was asked last is one."""
    from convformance.checking.findings import CheckVerdict, Findings
    from convformance.judging.grades import CRASHED, TIMED_OUT

    if not asking:
        raise ValueError(f"{request['fn']}: {ended.message} before anything could be asked")
    grade = CRASHED if ended.kind == "died" else TIMED_OUT
    message = f"{ended.message} in {asking['call']}, case {asking['case']}"
    operations = dict.fromkeys(name for name in request["returns"] or [request["op"] or asking["op"]] if name)
    return Findings(
        request["fn"].rpartition(":")[2],
        tuple(operations),
        f"{len(verdicts) + 1} questions, {request['dtype']}, layout {request['layout'] or 'NCHW'}",
        [*map(CheckVerdict.from_json, verdicts), CheckVerdict.without_answer(asking, grade, message)],
        not_asked=["everything after that question"],
    )
