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


def progress_line(asked: dict[str, int], answered: dict[str, int], *, before: int = 0, workers: int = 1) -> str:
    """Return the line of a session with so many questions and answers by adapter, of which ``before`` are older.

    A verdict of the adapter ``slow`` takes its worker 10 s, of any other 1 s.
    """
    questions = [SimpleNamespace(adapter=name) for name, count in asked.items() for _ in range(count)]
    verdicts = [(name, number) for name, count in answered.items() for number in range(count)]
    session: Any = SimpleNamespace(questions=questions, verdicts=verdicts, findings=[])
    now = [0.0]
    progress = Progress(cast(Session, session), workers, lambda: now[0])
    for name, _ in verdicts[before:]:
        now[0] += 10.0 if name == "slow" else 1.0
        progress.count(name, "a worker")
    return str(progress.line())


@pytest.mark.parametrize(("verdicts", "questions"), [(1, 100), (200, 30_000), (20, 1000)])
def test_the_time_that_is_left_is_not_guessed_from_a_few_verdicts(verdicts: int, questions: int) -> None:
    assert "left" not in progress_line({"a": questions}, {"a": verdicts})


@pytest.mark.parametrize(("verdicts", "questions"), [(3, 100), (201, 30_000), (21, 1000), (2, 3)])
def test_it_is_said_once_it_can_be_known(verdicts: int, questions: int) -> None:
    assert progress_line({"a": questions}, {"a": verdicts}).endswith(f" {clock(questions - verdicts)} left")


def clock(seconds: int) -> str:
    return f"{seconds // 60}:{seconds % 60:02d}"


def test_each_adapter_has_its_own_pace_which_workers_share() -> None:
    asked = {"a": 100, "slow": 100}
    line = progress_line(asked, {"a": 50, "slow": 50})
    assert line.endswith(f" {clock(50 + 500)} left")
    assert progress_line(asked, {"a": 50, "slow": 50}, workers=2).endswith(f" {clock(275)} left")


def test_an_adapter_whose_pace_is_not_known_is_left_out_and_named() -> None:
    assert progress_line({"a": 100, "slow": 100}, {"a": 50}).endswith(" 0:50 left without slow")
    assert "left" not in progress_line({"a": 100, "slow": 100}, {"a": 100})


def test_the_verdicts_of_an_earlier_session_say_nothing_of_the_pace_of_this_one() -> None:
    assert "left" not in progress_line({"a": 1000}, {"a": 501}, before=500)
    assert progress_line({"a": 1000}, {"a": 530}, before=500).endswith(f" {clock(470)} left")


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
