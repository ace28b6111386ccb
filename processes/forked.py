"""A function in a process of its own, forked off one that has imported what the function needs.

A crash, a hang or a few terabytes of memory end the fork alone. It must be forked before anything starts threads: a
framework that is imported, and not yet used, has none that matter.
"""

import json
import os
import resource
import select
import signal
import sys
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from convformance.processes.child import ending

CPU_SECONDS = 5  # that a fork may compute: a machine under load gives them later, and no fewer
MEMORY = 2 * 2**30  # bytes that it may have beyond those of the process that it was forked off

LAST_WORDS = 20_000  # bytes of what it prints that are kept: a trace may follow the reason of a death

ANSWERED, DIED, SILENT = "answered", "died", "silent"


@dataclass(frozen=True)
class Forked:
    """How a fork ended: ``answered`` with what the function returned, ``died``, or ``silent`` until its time was up.

    ``printed`` is the end of what it printed, ``status`` how one that died ended, as ``subprocess`` says it.
    """

    kind: str
    value: Any = None
    message: str = ""
    printed: str = ""
    seconds: float = 0.0
    status: int = 0


def in_fork(function: Callable[[], Any], *, seconds: float, cpu_seconds: int = CPU_SECONDS) -> Forked:
    """Return what ``function`` returns (JSON types) in a fork, or how that ended.

    It may take ``seconds``, and compute for ``cpu_seconds`` of them.
    """
    started = time.monotonic()
    reader, writer = os.pipe()
    output = os.memfd_create("output")
    process = os.fork()
    if process == 0:
        _run(function, writer, output, cpu_seconds)  # does not come back
    os.close(writer)
    try:
        text = _read(reader, started + seconds)
        status, used = _end(process, is_done=text is not None)
        printed = _last_words(output)
    finally:
        os.close(reader)
        os.close(output)
    taken = time.monotonic() - started
    if text:
        return Forked(ANSWERED, json.loads(text), printed=printed, seconds=taken)
    if text is None or used >= cpu_seconds - 1:
        return Forked(SILENT, message="no answer", printed=printed, seconds=taken)
    return Forked(DIED, message=ending(status), printed=printed, seconds=taken, status=status)


def _run(function: Callable[[], Any], writer: int, output: int, cpu_seconds: int) -> None:
    """In the fork: call the function, write down what it returns, and end without a word of farewell."""
    status = 1
    try:
        for stream in (1, 2):
            os.dup2(output, stream)
        sys.stdout = sys.stderr = os.fdopen(os.dup(output), "w", buffering=1)
        _limit(cpu_seconds)
        with os.fdopen(writer, "w") as channel:
            json.dump(function(), channel)
        status = 0
    finally:
        os._exit(status)


def _limit(cpu_seconds: int) -> None:
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    resource.setrlimit(resource.RLIMIT_CPU, (cpu_seconds, cpu_seconds + 1))
    with suppress(OSError, ValueError):
        data = int(Path("/proc/self/statm").read_text().split()[5]) * resource.getpagesize()
        resource.setrlimit(resource.RLIMIT_DATA, (data + MEMORY, data + MEMORY))


def _read(reader: int, deadline: float) -> str | None:
    """Return what the fork writes until it ends, None where it does not end in time."""
    pieces = bytearray()
    while select.select([reader], [], [], max(deadline - time.monotonic(), 0))[0]:
        piece = os.read(reader, 2**16)
        if not piece:
            return pieces.decode()
        pieces += piece
    return None


def _end(process: int, *, is_done: bool) -> tuple[int, float]:
    """Return how the fork ended, as ``subprocess`` says it, and the seconds that it computed."""
    if not is_done:
        os.kill(process, signal.SIGKILL)
    _, status, usage = os.wait4(process, 0)
    return os.waitstatus_to_exitcode(status), usage.ru_utime + usage.ru_stime


def _last_words(output: int) -> str:
    size = os.lseek(output, 0, os.SEEK_END)
    os.lseek(output, max(size - LAST_WORDS, 0), os.SEEK_SET)
    return os.read(output, LAST_WORDS).decode("utf-8", "replace").strip()
