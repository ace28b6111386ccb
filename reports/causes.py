"""Causes: findings with one explanation on one adapter, whatever operations, routes and dtypes show it.

What explains a finding is read from the record alone. It is the diagnosis of its route that fits it; of sums in a
narrower type, that type; of a question without an answer, how its message begins, without what differs from case to
case. Where nothing explains an answer, findings of one kind in operations that give the same array are one cause.
"""

import math
import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import NamedTuple

from convformance.judging.grades import BY_NAME, ERROR, LOW_PRECISION, TIMED_OUT, UNANSWERED, WRONG
from convformance.reference import operation
from convformance.reports.formatting import (
    dtypes_in_order,
    one_line,
    operations_in_order,
    plural,
    severity,
    shorten,
    visible,
)
from convformance.reports.lines import Diagnosis, Key, RouteKey, Verdict
from convformance.reports.record import Records

UNEXPLAINED = "unexplained"
NARROW_SUMS = "low-precision-accumulation"
MOST_LINES = 20
MOST_CONDITIONS = 3

_LONGEST_MESSAGE, _LONGEST_BEGINNING, _MOST_TERMS = 2000, 200, 16
_LEFT_OUT = "…"
# What differs between two messages of one kind: what stands in brackets, paths, operations, types, numbers, addresses.
_BRACKETS = re.compile(r"\{[^{}]*\}|\[[^\[\]]*\]|\([^()]*\)|<[^<>]*>")
_PATHS = re.compile(r"\S*[/\\]\S+")
_OPERATIONS = re.compile(rf"\b(?:{'|'.join(map(re.escape, operation.OPERATIONS))})\b")
_TYPES = re.compile(r"\bb?(?:float|int|uint|complex|f|i|u)\d+\b|\bhalf\b|\bdouble\b", re.IGNORECASE)
_NUMBERS = re.compile(r"0x[0-9a-f]+|[-+]?\d+(?:\.\d+)?(?:e[-+]?\d+)?", re.IGNORECASE)
_REPEATED = re.compile(rf"{_LEFT_OUT}(?:[\s,:x]*{_LEFT_OUT})+")


class Explanation(NamedTuple):
    """What explains a finding: a diagnosis, ``unexplained``, or the grade of no answer, and what tells it from others.

    ``detail`` is the type of the sums, the kind and the array of what is unexplained, or how the message begins.
    """

    name: str
    detail: str = ""

    def __str__(self) -> str:
        return ": ".join(filter(None, self))


@dataclass(frozen=True)
class Cause:
    """Findings with one explanation on one adapter; ``number`` counts from 1, the worst first.

    The first verdict represents the others. ``lines`` are the record's on its diagnosis; ``inferred`` says how many
    verdicts are not explained themselves, where the same question in another dtype is.
    """

    adapter: str
    explanation: Explanation
    verdicts: tuple[Verdict, ...]
    lines: tuple[Diagnosis, ...] = ()
    inferred: int = 0
    number: int = 0

    @property
    def representative(self) -> Verdict:
        """The verdict to look at first: one with a smallest failing case and a script, where there is one."""
        return self.verdicts[0]

    @property
    def grade(self) -> str:
        """The worst grade of its verdicts."""
        return min({verdict.grade for verdict in self.verdicts}, key=severity)

    @property
    def name(self) -> str:
        """Its grade and what explains it, in a few terms."""
        return " ".join((self.grade, *(part for part in self.explanation if part not in ("", self.grade))))

    @property
    def title(self) -> str:
        """Its number and what explains it, in a few terms."""
        return f"{self.number}. {self.explanation}"

    @property
    def where(self) -> str:
        """The condition under which it shows; with the routes it holds for, where other routes have another."""
        return _condition(self.lines)

    @property
    def remedy(self) -> str:
        """What to do about it, as the record says."""
        return next((line.remedy for line in self.lines if line.remedy), "")

    @property
    def sentence(self) -> str:
        """What happens, how often, and in which operations, routes and dtypes."""
        operations = operations_in_order(verdict.op for verdict in self.verdicts)
        routes = tuple(dict.fromkeys(verdict.route for verdict in sorted(self.verdicts, key=lambda each: each.key)))
        dtypes = dtypes_in_order(verdict.dtype for verdict in self.verdicts)
        asked = f"in {_several(operations, 'operation')}, by {_several(routes, 'route')}"
        others = f"; {self.inferred:,} of them as in another dtype" if self.inferred else ""
        new = sum(verdict.new for verdict in self.verdicts)
        others += f"; {new:,} of them new" if new else ""
        count = plural(len(self.verdicts), "verdict")
        return f"{self.what}: {count} {asked}, in {_several(dtypes, 'dtype')}{others}."

    @property
    def what(self) -> str:
        """What happens, as the beginning of a sentence."""
        return _what(self)


@dataclass(frozen=True)
class KnownCause:
    """A known divergence that was seen: whose it is, its name and reason, and how many verdicts it covers."""

    adapter: str
    name: str
    reason: str
    count: int


