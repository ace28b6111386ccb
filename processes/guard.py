"""What a call may leave behind in its process: put back after it, or reason enough to give the process up.

The next call must not be answered in a process that the last one has changed: another folder, NumPy told to raise, no
handler for the alarm that limits time, closed streams, arithmetic that flushes small numbers to zero.
"""

import ctypes
import gc
import os
import random
import signal
import sys
import threading
from collections.abc import Callable
from collections.abc import Set as AbstractSet
from contextlib import suppress
from io import FileIO, TextIOWrapper
from typing import Any, TextIO

import numpy as np

_STREAMS = (0, 1, 2)
# Those that the suite, or the system's handling of time, interrupts and children, relies on.
_SIGNALS = (signal.SIGALRM, signal.SIGINT, signal.SIGTERM, signal.SIGCHLD, signal.SIGPIPE)
_RANDOM: Any = np.random  # its stubs lack the global generator
_TWISTER_BYTES = 625 * 4  # the state of a Mersenne twister: its key and the position in it
_MOST_OUTPUT = 2**20  # bytes that calls may have printed into a file before it is emptied


class ProcessState:
    """The state of this process as it should be. ``restore`` puts back what can be put back and says what cannot.

    What a framework sets up when it is first used is its own: ``accept`` takes its environment variables, its threads
    and its children for what should be there. ``own_output``: what is printed goes to files of our own, which
    are emptied when they have grown large; anybody else's file, such as a log that a user redirects to, is left alone.
    """

    def __init__(self, *, own_output: bool = False) -> None:
        self._emptied = _STREAMS[1:] if own_output else ()
        self._copies = [os.dup(stream) for stream in _STREAMS]
        self._identities = [_identity(stream) for stream in _STREAMS]
        self._aspects: tuple[tuple[Callable[[], Any], Callable[[Any], Any]], ...] = (
            (os.getcwd, os.chdir),
            (np.geterr, lambda before: np.seterr(**before)),
            (np.geterrcall, np.seterrcall),
            (_numpy_random, _set_numpy_random),
            (random.getstate, random.setstate),
            (sys.getrecursionlimit, sys.setrecursionlimit),
            (gc.isenabled, lambda before: gc.enable() if before else gc.disable()),
            (_handlers, _set_handlers),
            (_blocked, lambda before: signal.pthread_sigmask(signal.SIG_SETMASK, before)),
        )
        self._expected = [read() for read, _ in self._aspects]
        self.accept()

    def accept(self) -> None:
        """Take the environment, the threads and the children that there are now for what should be there."""
        self._environment, self._threads, self._children = _environment(), set(threading.enumerate()), _children()

    def restore(self, children: AbstractSet[int] = frozenset()) -> str:
        """Put back what differs; return why the process cannot be used further, or nothing.

        ``children`` are processes that may go on, whenever they were started.
        """
        self.restore_streams()
        for (read, write), expected in zip(self._aspects, self._expected, strict=True):
            if _read(read) != expected:
                write(expected)
        if _environment() != self._environment:
            _set_environment(self._environment)
        for child in _children() - self._children - children:
            _end(child)
        left = [each.name for each in threading.enumerate() if each not in self._threads and not each.daemon]
        if left:
            return f"a thread was left running ({left[0]})"
        return (
            "" if sys.float_info.min / 2 else "numbers below the smallest normal one became zero in the whole process"
        )

    def restore_streams(self) -> None:
        """Lead the standard streams to where they led, and empty files of our own that have grown large."""
        for stream, copy, identity in zip(_STREAMS, self._copies, self._identities, strict=True):
            if _identity(stream) != identity:
                os.dup2(copy, stream)
        _empty(self._emptied)


class OwnStreams:
    """A context in which ``sys.stdout`` and ``sys.stderr`` are of a call's own: closing them closes nothing of ours."""

    def __init__(self) -> None:
        self._own: list[TextIO] = []

    def __enter__(self) -> None:
        if not self._own or self.is_closed:
            self._own = [_text_stream(stream) for stream in _STREAMS[1:]]
        self._before = sys.stdin, sys.stdout, sys.stderr
        sys.stdout, sys.stderr = self._own

    @property
    def is_closed(self) -> bool:
        """Whether the last call closed one of them, and perhaps what lies below."""
        return any(stream.closed for stream in self._own)

    def __exit__(self, *_: object) -> None:
        sys.stdin, sys.stdout, sys.stderr = self._before


def _text_stream(stream: int) -> TextIO:
    return TextIOWrapper(FileIO(stream, "w", closefd=False), "utf-8", "backslashreplace", write_through=True)


def _identity(stream: int) -> tuple[int, int] | None:
    """Return what a file descriptor leads to, or None where it is closed."""
    try:
        status = os.fstat(stream)
    except OSError:
        return None
    return status.st_dev, status.st_ino


def _empty(streams: tuple[int, ...]) -> None:
    """Empty the files that the streams go to where they have grown large: a call may print megabytes."""
    for stream in streams:
        with suppress(OSError):
            if os.lseek(stream, 0, os.SEEK_CUR) > _MOST_OUTPUT:
                os.ftruncate(stream, 0)
                os.lseek(stream, 0, os.SEEK_SET)


def _read(read: Callable[[], Any]) -> Any:
    """Return the state, or None where it cannot even be read, as of a working folder that was removed."""
    try:
        return read()
    except OSError:
        return None


def _environment() -> dict[bytes, bytes]:
    """Return the environment in bytes, which need not be decoded for every question."""
    return dict(os.environb._data)  # type: ignore[attr-defined]


def _set_environment(before: dict[bytes, bytes]) -> None:
    os.environb.clear()
    os.environb.update(before)


def _numpy_random() -> tuple[Any, bytes]:
    """Return NumPy's global generator and its state as it lies in memory: a copy takes much longer."""
    generator: Any = _RANDOM.get_bit_generator()
    if type(generator) is not np.random.MT19937:
        return generator, b""
    return generator, ctypes.string_at(generator.ctypes.state_address, _TWISTER_BYTES)


def _set_numpy_random(before: tuple[Any, bytes]) -> None:
    generator, state = before
    _RANDOM.set_bit_generator(generator)
    if not state:
        return
    key, position = np.frombuffer(state[:-4], np.uint32), int.from_bytes(state[-4:], sys.byteorder)
    np.random.set_state(("MT19937", key, position, 0, 0.0))


def _handlers() -> tuple[Any, ...]:
    return tuple(map(signal.getsignal, _SIGNALS))


def _set_handlers(before: tuple[Any, ...]) -> None:
    for number, handler in zip(_SIGNALS, before, strict=True):
        # None is a handler that was not set from Python: it can be neither read nor put back.
        if handler is not None and signal.getsignal(number) != handler:
            signal.signal(number, handler)


def _blocked() -> set[Any]:
    return set(signal.pthread_sigmask(signal.SIG_BLOCK, ()))


def _children() -> set[int]:
    """Return the processes that this one has started and that still run; none where the system does not tell."""
    # Of the main thread alone, which makes the calls: a framework may have dozens.
    with suppress(OSError), open(f"/proc/self/task/{os.getpid()}/children", "rb", buffering=0) as file:
        return set(map(int, file.read().split()))
    return set()


def _end(child: int) -> None:
    with suppress(OSError):
        os.kill(child, signal.SIGKILL)
        os.waitpid(child, 0)
