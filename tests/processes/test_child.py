"""A child tells what happens on a channel of its own, whatever is printed, and its end is told for what it is."""

import os
from collections.abc import Iterator
from typing import Any

import pytest

from convformance.processes import environment
from convformance.processes.child import Child, Ended, ending

SILENCE = 60.0


@pytest.fixture
def child() -> Iterator[Child]:
    with Child("tests.processes.answering", env=environment.asking()) as started:
        yield started


def events(child: Child, what: str, silence: float = SILENCE) -> list[Any]:
    return list(child.ask({"do": what}, silence=silence))


def test_what_is_printed_at_any_time_is_no_message(child: Child) -> None:
    assert events(child, "work") == [("answer", {"do": "work"})]
    assert events(child, "again") == [("answer", {"do": "again"})]


def test_standard_input_is_empty_for_what_is_asked(child: Child) -> None:
    assert events(child, "read")[0] == ("input", {"line": ""})


def test_a_death_names_its_signal_and_keeps_the_last_words(child: Child) -> None:
    (end,) = events(child, "die")
    assert isinstance(end, Ended)
    assert (end.kind, end.message) == ("died", "the process died of SIGSEGV")
    assert "these are my last words" in end.last_words


def test_an_exit_names_its_status(child: Child) -> None:
    (end,) = events(child, "exit")
    assert end == Ended("died", "the process ended with status 7", end.last_words)


def test_silence_is_an_end_and_the_process_is_ended_with_the_block() -> None:
    with Child("tests.processes.answering", env=environment.asking()) as child:
        assert events(child, "work")
        (end,) = events(child, "hang", silence=0.5)
        assert end.kind == "silent"
        pid = child.pid
    with pytest.raises(ProcessLookupError):
        os.kill(pid, 0)


def test_a_module_that_does_not_exist_is_a_death_with_words() -> None:
    with Child("tests.processes.no_such_module", env=environment.asking()) as child:
        (end,) = events(child, "work")
    assert end.kind == "died"
    assert "no_such_module" in end.last_words


@pytest.mark.parametrize(
    ("status", "message"),
    [
        (-9, "the process died of SIGKILL"),
        (3, "the process ended with status 3"),
        (-63, "the process died of signal 63"),
    ],
)
def test_an_exit_status_in_words(status: int, message: str) -> None:
    assert ending(status) == message
