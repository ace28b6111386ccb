"""Whose line raised: that of a file, or what it calls."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from convformance.processes.origins import own_line

HERE = Path(__file__)


def _statement() -> None:
    raise ValueError("stride must be 1")


def _attribute() -> Any:
    return HERE.no_such_name  # type: ignore[attr-defined]


def _index() -> Any:
    return (1, 2)[[3][0]]


def _condition() -> None:
    assert not HERE.name, "never"


def _signature() -> Any:
    return np.frombuffer(no_such_argument=1)  # type: ignore[call-overload]


def _signature_of_python() -> Any:
    return own_line(1, 2, 3)  # type: ignore[call-arg, arg-type]


def _builtin() -> Any:
    return int("no number")


def _in_c() -> Any:
    return np.frombuffer(b"123", "float32")


def _in_python() -> Any:
    return np.pad([1.0], -1)


def _through_another() -> Any:
    return _in_c()


OWN = [_statement, _attribute, _index, _condition, _signature, _signature_of_python, _builtin]
OTHERS = [_in_c, _in_python, _through_another]


def _raised(function: Callable[[], Any]) -> BaseException:
    with pytest.raises(Exception) as raised:  # noqa: PT011
        function()
    return raised.value


@pytest.mark.parametrize("function", OWN)
def test_what_a_line_of_the_file_raises_is_its_own(function: Callable[[], Any]) -> None:
    place = own_line(_raised(function), {HERE})
    assert place is not None
    assert place[0] == HERE
    assert place[1] == function.__code__.co_firstlineno + 1


@pytest.mark.parametrize("function", OTHERS)
def test_what_it_calls_is_not(function: Callable[[], Any]) -> None:
    assert own_line(_raised(function), {HERE}) is None


@pytest.mark.parametrize("function", OWN)
def test_of_no_other_file_it_is_said(function: Callable[[], Any]) -> None:
    assert own_line(_raised(function), {HERE.with_name("other.py")}) is None


def test_a_name_that_hides_one_of_pythons_own_is_no_builtin() -> None:
    int = np.frombuffer  # noqa: A001

    def hidden() -> Any:
        return int(b"123", "float32")

    assert own_line(_raised(hidden), {HERE}) is None
