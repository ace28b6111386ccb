"""A fork that crashes, hangs or wants all memory ends alone, and says how."""

import ctypes
import os
import time

import pytest

from convformance.processes import forked
from convformance.processes.forked import in_fork


def test_a_fork_returns_what_its_function_does_and_keeps_what_it_prints_to_itself(
    capfd: pytest.CaptureFixture[str],
) -> None:
    answer = in_fork(lambda: print("here") or {"sum": [1, 2]}, seconds=60)  # type: ignore[func-returns-value]
    assert (answer.kind, answer.value) == (forked.ANSWERED, {"sum": [1, 2]})
    assert capfd.readouterr().out == ""


def test_a_fork_that_dies_says_of_what_and_what_it_printed() -> None:
    def die() -> None:
        print("the last thing", flush=True)
        ctypes.string_at(0)

    answer = in_fork(die, seconds=60)
    assert (answer.kind, answer.message) == (forked.DIED, "the process died of SIGSEGV")
    assert answer.printed.splitlines()[0] == "the last thing"  # a framework that was imported before may say more


def test_a_fork_that_leaves_without_an_answer_died() -> None:
    assert in_fork(lambda: os._exit(0), seconds=60).kind == forked.DIED


def test_a_fork_that_waits_for_ever_or_computes_for_ever_is_ended() -> None:
    assert in_fork(lambda: time.sleep(60), seconds=0.2).kind == forked.SILENT

    def compute() -> None:
        while True:
            pass

    assert in_fork(compute, seconds=600).kind == forked.SILENT


def test_a_fork_cannot_take_the_memory_of_the_machine() -> None:
    def take() -> str:
        try:
            return str(len(bytearray(2**42)))
        except MemoryError:
            return "none"

    assert in_fork(take, seconds=60).value == "none"
