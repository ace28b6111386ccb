"""The identity of one adapter's run: what a record's first lines say of who was asked, where and how much."""

import platform
import sys
from datetime import UTC, datetime

import numpy as np

from convformance import __version__
from convformance.adapters import caching
from convformance.adapters.contract import KnownDivergence
from convformance.adapters.discovery import Selection
from convformance.reference.operation import OPERATIONS
from convformance.reports.lines import Known, Outside, Run


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
        outside=outside,
        compile_cache=caching.state_of(selection.adapter_class),
    )


def _known(divergence: KnownDivergence) -> Known:
    names = ("name", "reason", "covers", "link", "versions", "grades", "operations", "routes")
    return Known(**{name: getattr(divergence, name) for name in names})
