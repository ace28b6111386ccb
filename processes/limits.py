"""The time a call may take: code that is not ours is interrupted, and where it cannot be, somebody is told."""

import contextlib
import signal
import threading
import time
from collections.abc import Callable, Iterator


class CallTimeout(BaseException):
    """The call did not come back in time. No Exception, so that code that catches those does not catch it."""


@contextlib.contextmanager
def time_limit(seconds: float) -> Iterator[None]:
    """Raise CallTimeout in a call that takes longer; a timer that somebody else set goes on afterwards.

    Only where the system has timers and in the main thread; code that never returns to Python is not interrupted.
    """
    if not hasattr(signal, "setitimer") or threading.current_thread() is not threading.main_thread():
        yield
        return
    before = signal.signal(signal.SIGALRM, _raise)
    left, interval = signal.setitimer(signal.ITIMER_REAL, max(seconds, 1e-6))
    started = time.monotonic()
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)
        if left:
            signal.setitimer(signal.ITIMER_REAL, max(left - (time.monotonic() - started), 1e-3), interval)


def _raise(*_: object) -> None:
    raise CallTimeout


class Watchdog:
    """A thread that calls ``on_overrun()`` when a watched call outlasts its deadline: no signal interrupts native code.

    One thread serves every call of a process, looking a few times a second: a timer a call would cost more than small
    calls do.
    """

    INTERVAL = 0.2  # seconds between two looks

    def __init__(self, on_overrun: Callable[[], None]) -> None:
        self._on_overrun = on_overrun
        self._deadline: float | None = None
        threading.Thread(target=self._watch, daemon=True, name="convformance-watchdog").start()

    @contextlib.contextmanager
    def watching(self, seconds: float) -> Iterator[None]:
        """Watch what runs in the block for that many seconds."""
        self._deadline = time.monotonic() + seconds
        try:
            yield
        finally:
            self._deadline = None

    def _watch(self) -> None:
        while True:
            time.sleep(self.INTERVAL)
            deadline = self._deadline
            if deadline is not None and time.monotonic() > deadline:
                self._deadline = None
                self._on_overrun()
