"""Every harness of ``harnesses/`` is short, listed, and passes ``convformance smoke`` where it can be built.

Where its back end is known to be wrong, ``conformance.toml`` beside it expects what smoke says.
"""

import os
import tomllib
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Any

import pytest

from tests.exchange.asking import convformance
from tests.harnesses import FOLDER, HARNESSES, Harness, build, missing

LONGEST, WIDEST = 120, 120
FEWEST_OPERATIONS = 4
SOURCES = sorted(each for each in FOLDER.glob("*/*") if each.suffix != ".toml")


@pytest.mark.parametrize("harness", HARNESSES, ids=[each.name for each in HARNESSES])
def test_it_passes_smoke(harness: Harness, tmp_path: Path) -> None:
    lacking = missing([harness])
    if lacking:
        pytest.skip(f"not installed: {', '.join(lacking)}")
    if not all(_is_installed(module) for module in harness.modules):
        pytest.skip("npm's modules are not installed, or NODE_PATH does not name their folder")
    assert build(harness, tmp_path), "its compiler says why"
    done = convformance("smoke", "exec:" + harness.run.format(out=tmp_path), "--seconds", "60", cwd=tmp_path)
    lines = done.stdout.splitlines()
    failed = [line for line in lines if not line.startswith("ok ")][:-1]  # the last line counts them
    assert [line for line in failed if not _is_expected(line, harness)] == [], done.stdout + done.stderr
    assert len({line.split()[2] for line in lines if line.split()[1] == "answers"}) >= FEWEST_OPERATIONS, done.stdout
    assert any(line.startswith("ok ") and "speed" in line for line in lines), done.stdout


@pytest.mark.parametrize("source", SOURCES, ids=[each.parent.name for each in SOURCES])
def test_it_is_short_enough_to_be_read_as_an_example(source: Path) -> None:
    lines = source.read_text(encoding="utf-8").splitlines()
    assert len(lines) <= LONGEST
    assert max(map(len, lines)) <= WIDEST


def test_each_is_built_and_asked_by_the_command_and_has_a_line_on_the_page() -> None:
    listed = {each.name.partition("-")[0] for each in HARNESSES}
    assert listed == {each.parent.name for each in SOURCES}
    page = (FOLDER.parent / "docs" / "harnesses.md").read_text(encoding="utf-8")
    assert [each.name for each in HARNESSES if f"| `{each.name}` |" not in page] == []


def _is_expected(line: str, harness: Harness) -> bool:
    """Return whether a failure is in an operation and a dtype that an entry of the harness's file covers."""
    entries = (
        tomllib.loads(harness.expected.read_text(encoding="utf-8"))["expected"] if harness.expected.is_file() else []
    )
    words = line.split()
    return words[:2] == ["FAIL", "answers"] and any(
        _covers(entry, "adapter", harness.name)
        and _covers(entry, "operation", words[2])
        and _covers(entry, "dtype", words[4].rstrip(":"))
        for entry in entries
    )


def _covers(entry: dict[str, Any], key: str, value: str) -> bool:
    patterns = entry.get(key, "*")
    return any(fnmatchcase(value, each) for each in ([patterns] if isinstance(patterns, str) else patterns))


def _is_installed(module: str) -> bool:
    """Return whether Node finds one of npm's modules, ``@scope/name@version``."""
    folders = os.environ.get("NODE_PATH", "").split(os.pathsep)
    return any((Path(folder) / module.rpartition("@")[0]).is_dir() for folder in folders if folder)
