"""A known divergence: what somebody has looked at, and on which cases, machines and versions it is so."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from convformance.processes.machine import Machine

Predicate = Callable[[Any, str], bool]


@dataclass(frozen=True)
class Machines:
    """The machines on which something is so: ``covers`` says in words what ``when`` says in code."""

    covers: str
    when: Callable[[Machine], bool]


EVERYWHERE = Machines("", lambda machine: True)


@dataclass(frozen=True)
class KnownDivergence:
    """A divergence somebody has looked at: shown in the report with its reason, and no finding.

    It covers the verdicts of ``operations`` and ``routes`` (empty: all) with a grade in ``grades`` for which
    ``when(case, dtype)`` holds, on ``machines``, for framework versions within ``versions``: from the first that it was
    seen in to the first that is known to be without it (None: no such version is known; ``versions`` None: any).
    ``covers`` says ``when`` in words. ``raw``, where it is about raw arguments, maps routes to what they are asked, and
    nothing else is covered. ``always`` is False for what shows only now and then, such as memory that nobody
    wrote: it is never called stale.
    """

    name: str
    reason: str
    covers: str
    grades: tuple[str, ...]
    operations: tuple[str, ...] = ()
    routes: tuple[str, ...] = ()
    when: Predicate = lambda case, dtype: True
    link: str = ""
    versions: tuple[str, str | None] | None = None
    machines: Machines = EVERYWHERE
    modes: Mapping[str, str] = field(default_factory=dict, hash=False)
    always: bool = True
    raw: Mapping[str, tuple[str, ...]] = field(default_factory=dict, hash=False)
