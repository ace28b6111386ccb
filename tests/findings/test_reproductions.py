"""Every script of the catalogue ends as it says, in a process of its own, on the kind of machine that it is about."""

from collections.abc import Iterator
from itertools import groupby

import pytest

from convformance.adapters import discovery
from convformance.adapters.contract import MissingFramework
from convformance.scripts import Batch
from tests.findings.catalogue import Entry, entries
from tests.machines import World


def batches() -> Iterator[tuple[str, World | None, list[Entry]]]:
    """Yield the scripts of each framework on each kind of machine, None for those that are about another."""

    def key(entry: Entry) -> tuple[str, str]:
        world = entry.world()
        return entry.adapter.name, world.name if world else ""

    for (name, _), group in groupby(sorted((each for each in entries() if each.script), key=key), key=key):
        listed = list(group)
        yield name, listed[0].world(), listed


def name_of(value: object) -> str:
    if isinstance(value, World):
        return value.name
    return value if isinstance(value, str) else "" if value else "elsewhere"


@pytest.mark.parametrize(("name", "world", "listed"), list(batches()), ids=name_of)
def test_every_script_ends_as_it_says(name: str, world: World | None, listed: list[Entry]) -> None:
    try:
        selection = discovery.load(name)
    except MissingFramework as error:
        pytest.skip(str(error))
    if world is None:
        pytest.skip(f"about other machines than this one can stand for: {', '.join(each.name for each in listed)}")
    asked = [entry for entry in listed if entry.is_of(selection)]
    with Batch(world.variables) as batch:
        ended = {entry.name: batch.run(entry.script or "") for entry in asked}
    assert {name: ran.ending for name, ran in ended.items() if not ran.diverges} == {}
    assert len(ended) == len(asked)
