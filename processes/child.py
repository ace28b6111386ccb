"""A Python process of its own that is told what to do and tells what happens, a line of JSON each.

The lines travel on a channel that nothing else writes to: the child keeps its standard output for them and sends
whatever a framework prints, at any time and at exit, to standard error.
"""

import contextlib
import io
import json
import os
import queue
import signal
import subprocess
import sys
import threading
from collections.abc import Callable, Generator, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, BinaryIO

Message = dict[str, Any]
Tell = Callable[[str, Mapping[str, Any]], None]

LAST_WORDS = 2000  # characters of standard error that are kept
ENDING, READING = 1.0, 10.0  # seconds that a process may take to end by itself, and its last words to be read


@dataclass(frozen=True)
class Ended:
    """How a child ended that was still wanted: ``silent``, saying nothing for too long, or ``died``; its last words."""

    kind: str
    message: str
    last_words: str = ""


class Child:
    """One child, running ``module``; a context manager that ends it. It is started at once and asked with ``ask``.

    ``echo``: what it writes to standard error is shown on ours, too.
    """

    def __init__(self, module: str, *, env: Mapping[str, str], echo: bool = False) -> None:
        # -P: the folder it is started in is not on the path, where it may hide libraries.
        argv = [sys.executable, "-P", "-m", module]
        pipes: dict[str, Any] = dict.fromkeys(("stdin", "stdout", "stderr"), subprocess.PIPE)
        self._process: subprocess.Popen[bytes] = subprocess.Popen(argv, env=dict(env), **pipes)
        self._heard: queue.Queue[bytes | None] = queue.Queue()
        self._errors = bytearray()
        self._echo = echo
        self._readers = [
            threading.Thread(target=self._hear, daemon=True),
            threading.Thread(target=self._keep_errors, daemon=True),
        ]
        for reader in self._readers:
            reader.start()

    @property
    def pid(self) -> int:
        """The number of its process."""
        return self._process.pid

    def __enter__(self) -> "Child":
        return self

    def __exit__(self, *_: object) -> None:
        self._let_end()
        for reader in self._readers:
            reader.join(timeout=READING)
        for pipe in (self._process.stdin, self._process.stdout, self._process.stderr):
            if pipe is not None:
                with contextlib.suppress(OSError, ValueError):
                    pipe.close()

    def kill(self) -> None:
        """End the process at once; whoever asks it something is told that it died."""
        self._process.kill()

    def _let_end(self) -> None:
        """Let the process end by itself, as it does when it is asked nothing more; one that does not is ended."""
        with contextlib.suppress(OSError, ValueError):
            if self._process.stdin is not None:
                self._process.stdin.close()
        try:
            self._process.wait(timeout=ENDING)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()

    def ask(self, request: Mapping[str, Any], *, silence: float) -> Generator[tuple[str, Message] | Ended, None, None]:
        """Send a request and yield what is told of it, ``(kind, message)``; or how the child ended before it was done.

        ``silence``: seconds that it may say nothing.
        """
        try:
            assert self._process.stdin is not None
            self._process.stdin.write(json.dumps(request).encode() + b"\n")
            self._process.stdin.flush()
        except OSError:
            yield self._died()
            return
        while True:
            try:
                line = self._heard.get(timeout=silence)
            except queue.Empty:
                yield Ended("silent", f"no answer after {silence:g} s", self._last_words())
                return
            if line is None:
                yield self._died()
                return
            message = _message(line)
            if message is None:
                continue  # printed before the child had taken its channel
            if message["kind"] == "done":
                return
            yield message["kind"], message["what"]

    def _died(self) -> Ended:
        status = self._process.wait()
        self._readers[1].join(timeout=READING)
        return Ended("died", ending(status), self._last_words())

    def _last_words(self) -> str:
        return bytes(self._errors).decode("utf-8", "replace").strip()

    def _hear(self) -> None:
        assert self._process.stdout is not None
        for line in self._process.stdout:
            self._heard.put(line)
        self._heard.put(None)

    def _keep_errors(self) -> None:
        assert self._process.stderr is not None
        while piece := os.read(self._process.stderr.fileno(), 2**16):
            if self._echo:
                sys.stderr.write(piece.decode("utf-8", "replace"))
                sys.stderr.flush()
            self._errors += piece
            del self._errors[:-LAST_WORDS]


def _message(line: bytes) -> Message | None:
    """Return the message in a line, or None where it is none of ours."""
    try:
        message = json.loads(line)
    except ValueError:
        return None
    return message if isinstance(message, dict) and {"kind", "what"} <= set(message) else None


def ending(status: int) -> str:
    """Return in words how a process with that exit status ended."""
    if status < 0:
        try:
            return f"the process died of {signal.Signals(-status).name}"
        except ValueError:
            return f"the process died of signal {-status}"
    return f"the process ended with status {status}"


def serve(answer: Callable[[Message, Tell], None]) -> None:
    """In the child: take requests one after another, ``answer(request, tell)`` each, until there are no more.

    Standard output becomes standard error, and standard input is empty, for everything but the channel.
    """
    requests, channel = _channel()

    def tell(kind: str, what: Mapping[str, Any]) -> None:
        channel.write(json.dumps({"kind": kind, "what": what}, default=str).encode() + b"\n")
        channel.flush()

    for line in requests:
        answer(json.loads(line), tell)
        tell("done", {})


def _channel() -> tuple[Iterator[bytes], BinaryIO]:
    """Return what is asked and where to answer, and give the process other standard streams."""
    requests = os.fdopen(os.dup(sys.stdin.fileno()), "rb")
    channel = os.fdopen(os.dup(sys.stdout.fileno()), "wb")
    nothing = os.open(os.devnull, os.O_RDONLY)
    os.dup2(nothing, sys.stdin.fileno())
    os.close(nothing)
    os.dup2(sys.stderr.fileno(), sys.stdout.fileno())
    if isinstance(sys.stdout, io.TextIOWrapper):
        sys.stdout.reconfigure(line_buffering=True)  # what is printed is not lost where the process is ended
    return requests, channel
