"""The identity of one adapter's run: what a record's first lines say of who was asked, where and how much."""

import platform
import sys
from dataclasses import fields
from datetime import UTC, datetime

import numpy as np

from convformance import __version__
from convformance.adapters import caching
from convformance.adapters.contract import EVERYWHERE, KnownDivergence
from convformance.adapters.discovery import Selection
from convformance.processes.machine import Machine as Host
from convformance.reference.operation import OPERATIONS
from convformance.reports.lines import Known, Machine, Outside, Run


def identity(selection: Selection, tier: str, asked: int, outside: tuple[Outside, ...] = ()) -> Run:
    """Return the identity of the run of one adapter that is asked ``asked`` questions, those ``outside`` not."""
    routes = {
        operation: tuple(route.name for route in selection.routes if route.operation == operation)
        for operation in OPERATIONS
    }
    return Run(
        adapter=selection.label,
        suite=__version__,
        framework=selection.framework,
        framework_version=selection.version,
        mode=dict(selection.mode),
        device=selection.device(),
        platform=platform.platform(),
        python=sys.version.split()[0],
        numpy=np.__version__,
        started=datetime.now(UTC).isoformat(timespec="seconds"),
        tier=tier,
        asked=asked,
        routes=routes,
        known=tuple(map(_known, selection.known_divergences)),
        machine=_machine(selection.machine),
        is_new_machine=is_new_machine(selection),
        outside=outside,
        compile_cache=caching.state_of(selection.adapter_class),
    )


def _machine(host: Host) -> Machine:
    """Return the machine as a record names it, with the device that computes there, if one does."""
    return Machine(**{each.name: getattr(host, each.name) for each in fields(Host)}, kind=host.kind)


def is_new_machine(selection: Selection, host: Host | None = None) -> bool:
    """Whether the known divergences of an adapter come from other kinds of machines than its own only."""
    seen = selection.kinds_seen
    return bool(seen) and (host or selection.machine).kind not in seen


def _known(divergence: KnownDivergence) -> Known:
    names = ("name", "reason", "covers", "link", "grades", "operations", "routes")
    return Known(
        **{name: getattr(divergence, name) for name in names},
        versions=divergence.versions and tuple(filter(None, divergence.versions)),
        machines="" if divergence.machines is EVERYWHERE else divergence.machines.covers,
    )
