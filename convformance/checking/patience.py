"""One call of a function that is not ours: quiet, its prints kept, and given up when it takes too long."""

import contextlib
import io
import signal
import threading
import time
from collections.abc import Iterator

import numpy as np


class TooLong(BaseException):
    """The call did not come back in time. No Exception, so that a function that catches those does not catch it."""


@contextlib.contextmanager
def quiet() -> Iterator[io.StringIO]:
    """Keep what is printed, and leave NumPy's floating-point warnings out: NaN and Inf are asked on purpose."""
    printed = io.StringIO()
    with contextlib.redirect_stdout(printed), np.errstate(all="ignore"):
        yield printed


@contextlib.contextmanager
def at_most(seconds: float) -> Iterator[None]:
    """Raise TooLong in a call that takes longer; a timer that somebody else set goes on afterwards.

    Only where the system has timers and in the main thread; code that never returns to Python is not interrupted.
    """
    if not hasattr(signal, "setitimer") or threading.current_thread() is not threading.main_thread():
        yield
        return
    before = signal.signal(signal.SIGALRM, _raise)
    left, interval = signal.setitimer(signal.ITIMER_REAL, seconds)
    started = time.monotonic()
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)
        if left:
            signal.setitimer(signal.ITIMER_REAL, max(left - (time.monotonic() - started), 1e-3), interval)


def _raise(*_: object) -> None:
    raise TooLong
