"""The machine in a report: its lines, and what differs between those of two runs."""

from collections.abc import Iterator, Mapping

from convformance.reports.lines import Machine, Run

GIGABYTE = 10**9


def machine_lines(run: Run) -> list[tuple[str, str]]:
    """Return what a record says of the machine, line by line; of an older record that says nothing, empty texts."""
    machine = run.machine
    return [
        ("machine", _processor(machine)),
        ("instruction sets", " ".join(machine.features)),
        ("variables", _pairs(machine.variables)),
    ]


def format_machine(run: Run) -> str:
    """Return the machine on one line."""
    return "; ".join(value for _, value in machine_lines(run) if value)


def differences(before: Run, after: Run) -> Iterator[tuple[str, str, str]]:
    """Yield what differs between two machines: a name, and both values. Nothing where a record names no machine."""
    if not (before.machine.architecture and after.machine.architecture):
        return
    old, new = _properties(before.machine), _properties(after.machine)
    for name, value in old.items():
        if value != new[name]:
            yield name, value, new[name]
    sets = set(before.machine.features), set(after.machine.features)
    if sets[0] != sets[1]:
        yield "instruction sets", _beyond(sets[0] - sets[1]), _beyond(sets[1] - sets[0])


def _properties(machine: Machine) -> dict[str, str]:
    return {
        "kind of machine": machine.kind,
        "processor": machine.processor,
        "microarchitecture": machine.microarchitecture,
        "variables": _pairs(machine.variables) or "none",
        "device": _pairs(machine.device) or "none",
        "cores": str(machine.cores),
    }


def _beyond(features: set[str]) -> str:
    return f"also {' '.join(sorted(features))}" if features else "none of those"


def _processor(machine: Machine) -> str:
    if not machine.architecture:
        return ""
    parts = [
        f"{machine.processor or 'unnamed processor'} ({machine.kind or machine.architecture})",
        machine.microarchitecture,
        f"{machine.cores} core{'s' if machine.cores != 1 else ''}",
        f"{machine.memory / GIGABYTE:.1f} GB" if machine.memory else "",
        _pairs(machine.device),
    ]
    return ", ".join(filter(None, parts))


def _pairs(values: Mapping[str, str]) -> str:
    return " ".join(f"{name}={value}" for name, value in sorted(values.items()))
