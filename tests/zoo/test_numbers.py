"""Integers and complex numbers: every wrong implementation is caught and named, no right one is called worse."""

from functools import cache

import pytest

from convformance.judging.diagnosis import EXPLANATIONS
from convformance.reference.dtypes import COMPLEX, FLOATS, INTEGERS
from convformance.test_cases.catalogue import cases
from tests.zoo import complex_numbers, integers
from tests.zoo.matrix import How, Record, explained, plan, questions, records
from tests.zoo.member import Member
from tests.zoo.seeds import misjudged

ZOO = (*integers.MEMBERS, *complex_numbers.MEMBERS)
GARDEN = (*integers.GARDEN, *complex_numbers.GARDEN)
_DTYPES = {"integers": INTEGERS, "complex numbers": COMPLEX}
# What they need to be wrong is in no question of the smoke tier.
CAUGHT_LATER = {"bias-of-real-part"}


def _asked(members: tuple[Member, ...], tier: str, *, is_explained: bool = False) -> dict[str, Record]:
    found = []
    for family, dtypes in _DTYPES.items():
        of_family = [member for member in members if member.family.startswith(family)]
        answered = records(of_family, plan(of_family, questions(tier, dtypes)), How())
        found += explained(answered) if is_explained else answered
    return {record.member.name: record for record in found}


@cache
def zoo(tier: str) -> dict[str, Record]:
    return _asked(ZOO, tier, is_explained=tier == "standard")


@pytest.mark.parametrize("name", [member.name for member in ZOO])
def test_a_wrong_implementation_is_caught_by_the_smoke_tier_or_is_listed(name: str) -> None:
    assert bool(zoo("smoke")[name].caught) == (name not in CAUGHT_LATER)


@pytest.mark.parametrize("name", [member.name for member in ZOO])
def test_a_wrong_implementation_is_caught_by_the_standard_tier_and_rightly_named(name: str) -> None:
    record = zoo("standard")[name]
    assert record.caught
    assert record.rightly_named, record.named


def test_what_is_expected_to_be_named_is_a_public_name_and_no_name_stands_twice() -> None:
    assert {member.diagnosis for member in ZOO} - {None} <= set(EXPLANATIONS)
    assert len({member.name for member in (*ZOO, *GARDEN)}) == len(ZOO) + len(GARDEN)


def test_no_right_implementation_is_called_worse_than_it_is() -> None:
    answered = _asked(GARDEN, "full")
    assert all(record.outcomes for record in answered.values())
    assert [sentence for record in answered.values() for sentence in misjudged(record)] == []


def test_no_case_of_floating_point_numbers_asks_for_integers_or_complex_numbers() -> None:
    families = {case.family for case in cases("full") if set(case.dtypes) - set(FLOATS)}
    assert families == {"integers", "complex"}
