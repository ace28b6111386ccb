"""The assertion of every question: a verdict that is no finding."""

from typing import Protocol


class WorstElement(Protocol):
    """The element of a wrong answer that is furthest off; a number is None where the record holds none."""

    @property
    def fill(self) -> str: ...

    @property
    def index(self) -> tuple[int, ...]: ...

    @property
    def got(self) -> float | None: ...

    @property
    def want(self) -> float | None: ...

    @property
    def bound(self) -> float | None: ...


class Verdict(Protocol):
    """What a question was answered with; ``key`` is what was asked: adapter, operation, route, case and dtype."""

    @property
    def finding(self) -> bool: ...

    @property
    def key(self) -> tuple[str, str, str, str, str]: ...

    @property
    def grade(self) -> str: ...

    @property
    def message(self) -> str: ...

    @property
    def worst(self) -> WorstElement | None: ...


def assert_conformant(*, verdict: Verdict) -> None:
    """Raise AssertionError, with the call and the worst element, when ``verdict`` is a finding.

    What a route documents, a refusal and a known divergence are none.
    """
    __tracebackhide__ = True
    if verdict.finding:
        raise AssertionError(format_verdict(verdict))


def format_verdict(verdict: Verdict) -> str:
    """Return a verdict in a few lines: call and grade, the message, then the numbers of the worst element."""
    adapter, operation, route, case, dtype = verdict.key
    call = f"{adapter} {operation}, route {route}, case {case}, {dtype}: {verdict.grade}"
    return "\n".join(filter(None, (call, verdict.message, _format_worst(verdict.worst))))


def _format_worst(worst: WorstElement | None) -> str:
    if worst is None or worst.got is None or worst.want is None or worst.bound is None:
        return ""
    numbers = format_numbers(worst.got, worst.want, worst.bound)
    return f"worst element ({', '.join(map(str, worst.index))}) on fill {worst.fill}: {numbers}"


def format_numbers(got: float, want: float, bound: float) -> str:
    """Return the numbers of one element: the answer, the truth, the error and what was allowed."""
    return f"got {got!r}, wanted {want!r}, error {abs(got - want):.3g}, allowed {bound:.3g}"
