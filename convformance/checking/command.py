"""``convformance check``: a function in a file, judged in a process of its own."""

import argparse
import ast
import contextlib
import json
import queue
import signal
import subprocess
import sys
import threading
from collections.abc import Generator
from typing import Any

from convformance.checking import page
from convformance.checking.checker import PATIENCE
from convformance.checking.result import CheckResult, Findings
from convformance.judging.diagnosis import Diagnosis
from convformance.processes.environment import importing

OK, FINDINGS = range(2)
_STARTING = 60.0  # seconds that the file may take to be run, frameworks and all
_DEFAULTS: dict[str, Any] = {"diagnosed": {}, "smallest": None, "remarks": [], "not_asked": []}

Line = dict[str, Any]


def run(parsed: argparse.Namespace) -> int:
    """Judge, print the result, and return the exit status. Raises ValueError with one sentence for what cannot be asked."""
    result = CheckResult(_judged(_wishes(parsed)))
    print(result)
    if parsed.html:
        parsed.html.write_text(page.whole(result.findings, ok=result.ok), encoding="utf-8")
    return OK if result.ok else FINDINGS


def _wishes(parsed: argparse.Namespace) -> Line:
    fixed = dict(_fixed(each) for each in parsed.fixed)
    if parsed.padding is not None:
        fixed["padding"] = _value(parsed.padding)
    returns = (
        [None if name in ("-", "None") else name for name in parsed.returns.split(",")] if parsed.returns else None
    )
    names = ("target", "op", "layout", "filter_layout", "dtype", "call", "grade", "empty", "seconds")
    return {**{name: getattr(parsed, name) for name in names}, "returns": returns, "fixed": fixed}


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


def _judged(wishes: Line) -> Findings:
    """Return what the process found; if it died or never came back, what it told until then and that it did."""
    verdicts: list[Line] = []
    asking: Line = {}
    with contextlib.closing(_told(wishes)) as told:
        for kind, what in told:
            if kind == "usage":
                raise ValueError(what["message"])
            if kind == "found":
                return _findings(what)
            if kind == "ended":
                return _cut_off(wishes, verdicts, asking, what)
            if kind == "verdict":
                verdicts.append(what)
            asking = what if kind == "asking" else {}
    raise AssertionError("a process that is told of always ends")


def _findings(what: Line) -> Findings:
    diagnosed = {operation: [Diagnosis(**held) for held in found] for operation, found in what.pop("diagnosed").items()}
    return Findings(**what, diagnosed=diagnosed)


def _cut_off(wishes: Line, verdicts: list[Line], asking: Line, what: Line) -> Findings:
    """Return the findings of a process that ended before it told any: what was being asked counts against the function."""
    if not asking:
        raise ValueError(f"{wishes['target']}: {what['message']} before anything could be asked")
    nothing = dict.fromkeys(("error", "accumulator", "worst", "spread", "map", "bias"))
    last = {
        **asking,
        **nothing,
        **what,
        "exact": False,
        "seconds": 0.0,
        "diagnosis": [],
        "printed": "",
        "finding": True,
    }
    last["message"] = f"{what['message']} in {asking['call']}, case {asking['case']}"
    operations = tuple(dict.fromkeys(name for name in wishes["returns"] or [wishes["op"]] if name))
    name = wishes["target"].rpartition(":")[2]
    asked = f"{len(verdicts) + 1} questions, {wishes['dtype']}, layout {wishes['layout']}"
    held = {**_DEFAULTS, "not_asked": ["everything after that question"]}
    return Findings(name=name, operations=operations, asked=asked, verdicts=[*verdicts, last], **held)


def _told(wishes: Line) -> Generator[tuple[str, Line], None, None]:
    """Yield what the process tells, and at last how it ended; it is killed when it is silent for too long."""
    # -P: the folder it is started in is not on the path, where it may hide libraries.
    words = [sys.executable, "-P", "-m", "convformance.checking.child", json.dumps(wishes)]
    process = subprocess.Popen(
        words, env=importing(), stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, text=True, encoding="utf-8"
    )
    heard: queue.Queue[str | None] = queue.Queue()
    threading.Thread(target=_hear, args=(process, heard), daemon=True).start()
    patience = _STARTING + PATIENCE * wishes["seconds"]
    try:
        while (line := heard.get(timeout=patience)) is not None:
            told = json.loads(line)
            yield told["kind"], told["what"]
        yield "ended", {"grade": "crashed", "message": _ending(process.wait())}
    except queue.Empty:
        yield "ended", {"grade": "timed-out", "message": f"no answer after {patience:g} s"}
    finally:
        process.kill()
        process.wait()


def _hear(process: "subprocess.Popen[str]", heard: "queue.Queue[str | None]") -> None:
    assert process.stdout is not None
    for line in process.stdout:
        heard.put(line)
    heard.put(None)


def _ending(status: int) -> str:
    if status < 0:
        return f"the process died of {signal.Signals(-status).name}"
    return f"the process ended with status {status}"
