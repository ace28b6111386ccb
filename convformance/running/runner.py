"""Asking: one question put to one adapter, judged, and written down as a verdict."""

import traceback
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from functools import cache, lru_cache, partial
from itertools import islice
from typing import Any

from convformance import __version__
from convformance.adapters.contract import Adapter, Answer, KnownDivergence, Refusal, Route
from convformance.adapters.discovery import Selection
from convformance.judging.grades import CLEAN, is_at_least
from convformance.judging.rule import Judgement, judge
from convformance.running import smallest as shrinking
from convformance.scripts import reproduction
from convformance.scripts.extraction import Unextractable
from convformance.test_cases import examining, fills
from convformance.test_cases.case import Case
from convformance.test_cases.fills import Operands

# How many verdicts of one route carry their script in the record; `convformance reproduce` prints any other.
SCRIPTS, KNOWN_SCRIPTS = 60, 3
# How many verdicts of one route carry their smallest failing case; `convformance smallest` finds any other.
SMALLEST = 1


@dataclass(frozen=True)
class Question:
    """One verdict to be had: an adapter's route asked for one case in one dtype."""

    adapter: str
    route: Route
    case: Case
    dtype: str

    @property
    def operation(self) -> str:
        """The operation asked for."""
        return self.route.operation

    @property
    def id(self) -> str:
        """The public id within its operation; with the name of the test it is the node id."""
        return f"{self.adapter}-{self.route.name}-{self.case.id}-{self.dtype}"

    @property
    def key(self) -> tuple[str, str, str, str, str]:
        """What identifies the verdict in a record."""
        return self.adapter, self.operation, self.route.name, self.case.id, self.dtype


@dataclass(frozen=True)
class Scope:
    """Which questions are asked: empty filters let everything through; ``shard`` is ``(index from 1, of)``."""

    cases: tuple[Case, ...]
    operations: tuple[str, ...] = ()
    routes: tuple[str, ...] = ()
    dtypes: tuple[str, ...] = ()
    families: tuple[str, ...] = ()
    ids: tuple[str, ...] = ()
    shard: tuple[int, int] = (1, 1)

    def questions(self, selections: Sequence[Selection]) -> list[Question]:
        """Return every question in scope, ordered so that those that share a truth stand together."""
        shares = (share for case in self._cases() for share in self._of_case(case, selections))
        index, of = self.shard
        return [question for share in islice(shares, index - 1, None, of) for question in share]

    def _cases(self) -> Iterator[Case]:
        for case in self.cases:
            if _passes(case.family, self.families) and (not self.ids or any(part in case.id for part in self.ids)):
                yield case

    def _of_case(self, case: Case, selections: Sequence[Selection]) -> Iterator[list[Question]]:
        """Yield the questions of each operation: what a shard does not tear apart, as data and truth are shared in it."""
        dtypes = [dtype for dtype in case.dtypes if _passes(dtype, self.dtypes)]
        for operation in case.operations:
            if _passes(operation, self.operations):
                asked = [
                    question for dtype in dtypes for question in self._of_operation(case, operation, dtype, selections)
                ]
                if asked:
                    yield asked

    def _of_operation(
        self, case: Case, operation: str, dtype: str, selections: Sequence[Selection]
    ) -> Iterator[Question]:
        for selection in selections:
            for route in selection.adapter_class.routes():
                if route.operation == operation and _passes(route.name, self.routes):
                    yield Question(selection.label, route, case, dtype)


def _passes(value: str, allowed: tuple[str, ...]) -> bool:
    return not allowed or value in allowed


# Routes and adapters asked the same share its truth.
_examination = lru_cache(maxsize=8)(examining.examination)


class AdapterError(Exception):
    """An exception of an adapter that is no refusal; the message holds its type and words."""


