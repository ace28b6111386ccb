"""Running a script, to see whether it ends as it says."""

import io
import re
import subprocess
import sys
from contextlib import redirect_stdout
from dataclasses import dataclass
from typing import Any

from convformance.processes import environment

# What a script says about its end: the exception it ends in, or that there is none.
ENDS_IN = "# It ends in {exception} as long as this diverges, and with exit status 0 once it does not."
ENDS_WITHOUT = "# It ends without an answer as long as this diverges, and with exit status 0 once it does not."


@dataclass(frozen=True)
class Ran:
    """How a script ended: its exit status, None where it did not end in time, and the line that says why.

    ``diverges``: it ended as it says it does as long as the framework diverges.
    """

    status: int | None
    last_line: str
    diverges: bool

    @property
    def comment(self) -> str:
        """The comment that says below a script how it was checked."""
        ending = "no end in time" if self.status is None else f"exit status {self.status}"
        reason = f", {self.last_line}" if self.last_line else ""
        return f"# Checked by running it: {ending}{reason}"[:100]


def run(text: str, *, timeout: float) -> Ran:
    """Run a script, for at most ``timeout`` seconds, and return how it ended."""
    says = _exception(text)
    command = [sys.executable, "-P", "-"]
    options: dict[str, Any] = {"encoding": "utf-8", "errors": "replace", "env": environment.asking()}
    try:
        done = subprocess.run(command, input=text, capture_output=True, timeout=timeout, check=False, **options)
    except subprocess.TimeoutExpired:
        return Ran(None, "", diverges=says is None)
    lines = done.stderr.strip().splitlines()
    if says is None:  # the process died: Python itself ends with 0, or with 1 after an exception
        return Ran(done.returncode, lines[-1] if lines else "", diverges=done.returncode not in (0, 1))
    # A framework may write more on its way out.
    named = [line for line in lines if re.match(rf"([\w.]+\.)?{says}\b", line)]
    return Ran(done.returncode, (named or lines or [""])[-1], diverges=done.returncode == 1 and bool(named))


def run_here(text: str) -> Ran:
    """Run a script in this process, where its framework is imported already, and return how it ended.

    One that says that it ends without an answer would end this process, too, and is not run.
    """
    says = _exception(text)
    if says is None:
        return Ran(None, "", diverges=False)
    with redirect_stdout(io.StringIO()):
        try:
            exec(compile(text, "script.py", "exec"), {"__name__": "__main__"})
        except Exception as error:
            name, message = type(error).__name__, str(error).strip()
            last_line = f"{name}: {message}".splitlines()[0] if message else name
            return Ran(1, last_line, diverges=name == says)
    return Ran(0, "", diverges=False)


def _exception(text: str) -> str | None:
    """Return the exception that a script says it ends in, or None."""
    says = re.search(ENDS_IN.format(exception=r"(\w+)"), text)
    return says[1] if says else None
