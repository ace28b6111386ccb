"""The assertion of every question: a verdict that is no finding."""

from typing import Any


def assert_conformant(*, verdict: Any) -> None:
    """Raise AssertionError, with the call and the worst element, when ``verdict`` is a finding.

    What a route documents, a refusal and a known divergence are none. ``verdict``: as the record keeps it.
    """
    __tracebackhide__ = True
    if verdict.finding:
        raise AssertionError(described(verdict))


def described(verdict: Any) -> str:
    """Return a verdict in a few lines: call and grade, the message, then got, wanted, error and bound of the worst element."""
    call = f"{verdict.adapter} {verdict.op}, route {verdict.route}, case {verdict.case}, {verdict.dtype}"
    return "\n".join([f"{call}: {verdict.grade}", *filter(None, (verdict.message, _worst(verdict.worst)))])


def _worst(worst: Any) -> str:
    if worst is None:
        return ""
    place = ", ".join(map(str, worst.index))
    error = abs(worst.got - worst.want)
    numbers = f"got {worst.got!r}, wanted {worst.want!r}, error {error:.3g}, allowed {worst.bound:.3g}"
    return f"worst element ({place}) on fill {worst.fill}: {numbers}"
