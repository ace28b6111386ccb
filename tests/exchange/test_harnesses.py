"""Every harness of ``harnesses/`` is short, listed, and passes ``convformance smoke`` where it can be built."""

import os
from pathlib import Path

import pytest

from tests.exchange.asking import convformance
from tests.harnesses import FOLDER, HARNESSES, Harness, build, missing

LONGEST, WIDEST = 120, 120
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
    assert done.returncode == 0, done.stdout + done.stderr
    assert all(line.startswith("ok ") for line in done.stdout.splitlines()), done.stdout


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


def _is_installed(module: str) -> bool:
    """Return whether Node finds one of npm's modules, ``@scope/name@version``."""
    folders = os.environ.get("NODE_PATH", "").split(os.pathsep)
    return any((Path(folder) / module.rpartition("@")[0]).is_dir() for folder in folders if folder)