def causes(records: Records) -> tuple[Cause, ...]:
    """Return the causes of the findings, the worst first, then by the number of verdicts; their numbers are stable."""
    explained = {verdict.key: _explanation(verdict, records.diagnosed) for verdict in records.findings}
    inferred = _inferred(records, explained)
    groups: dict[tuple[str, Explanation], list[Verdict]] = defaultdict(list)
    for verdict in records.findings:
        groups[verdict.adapter, inferred.get(verdict.key, explained[verdict.key])].append(verdict)
    lines = _lines(records.diagnoses)
    unnumbered = [
        Cause(
            adapter,
            explanation,
            tuple(sorted(verdicts, key=lambda verdict: (verdict.key in inferred, *represents(verdict)))),
            tuple(line for line in lines[adapter, explanation.name] if line.route_key in _routes(verdicts)),
            sum(verdict.key in inferred for verdict in verdicts),
        )
        for (adapter, explanation), verdicts in groups.items()
    ]
    ordered = sorted(unnumbered, key=_worst_first)
    return tuple(replace(cause, number=number) for number, cause in enumerate(ordered, start=1))


def known_causes(records: Records) -> tuple[KnownCause, ...]:
    """Return the known divergences that verdicts show, the most frequent first."""
    declared = {(label, known.name): known for label, state in records.runs.items() for known in state.run.known}
    counts = Counter((verdict.adapter, verdict.known) for verdict in records.verdicts.values() if verdict.known)
    entries = [
        KnownCause(adapter, name, declared[adapter, name].reason if (adapter, name) in declared else "", count)
        for (adapter, name), count in counts.items()
    ]
    return tuple(sorted(entries, key=lambda known: (-known.count, known.adapter, known.name)))


def count_text(distinct: Sequence[Cause]) -> str:
    """Return how many causes there are in how many findings."""
    findings = sum(len(cause.verdicts) for cause in distinct)
    return f"{plural(len(distinct), 'cause')} in {plural(findings, 'finding')}" if distinct else "no findings"


def summary(records: Records) -> Iterator[str]:
    """Yield the causes for a terminal: a line each with what represents it, and how much is known already."""
    distinct, known = causes(records), known_causes(records)
    if distinct:
        yield f"{count_text(distinct)}, the worst first:"
    for cause in distinct[:MOST_LINES]:
        yield shorten(one_line(visible(f"{cause.number}. {cause.grade}: {cause.adapter}: {cause.sentence}")), 400)
        yield from (f"   {shorten(one_line(visible(line)), 300)}" for line in _beneath(cause))
    if len(distinct) > MOST_LINES:
        yield f"... and {plural(len(distinct) - MOST_LINES, 'cause')} more"
    if known:
        count = sum(each.count for each in known)
        yield f"known already: {plural(len(known), 'cause')} in {plural(count, 'verdict')}"


def _beneath(cause: Cause) -> Iterator[str]:
    """Yield what stands below the line of a cause: its condition, and the verdict that represents it."""
    if cause.where:
        yield cause.where
    verdict = cause.representative
    yield f"for instance {' '.join(verdict.key[1:])}: {verdict.message}"


def diagnosis_of(verdict: Verdict, diagnoses: Sequence[Diagnosis]) -> str:
    """Return the name of the first of a route's diagnoses that fits the verdict, alone or as a composition of two.

    A verdict that none fits is unexplained where the record says that some are; any other has its own first diagnosis.
    """
    names = set(verdict.diagnosis)
    for diagnosis in diagnoses:
        if diagnosis.name in names or (names and names >= set(diagnosis.name.split("+"))):
            return diagnosis.name
    if verdict.diagnosis:
        return verdict.diagnosis[0]
    return UNEXPLAINED if any(diagnosis.name == UNEXPLAINED for diagnosis in diagnoses) else ""


def by_error(verdict: Verdict) -> tuple[float, str, str]:
    """Order verdicts by error, the largest first; an answer without a number was too wrong to be measured."""
    unmeasured = verdict.error is None or math.isnan(verdict.error)
    return -math.inf if unmeasured else -(verdict.error or 0.0), verdict.case, verdict.dtype


@lru_cache(maxsize=4096)
def beginning(message: str) -> str:
    """Return how a message begins, with an ellipsis for all that differs between messages of one kind."""
    text = message[:_LONGEST_MESSAGE]
    for _ in range(4):
        text = _BRACKETS.sub(" ", text)
    for pattern in (_PATHS, _OPERATIONS, _TYPES, _NUMBERS):
        text = pattern.sub(_LEFT_OUT, text)
    terms = _REPEATED.sub(_LEFT_OUT, visible(one_line(text))).split()
    return shorten(" ".join(terms[:_MOST_TERMS]).rstrip(" .,;:"), _LONGEST_BEGINNING)


