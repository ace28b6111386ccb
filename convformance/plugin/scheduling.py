"""Who is asked what: adapter by adapter, and where a worker has left, by whoever takes its place."""

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import pytest
from xdist.scheduler import WorkStealingScheduling

from convformance.plugin.items import QuestionItem

if TYPE_CHECKING:
    from convformance.running.session import Session


def by_adapter(items: list[pytest.Item], session: "Session") -> None:
    """Sort the questions among ``items``, behind whatever else is run.

    Workers take runs of neighbours, so that each imports few frameworks. The questions of one case stand together, as
    routes share what was compiled for it.
    """
    adapters = {selection.label: rank for rank, selection in enumerate(session.selections)}
    ranks = {id(question): rank for rank, question in enumerate(session.questions)}

    def rank(item: pytest.Item) -> tuple[int, int]:
        if not isinstance(item, QuestionItem):
            return -1, 0
        return adapters[item.question.adapter], ranks[id(item.question)]

    items.sort(key=rank)


class Scheduling(WorkStealingScheduling):  # type: ignore[misc]  # xdist has no types
    """Work stealing among workers that may leave: one whose question is answered when it goes did not die over it."""

    def __init__(self, config: pytest.Config, log: Any, is_answered: Callable[[str], bool]) -> None:
        super().__init__(config, log)
        self._is_answered = is_answered

    def remove_node(self, node: Any) -> str | None:
        """Return the item over which a worker died, if it did; what it had not begun goes to others."""
        pending = self.node2pending[node]
        if pending and self.collection is not None and self._is_answered(self.collection[pending[0]]):
            self.pending[:0] = pending[1:]
            pending.clear()
        item: str | None = super().remove_node(node)
        return item
