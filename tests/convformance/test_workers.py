"""Workers that come and go: which process asks whom, and when another takes its place."""

import os
import re
import subprocess
from collections import Counter, defaultdict
from pathlib import Path
from typing import Any

import pytest

from convformance.plugin.scheduling import Scheduling
from convformance.plugin.worker import Growth
from tests.convformance.test_command_line import ROOT, adapter, command, lines


def asked(folder: Path, *words: str) -> list[tuple[str, int, int]]:
    """Run the smoke tier; return of every call the adapter, the process and its memory, in order."""
    notes = folder / "notes"
    notes.unlink(missing_ok=True)
    environment = {**os.environ, "PYTHONPATH": str(ROOT), "NOTES": str(notes)}
    done = subprocess.run(
        command("run", *words, "--tier", "smoke"),
        cwd=folder,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout[-3000:] + done.stderr[-3000:]
    calls = (line.split() for line in notes.read_text().splitlines())
    return [(name, int(process), int(memory)) for name, process, memory in calls]


def test_a_worker_that_grows_is_replaced_and_each_question_is_asked_once(tmp_path: Path) -> None:
    alone = asked(tmp_path, adapter("Growing"), "-n", "0")
    assert len({process for _, process, _ in alone}) == 1
    calls = asked(tmp_path, adapter("Growing"), "-n", "2", "--memory", "0.5")
    assert len({process for _, process, _ in calls}) > 2
    assert max(memory for *_, memory in calls) < 0.5 * 2**30 < max(memory for *_, memory in alone)
    assert len(calls) == len(alone)
    verdicts = Counter((line["case"], line["dtype"]) for line in lines(tmp_path))
    assert set(verdicts.values()) == {1}
    assert lines(tmp_path, "end")[0]["complete"] is True


def test_a_worker_that_left_is_no_error_in_any_report(tmp_path: Path) -> None:
    asked(tmp_path, adapter("Growing"), "-n", "2", "--memory", "0.5")
    counts = re.findall(r'(errors|failures)="(\d+)"', (tmp_path / "out" / "junit.xml").read_text())
    assert counts
    assert {number for _, number in counts} == {"0"}


def processes(calls: list[tuple[str, int, int]]) -> dict[str, set[int]]:
    by_adapter: dict[str, set[int]] = defaultdict(set)
    for name, process, _ in calls:
        by_adapter[name].add(process)
    return by_adapter


def test_no_process_holds_two_large_frameworks(tmp_path: Path) -> None:
    by_adapter = processes(asked(tmp_path, adapter("Large"), adapter("AlsoLarge"), "-n", "2"))
    assert len(by_adapter) == 2
    assert by_adapter["large"].isdisjoint(by_adapter["also-large"])


def test_a_process_goes_on_with_another_adapter_while_it_is_small(tmp_path: Path) -> None:
    calls = asked(tmp_path, adapter("Noting"), adapter("AlsoNoting"), "-n", "1")
    assert len({process for _, process, _ in calls}) == 1
    names = [name for name, *_ in calls]
    assert names == sorted(names, reverse=True)  # one adapter after the other


def growth(*memory: float, limit: float = 100.0) -> Growth:
    """Return the growth of a process that has asked the adapter ``a`` a question at each of these sizes."""
    sizes = iter(memory)
    grown = Growth(limit, lambda: int(next(sizes)))
    for _ in memory:
        grown.count("a")
    return grown


@pytest.mark.parametrize(
    ("memory", "limit", "following", "ends"),
    [
        ((0.5e9, 0.8e9), 100.0, "a", False),
        ((0.5e9, 0.95e9), 100.0, "a", True),
        ((3e9, 4e9), 100.0, "a", False),  # a framework that takes as much from the start may grow
        ((3e9, 5e9), 100.0, "a", True),
        ((0.1e9, 0.4e9), 0.5, "a", False),
        ((0.1e9, 0.42e9), 0.5, "a", True),
        ((0.1e9, 0.2e9), 100.0, "b", False),
        ((0.1e9, 0.3e9), 100.0, "b", True),
        ((0, 0), 100.0, "b", False),  # a system that does not say
    ],
)
def test_when_another_process_goes_on(memory: tuple[float, ...], limit: float, following: str, ends: bool) -> None:
    assert growth(*memory, limit=limit).ends_before(following) is ends


@pytest.mark.parametrize(("answered", "died_over", "left"), [("b", None, "cde"), ("", "b", "cde")])
def test_only_a_worker_whose_question_is_not_answered_died_over_it(answered: str, died_over: str, left: str) -> None:
    scheduling: Any = Scheduling.__new__(Scheduling)
    scheduling._is_answered = answered.__contains__ if answered else lambda nodeid: False
    scheduling.collection, scheduling.pending, scheduling.steal_requested_from_node = [*"abcde"], [4], None
    scheduling.node2pending = {"worker": [1, 2, 3]}
    assert scheduling.remove_node("worker") == died_over
    assert sorted(scheduling.collection[index] for index in scheduling.pending) == [*left]
