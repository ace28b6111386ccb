"""Every adapter has an environment of its own; what fails in one keeps none of the others from being asked."""

import re
import subprocess
import tomllib
from collections.abc import Callable
from configparser import ConfigParser
from pathlib import Path
from typing import Any

import pytest

from convformance.adapters import discovery
from convformance.reports import model, record
from tests import frameworks
from tests.reports.synthetic import SyntheticRun

ROOT = Path(__file__).parents[2]


def commands(monkeypatch: pytest.MonkeyPatch, *, fails: Callable[[list[str]], bool]) -> list[list[str]]:
    """Return the list that every command is put into in place of being run."""
    asked: list[list[str]] = []

    def run(command: list[str], **options: Any) -> subprocess.CompletedProcess[str]:
        asked.append(command)
        return subprocess.CompletedProcess(command, int(fails(command)))

    monkeypatch.setattr(frameworks.subprocess, "run", run)
    return asked


def test_each_adapter_has_an_environment_and_what_it_installs() -> None:
    parser = ConfigParser(interpolation=None)
    parser.read(ROOT / "tox.ini", encoding="utf-8")
    (section,) = (name for name in parser.sections() if "torch,tensorflow" in name)
    names = set(re.findall(r"\w+", section.split("{")[1]))
    extras = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]["optional-dependencies"]
    installed = set(re.findall(r"^(\w+): \1$", parser[section]["extras"], flags=re.MULTILINE))
    assert names == set(discovery.BUILT_IN)
    assert installed == names - {"scipy"}
    assert installed <= set(extras)


def test_one_that_fails_keeps_none_of_the_others_from_being_asked(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    asked = commands(monkeypatch, fails=lambda command: "keras[backend=jax]" in command)
    assert frameworks.main(["--only", "keras", "--only", "scipy"]) == 1
    made = [command for command in asked if "--notest" in command]
    ran = [command for command in asked if "--name" in command]
    assert [command[-1] for command in made] == ["keras", "scipy"]
    assert [command[command.index("-e") + 1] for command in ran] == ["keras", "keras", "keras", "scipy"]
    assert [command[command.index("--name") + 1] for command in ran][1] == "keras-backend-jax"
    assert asked.index(made[1]) > asked.index(ran[2]), "each is made when it is its turn"


def test_one_that_cannot_be_made_is_not_asked_and_the_next_one_is(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    asked = commands(monkeypatch, fails=lambda command: "--notest" in command and command[-1] == "keras")
    assert frameworks.main(["--only", "keras", "--only", "scipy"]) == 1
    assert [command[command.index("--adapter") + 1] for command in asked if "--adapter" in command] == ["scipy"]
    assert "asked 2, failed: keras;" in capsys.readouterr().out


def test_the_page_shows_who_was_asked_and_how_it_was_answered(tmp_path: Path) -> None:
    path, page = SyntheticRun(cases=12, wrong_share=0.05).write(tmp_path / "run.jsonl"), tmp_path / "page.md"
    assert frameworks.main(["--records", str(path), "--page", str(page)]) == 0
    text, report = page.read_text(encoding="utf-8"), model.summarise(record.read([path]))
    for run in report.runs:
        grades = run.total.grades
        less_precise = sum(grades[grade] for grade in ("low-precision", "componentwise", "norm-wise"))
        wrong = sum(grades[grade] for grade in ("wrong", "error", "crashed", "timed-out"))
        counts = run.asked, run.total.conformant, less_precise, wrong, grades["refused"]
        row = " | ".join(f"{count:,}" for count in counts)
        assert re.search(rf"\| {re.escape(run.label)} \| .* \| {re.escape(row)} \|", text)
        assert sum(counts[1:]) == run.total.verdict_count
    assert "## Matrix" in text
