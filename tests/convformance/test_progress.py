"""Lines of progress: when they appear, and what they say of the time that is left."""

import os
import subprocess
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import pytest

from convformance.running.session import Session
from convformance.running.summary import Progress
from tests.convformance.test_command_line import ROOT, adapter, command


def progress_line(verdicts: int, questions: int, before: int = 0) -> str | None:
    """Return the line of a session that has so many verdicts, ``before`` of them from an earlier one."""
    session: Any = SimpleNamespace(
        verdicts=range(verdicts), questions=range(questions), done=range(before), findings=[], started=0.0
    )
    return Progress(cast(Session, session)).line()


@pytest.mark.parametrize(("verdicts", "questions"), [(1, 100), (199, 30_000), (19, 1000)])
def test_the_time_that_is_left_is_not_guessed_from_a_few_verdicts(verdicts: int, questions: int) -> None:
    assert "left" not in str(progress_line(verdicts, questions))


@pytest.mark.parametrize(("verdicts", "questions"), [(2, 100), (200, 30_000), (20, 1000), (3, 3)])
def test_it_is_said_once_it_can_be_known(verdicts: int, questions: int) -> None:
    assert "about" in str(progress_line(verdicts, questions))


def test_the_verdicts_of_an_earlier_session_say_nothing_of_the_pace_of_this_one() -> None:
    assert "left" not in str(progress_line(501, 1000, before=500))
    assert "left" in str(progress_line(520, 1000, before=500))


def test_a_pipe_shows_progress_while_the_run_still_waits(tmp_path: Path) -> None:
    signal = tmp_path / "go"
    environment = {**os.environ, "PYTHONPATH": str(ROOT), "WAITING_FOR": str(signal)}
    words = ["run", adapter("Waiting"), "--tier", "smoke", "--family", "strides", "-n", "1"]
    with subprocess.Popen(
        command(*words), cwd=tmp_path, env=environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
    ) as process:
        assert process.stdout is not None
        seen = next((line for line in process.stdout if " verdicts, " in line), "")
        signal.touch()  # nobody answers in float32 before this line has been read
        rest = process.stdout.read()
    assert seen
    assert not seen.startswith("100%")
    assert process.returncode == 0, rest
