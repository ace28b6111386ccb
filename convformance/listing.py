"""Listings for the terminal: which adapters are here, what is known to diverge, what is asked and why."""

from collections import Counter
from collections.abc import Iterator

from convformance.adapters import discovery
from convformance.adapters.contract import Adapter
from convformance.processes.machine import this_machine
from convformance.reference.operation import OPERATIONS
from convformance.test_cases import catalogue, coverage
from convformance.test_cases.case import Case

_MISSING = 20  # combinations that are listed


def adapters(*, routes: bool) -> list[str]:
    """Return a line for each adapter known by name, with its version or why it is missing; then one for the machine."""
    lines = [line for entry in discovery.available() for line in _adapter(entry, routes=routes)]
    return [*lines, f"machine: {this_machine().phrase}"]


def _adapter(entry: discovery.Available, *, routes: bool) -> Iterator[str]:
    if not entry.installed:
        yield f"{entry.name:<14} missing: {entry.reason}"
        return
    adapter = discovery.load(entry.name)
    chosen = [f"{option}={'|'.join(values) if values else '...'}" for option, values in adapter.options.items()]
    yield f"{entry.name:<14} {entry.version:<12} {len(adapter.routes)} routes  {' '.join(chosen)}".rstrip()
    if routes:
        for operation in OPERATIONS:
            names = [route.name for route in adapter.routes if route.operation == operation]
            yield f"    {operation:<28} {', '.join(names) or '(no route)'}"


def known() -> list[str]:
    """Return the known divergences of the built-in adapters as a Markdown section each, whether installed or not."""
    return [line for name in discovery.BUILT_IN for line in _known(discovery.adapter_class(name))]


def _known(adapter: type[Adapter]) -> Iterator[str]:
    yield from (
        f"## {adapter.name}",
        "",
        "| divergence | what is so | where | machines | grades |",
        "|---|---|---|---|---|",
    )
    for divergence in adapter.known_divergences:
        versions = f"; {_versions(divergence.versions)}" if divergence.versions else ""
        where = "".join((divergence.covers, _among(divergence.routes), versions))
        reason = f"{divergence.reason} ([discussed]({divergence.link}))" if divergence.link else divergence.reason
        machines, grades = divergence.machines.covers or "all", ", ".join(divergence.grades)
        yield f"| `{divergence.name}` | {reason} | {where} | {machines} | {grades} |"
    yield ""


def _versions(versions: tuple[str, str | None]) -> str:
    first, end = versions
    return f"versions {first} to below {end}" if end else f"from version {first}"


def _among(routes: tuple[str, ...]) -> str:
    return f"; routes {', '.join(f'`{route}`' for route in routes)}" if routes else ""


def coverage_of(tier: str) -> list[str]:
    """Return how many of the pairs and triples of features that can be ``tier`` asks, and those that it does not."""
    counts = [coverage.of_cases(catalogue.cases(tier), strength) for strength in coverage.STRENGTHS]
    lines = [
        f"{tier}: {count.reached:,} of {count.possible:,} {coverage.STRENGTHS[count.strength]} of features are asked, "
        f"{count.share:.1%}"
        for count in counts
    ]
    missing = [each for count in counts for each in count.missing]
    lines += [f"    not asked: {coverage.phrase(each)}" for each in missing[:_MISSING]]
    return [*lines, f"    and {len(missing) - _MISSING:,} more"] if len(missing) > _MISSING else lines


def cases(tier: str, families: tuple[str, ...], parts: tuple[str, ...]) -> list[str]:
    """Return each case of ``tier`` with what it can catch, then the tally by family.

    Raises ValueError for an unknown family.
    """
    asked = catalogue.cases_of(tier, families)
    known = dict.fromkeys(case.family for case in asked)
    for family in families:
        if family not in known:
            raise ValueError(f"--family {family} is unknown; allowed: {', '.join(known)}")
    shown = [case for case in asked if _shown(case, families, parts)]
    tally = Counter(case.family for case in shown)
    counts = ", ".join(f"{family} {count}" for family, count in tally.items())
    asks = sum(len(case.operations) * len(case.dtypes) for case in shown)
    return [
        *(line for case in shown for line in _case(case)),
        f"{len(shown)} cases, {asks:,} with operations and dtypes: {counts}",
    ]


def _shown(case: Case, families: tuple[str, ...], parts: tuple[str, ...]) -> bool:
    return (not families or case.family in families) and (not parts or any(part in case.id for part in parts))


def _case(case: Case) -> Iterator[str]:
    yield f"{case.id}  [{case.tier}]"
    yield f"    {case.catches}" + (f" ({case.source})" if case.source else "")
