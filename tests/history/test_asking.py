"""Runs: what is complete is taken from the cache, what is not goes on, and what a version says when it cannot start."""

import os
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from convformance.history import asking
from convformance.history.asking import AskingError, Job, is_complete, record_of
from convformance.options import RunOptions
from convformance.reports.record import Writer
from tests.reports.synthetic import Line, case_line, run_line, verdict_line

CASE = case_line("stride", 1, operations=["conv"], dtypes=["float32"])
PYTHON = Path(sys.executable)
END: Line = {"kind": "end", "complete": True, "verdicts": 1, "findings": 0, "seconds": 1.0}


def job(folder: Path, **options: object) -> Job:
    chosen = RunOptions(adapters=("toy",), tier="smoke", **options)  # type: ignore[arg-type]
    return Job("toy", chosen, "1", folder / "suite")


def written(path: Path, *, complete: bool) -> Path:
    path.parent.mkdir(parents=True)
    verdict = verdict_line("toy", "conv", "direct", CASE["id"], "float32")
    with Writer(path) as writer:
        for line in (
            run_line("toy", asked=1, routes={"conv": ["direct"]}),
            CASE,
            verdict,
            *([END] if complete else []),
        ):
            writer.write(line)
    return path


def test_a_complete_record_is_taken_and_nothing_is_started(tmp_path: Path) -> None:
    asked = job(tmp_path)
    path = written(tmp_path / asked.key / "run.jsonl", complete=True)
    assert is_complete(path)
    assert record_of(asked, tmp_path / "no interpreter", tmp_path) == path


def test_a_record_that_was_cut_off_goes_on(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    asked = job(tmp_path)
    path = written(tmp_path / asked.key / "run.jsonl", complete=False)
    commands: list[list[str]] = []

    def run(command: list[str], suite: Path, time_limit: float | None = None) -> tuple[int, str]:
        commands.append(command)
        return 0, ""

    monkeypatch.setattr(asking, "_run", run)
    assert not is_complete(path)
    assert record_of(asked, PYTHON, tmp_path) == path
    assert commands[-1][-1] == "--resume"
    assert f"--record={path}" in commands[-1]


def test_a_run_without_answers_has_its_reason(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(asking, "_run", lambda command, suite, time_limit=None: (0, "the disk is full"))
    with pytest.raises(AskingError, match="the run came to nothing: the disk is full"):
        record_of(job(tmp_path), PYTHON, tmp_path)


def test_a_framework_that_kills_its_process_is_said(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(asking, "_TRY", "import os, sys; print('no such unit', file=sys.stderr); os._exit(4)")
    with pytest.raises(AskingError, match="the adapter ends with status 4: no such unit"):
        record_of(job(tmp_path), PYTHON, tmp_path)


def test_where_packages_lie_is_left_out_of_a_reason(tmp_path: Path) -> None:
    command = [
        sys.executable,
        "-c",
        "import sys; sys.exit('cannot open /a/b/lib/python3.11/site-packages/jax/x.so: no')",
    ]
    assert asking._run(command, tmp_path) == (1, "cannot open jax/x.so: no")


def test_what_hangs_is_ended(tmp_path: Path) -> None:
    status, said = asking._run([sys.executable, "-c", "input()"], tmp_path, time_limit=0.01)
    assert status
    assert "nothing happened" in said


def test_every_choice_has_records_of_its_own(tmp_path: Path) -> None:
    first = job(tmp_path)
    others = [
        job(tmp_path, filters={"dtype": ("float32",)}),
        replace(first, options=replace(first.options, tier="full")),
        replace(first, suite=tmp_path / "another state of the code"),
        replace(first, spec="toy[mode=other]"),
    ]
    assert len({each.key for each in (first, *others)}) == 5
    assert replace(first, workers="7").key == first.key, "how many workers asked changes no answer"


def test_a_file_that_was_changed_is_asked_again(tmp_path: Path) -> None:
    file = tmp_path / "mine.py"
    keys = set()
    for text in ("1", "2"):
        file.write_text(text)
        keys |= {replace(job(tmp_path), spec=spec).key for spec in (f"{file}", f"{file}:Mine", f"{file}:Mine[a=b]")}
    assert len(keys) == 6


def test_nothing_of_this_process_is_seen_there(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join(["/elsewhere", "/nowhere"]))
    monkeypatch.setenv("VIRTUAL_ENV", "/elsewhere")
    variables = asking._variables(tmp_path)
    assert variables["PYTHONPATH"] == str(tmp_path)
    assert "VIRTUAL_ENV" not in variables
