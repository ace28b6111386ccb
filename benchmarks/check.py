"""How long ``convformance check`` takes: ``python -m benchmarks.check [--repeats N] [--json FILE]``.

Each function is checked on the command line in fresh processes, start and all, in turns; medians of seconds on the
clock and of processor time over the repeats. Our modules are compiled in a turn that does not count, as they are where
they are installed. The functions are those of ``tests/checking/handwritten``.
"""

import argparse
import json
import os
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from benchmarks.reference import THREAD_VARIABLES, row

Record = dict[str, Any]

ROOT = Path(__file__).resolve().parent.parent
FOLDER = ROOT / "tests" / "checking" / "handwritten"
# What a line of the table is called, and the command line behind it.
CHECKS: Mapping[str, str] = {
    "right, loops over planes": "plain_loops.py:conv2d --layout HW",
    "right, channels last": "channels_last.py:conv2d --layout NHWC --filter-layout HWIO",
    "right, with everything": "everything.py:conv2d",
    "right, an FFT": "spectral.py:conv2d --layout HW",
    "right where it answers": "said.py:odd_only --layout HW --padding same",
    "wrong, a turned kernel": "true_convolution.py:conv2d --layout HW",
    "wrong, swapped strides": "channels_last.py:conv2d_swapped --layout NHWC --filter-layout HWIO",
    "wrong, two gradients": "backward.py:backward_unstrided --returns conv_input_grad,conv_filter_grad",
    "wrong, hard to explain": "said.py:centred --layout HW --padding same",
    "right, its layout found by trial": "said.py:planes",
}


def main(arguments: list[str] | None = None) -> None:
    """Check every function in turns, and print the medians."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.check", description=__doc__)
    parser.add_argument("--repeats", type=int, default=3, help="turns; the median over them counts")
    parser.add_argument("--json", type=Path, help="write the figures to this file")
    options = parser.parse_args(arguments)
    with tempfile.TemporaryDirectory() as compiled:
        _timed(CHECKS["right, its layout found by trial"], compiled)
        turns = [{name: _timed(command, compiled) for name, command in CHECKS.items()} for _ in range(options.repeats)]
    records = [_median(name, [turn[name] for turn in turns]) for name in CHECKS]
    print(table(records))
    if options.json:
        options.json.write_text(json.dumps(records, indent=1) + "\n", encoding="utf-8")


def _timed(command: str, compiled: str) -> Record:
    """Return what one check takes, start and all, and how many questions it asked."""
    own = {**dict.fromkeys(THREAD_VARIABLES, "1"), "PYTHONPATH": str(ROOT)}
    own |= {"PYTHONPYCACHEPREFIX": compiled, "PYTHONDONTWRITEBYTECODE": ""}
    argv = [sys.executable, "-P", "-m", "convformance", "check", *command.split(), "--json"]
    before, started = resource.getrusage(resource.RUSAGE_CHILDREN), time.perf_counter()
    done = subprocess.run(argv, cwd=FOLDER, env={**os.environ, **own}, capture_output=True, check=False)
    seconds, after = time.perf_counter() - started, resource.getrusage(resource.RUSAGE_CHILDREN)
    processor = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    counts = json.loads(done.stdout).get("counts", {})
    return {"seconds": seconds, "processor": processor, "status": done.returncode, **counts}


def _median(name: str, records: list[Record]) -> Record:
    medians = {part: statistics.median(record[part] for record in records) for part in ("seconds", "processor")}
    return {"name": name, **records[0], **medians}


def table(records: list[Record]) -> str:
    """Return the figures as a Markdown table."""
    lines = [row(["function", "seconds", "processor s", "questions", "without time", "exit"]), row(["---"] * 6)]
    for record in records:
        counts = [str(record.get(name, "")) for name in ("questions", "without_time")]
        times = [f"{record[name]:.2f}" for name in ("seconds", "processor")]
        lines.append(row([record["name"], *times, *counts, str(record["status"])]))
    return "\n".join(lines)


if __name__ == "__main__":
    main()
