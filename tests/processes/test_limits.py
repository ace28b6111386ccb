"""A call is ended by a signal when its time is up; an interrupt that the user sends is told from others."""

import signal
import threading
import time
from collections.abc import Callable

import pytest

from convformance.processes.limits import CallTimeout, Interrupts, time_limit


def _for_ever() -> None:
    while True:
        time.sleep(0.01)


def _for_ever_whatever_is_raised() -> None:
    while True:
        try:
            time.sleep(0.01)
        except Exception:
            continue


@pytest.mark.parametrize("call", [_for_ever, _for_ever_whatever_is_raised])
def test_a_call_that_does_not_come_back_is_interrupted(call: Callable[[], None]) -> None:
    with pytest.raises(CallTimeout), time_limit(0.05):
        call()


def test_a_call_in_time_leaves_no_timer_and_the_handler_that_was_there() -> None:
    before = signal.getsignal(signal.SIGALRM)
    with time_limit(60):
        pass
    assert signal.getsignal(signal.SIGALRM) is before
    assert signal.getitimer(signal.ITIMER_REAL)[0] == 0


def test_a_timer_of_somebody_else_goes_on() -> None:
    signal.setitimer(signal.ITIMER_REAL, 600)
    try:
        with time_limit(60):
            pass
        assert 0 < signal.getitimer(signal.ITIMER_REAL)[0] <= 600
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)


def test_a_thread_that_is_not_the_main_one_runs_without_a_limit() -> None:
    finished = threading.Event()

    def work() -> None:
        with time_limit(1e-3):
            time.sleep(0.05)
        finished.set()

    thread = threading.Thread(target=work)
    thread.start()
    thread.join()
    assert finished.is_set()


def test_an_interrupt_that_the_user_sends_is_told_from_one_that_is_raised() -> None:
    before = signal.getsignal(signal.SIGINT)
    try:
        interrupts = Interrupts()
        assert not interrupts.came()
        with pytest.raises(KeyboardInterrupt):
            signal.raise_signal(signal.SIGINT)
        assert interrupts.came()
    finally:
        signal.signal(signal.SIGINT, before)
