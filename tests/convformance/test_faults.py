"""Nothing that an adapter does to the process that asks it loses a verdict."""

import json
import os
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from convformance import plugin
from tests.convformance.faults import GRADES, EatsMemory, Faulty, KillsItself, RaisesEndlessly, RaisesItsOwn, Segfaults
from tests.convformance.interrupts import with_interrupts

ROOT = Path(__file__).resolve().parents[2]
FAULTS = Path(__file__).with_name("faults.py")
MISBEHAVING = Path(__file__).with_name("misbehaving.py")
Line = dict[str, Any]


def convformance(folder: Path, *argv: str, **options: Any) -> subprocess.CompletedProcess[str]:
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    command = [sys.executable, "-m", "convformance", *argv]
    return subprocess.run(
        command, cwd=folder, env=environment, capture_output=True, text=True, timeout=500, check=False, **options
    )


def lines(record: Path, kind: str = "verdict") -> list[Line]:
    return [line for line in map(json.loads, record.read_text().splitlines()) if line["kind"] == kind]


@pytest.fixture(scope="module")
def record(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return the record of one run that asks every faulty adapter."""
    folder = tmp_path_factory.mktemp("faults")
    adapters = [f"--adapter={FAULTS}:{cls.__name__}" for cls in GRADES]
    questions = ("--tier", "smoke", "--family", "strides", "--family", "groups", "--dtype", "float64")
    done = convformance(folder, "run", *adapters, *questions, "--timeout", "3", "--memory", "2", "-n", "2")
    assert done.returncode == 1, done.stdout[-3000:] + done.stderr[-3000:]
    return folder / "out" / "run.jsonl"


def test_every_question_has_its_verdict(record: Path) -> None:
    assert lines(record, "end")[-1]["complete"] is True
    asked = sum(run["asked"] for run in lines(record, "run"))
    assert len({tuple(line[name] for name in ("adapter", "case")) for line in lines(record)}) == asked


@pytest.mark.parametrize("cls", GRADES, ids=lambda cls: cls.name)
def test_a_fault_has_its_grade_and_touches_no_other_question(record: Path, cls: type[Faulty]) -> None:
    strides = {line["id"]: line["stride"] for line in lines(record, "case")}
    grades: dict[bool, set[str]] = {True: set(), False: set()}
    for line in lines(record):
        if line["adapter"] == cls.name:
            grades[max(strides[line["case"]]) > 1].add(line["grade"])
    assert grades[True] == {GRADES[cls]}
    assert grades[False] == {"conformant"}


def message_of(record: Path, cls: type[Faulty]) -> str:
    return next(line["message"] for line in lines(record) if line["adapter"] == cls.name and line["message"])


def test_a_crash_names_its_signal_and_the_last_words(record: Path) -> None:
    message = message_of(record, KillsItself)
    assert message == "the process died of SIGKILL while it answered; it printed last: these are my last words"
    assert "SIGSEGV" in message_of(record, Segfaults)
    assert "out of memory" in message_of(record, EatsMemory)


def test_a_message_is_kept_short_and_clean_and_one_that_cannot_be_read_says_so(record: Path) -> None:
    message = message_of(record, RaisesEndlessly)
    assert len(message) < 20_000
    assert "\0" not in message
    assert message.isascii()
    assert "Unreadable: its message cannot be read" in message_of(record, RaisesItsOwn)


def test_a_command_to_a_worker_that_has_just_died_ends_nothing_else() -> None:
    commands: list[tuple[str, dict[str, Any]]] = []

    def dead(name: str, **named: Any) -> None:
        commands.append((name, named))
        raise OSError("cannot send (already closed?)")

    plugin._send(dead, "runtests", indices=[1])
    assert commands == [("runtests", {"indices": [1]})]


# What a shell starts in the background ignores interrupts.
@pytest.mark.parametrize("interrupts", ["SIG_DFL", "SIG_IGN"])
def test_a_request_to_end_closes_the_record_and_writes_the_report(tmp_path: Path, interrupts: str) -> None:
    command = [
        sys.executable,
        "-m",
        "convformance",
        "run",
        f"--adapter={MISBEHAVING}:Slow",
        "--tier",
        "smoke",
        "-n",
        "1",
    ]
    environment = {**os.environ, "PYTHONPATH": str(ROOT), "WAITING_FOR": str(tmp_path / "nobody")}
    quiet = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
    record = tmp_path / "out" / "run.jsonl"
    words = with_interrupts(command, interrupts)
    with subprocess.Popen(words, cwd=tmp_path, env=environment, **quiet) as running:  # type: ignore[call-overload]
        while running.poll() is None and not (record.is_file() and record.read_text().count('"verdict"') >= 5):
            pass
        running.send_signal(signal.SIGTERM)
        assert running.wait() == 3
    assert lines(record, "end")[0]["complete"] is False
    assert "not complete" in (tmp_path / "out" / "report.html").read_text()


def test_an_older_report_does_not_outlive_a_run_that_writes_none(tmp_path: Path) -> None:
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / "report.html").write_text("an older one")
    done = convformance(
        tmp_path, "run", f"--adapter={MISBEHAVING}:Right", "--family", "strides", "--record", "/nowhere/at/all.jsonl"
    )
    assert done.returncode in (2, 3)
    assert not (tmp_path / "out" / "report.html").exists()


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="this system has no device that is always full")
def test_a_record_that_cannot_be_written_is_a_clear_sentence(tmp_path: Path) -> None:
    (tmp_path / "full.jsonl").symlink_to("/dev/full")
    argv = ("run", f"--adapter={MISBEHAVING}:Right", "--tier", "smoke", "--record", "full.jsonl", "-n", "1")
    done = convformance(tmp_path, *argv)
    assert done.returncode == 3
    assert "the record full.jsonl cannot be written: No space left on device" in done.stdout
    assert "Traceback" not in done.stdout + done.stderr


def test_a_disk_that_becomes_full_keeps_what_is_written_readable(tmp_path: Path) -> None:
    argv = ("run", f"--adapter={MISBEHAVING}:Right", "--tier", "smoke", "-n", "1")
    done = convformance(tmp_path, *argv, preexec_fn=_limit_files)
    assert done.returncode == 3, done.stdout
    assert "cannot be written: File too large" in done.stdout
    again = convformance(tmp_path, "report", "out/run.jsonl", "-o", "page.html")
    assert again.returncode == 3
    assert (tmp_path / "page.html").is_file()


def _limit_files() -> None:
    """Let no file of the process grow beyond what the cases and some verdicts take."""
    import resource

    resource.setrlimit(resource.RLIMIT_FSIZE, (60_000, 60_000))
