"""Bisection ends with neighbours, asks few versions, and passes over what cannot be asked."""

from collections.abc import Iterable
from itertools import pairwise

import pytest

from convformance.history.bisecting import Boundary, bisect, next_version

OFFERED = [f"1.{number}.0" for number in range(40)]


class World:
    """Versions of which those from ``bad`` up to ``mended`` have a cause, and some cannot be asked."""

    def __init__(self, bad: int, mended: int = 99, broken: Iterable[int] = ()) -> None:
        self.bad, self.mended = bad, mended
        self.broken = {OFFERED[number] for number in broken}
        self.answers = {OFFERED[0]: self.has(OFFERED[0]), OFFERED[-1]: self.has(OFFERED[-1])}

    def has(self, version: str) -> bool:
        return self.bad <= OFFERED.index(version) < self.mended

    def ask(self, version: str) -> None:
        assert version not in self.answers
        if version not in self.broken:
            self.answers[version] = self.has(version)

    def boundaries(self) -> list[Boundary]:
        ordered = sorted(self.answers, key=OFFERED.index)
        pairs = pairwise(ordered)
        return [(old, new) for old, new in pairs if self.answers[old] != self.answers[new]]


@pytest.mark.parametrize("bad", range(1, 40))
def test_the_last_good_and_the_first_bad_version_are_found_in_six_steps(bad: int) -> None:
    world = World(bad)
    asked = bisect(world.boundaries, world.ask, OFFERED, [OFFERED[0], OFFERED[-1]], 40)
    assert world.boundaries() == [(OFFERED[bad - 1], OFFERED[bad])]
    assert len(asked) <= 6


def test_what_cannot_be_asked_is_passed_over() -> None:
    world = World(20, broken=range(15, 23))
    asked = bisect(world.boundaries, world.ask, OFFERED, [OFFERED[0], OFFERED[-1]], 40)
    assert world.boundaries() == [("1.14.0", "1.23.0")]
    assert len(set(asked)) == len(asked)
    assert set(OFFERED[15:23]) <= set(asked), "every version between was tried"


def test_no_more_are_asked_than_allowed() -> None:
    world = World(20)
    assert len(bisect(world.boundaries, world.ask, OFFERED, [OFFERED[0], OFFERED[-1]], 2)) == 2


def test_nothing_is_asked_where_nothing_changes() -> None:
    assert bisect(list, pytest.fail, OFFERED, [], 9) == []


def test_both_ends_of_what_came_and_went_are_found() -> None:
    world = World(11, mended=27)
    world.ask("1.15.0")
    bisect(world.boundaries, world.ask, OFFERED, list(world.answers), 40)
    assert world.boundaries() == [("1.10.0", "1.11.0"), ("1.26.0", "1.27.0")]


def test_the_gap_that_most_causes_share_comes_first() -> None:
    once, often = ("1.0.0", "1.9.0"), ("1.20.0", "1.30.0")
    assert next_version([once, often, often], OFFERED, []) == "1.25.0"


def test_versions_that_the_index_does_not_offer_may_be_the_ends() -> None:
    assert next_version([("0.9.1", "1.2.0.post1")], OFFERED, ["1.1"]) == "1.0.0"