def _explanation(verdict: Verdict, diagnosed: Mapping[RouteKey, Sequence[Diagnosis]]) -> Explanation:
    """Return what explains one finding by itself."""
    if verdict.grade in UNANSWERED:
        message = verdict.message[:_LONGEST_MESSAGE].replace(verdict.case, _LEFT_OUT)
        return Explanation(verdict.grade, "" if verdict.grade == TIMED_OUT else beginning(message))
    name = diagnosis_of(verdict, diagnosed.get(verdict.route_key, ()))
    if name == NARROW_SUMS or (verdict.grade == LOW_PRECISION and not verdict.diagnosis):
        return Explanation(NARROW_SUMS, verdict.accumulator or "")
    if name and name != UNEXPLAINED:
        return Explanation(name)
    kind = WRONG if verdict.grade == WRONG else "inaccurate"
    return Explanation(UNEXPLAINED, f"{kind} {_family(verdict.op)}")


def _family(op: str) -> str:
    """Return the array of the convolution that an operation gives: those that give the same are one contraction."""
    return operation.BY_NAME[op].result if op in operation.BY_NAME else op


def _inferred(records: Records, explained: Mapping[Key, Explanation]) -> dict[Key, Explanation]:
    """Return for wrong answers that nothing explains what explains the same question in another dtype.

    Coarser numbers hide a mistake from its diagnosis, but not from the question that shows it.
    """
    wrong = [verdict for verdict in records.findings if verdict.grade == WRONG]
    by_question: dict[Key, set[Explanation]] = defaultdict(set)
    for verdict in wrong:
        if explained[verdict.key].name != UNEXPLAINED:
            by_question[(*verdict.key[:4], "")].add(explained[verdict.key])
    unexplained = [verdict for verdict in wrong if explained[verdict.key].name == UNEXPLAINED]
    return {
        verdict.key: min(by_question[question])
        for verdict in unexplained
        if (question := (*verdict.key[:4], "")) in by_question
    }


def represents(verdict: Verdict) -> tuple[bool, bool, int, tuple[float, str, str], Key]:
    """Order verdicts by how well they represent others: those with evidence first, then the worst."""
    failed = verdict.script_run is None or verdict.script_run.fails
    evidence = verdict.smallest is None or not failed, verdict.script is None
    return *evidence, severity(verdict.grade), by_error(verdict), verdict.key


def _worst_first(cause: Cause) -> tuple[int, int, str, Explanation]:
    return severity(cause.grade), -len(cause.verdicts), cause.adapter, cause.explanation


def _routes(verdicts: Iterable[Verdict]) -> set[RouteKey]:
    return {verdict.route_key for verdict in verdicts}


def _lines(diagnoses: Iterable[Diagnosis]) -> Mapping[tuple[str, str], list[Diagnosis]]:
    """Return the record's lines on each diagnosis of each adapter, those that explain most first."""
    lines: dict[tuple[str, str], list[Diagnosis]] = defaultdict(list)
    for line in sorted(diagnoses, key=lambda line: (-line.explains, line.route_key)):
        lines[line.adapter, line.name].append(line)
    return lines


def _condition(lines: Sequence[Diagnosis]) -> str:
    conditions: dict[str, list[str]] = defaultdict(list)
    for line in lines:
        conditions[line.where].append(f"{line.op} {line.route}")
    if len(conditions) == 1:
        return next(iter(conditions))
    parts = [f"{where} ({_several(routes, 'route')})" for where, routes in conditions.items() if where]
    left = len(parts) - MOST_CONDITIONS
    more = [f"and {plural(left, 'condition')} more"] if left > 0 else []
    free = [f"without a condition on {plural(len(conditions['']), 'route')}"] if "" in conditions else []
    return "; ".join([*parts[:MOST_CONDITIONS], *more, *free])


def _what(cause: Cause) -> str:
    """Return what happens, as the beginning of a sentence."""
    name, detail = cause.explanation
    if name in UNANSWERED:
        return _without_answer(name, detail)
    if name == NARROW_SUMS:
        return f"Sums are kept in {detail}" if detail else "Sums or operands are kept in a narrower type"
    if name == UNEXPLAINED:
        kind = "Wrong" if cause.grade == WRONG else "Inaccurate"
        return f"{kind} answers that no known mistake explains"
    line = next((line for line in cause.lines if line.explanation), None)
    return f"{line.explanation.rstrip('.')} ({_named(name, line.detail)})" if line else f"As by the mistake {name}"


def _named(name: str, detail: str) -> str:
    return ", ".join(filter(None, (name, detail)))


def _without_answer(grade: str, message: str) -> str:
    if grade == ERROR:
        return f"An exception in place of an answer ({message or 'without a message'})"
    return message[:1].upper() + message[1:] or BY_NAME[grade].sentence.rstrip(".")


def _several(names: Sequence[str], noun: str) -> str:
    """Return names as a sentence has them: all of three, or the first two and how many more."""
    shown = [shorten(name, 60) for name in names]
    if len(shown) > 3:
        return f"{', '.join(shown[:2])} and {plural(len(shown) - 2, f'more {noun}')}"
    return f"{', '.join(shown[:-1])} and {shown[-1]}" if len(shown) > 1 else "".join(shown)
