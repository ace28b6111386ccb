"""Which versions are asked."""

import subprocess
import sys
from collections.abc import Sequence
from typing import Any

import pytest

from convformance.history import choosing
from convformance.history.choosing import HistoryError, chosen, in_order, offered_by_pip

OFFERED = ["0.4.30", "0.5.0", "0.5.3", "0.6.0", "0.6.2", "0.7.0", "0.7.2", "0.8.0", "0.10.0", "0.10.2"]


def not_asked() -> Sequence[str]:
    raise AssertionError("the index was asked")


def test_versions_that_are_written_out_need_no_index() -> None:
    assert chosen("0.10.2, 0.5.0,0.6.2,0.5.0", not_asked) == ["0.5.0", "0.6.2", "0.10.2"]


def test_latest_is_the_newest_by_number_and_not_by_letter() -> None:
    assert chosen("0.5.0,latest", lambda: OFFERED) == ["0.5.0", "0.10.2"]


def test_three_dots_are_the_last_release_of_every_series_between() -> None:
    assert chosen("0.5.0,0.6.2,...,latest", lambda: OFFERED) == ["0.5.0", "0.6.2", "0.7.2", "0.8.0", "0.10.2"]
    assert chosen("0.5.0,...,0.7.0", lambda: OFFERED) == ["0.5.0", "0.6.2", "0.7.0"]
    assert chosen("0.7.0,...,0.7.2", lambda: OFFERED) == ["0.7.0", "0.7.2"]


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("0.5.0,newest", "'newest' is no version"),
        ("...,0.5.0", "stands between two versions"),
        ("0.5.0,...", "stands between two versions"),
        ("0.5.0,...,...,0.6.0", "stands between two versions"),
    ],
)
def test_what_is_no_list_of_versions_is_one_sentence(text: str, said: str) -> None:
    with pytest.raises(HistoryError, match=said):
        chosen(text, lambda: OFFERED)


def test_latest_of_nothing_is_said() -> None:
    with pytest.raises(HistoryError, match="offers no version"):
        chosen("latest", list)


def test_nothing_is_nothing() -> None:
    assert chosen(" , ", not_asked) == []


def test_versions_are_ordered_once_each_and_what_is_none_is_left_out() -> None:
    assert in_order(["1.10", "1.9", "1.9", "of course", "1.10rc1"]) == ["1.9", "1.10rc1", "1.10"]


def pip_says(monkeypatch: pytest.MonkeyPatch, status: int, out: str, err: str = "") -> list[list[str]]:
    commands: list[list[str]] = []

    def run(command: list[str], **_: Any) -> subprocess.CompletedProcess[str]:
        commands.append(command)
        return subprocess.CompletedProcess(command, status, out, err)

    monkeypatch.setattr(choosing.subprocess, "run", run)
    return commands


def test_pip_is_asked_and_its_list_is_read(monkeypatch: pytest.MonkeyPatch) -> None:
    commands = pip_says(
        monkeypatch, 0, "toyconv (1.10.0)\nAvailable versions: 1.10.0, 1.9.0, 1.2.1\n  INSTALLED: 1.2\n"
    )
    assert offered_by_pip("toyconv", False) == ["1.2.1", "1.9.0", "1.10.0"]
    assert commands == [[sys.executable, "-m", "pip", "index", "versions", "toyconv"]]
    offered_by_pip("toyconv", True)
    assert commands[1][-1] == "--pre"


def test_the_reason_of_pip_is_handed_on_without_its_warnings(monkeypatch: pytest.MonkeyPatch) -> None:
    pip_says(monkeypatch, 1, "", "ERROR: No matching distribution found for toyconv\nWARNING: pip is experimental\n")
    with pytest.raises(HistoryError, match=r"toyconv there are: ERROR: No matching distribution found for toyconv$"):
        offered_by_pip("toyconv", False)
