"""The page on explaining shows what is really printed: its Python is run, then each of its commands.

``python -m tests.answers.test_docs`` writes the page anew.
"""

import json
import os
import re
import subprocess
import sys
import tempfile
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
PAGE = ROOT / "docs" / "explain.md"
_SHOWN = re.compile(r"```console\n\$ convformance (?P<command>[^\n]*)\n(?P<output>.*?)```", re.DOTALL)
_PYTHON = re.compile(r"```python\n(.*?)```", re.DOTALL)
# The last digits of errors are the machine's affair.
_NUMBER = re.compile(r"-?\d+\.\d+(e[+-]\d+)?|\d+e[+-]\d+|\d+(?=%)")


def commands() -> dict[str, str]:
    return {shown["command"]: shown["output"] for shown in _SHOWN.finditer(PAGE.read_text())}


def printed(command: str, folder: Path) -> str:
    environment = {**os.environ, "PYTHONPATH": str(ROOT), "OMP_NUM_THREADS": "1"}
    arguments = [sys.executable, "-m", "convformance", *command.split()]
    done = subprocess.run(arguments, cwd=folder, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode in (0, 1), done.stderr
    return done.stdout


def run_python(folder: Path) -> None:
    """Run the page's Python in order, as one script in ``folder``."""
    before = Path.cwd()
    os.chdir(folder)
    try:
        exec(compile("\n".join(_PYTHON.findall(PAGE.read_text())), str(PAGE), "exec"), {})
    finally:
        os.chdir(before)


def without_digits(output: str) -> str:
    return _NUMBER.sub("#", " ".join(output.split()))


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("explain")
    run_python(folder)
    return folder


@pytest.mark.parametrize("command", commands())
def test_the_page_shows_what_is_printed(command: str, folder: Path) -> None:
    assert without_digits(commands()[command]) == without_digits(printed(command, folder))


def test_the_page_has_an_example_of_each_kind() -> None:
    shown = " ".join(" ".join(commands().values()).split())
    kinds = ("the difference is rounding:", "in less precision", "not rounding", "the numbers are right", "two answers")
    assert all(kind in shown for kind in kinds)


def test_the_page_names_every_field_of_the_document(folder: Path) -> None:
    document = json.loads(printed("explain x.npy w.npy reflect.npy --stride 2 --padding 1 --json", folder))
    table = PAGE.read_text().split("| field | holds |")[1].split("\n\n")[0]
    named = {
        name for row in table.splitlines() for name in re.findall(r"`(\w+)`", row.split("|")[1] if "|" in row else "")
    }
    assert named == set(document)


def _rewrite() -> None:
    with tempfile.TemporaryDirectory() as name:
        run_python(Path(name))

        def shown(match: "re.Match[str]") -> str:
            command = match["command"]
            return f"```console\n$ convformance {command}\n{printed(command, Path(name))}```"

        PAGE.write_text(_SHOWN.sub(shown, PAGE.read_text()))


if __name__ == "__main__":
    _rewrite()
