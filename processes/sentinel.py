"""A sentinel: a small process that ends another one whose call outlasts its deadline, whatever that one is doing.

No signal reaches native code that blocks them, no thread runs beside code that holds the interpreter, and a process
that has stopped itself does nothing at all: only another process can end it. Both look at one small file: it holds
the deadline, and what came of it.
"""

import mmap
import os
import signal
import struct
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

INTERVAL = 0.1  # seconds between two looks
_LAYOUT = struct.Struct("dd")  # the deadline, and the deadline that was overrun; 0 for none


class Sentinel:
    """The watched side: one sentinel for the process that makes it, gone when that is gone."""

    def __init__(self, state: Path) -> None:
        state.write_bytes(bytes(_LAYOUT.size))
        self._shared = _shared(state)
        # -I -S: it wants nothing but the standard library, and is there in ten milliseconds.
        command = [sys.executable, "-I", "-S", __file__, str(state), str(os.getpid())]
        nothing = subprocess.DEVNULL
        self._process = subprocess.Popen(command, stdin=nothing, stdout=nothing, stderr=nothing, start_new_session=True)

    @contextmanager
    def watching(self, seconds: float) -> Iterator[None]:
        """End this process if the block takes longer than that."""
        _LAYOUT.pack_into(self._shared, 0, time.monotonic() + seconds, 0.0)
        try:
            yield
        finally:
            _LAYOUT.pack_into(self._shared, 0, 0.0, 0.0)


def was_overrun(state: Path) -> bool:
    """Whether the process that ``state`` belongs to was ended for outlasting a deadline."""
    try:
        return bool(_LAYOUT.unpack(state.read_bytes())[1])
    except (OSError, struct.error):
        return False


def _shared(state: Path | str) -> mmap.mmap:
    with open(state, "r+b") as file:
        return mmap.mmap(file.fileno(), _LAYOUT.size)


def _watch(state: str, pid: int) -> None:
    """In the sentinel: look until the watched process, its parent, is gone, or its deadline has passed."""
    shared = _shared(state)
    while os.getppid() == pid:
        deadline, _ = _LAYOUT.unpack_from(shared, 0)
        if deadline and time.monotonic() > deadline:
            _LAYOUT.pack_into(shared, 0, deadline, deadline)
            os.kill(pid, signal.SIGKILL)
        time.sleep(INTERVAL)


if __name__ == "__main__":
    _watch(sys.argv[1], int(sys.argv[2]))
