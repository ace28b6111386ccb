"""Running a script, to see whether it ends as it says."""

import re
import subprocess
import sys
from dataclasses import dataclass
from typing import Any

from convformance.processes import environment
from convformance.processes.child import ending

# What a script says about its end: the exception it ends in, the signal it dies of, or that it does not end.
_WELL = "as long as this diverges, and with exit status 0 once it does not."
ENDS_IN = f"# It ends in {{exception}} {_WELL}"
ENDS_BY = f"# It ends by {{signal}} {_WELL}"
ENDS_WITHOUT = f"# It ends without an answer {_WELL}"
_NO_END = "no end in time"


def ending_without(message: str) -> str:
    """Return what a script says about its end where there was no answer, as ``message`` says why."""
    signal = re.search(r"\bSIG[A-Z]+\d*\b", message)
    return ENDS_BY.format(signal=signal[0]) if signal else ENDS_WITHOUT


@dataclass(frozen=True)
class Ran:
    """How a script ended: its exit status, None where it did not end in time, and the line that says why.

    ``diverges``: it ended as it says it does as long as the framework diverges.
    """

    status: int | None
    last_line: str
    diverges: bool

    @property
    def ending(self) -> str:
        """How it ended, in words."""
        if self.status is None:
            return _NO_END
        if self.status < 0:
            return ending(self.status)
        return ", ".join(filter(None, (f"exit status {self.status}", self.last_line)))[:200]

    @property
    def comment(self) -> str:
        """The comment that says below a script how it was checked."""
        return f"# Checked by running it: {self.ending}"[:100]

    @classmethod
    def of(cls, text: str, status: int | None, errors: str) -> "Ran":
        """Return how the script ``text`` ended, by its exit status and what it wrote to standard error.

        A signal is as good as another: what is written past the end of memory shows itself by several.
        """
        says, lines = _exception(text), errors.strip().splitlines()
        if says is None:  # the process died, or never ended: Python itself ends with 0, or with 1 after an exception
            return cls(status, lines[-1] if lines else "", status not in (0, 1))
        # A framework may write more on its way out.
        named = [line for line in lines if re.match(rf"([\w.]+\.)?{says}\b", line)]
        return cls(status, (named or lines or [""])[-1], status == 1 and bool(named))


def run(text: str, *, timeout: float) -> Ran:
    """Run a script, for at most ``timeout`` seconds, and return how it ended."""
    command = [sys.executable, "-P", "-"]
    options: dict[str, Any] = {"encoding": "utf-8", "errors": "replace", "env": environment.asking()}
    try:
        done = subprocess.run(command, input=text, capture_output=True, timeout=timeout, check=False, **options)
    except subprocess.TimeoutExpired:
        return Ran.of(text, None, "")
    return Ran.of(text, done.returncode, done.stderr)


def _exception(text: str) -> str | None:
    """Return the exception that a script says it ends in, or None."""
    says = re.search(ENDS_IN.format(exception=r"(\w+)"), text)
    return says[1] if says else None
