"""The garden: right implementations, each unlike the others, none of them ever called worse than it is."""

from functools import cache

import numpy as np
import pytest

from convformance.test_cases import fills
from convformance.test_cases.case import DTYPES
from tests.judging.asked import case_of
from tests.zoo.garden import MEMBERS
from tests.zoo.matrix import RIGHT, How, Question, Record, plan, questions, records
from tests.zoo.seeds import misjudged

NAMES = [member.name for member in MEMBERS]
LONG = case_of(input_size=(6, 5), kernel_size=3, padding=((1, 0), (2, 1)), in_channels=32, out_channels=5)


@cache
def garden_records() -> dict[str, Record]:
    """Return the records of the garden on the smoke tier in float32, by name; the tests that read them share a run."""
    planned = plan(MEMBERS, questions("smoke", ["float32"]))
    return {record.member.name: record for record in records(MEMBERS, planned, How())}


def test_no_right_implementation_is_called_worse_than_it_is() -> None:
    assert all(record.outcomes for record in garden_records().values())
    assert [sentence for record in garden_records().values() for sentence in misjudged(record)] == []


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("operation", ["conv", "conv_input_grad", "conv_filter_grad"])
def test_long_sums_of_every_right_implementation_are_what_they_are_in_every_dtype(operation: str, dtype: str) -> None:
    planned = plan(MEMBERS, [Question(LONG, operation, dtype)])
    assert [sentence for record in records(MEMBERS, planned, How()) for sentence in misjudged(record)] == []


def test_fast_algorithms_are_told_from_direct_ones() -> None:
    grades = {name: {outcome.grade for outcome in record.outcomes} for name, record in garden_records().items()}
    weaker = {name for name, answers in grades.items() if answers != {RIGHT}}
    assert {"fourier", "strassen", "winograd-4x4"} <= weaker
    assert weaker <= {member.name for member in MEMBERS if member.grade != RIGHT}


def test_the_garden_is_as_large_as_promised_and_its_members_give_different_bits() -> None:
    assert len(set(NAMES)) == len(NAMES) >= 25
    operands = fills.fill(LONG, "conv", "float32", "normal")
    answers = {member.start()("conv", LONG.problem, operands.arrays, None).tobytes() for member in MEMBERS}
    assert len(answers) >= 15


def test_unusual_arrays_are_handed_out_as_they_are_said_to_be() -> None:
    operands = fills.fill(LONG, "conv", "float32", "int")
    answers = {member.name: member.start()("conv", LONG.problem, operands.arrays, None) for member in MEMBERS}
    assert not answers["read-only"].flags.writeable
    assert answers["fortran-order"].flags.f_contiguous
    assert all(step < 0 for step in answers["every-second"].strides)
    assert not answers["channels-last"].flags.c_contiguous
    direct = (answers[member.name] for member in MEMBERS if member.family != "fast")
    assert all(np.array_equal(answers["reference"], answer) for answer in direct), (
        "integers leave no room for an order of summation"
    )
