"""The kill matrix: every member of the zoo and of the garden is asked every question of a tier, and judged.

Questions are outermost, so that the truth of each is made once for all members.
"""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, field, replace
from functools import cached_property, partial
from itertools import chain
from typing import Any

import numpy as np

from convformance.adapters.changes import put_back
from convformance.judging.bounds import Operands
from convformance.judging.conditions import QuestionParameters
from convformance.judging.diagnosis import Diagnosis, Match, Observation, diagnoses
from convformance.judging.rule import Examination, Judgement, judge
from convformance.test_cases import examining
from convformance.test_cases.case import TIERS, Case
from convformance.test_cases.catalogue import cases
from tests.judging.asked import InstantAnswer
from tests.zoo import rivals
from tests.zoo.member import Array, Member, Run

# From right to wrong, as a garden member's grade is read; low precision is never right unless it was asked for.
GRADES = ("conformant", "componentwise", "norm-wise", "low-precision", "wrong", "raised")
RIGHT, RAISED = GRADES[0], GRADES[-1]
# Families whose defect depends on the format of the numbers, and the garden's.
OF_EVERY_DTYPE = ("precision", "range", "bias", "process", "order", "structure", "fast", "form")
# How many wrong answers of each member are explained, spread over its cases.
EXPLAINED = 9


@dataclass(frozen=True)
class Question:
    """One operation of a case in one dtype."""

    case: Case
    operation: str
    dtype: str

    @property
    def parameters(self) -> QuestionParameters:
        """What a diagnosis may say that wrong answers share."""
        return examining.question_parameters(self.case, self.operation, self.dtype)

    def examination(self) -> Examination:
        """Return the examination that all members share."""
        return examining.examination(self.case, self.operation, self.dtype)

    def reseeded(self, seed: int) -> "Question":
        """Return the same question with other numbers."""
        return replace(self, case=replace(self.case, seed=seed))


# Every question with the names of the members that are to be asked it.
Plan = Sequence[tuple[Question, tuple[str, ...]]]


@dataclass(frozen=True, slots=True)
class Outcome:
    """One judgement on a member: ``index`` of its question, grade, ``error``, the fills that saw it, what explains it.

    ``seen_by`` names fills, ``form`` where shape, dtype or operands were wrong, ``raised`` where there was no answer;
    ``matches`` is None where no explanation was looked for; ``rejected_by`` names the usual rules that reject the same
    answers.
    """

    index: int
    grade: str
    error: float | None = None
    seen_by: tuple[str, ...] = ()
    matches: tuple[Match, ...] | None = None
    spread: Mapping[str, Any] | None = None
    rejected_by: tuple[str, ...] = ()


@dataclass(frozen=True)
class Record:
    """A member with its outcomes on all questions that were asked."""

    member: Member
    questions: Sequence[Question]
    outcomes: list[Outcome] = field(default_factory=list)

    @cached_property
    def caught(self) -> list[Outcome]:
        """The outcomes that are worse than the member's own grade."""
        allowed = GRADES.index(self.member.grade)
        return [outcome for outcome in self.outcomes if GRADES.index(outcome.grade) > allowed]

    @cached_property
    def catching(self) -> dict[str, Case]:
        """The cases that catch it, by id, in the order of the catalogue."""
        return {self.questions[outcome.index].case.id: self.questions[outcome.index].case for outcome in self.caught}

    @property
    def asked(self) -> int:
        """How many cases it was asked."""
        return len({self.questions[outcome.index].case.id for outcome in self.outcomes})

    @cached_property
    def diagnosis(self) -> Diagnosis | None:
        """The diagnosis in first place, over all questions; None where nothing is wrong."""
        every = diagnoses(self._observations()) if self.caught else []
        return every[0] if every else None

    @property
    def named(self) -> str:
        """The name of the diagnosis in first place, or nothing."""
        return self.diagnosis.name if self.diagnosis else ""

    @property
    def rightly_named(self) -> bool:
        """Whether the diagnosis in first place is the one expected, where one is."""
        return self.member.diagnosis in (None, self.named)

    def _observations(self) -> Iterator[Observation]:
        """Yield what was right, and of what was wrong that for which an explanation was looked for."""
        caught = {outcome.index for outcome in self.caught}
        for outcome in self.outcomes:
            parameters = self.questions[outcome.index].parameters
            if outcome.index not in caught:
                yield Observation(parameters, wrong=False)
            elif outcome.matches is not None:
                yield Observation(parameters, wrong=True, matches=outcome.matches, spread=outcome.spread)


