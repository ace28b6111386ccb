"""Many scripts, each in a process of its own that is forked off one which has imported what they import.

So a crash or a hang ends a script and nothing else, and a framework is imported once for all of them.
"""

import contextlib
import importlib
import os
import re
import sys
import traceback
from collections.abc import Mapping
from functools import partial
from tempfile import TemporaryDirectory

from convformance.processes import environment, forked
from convformance.processes.child import Child, Ended, Message, Tell, serve
from convformance.scripts.checking import ENDS_WITHOUT, Ran

SECONDS, CPU_SECONDS = 60.0, 20  # that a script may take, and compute
_START = 300.0  # seconds in which all that it imports must be imported
_IMPORT = re.compile(r"^(?:import|from) ([\w.]+)", re.MULTILINE)


class Batch:
    """Runs scripts; a context manager. A process is started with the first of them, in ``variables`` beside our own."""

    def __init__(self, variables: Mapping[str, str] | None = None, *, seconds: float = SECONDS) -> None:
        self._variables, self._seconds = dict(variables or {}), seconds
        self._child: Child | None = None

    def __enter__(self) -> "Batch":
        return self

    def __exit__(self, *_: object) -> None:
        self._end()

    def run(self, text: str) -> Ran:
        """Return how a script ended."""
        if self._child is None:
            self._child = Child(__name__, env={**environment.asking(), **self._variables})
        request = {"text": text, "seconds": self._seconds}
        (event, *_) = list(self._child.ask(request, silence=_START + self._seconds))
        if isinstance(event, Ended):
            self._end()
            return Ran(1, f"it could not be run: {event.message}", diverges=False)
        return Ran.of(text, event[1]["status"], event[1]["errors"])

    def kill(self) -> None:
        """End the script that runs, if one does, at once."""
        child = self._child
        if child is not None:
            child.kill()

    def _end(self) -> None:
        if self._child is not None:
            self._child.__exit__()
            self._child = None


def _answer(request: Message, tell: Tell) -> None:
    """In the process that imports: run one script in a fork, and tell how it ended."""
    for name in _IMPORT.findall(request["text"].partition("os.environ")[0]):  # what reads variables is not ready yet
        with contextlib.suppress(Exception):  # the script itself says what is missing
            importlib.import_module(name)
    text = request["text"]
    # One that says that it does not end need not be waited for as long as one that says that it does.
    cpu_seconds = forked.CPU_SECONDS if ENDS_WITHOUT in text else CPU_SECONDS
    with TemporaryDirectory() as folder:  # what a script writes down is gone with it
        ended = forked.in_fork(partial(_run, text, folder), seconds=request["seconds"], cpu_seconds=cpu_seconds)
    status = None if ended.kind == forked.SILENT else ended.status
    tell("ended", ended.value or {"status": status, "errors": ended.printed})


def _run(text: str, folder: str) -> Message:
    """In the fork: run the script in ``folder``; return Python's exit status for it, and the last of its trace."""
    os.chdir(folder)
    try:
        exec(compile(text, "script.py", "exec"), {"__name__": "__main__"})
    except Exception as error:
        return {"status": 1, "errors": "".join(traceback.format_exception_only(error))}
    except SystemExit as error:
        return {"status": error.code if isinstance(error.code, int) else int(error.code is not None), "errors": ""}
    sys.stdout.flush()
    return {"status": 0, "errors": ""}


if __name__ == "__main__":
    serve(_answer)
