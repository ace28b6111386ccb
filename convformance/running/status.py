"""What a verdict counts for: documented by its route, known to diverge, or a finding."""

from collections.abc import Iterable
from dataclasses import replace
from functools import cache

from convformance.adapters.contract import KnownDivergence
from convformance.adapters.discovery import Selection
from convformance.judging.grades import BY_NAME, CONFORMANT, is_at_least
from convformance.processes.machine import Machine
from convformance.reports.lines import Divergence, Verdict
from convformance.running.identity import is_new_machine
from convformance.running.questions import Question, passes


def classify(verdict: Verdict, question: Question, selection: Selection) -> Verdict:
    """Return the verdict with what it counts for."""
    documented = question.route.grade
    known = _known(question, selection, verdict.grade)
    clean = BY_NAME[verdict.grade].clean or is_at_least(verdict.grade, documented)
    return replace(
        verdict,
        documented=None if documented == CONFORMANT else documented,
        known=known.name if known else None,
        finding=not clean and known is None,
    )


def _known(question: Question, selection: Selection, grade: str) -> KnownDivergence | None:
    for divergence in selection.known_divergences:
        if grade in divergence.grades and covers(divergence, question, selection):
            return divergence
    return None


def covers(
    divergence: KnownDivergence, question: Question, selection: Selection, machine: Machine | None = None
) -> bool:
    """Whether a known divergence speaks of this question, whatever the grade; the machine is this one by default."""
    return (
        passes(question.operation, divergence.operations)
        and passes(question.route.name, divergence.routes)
        and all(selection.mode.get(option) == value for option, value in divergence.modes.items())
        and in_versions(selection.version, divergence.versions)
        and divergence.machines.when(machine or selection.machine)
        and _covers_raw(divergence, question)
        and divergence.when(question.case, question.dtype)
    )


def _covers_raw(divergence: KnownDivergence, question: Question) -> bool:
    """Whether what a divergence says of raw arguments, if anything, and the question agree."""
    raw = question.case.raw
    if raw is None or not divergence.raw:
        return raw is None and not divergence.raw
    return raw.asked in divergence.raw.get(question.route.name, ())


@cache
def in_versions(version: str, versions: tuple[str, str | None] | None) -> bool:
    """Return whether a version is one of those that a known divergence speaks of."""
    if versions is None:
        return True
    first, end = versions
    return _numbers(first) <= _numbers(version) and (end is None or _numbers(version) < _numbers(end))


def _numbers(version: str) -> tuple[int, ...]:
    release = version.split("+", maxsplit=1)[0].split(".")
    return tuple(int("".join(digit for digit in part if digit.isdigit()) or 0) for part in release)


def divergence_line(
    selection: Selection, known: KnownDivergence, verdicts: Iterable[Verdict], *, unfiltered: bool
) -> Divergence:
    """Return what a known divergence came to.

    A run that asks only a part cannot call it stale, nor one on a kind of machine that it does not come from.
    """
    covered = list(verdicts)
    diverged = sum(verdict.known == known.name for verdict in covered)
    stale = unfiltered and known.always and not diverged and not is_new_machine(selection)
    message = ""
    if stale:
        version = f" in {selection.version}" if _is_newer(selection) else ""
        message = (
            f"known divergence {known.name} no longer diverges{version} in any of the {len(covered)} verdicts it "
            f"covers; {'end its versions there' if version else 'remove it'}"
        )
    elif diverged and _is_newer(selection):
        message = f"still so in {selection.version}"
    return Divergence(
        adapter=selection.label,
        name=known.name,
        matched=len(covered),
        diverged=diverged,
        stale=stale,
        message=message,
    )


def _is_newer(selection: Selection) -> bool:
    """Whether the framework is newer than the last version whose known divergences somebody looked at."""
    looked_at = selection.looked_at
    return bool(looked_at) and _numbers(selection.version) > _numbers(looked_at)
