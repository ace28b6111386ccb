"""A run in an environment of its own: the adapter is tried first, then the tier is asked; a record once complete stays.

Whatever the environment does, it costs this version alone: its reason is kept and the next one is asked.
"""

import hashlib
import json
import os
import re
import subprocess
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from convformance.history.choosing import HistoryError
from convformance.options import RunOptions
from convformance.processes.environment import ONE_THREAD
from convformance.processes.machine import this_machine
from convformance.reports import record

_TRY = """\
import sys
from convformance.adapters.contract import UsageError
from convformance.adapters.discovery import create
try:
    create(sys.argv[1])
except UsageError as error:
    sys.exit(str(error))
"""
# Where an environment keeps its packages, which says nothing to a reader elsewhere.
_PACKAGES = re.compile(r"[^\s'\"]*(site|dist)-packages[/\\]")
_LONGEST = 600
_TIME = 600  # seconds until a framework is imported


class AskingError(HistoryError):
    """A version that cannot be asked, with the reason in a sentence."""


@dataclass(frozen=True)
class Job:
    """What is asked of every version: the adapter, the run's options, the worker processes, the copy of the suite."""

    spec: str
    options: RunOptions
    workers: str
    suite: Path

    @property
    def key(self) -> str:
        """What tells the records of this job from those of others: code, questions, machine and adapter's file."""
        machine = this_machine()
        file = Path(self.spec.partition("[")[0].partition(".py:")[0])
        own = [path for path in (file, file.with_suffix(".py")) if path.is_file()]
        parts = [self.suite.name, self.spec, *self.options.to_argv(), machine.kind, machine.processor, machine.settings]
        parts += [hashlib.sha256(path.read_bytes()).hexdigest() for path in own]
        return hashlib.sha256(json.dumps(parts).encode()).hexdigest()[:16]


def record_of(job: Job, python: Path, folder: Path) -> Path:
    """Return the record of a run in the environment of ``python``, from the cache in ``folder`` where it is complete.

    What was cut off goes on where it was. Raises AskingError where the version cannot be asked.
    """
    path = folder / job.key / "run.jsonl"
    if is_complete(path):
        return path
    path.parent.mkdir(parents=True, exist_ok=True)
    _try(job, python)
    said = _ask(job, python, path)
    if not path.is_file() or not record.answered_keys(path):
        raise AskingError(f"the run came to nothing: {said}")
    return path


def is_complete(path: Path) -> bool:
    """Whether there is a record that was written to its end."""
    return path.is_file() and path.stat().st_size > 0 and record.read([path]).complete


def _try(job: Job, python: Path) -> None:
    """Let the adapter import its framework, so that one that cannot is one sentence and not a verdict a question."""
    status, said = _run([str(python), "-c", _TRY, job.spec], job.suite, time_limit=_TIME)
    if status:
        raise AskingError(said if said.startswith("adapter ") else f"the adapter ends with status {status}: {said}")


def _ask(job: Job, python: Path, path: Path) -> str:
    """Ask the tier, and return the last thing that was said on standard error."""
    resumed = ["--resume"] if path.is_file() else []
    command = [str(python), "-m", "convformance", "run", f"--record={path}", f"--out={path.parent}", "-n", job.workers]
    return _run([*command, *job.options.to_argv(), *resumed], job.suite)[1]


def _run(command: Sequence[str], suite: Path, time_limit: float | None = None) -> tuple[int, str]:
    """Run a command with the copy of the suite on its path; return its exit status and its last line of error."""
    try:
        done = subprocess.run(
            command, capture_output=True, text=True, errors="replace", env=_variables(suite), timeout=time_limit,
            check=False,
        )  # fmt: skip
    except subprocess.TimeoutExpired:
        return 1, f"nothing happened within {time_limit:.0f} s"
    lines = [_PACKAGES.sub("", line).strip() for line in (done.stderr or "").splitlines() if line.strip()]
    return done.returncode, lines[-1][:_LONGEST] if lines else ""


def _variables(suite: Path) -> Mapping[str, str]:
    """Return an environment that finds this suite and what is installed there, and nothing of this process."""
    inherited = {name: value for name, value in os.environ.items() if name not in ("PYTHONHOME", "VIRTUAL_ENV")}
    return {**inherited, **ONE_THREAD, "PYTHONPATH": str(suite), "PYTHONSAFEPATH": "1", "PYTHONWARNINGS": "ignore"}