def questions(tier: str, dtypes: Iterable[str]) -> list[Question]:
    """Return every question of ``tier`` in those dtypes; those of one case and operation stand together."""
    asked = tuple(dtypes)
    return [
        Question(case, operation, dtype)
        for case in cases(tier)
        for operation in case.operations
        for dtype in case.dtypes
        if dtype in asked
    ]


def has(member: Member, question: Question) -> bool:
    """Whether ``member`` is asked ``question``.

    One whose mistake has nothing to do with the format is asked in float32, in float64 too by the smoke tier, and in
    what there is where a case has neither.
    """
    if question.operation not in member.operations or not member.answers(question.case.problem):
        return False
    if member.family in OF_EVERY_DTYPE or "float32" not in question.case.dtypes:
        return True
    return question.dtype == "float32" or (question.dtype == "float64" and question.case.tier == TIERS[0])


def plan(members: Iterable[Member], asked: Iterable[Question]) -> Plan:
    """Return every question with the names of the members that have it."""
    every = tuple(members)
    return [(question, tuple(member.name for member in every if has(member, question))) for question in asked]


@dataclass(frozen=True)
class How:
    """How questions are put: with the usual rules too, with wrong answers explained, until ``enough`` are wrong."""

    rules: bool = False
    explained: bool = False
    enough: int | None = None


def records(members: Sequence[Member], planned: Plan, how: How, *, processes: int = 1) -> list[Record]:
    """Return what became of every member on the questions that are planned for it, asked in that many processes."""
    by_name = {member.name: Record(member, [question for question, _ in planned]) for member in members}
    if processes == 1:
        parts = [_answered(_by_name(members), planned, how, _shard(planned, 0, 1))]
    else:
        with ProcessPoolExecutor(processes) as pool:
            shards = [_shard(planned, index, processes) for index in range(processes)]
            parts = list(pool.map(partial(_answered_in_child, planned, how), shards))
    for name, outcome in sorted(chain.from_iterable(parts), key=lambda entry: entry[1].index):
        by_name[name].outcomes.append(outcome)
    return list(by_name.values())


def explained(unexplained: Sequence[Record], *, processes: int = 1) -> list[Record]:
    """Return the records with up to nine wrong answers of each member explained, of cases as different as there are."""
    names: dict[int, list[str]] = {}
    for record in unexplained:
        for index in some_caught(record, EXPLAINED):
            names.setdefault(index, []).append(record.member.name)
    planned = [(question, tuple(names.get(index, ()))) for index, question in enumerate(unexplained[0].questions)]
    again = records([record.member for record in unexplained], planned, How(explained=True), processes=processes)
    return [_completed(*pair) for pair in zip(unexplained, again, strict=True)]


def _completed(record: Record, again: Record) -> Record:
    """Return ``record`` with what explains the outcomes that are in ``again``."""
    matches = {outcome.index: outcome.matches for outcome in again.outcomes}
    outcomes = [replace(outcome, matches=matches.get(outcome.index, outcome.matches)) for outcome in record.outcomes]
    return replace(record, outcomes=outcomes)


