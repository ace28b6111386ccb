"""The script that installs Chromium does so only where there is none, and says what it lacks."""

import subprocess
from collections.abc import Callable

import pytest

from tests.browser import chromium

Machine = Callable[..., list[list[str]]]


@pytest.fixture
def machine(monkeypatch: pytest.MonkeyPatch) -> Machine:
    """Return what makes a machine with some programs, and returns the list of the commands that are run on it."""

    def machine_with(*programs: str, user: int = 0, status: int = 0) -> list[list[str]]:
        here, ran = set(programs), []

        def run(command: list[str], **_: object) -> "subprocess.CompletedProcess[str]":
            ran.append(command)
            here.update(["chromium"] if "install" in command and not status else [])
            return subprocess.CompletedProcess(command, status)

        monkeypatch.setattr("shutil.which", lambda name: f"/usr/bin/{name}" if name in here else None)
        monkeypatch.setattr("os.geteuid", lambda: user)
        monkeypatch.setattr(subprocess, "run", run)
        return ran

    return machine_with


def test_nothing_is_installed_where_chromium_is(machine: Machine) -> None:
    ran = machine("chromium", "apt-get", user=1000)
    assert chromium.install() is None
    assert ran == []


def test_root_refreshes_the_index_before_it_installs(machine: Machine) -> None:
    ran = machine("apt-get")
    assert chromium.install() is None
    assert [command[1] for command in ran] == ["update", "install"]
    assert chromium.path() == "/usr/bin/chromium"


@pytest.mark.parametrize(
    ("programs", "user", "status", "message"),
    [
        (("apt-get",), 1000, 0, "only root can install it"),
        ((), 0, 0, "no apt-get to install it with"),
        (("apt-get",), 0, 100, "`apt-get update` failed with status 100"),
    ],
)
def test_what_keeps_it_from_being_installed_is_told(
    programs: tuple[str, ...], user: int, status: int, message: str, machine: Machine
) -> None:
    machine(*programs, user=user, status=status)
    assert message in (chromium.install() or "")
