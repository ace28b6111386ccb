"""Known divergences are data, and data must be true to what it speaks of."""

from collections import Counter
from pathlib import Path

import pytest

from convformance import listing
from convformance.adapters import discovery
from convformance.adapters.contract import Adapter, KnownDivergence, UsageError
from convformance.reference.operation import OPERATIONS
from convformance.running.questions import Scope
from convformance.running.status import covers
from convformance.test_cases import catalogue

GRADES = {"low-precision", "componentwise", "norm-wise", "wrong", "crashed", "timed-out", "error"}


def selections() -> list[discovery.Selection]:
    loaded = []
    for name in discovery.BUILT_IN:
        try:
            loaded.append(discovery.load(name))
        except UsageError:
            continue
    return loaded


def listed() -> list[tuple[type[Adapter], KnownDivergence]]:
    adapters = [selection.adapter_class for selection in selections()]
    return [(adapter, divergence) for adapter in adapters for divergence in adapter.known_divergences]


@pytest.mark.parametrize(("adapter", "divergence"), listed(), ids=lambda value: getattr(value, "name", None))
def test_a_known_divergence_names_what_exists(adapter: type[Adapter], divergence: KnownDivergence) -> None:
    assert set(divergence.grades) <= GRADES
    assert divergence.grades
    assert set(divergence.operations) <= set(OPERATIONS)
    assert set(divergence.routes) <= {route.name for route in adapter.routes()}
    assert set(divergence.modes) <= set(adapter.options)
    assert divergence.reason.endswith(".")
    assert divergence.link == "" or divergence.link.startswith("https://")


def test_names_are_unique_within_an_adapter() -> None:
    for selection in selections():
        names = Counter(divergence.name for divergence in selection.adapter_class.known_divergences)
        assert not [name for name, count in names.items() if count > 1]


@pytest.mark.parametrize("name", [selection.label for selection in selections()])
def test_a_known_divergence_covers_something_that_is_asked_and_not_everything(name: str) -> None:
    selection = discovery.load(name)
    questions = Scope(catalogue.all_cases()).questions([selection])
    for divergence in selection.adapter_class.known_divergences:
        if divergence.versions is not None and not _tested(selection.adapter_class.version(), divergence.versions):
            continue
        covered, asked = sum(covers(divergence, question, selection) for question in questions), len(questions)
        assert 0 < covered < asked, divergence.name


def _tested(version: str, versions: tuple[str, str]) -> bool:
    return version.startswith(versions[0])


def test_the_documentation_holds_the_current_list() -> None:
    page = Path(__file__).parents[2] / "docs" / "findings.md"
    assert "\n".join(listing.known()).strip() in page.read_text(encoding="utf-8")
