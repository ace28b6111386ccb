"""A member of the zoo that is asked through the pipe gets the verdicts and the diagnosis that it gets in process."""

import pytest

from tests.zoo.catalogue import GARDEN, ZOO
from tests.zoo.member import Member
from tests.zoo.piped import differences, questions, shows

BY_NAME = {member.name: member for member in (*ZOO, *GARDEN)}
REMEMBERS = next(member for member in ZOO if member.fresh)


@pytest.mark.parametrize("member", [BY_NAME["kernel-rotated"], REMEMBERS, GARDEN[0]], ids=lambda each: each.name)
def test_the_pipe_makes_no_difference(member: Member) -> None:
    assert differences(member, questions()[::9]) == []


def test_a_difference_is_seen() -> None:
    """What is answered in process alone, as it writes into an operand, differs through the pipe."""
    writes = BY_NAME["data-scaled-in-place"]
    assert differences(writes, questions()[::9])
    assert not shows(writes, questions())


def test_what_the_protocol_cannot_say_is_not_asked() -> None:
    asked = questions()
    assert {each.case.memory for each in asked} == {"contiguous"}
    assert not any(each.case.problem.beyond for each in asked)
    assert not shows(BY_NAME["zeros-for-a-border"], asked)
