"""A sentinel ends a process whose call outlasts its deadline, whatever it does, and says that it did."""

import signal
import subprocess
import sys
from pathlib import Path

import pytest

from convformance.processes import environment
from convformance.processes.sentinel import Sentinel, was_overrun

OVERRUNS = {
    "blocks every signal": "signal.pthread_sigmask(signal.SIG_BLOCK, signal.valid_signals()); time.sleep(600)",
    "holds the interpreter": "ctypes.PyDLL(None).sleep(600)",
    "stops itself": "os.kill(os.getpid(), signal.SIGSTOP)",
}
PROGRAM = """
import ctypes, os, signal, sys, time
from pathlib import Path
from convformance.processes.sentinel import Sentinel
sentinel = Sentinel(Path(sys.argv[1]))
with sentinel.watching(600):
    pass
with sentinel.watching(0.2):
    {call}
"""


@pytest.mark.parametrize("call", OVERRUNS.values(), ids=list(OVERRUNS))
def test_a_call_that_nothing_interrupts_is_ended(tmp_path: Path, call: str) -> None:
    state = tmp_path / "state"
    program = [sys.executable, "-c", PROGRAM.format(call=call), str(state)]
    done = subprocess.run(program, env=environment.importing(), timeout=120, check=False)
    assert done.returncode == -signal.SIGKILL
    assert was_overrun(state)


def test_a_call_in_time_is_left_alone(tmp_path: Path) -> None:
    sentinel = Sentinel(tmp_path / "state")
    with sentinel.watching(600):
        pass
    assert not was_overrun(tmp_path / "state")


def test_a_process_without_a_sentinel_was_not_ended_by_one(tmp_path: Path) -> None:
    assert not was_overrun(tmp_path / "nowhere")
