"""Environments: made once, mended where they were cut off, and with a reason where they cannot be made."""

from collections.abc import Sequence
from pathlib import Path

import pytest

from convformance.history import installing
from convformance.history.choosing import HistoryError
from convformance.history.installing import (
    Environment,
    InstallError,
    environment_at,
    installer,
    prepare,
    reason_in,
    uv_options,
)

WANTED = ("toyconv==1.0", "numpy>=2.0")


class Counting:
    """An installer that only lays down an interpreter."""

    def __init__(self, fails: bool = False) -> None:
        self.calls = 0
        self.fails = fails

    def __call__(self, folder: Path, requirements: Sequence[str]) -> None:
        self.calls += 1
        python = Environment(folder.parent).python
        python.parent.mkdir(parents=True)
        python.touch()
        if self.fails:
            raise InstallError("no")


def environment(cache: Path, *wanted: str) -> Environment:
    return environment_at(cache, "toyconv", "1.0", wanted or WANTED)


def test_an_environment_is_made_once(tmp_path: Path) -> None:
    install = Counting()
    prepare(environment(tmp_path), WANTED, install)
    prepare(environment(tmp_path, *reversed(WANTED)), WANTED, install)
    assert install.calls == 1
    assert environment(tmp_path).is_ready


def test_other_requirements_are_another_environment(tmp_path: Path) -> None:
    prepare(environment(tmp_path), WANTED, Counting())
    assert not environment(tmp_path, "toyconv==1.0", "numpy>=2.1").is_ready


def test_what_failed_or_was_cut_off_is_made_again_from_the_beginning(tmp_path: Path) -> None:
    with pytest.raises(InstallError):
        prepare(environment(tmp_path), WANTED, Counting(fails=True))
    assert not environment(tmp_path).is_ready
    python = environment(tmp_path).python
    python.parent.mkdir(parents=True)
    (python.parent / "left behind").touch()
    prepare(environment(tmp_path), WANTED, Counting())
    assert environment(tmp_path).is_ready
    assert not (python.parent / "left behind").exists()


def test_an_environment_that_is_removed_leaves_its_runs(tmp_path: Path) -> None:
    made = environment(tmp_path)
    prepare(made, WANTED, Counting())
    (made.folder / "run.jsonl").touch()
    made.discard()
    assert not made.is_ready
    assert (made.folder / "run.jsonl").exists()


def test_uv_that_is_not_there_is_an_error_only_where_it_is_asked_for(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(installing.shutil, "which", lambda name: None)
    assert installer("auto") is installing.with_pip
    assert installer("pip") is installing.with_pip
    with pytest.raises(HistoryError, match="uv is not on the path"):
        installer("uv")


def test_uv_looks_where_pip_would() -> None:
    configuration = {
        "extra-index-url": "file:///a/simple file:///b/simple",
        "find-links": "/wheels",
        "constraint": "/limits.txt",
        "cert": "/ca.crt",
        "default-timeout": "180",
    }
    options, variables = uv_options(configuration)
    pairs = list(zip(options[::2], options[1::2], strict=True))
    assert pairs == [
        ("--extra-index-url", "file:///a/simple"),
        ("--extra-index-url", "file:///b/simple"),
        ("--find-links", "/wheels"),
        ("--constraint", "/limits.txt"),
        ("--index-strategy", "unsafe-best-match"),
    ]
    assert variables == {"SSL_CERT_FILE": "/ca.crt"}
    assert uv_options({"no-index": "true"})[0][0] == "--no-index"


def test_what_the_environment_says_of_pip_stands_above_its_files(monkeypatch: pytest.MonkeyPatch) -> None:
    printed = (
        ":env:.find-links='/mine'\nglobal.find-links='/theirs'\nglobal.cert='/ca.crt'\ndownload.cert='/other.crt'\n"
    )
    done = installing.subprocess.CompletedProcess([], 0, printed, "")
    monkeypatch.setattr(installing.subprocess, "run", lambda *arguments, **options: done)
    assert installing.pip_configuration() == {"find-links": "/mine", "cert": "/ca.crt"}


UV = """\
Using Python 3.11.7 environment at: e
error: No solution found when resolving dependencies
  cause: Because scipy==1.9.0 has no usable wheels and you require scipy==1.9.0, we can conclude that your requirements
         are unsatisfiable.

hint: Wheels are required for `scipy` because building from source is disabled for all packages
"""
PIP = """\
WARNING: Location '/wheels' is ignored
ERROR: Could not find a version that satisfies the requirement scipy==1.9.0 (from versions: 1.9.2, 1.10.0rc1, 1.17.1)
ERROR: No matching distribution found for scipy==1.9.0
"""
CONFLICT = """\
Collecting numpy
ERROR: Cannot install numpy>=2 and toyconv==1.0 because these package versions have conflicting dependencies.

The conflict is caused by:
    The user requested numpy>=2
    toyconv 1.0 depends on numpy<2
ERROR: ResolutionImpossible: for help visit https://pip.example/conflicts
"""


@pytest.mark.parametrize(
    ("printed", "reason"),
    [
        (
            UV,
            "No solution found when resolving dependencies Because scipy==1.9.0 has no usable wheels and you require "
            "scipy==1.9.0, we can conclude that your requirements are unsatisfiable.",
        ),
        (
            PIP,
            "Could not find a version that satisfies the requirement scipy==1.9.0 (from 1.9.2 to 1.17.1) "
            "No matching distribution found for scipy==1.9.0",
        ),
        (
            CONFLICT,
            "Cannot install numpy>=2 and toyconv==1.0 because these package versions have conflicting dependencies. "
            "The conflict is caused by: The user requested numpy>=2 toyconv 1.0 depends on numpy<2",
        ),
        ("", ""),
    ],
)
def test_the_reason_of_an_installer_is_one_line(printed: str, reason: str) -> None:
    assert reason_in(printed).strip() == reason


def test_a_reason_does_not_grow_without_end() -> None:
    assert len(reason_in("error: " + "very long " * 1000)) <= 600
