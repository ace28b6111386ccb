"""What a call leaves behind in its process is put back, or the process is given up."""

import gc
import os
import random
import signal
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from convformance.processes.guard import OwnStreams, ProcessState


@pytest.fixture
def state() -> Iterator[ProcessState]:
    state = ProcessState()
    yield state
    state.restore()


CHANGES: dict[str, tuple[Callable[[], Any], Callable[[], Any]]] = {
    "the working folder": (os.getcwd, lambda: os.chdir("/")),
    "a variable set": (lambda: os.environ.get("A_VARIABLE"), lambda: os.environ.update({"A_VARIABLE": "left behind"})),
    "a variable taken away": (lambda: os.environ.get("PATH"), lambda: os.environ.pop("PATH")),
    "NumPy's reaction to errors": (np.geterr, lambda: np.seterr(all="raise")),
    "NumPy's random numbers": (lambda: np.random.get_state()[2], lambda: np.random.seed(7)),
    "NumPy's generator": (
        np.random.get_bit_generator,
        lambda: np.random.set_bit_generator(np.random.PCG64(1)),
    ),
    "random numbers": (random.getstate, random.random),
    "the handler of the alarm": (
        lambda: signal.getsignal(signal.SIGALRM),
        lambda: signal.signal(signal.SIGALRM, signal.SIG_IGN),
    ),
    "blocked signals": (
        lambda: signal.pthread_sigmask(signal.SIG_BLOCK, ()),
        lambda: signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGALRM}),
    ),
    "the depth of recursion": (sys.getrecursionlimit, lambda: sys.setrecursionlimit(5000)),
    "the garbage collector": (gc.isenabled, gc.disable),
}


@pytest.mark.parametrize(("read", "change"), CHANGES.values(), ids=list(CHANGES))
def test_what_a_call_changes_is_put_back(
    state: ProcessState, read: Callable[[], Any], change: Callable[[], Any]
) -> None:
    before = read()
    change()
    assert read() != before
    assert state.restore() == ""
    assert read() == before


def test_streams_that_are_closed_are_opened_again(state: ProcessState) -> None:
    before = os.fstat(1).st_ino
    os.close(1)
    assert state.restore() == ""
    assert os.fstat(1).st_ino == before


def test_closing_the_own_streams_of_a_call_closes_nothing_else() -> None:
    streams, before = OwnStreams(), sys.stdout
    for _ in range(2):
        with streams:
            print("something")
            sys.stdout.close()
    assert sys.stdout is before
    assert not before.closed
    os.fstat(1)


def test_children_that_are_left_behind_are_ended(state: ProcessState) -> None:
    child = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(600)"])
    state.restore()
    with pytest.raises(ProcessLookupError):
        os.kill(child.pid, 0)
    child.returncode = -signal.SIGKILL  # reaped already


def test_children_and_threads_of_the_first_use_are_the_frameworks_own(state: ProcessState) -> None:
    leave = threading.Event()
    thread = threading.Thread(target=leave.wait)
    thread.start()
    with subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE) as child:
        state.accept()
        assert state.restore() == ""
        assert child.poll() is None
    leave.set()
    thread.join()


def test_a_thread_that_is_left_running_is_a_reason_to_give_the_process_up(state: ProcessState) -> None:
    leave = threading.Event()
    thread = threading.Thread(target=leave.wait, name="a leftover")
    thread.start()
    assert "a leftover" in state.restore()
    leave.set()
    thread.join()
    assert state.restore() == ""


PRINTING = (
    "import os; from convformance.processes.guard import ProcessState; s = ProcessState(own_output={own});"
    "os.write(1, b'x' * 3_000_000); s.restore(); os.write(1, b'the end')"
)


@pytest.mark.parametrize(("own", "size"), [(True, len(b"the end")), (False, 3_000_000 + len(b"the end"))])
def test_a_file_of_its_own_output_that_has_grown_large_is_emptied_and_a_users_log_is_not(
    tmp_path: Path, own: bool, size: int
) -> None:
    with (tmp_path / "out").open("ab") as file:
        subprocess.run([sys.executable, "-c", PRINTING.format(own=own)], stdout=file, check=True)
    text = (tmp_path / "out").read_bytes()
    assert len(text) == size
    assert text.endswith(b"the end")