def some_caught(record: Record, count: int) -> list[int]:
    """Return the indices of up to ``count`` questions that catch a member, one a case, spread over the catalogue."""
    first: dict[str, int] = {}
    for outcome in record.caught:
        first.setdefault(record.questions[outcome.index].case.id, outcome.index)
    indices = list(first.values())
    return [indices[step * len(indices) // count] for step in range(count)] if len(indices) > count else indices


def _by_name(members: Iterable[Member]) -> dict[str, Member]:
    return {member.name: member for member in members}


def _shard(planned: Plan, part: int, of: int) -> list[int]:
    """Return the indices of one part of the questions; those of a case and operation stay together."""
    pairs = dict.fromkeys((question.case.id, question.operation) for question, _ in planned)
    mine = set(list(pairs)[part::of])
    return [index for index, (question, _) in enumerate(planned) if (question.case.id, question.operation) in mine]


def _answered_in_child(planned: Plan, how: How, indices: Sequence[int]) -> list[tuple[str, Outcome]]:
    """Return the outcomes of one part in a process of its own, which finds the members by name."""
    from tests.zoo.catalogue import GARDEN, ZOO

    return _answered(_by_name((*ZOO, *GARDEN)), planned, how, indices)


def _answered(
    by_name: Mapping[str, Member], planned: Plan, how: How, indices: Iterable[int]
) -> list[tuple[str, Outcome]]:
    """Return the outcomes at these indices of the plan; members that are wrong often enough are not asked any more."""
    outcomes: list[tuple[str, Outcome]] = []
    wrong: Counter[str] = Counter()
    for index in indices:
        question, names = planned[index]
        asked = [by_name[name] for name in names if how.enough is None or wrong[name] < how.enough]
        answered = list(_outcomes(asked, question, index, how))
        wrong.update(name for name, outcome in answered if outcome.grade != RIGHT)
        outcomes += answered
    return outcomes


def _outcomes(members: Sequence[Member], question: Question, index: int, how: How) -> Iterator[tuple[str, Outcome]]:
    """Yield the name and the outcome of every one of ``members``; the truth is made once for all of them."""
    examination = question.examination()
    usual = rivals.Rivals(examination) if how.rules else None
    for member in members:
        outcome = _outcome(examination, usual, member, index, explain=how.explained)
        yield member.name, outcome if how.explained else replace(outcome, matches=None)


def _outcome(
    examination: Examination, usual: rivals.Rivals | None, member: Member, index: int, *, explain: bool
) -> Outcome:
    asking = Asking(member.start(), examination)
    try:
        judgement = judge(examination, asking, explain=explain)
        rejected = usual.rejecting(asking.all_answers()) if usual else ()
    except Exception:  # whatever a wrong implementation raises is what it is caught by
        return Outcome(index, RAISED, seen_by=(RAISED,), matches=(), rejected_by=tuple(rivals.RULES))
    if judgement.grade == RIGHT:
        return Outcome(index, RIGHT, judgement.error, rejected_by=rejected)
    explanation = judgement.diagnosis, judgement.spread
    return Outcome(index, judgement.grade, judgement.error, seen_by(judgement), *explanation, rejected)


def seen_by(judgement: Judgement) -> tuple[str, ...]:
    """Return the fills on which an answer was not right; ``form`` where no number was looked at."""
    if not judgement.fills:
        return ("form",)
    return tuple(name for name, grade in judgement.fills.items() if grade not in ("exact", RIGHT))


class Asking:
    """Puts operands to an implementation as the judge wants it; keeps the answers on the examination's own fills."""

    def __init__(self, run: Run, examination: Examination) -> None:
        self._run, self._examination = run, examination
        self.answers: list[Array] = []

    def __call__(self, operands: Operands) -> InstantAnswer:
        """Return the answer and which operands were changed; those are put back for whoever is asked next."""
        arrays = [*operands.arrays, *([] if operands.bias is None else [operands.bias])]
        before = [array.tobytes() for array in arrays]
        with np.errstate(all="ignore"):
            value = self._run(self._examination.operation, self._examination.problem, operands.arrays, operands.bias)
        changed = put_back(arrays, before)
        if len(self.answers) < len(self._examination.fills):
            self.answers.append(value.copy())
        return InstantAnswer(value, changed=changed)

    def all_answers(self) -> list[Array]:
        """Return the answers on every fill, those included that the judge had no need of; an empty result has one."""
        for name in self._examination.fills[len(self.answers) :] if 0 not in self._examination.shape else ():
            self(self._examination.trial(name).operands)
        return self.answers