class Asker:
    """Puts questions to adapters; makes each adapter once, on its first question."""

    def __init__(self, selections: Iterable[Selection]) -> None:
        self._selections = {selection.label: selection for selection in selections}
        self._adapters: dict[str, Adapter | Exception] = {}
        self._scripts: Counter[tuple[str, ...]] = Counter()
        self._smallest_of: Counter[tuple[str, ...]] = Counter()

    def adapter(self, label: str) -> Adapter:
        """Return the adapter of that label; raises whatever its framework raised when it was first imported."""
        if label not in self._adapters:
            selection = self._selections[label]
            try:
                self._adapters[label] = selection.adapter_class(**selection.mode)
            except Exception as error:
                self._adapters[label] = error
        made = self._adapters[label]
        if isinstance(made, Exception):
            raise made
        return made

    def verdict(self, question: Question) -> dict[str, Any]:
        """Return the verdict as the record keeps it. An adapter's exceptions are verdicts, never ours."""
        settled = self.settled(question, self._judged(question))
        if self._scripted(settled):
            with suppress(Unextractable):  # an adapter whose source cannot be taken out has a verdict all the same
                settled["script"] = self.script(question, settled)
        if self._shrunk(settled):
            settled["smallest"] = self._smallest(question, settled)
        return settled

    def _shrunk(self, verdict: Mapping[str, Any]) -> bool:
        """Whether the smallest failing case is sought: of the first wrong answers and exceptions of each route."""
        if not verdict["finding"] or verdict["grade"] not in ("wrong", "error"):
            return False
        kind = verdict["adapter"], verdict["op"], verdict["route"]
        self._smallest_of[kind] += 1
        return self._smallest_of[kind] <= SMALLEST

    def _smallest(self, question: Question, verdict: Mapping[str, Any]) -> dict[str, Any] | None:
        worst = verdict["worst"]
        return shrinking.apart(self._selections[question.adapter].spec, question, worst["fill"] if worst else "int")

    def _judged(self, question: Question) -> dict[str, Any]:
        expected = question.route.accumulator.get(question.dtype)
        examination = _examination(question.case, question.operation, question.dtype, expected)
        try:
            judgement = judge(examination, partial(self._answer, question))
        except Refusal as refusal:
            return unjudged(question, "refused", str(refusal))
        except AdapterError as error:
            return unjudged(question, "error", str(error))
        return {**_opening(question), **_told(judgement)}

    def _answer(self, question: Question, given: Operands) -> Answer:
        """Ask the adapter; what it raises is its own, and never mistaken for a fault of the suite."""
        try:
            return self.adapter(question.adapter).answer(
                question.route, question.case.problem, given.arrays, given.bias
            )
        except Refusal:
            raise
        except Exception as error:
            raise AdapterError(_words(error)) from error

    def _scripted(self, verdict: Mapping[str, Any]) -> bool:
        """Whether the record keeps a script: of the first findings of each route, and of the first of each known divergence."""
        if not verdict["finding"] and not verdict["known"]:
            return False
        kind = verdict["adapter"], verdict["op"], verdict["route"], verdict["known"]
        self._scripts[kind] += 1
        return self._scripts[kind] <= (KNOWN_SCRIPTS if verdict["known"] else SCRIPTS)

    def script(self, question: Question, verdict: Mapping[str, Any] | None = None) -> str:
        """Return the stand-alone script of one verdict; asks for the verdict when none is given."""
        told = verdict or self._judged(question)
        worst = told["worst"]
        operands = fills.fill(question.case, question.operation, question.dtype, worst["fill"] if worst else "int")
        asked = self.adapter(question.adapter), question.route, question.case, question.dtype, operands
        return reproduction.script(*asked, worst=worst, suite_version=__version__, message=told["message"])

    def settled(self, question: Question, verdict: dict[str, Any]) -> dict[str, Any]:
        """Return the verdict with what it counts for: documented, known, or a finding."""
        known = self._known(question, verdict["grade"])
        documented = question.route.grade
        clean = verdict["grade"] in CLEAN or is_at_least(verdict["grade"], documented)
        return {
            **verdict,
            "documented": None if documented == "conformant" else documented,
            "known": known.name if known else None,
            "finding": not clean and known is None,
        }

    def _known(self, question: Question, grade: str) -> KnownDivergence | None:
        selection = self._selections[question.adapter]
        for divergence in selection.adapter_class.known_divergences:
            if grade in divergence.grades and covers(divergence, question, selection):
                return divergence
        return None


def covers(divergence: KnownDivergence, question: Question, selection: Selection) -> bool:
    """Whether a known divergence speaks of this question, whatever the grade."""
    return (
        _passes(question.operation, divergence.operations)
        and _passes(question.route.name, divergence.routes)
        and all(selection.mode.get(option) == value for option, value in divergence.modes.items())
        and _in_versions(selection.adapter_class.version(), divergence.versions)
        and divergence.when(question.case, question.dtype)
    )


@cache
def _in_versions(version: str, versions: tuple[str, str] | None) -> bool:
    return versions is None or _numbers(versions[0]) <= _numbers(version) < _numbers(versions[1])


def _numbers(version: str) -> tuple[int, ...]:
    release = version.split("+", maxsplit=1)[0].split(".")
    return tuple(int("".join(digit for digit in part if digit.isdigit()) or 0) for part in release)


def unjudged(question: Question, grade: str, message: str) -> dict[str, Any]:
    """Return the verdict on a question that gave no answer to judge."""
    numbers = {"exact": False, "error": None, "accumulator": None, "seconds": 0.0}
    nothing: dict[str, Any] = dict.fromkeys(("worst", "spread", "map", "bias", "script", "smallest"))
    return {
        **_opening(question),
        "grade": grade,
        **numbers,
        "message": message,
        "diagnosis": [],
        "details": [],
        **nothing,
    }


def _opening(question: Question) -> dict[str, Any]:
    names = ("adapter", "op", "route", "case", "dtype")
    return {"kind": "verdict", **dict(zip(names, question.key, strict=True))}


def _told(judgement: Judgement) -> dict[str, Any]:
    names = ("grade", "exact", "error", "accumulator", "seconds", "message", "worst", "spread", "map", "bias")
    fits = {
        "diagnosis": [fit.name for fit in judgement.diagnosis],
        "details": [fit.detail for fit in judgement.diagnosis],
    }
    return {**{name: getattr(judgement, name) for name in names}, **fits, "script": None, "smallest": None}


def _words(error: Exception) -> str:
    """Return the exception's type and words, and the last line of ours or theirs that raised it."""
    frames = traceback.extract_tb(error.__traceback__)
    place = f" ({frames[-1].name}, line {frames[-1].lineno})" if frames else ""
    return f"{type(error).__name__}: {str(error).strip() or 'no message'}{place}"
