"""The drawn cases: the same in any process, small, and unlike one another."""

import hashlib
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from convformance.reference.operation import OPERATIONS
from convformance.test_cases.case import DTYPES, Case
from convformance.test_cases.drawing import CANDIDATES, drawn_cases
from convformance.test_cases.fills import SPECIALS

ROOT = Path(__file__).resolve().parents[2]
PINNED = {1: "8075463fa8f61d21", 2: "81af29eae7088ba0", 3: "4f83a90c41cf7cf5", 4: "b0f9f4e7ab957bca"}

OFF_DEFAULT: dict[str, Callable[[Case], bool]] = {
    "stride": lambda case: max(case.stride) > 1,
    "dilation": lambda case: max(case.dilation) > 1,
    "padding": lambda case: any(map(any, case.problem.padding)),
    "groups": lambda case: case.groups > 1,
    "batch": lambda case: case.batch > 1,
}


def digest(cases: tuple[Case, ...]) -> str:
    return hashlib.sha256("\n".join(case.id for case in cases).encode()).hexdigest()[:16]


@pytest.mark.parametrize("rank", PINNED)
def test_the_drawn_cases_are_the_pinned_ones(rank: int) -> None:
    assert digest(drawn_cases(rank)) == PINNED[rank], "a drawn case is quoted by its id: change it only on purpose"


def test_another_process_draws_the_same_cases() -> None:
    code = (
        "from convformance.test_cases.drawing import drawn_cases; from tests.test_cases.test_drawing import digest; "
        "print(digest(drawn_cases(2)))"
    )
    run = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)
    assert run.stdout.strip() == PINNED[2]


@pytest.mark.parametrize("rank", PINNED)
def test_nearly_every_candidate_makes_a_case_and_nearly_every_case_is_another_one(rank: int) -> None:
    cases = tuple(drawn_cases(rank))
    assert len(cases) > 0.9 * CANDIDATES
    assert len({case.id for case in cases}) > 0.95 * len(cases)


@pytest.mark.parametrize("rank", PINNED)
def test_drawn_cases_are_small_and_have_a_result(rank: int) -> None:
    for case in drawn_cases(rank):
        assert len(case.input_size) == rank
        assert min(case.problem.output_size) >= 1, case.id
        assert max(case.kernel_size) <= 4, case.id
        assert (case.operations, case.dtypes) == (OPERATIONS, DTYPES)


@pytest.mark.parametrize("parameter", OFF_DEFAULT)
def test_every_parameter_is_often_at_its_default_and_often_not(parameter: str) -> None:
    cases = tuple(drawn_cases(2))
    off_default = sum(OFF_DEFAULT[parameter](case) for case in cases)
    assert len(cases) / 5 < off_default < 4 * len(cases) / 5


def test_every_special_value_is_drawn() -> None:
    assert {case.special for case in drawn_cases(2)} == {"", *SPECIALS}
