"""The time a call may take: code that is not ours is interrupted by a signal."""

import contextlib
import signal
import threading
import time
from collections.abc import Iterator


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


class Interrupts:
    """Tells an interrupt that the user sends to this process from a KeyboardInterrupt that somebody else raises."""

    def __init__(self) -> None:
        self._came = False
        signal.signal(signal.SIGINT, self._hear)

    def came(self) -> bool:
        """Whether the user has sent one."""
        return self._came

    def _hear(self, *_: object) -> None:
        self._came = True
        raise KeyboardInterrupt


def _raise(*_: object) -> None:
    raise CallTimeout
