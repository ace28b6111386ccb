"""The teeth of the smoke tier in float32: what it catches of the zoo, and its names. All tiers: ``tox run -e zoo``."""

from functools import cache

from convformance.judging.diagnosis import EXPLANATIONS
from tests.zoo.catalogue import ZOO
from tests.zoo.figures import Figures
from tests.zoo.matrix import How, plan, questions, records

MOST = 0.9
ENOUGH = 3  # wrong answers of each member to explain


@cache
def smoke() -> Figures:
    """Return the figures of the smoke tier in float32; the two tests that read them share one run."""
    planned = plan(ZOO, questions("smoke", ["float32"]))
    return Figures("smoke", records(ZOO, planned, How(explained=True, enough=ENOUGH)), ())


def test_the_smoke_tier_alone_catches_nine_defects_of_ten() -> None:
    escaped = [record.member.name for record in smoke().escaped]
    assert 1 - len(escaped) / len(ZOO) >= MOST, escaped


def test_the_diagnosis_in_first_place_is_right_for_nine_defects_of_ten() -> None:
    named = [record for record in smoke().named if record.caught]
    wrong = {
        record.member.name: (record.named, record.member.diagnosis) for record in smoke().misnamed if record.caught
    }
    assert 1 - len(wrong) / len(named) >= MOST, wrong


def test_the_zoo_is_as_large_as_promised_and_its_members_are_told_apart() -> None:
    assert len(ZOO) >= 120
    assert len({member.name for member in ZOO}) == len(ZOO)
    assert len({member.says for member in ZOO}) == len(ZOO)
    assert all(member.says.endswith(".") and member.operations for member in ZOO)


def test_every_expected_diagnosis_is_a_public_name() -> None:
    expected = {part for member in ZOO for part in (member.diagnosis or "").split("+") if part}
    assert expected <= set(EXPLANATIONS), expected - set(EXPLANATIONS)
