"""Running the suite, as a person does, on the harness of the tests."""

import os
import subprocess
import sys
from collections.abc import Iterable
from pathlib import Path

from convformance.reports import record
from convformance.reports.record import Records

ROOT = Path(__file__).parents[2]
HARNESS = Path(__file__).with_name("harness.py")
# Grouped and ungrouped cases of one operation, few and small.
FEW = ("--tier", "smoke", "--op", "conv", "--dtype", "float32", "--family", "groups", "--family", "ranks")


def spec_of(fault: str = "") -> str:
    """Return the spec of the harness with a fault."""
    return f"exec:{sys.executable} {HARNESS} {fault}".rstrip()


def convformance(*arguments: str, cwd: Path) -> subprocess.CompletedProcess[str]:
    """Return what the command line says, with time enough on any machine."""
    return subprocess.run(
        [sys.executable, "-P", "-m", "convformance", *arguments],
        cwd=cwd,
        env={**os.environ, "PYTHONPATH": str(ROOT), "PYTHONDONTWRITEBYTECODE": "1"},
        capture_output=True,
        text=True,
        timeout=600,
        check=False,
    )


def records_of(folder: Path, *arguments: str, faults: Iterable[str] = ("",), seconds: float = 300) -> Records:
    """Return what a run of the harness with each of these faults is recorded as, two processes asking."""
    adapters = [f"--adapter={spec_of(fault)}" for fault in faults]
    limits = ("-n", "2", "--out", "out", "--timeout", f"{seconds:g}")
    done = convformance("run", *adapters, *arguments, *limits, cwd=folder)
    assert done.returncode in (0, 1), done.stdout + done.stderr
    return record.read([folder / "out" / "run.jsonl"])
