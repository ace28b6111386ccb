"""The assertion that every question ends in: silent for what is no finding, or else a message with everything in it."""

from dataclasses import replace
from typing import Any

import pytest

from convformance.judging.assertions import assert_conformant
from convformance.reports.lines import Verdict, Worst

KEY = ("own", "conv", "plain", "ranks-n2", "float32")


def _verdict(grade: str = "conformant", message: str = "", **fields: Any) -> Verdict:
    return replace(Verdict.without_answer(KEY, grade, message), **fields)


def test_a_verdict_that_is_no_finding_passes() -> None:
    assert_conformant(verdict=_verdict())
    assert_conformant(verdict=_verdict(grade="norm-wise", message="documented"))


def test_a_finding_fails_with_call_index_numbers_and_bound() -> None:
    worst = Worst(fill="int", index=(1, 0, 3, 2), got=13.0, want=12.0, bound=0.001)
    verdict = _verdict(grade="wrong", finding=True, message="int fill: wrong in 12 of 96 elements", worst=worst)
    with pytest.raises(AssertionError) as failure:
        assert_conformant(verdict=verdict)
    assert str(failure.value).splitlines()[:3] == [
        "own conv, route plain, case ranks-n2, float32: wrong",
        "int fill: wrong in 12 of 96 elements",
        "worst element (1, 0, 3, 2) on fill int: got 13.0, wanted 12.0, error 1, allowed 0.001",
    ]


def test_a_finding_without_an_element_fails_with_its_message() -> None:
    with pytest.raises(AssertionError, match="crashed\nSIGSEGV"):
        assert_conformant(verdict=_verdict(grade="crashed", finding=True, message="SIGSEGV"))
