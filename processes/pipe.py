"""A program in any language, spoken to in bytes: what is sent, what comes back, its last words, how it ended."""

import contextlib
import os
import select
import signal
import subprocess
import threading
import time
from collections.abc import Sequence
from typing import Any

from convformance.processes.child import ENDING, LAST_WORDS, READING, ending

LONGEST_LINE = 2**20  # bytes without a line's end after which what comes is no line
_PIECE = 2**20


class PipeError(Exception):
    """What the program did in place of answering; the message says it."""


class Silent(PipeError):
    """It said nothing within the time it had."""


class Ended(PipeError):
    """It ended."""


class EndlessLine(PipeError):
    """It wrote and wrote, and no line came to its end."""


class Pipe:
    """A running program: bytes to its standard input, lines and bytes from its standard output.

    ``until`` is the time (``time.monotonic``) up to which it may take over what it is asked, None for any. What it
    writes to standard error is read all the time, and the end of it kept. Raises OSError where it cannot be started.
    """

    def __init__(self, command: Sequence[str]) -> None:
        self._process = _process(command)
        self.until: float | None = None
        self._unread = bytearray()
        self._errors = bytearray()
        self._in, self._out = self._process.stdin.fileno(), self._process.stdout.fileno()
        os.set_blocking(self._in, False)
        self._reading = self._poll(self._out, select.POLLIN)
        self._both = self._poll(self._out, select.POLLIN)
        self._both.register(self._in, select.POLLOUT)
        self._reader = threading.Thread(target=self._keep_errors, daemon=True)
        self._reader.start()

    @staticmethod
    def _poll(descriptor: int, events: int) -> "select.poll":
        poll = select.poll()
        poll.register(descriptor, events)
        return poll

    @property
    def pid(self) -> int:
        """The number of its process."""
        return int(self._process.pid)

    @property
    def last_words(self) -> str:
        """The end of what it wrote to standard error."""
        return bytes(self._errors).decode("utf-8", "replace").strip()

    @property
    def unread(self) -> bytes:
        """What has come and was not asked for: nothing is waited for."""
        with contextlib.suppress(Ended):
            while self._reading.poll(0):
                self._take()
        return bytes(self._unread)

    def send(self, data: bytes) -> None:
        """Write all of ``data``; what the program writes meanwhile is kept, so that neither waits for the other."""
        if self._process.stdin.closed:
            raise PipeError("its standard input has been closed")
        left = memoryview(data)
        while left:
            for descriptor, _ in self._wait(self._both):
                if descriptor == self._out:
                    self._take()
                else:
                    left = left[self._write(left) :]

    def line(self) -> bytes:
        """Return the next line, without its end."""
        searched = 0
        while (end := self._unread.find(b"\n", searched)) < 0:
            searched = len(self._unread)
            if searched > LONGEST_LINE:
                raise EndlessLine(f"{searched:,} bytes came and no end of a line among them")
            self._wait(self._reading)
            self._take()
        return self._cut(end + 1)[:-1]

    def exactly(self, count: int) -> bytes:
        """Return the next ``count`` bytes."""
        while len(self._unread) < count:
            self._wait(self._reading)
            self._take()
        return self._cut(count)

    def close(self, *, gently: bool = True) -> int | None:
        """End it and return its exit status; ``gently``: it may end by itself, as it should without standard input.

        None where it did not do so and was ended.
        """
        self.close_input()
        status = self.status(ENDING) if gently else None
        self._kill()
        self._process.wait()
        self._reader.join(timeout=READING)
        for pipe in (self._process.stdout, self._process.stderr):
            pipe.close()
        return status

    def close_input(self) -> None:
        """Let it see the end of its standard input."""
        with contextlib.suppress(OSError):
            self._process.stdin.close()

    def ended(self) -> Ended:
        """Return the exception that says how it ended; one that has only closed its output is ended first."""
        status = self.status(ENDING)
        if status is None:
            self._kill()
            text = "the process closed its standard output"
        else:
            text = ending(status)
        self._reader.join(timeout=READING)
        return Ended(text)

    def status(self, seconds: float) -> int | None:
        """Return its exit status once it has ended, None where it does not within that time."""
        try:
            return int(self._process.wait(timeout=seconds))
        except subprocess.TimeoutExpired:
            return None

    def _kill(self) -> None:
        with contextlib.suppress(OSError):
            os.killpg(self.pid, signal.SIGKILL)

    def _wait(self, poll: "select.poll") -> list[tuple[int, int]]:
        """Return what can be read or written, waiting for it."""
        if self.until is None:
            return poll.poll()
        left = self.until - time.monotonic()
        ready = poll.poll(max(left, 0.0) * 1000)
        if not ready:
            raise Silent("it said nothing")
        return ready

    def _take(self) -> None:
        piece = os.read(self._out, _PIECE)
        if not piece:
            raise self.ended()
        self._unread += piece

    def _write(self, data: memoryview) -> int:
        try:
            return os.write(self._in, data[:_PIECE])
        except BlockingIOError:
            return 0
        except BrokenPipeError:
            raise self.ended() from None

    def _cut(self, count: int) -> bytes:
        piece = bytes(self._unread[:count])
        del self._unread[:count]
        return piece

    def _keep_errors(self) -> None:
        descriptor = self._process.stderr.fileno()
        with contextlib.suppress(OSError, ValueError):
            while piece := os.read(descriptor, 2**16):
                self._errors += piece
                del self._errors[:-LAST_WORDS]


def _process(command: Sequence[str]) -> Any:
    """Start a program in a session of its own: what it starts itself, as a shell does, is ended with it."""
    options: dict[str, Any] = {"bufsize": 0, "start_new_session": True}
    options |= dict.fromkeys(("stdin", "stdout", "stderr"), subprocess.PIPE)
    return subprocess.Popen(list(command), **options)
