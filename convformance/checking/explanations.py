"""Explaining what is wrong once everything has been asked: few answers are searched for mistakes.

A wrong answer of each kind is searched first, a small one. What reproduces it is then tried on the others, and those
that nothing reproduces are searched in their turn, until nothing new comes to light or the time is used.
"""

import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np

from convformance.adapters.contract import Answer
from convformance.checking.normalising import DTYPE, SHAPE, Normalised
from convformance.checking.questions import Question
from convformance.checking.target import FunctionUnderTest, Raised
from convformance.judging.bounds import RANGE_FILL
from convformance.judging.diagnosis import RAISES, Diagnosis, Match, Observation, diagnoses, is_exact_mistake
from convformance.judging.grading import grade_fill, grade_special_fill
from convformance.judging.matching import Evidence, find_match, is_reproducible
from convformance.judging.rule import Examination, judge
from convformance.processes.limits import CallTimeout
from convformance.reference.operation import BY_NAME
from convformance.test_cases import examining

# Full searches of one operation, and how many of them in a row may find nothing before the rest is left alone.
_SEARCHES, _IN_VAIN = 30, 8
_SEARCHING = 0.75  # of the time; the rest is for trying what came to light on the other answers
_WAITING = 5.0  # times the seconds that explaining may take by the clock on the wall
# Multiplications below which an answer says little: on a single number most mistakes look the same.
_TELLING = 24
# What goes wrong with NaN and infinity alone is no mistake of the numbers, and what changes from call to call may have
# one as its reason: both stand behind a mistake that reproduces numbers.
_LAST = ("not-deterministic", "nan-swallowed", "nan-spread")
# What is said of a mistake that is no more than what the message of an answer says, in front of the message.
_QUOTED = {RAISES: "The call raises an exception", "wrong-shape": "No known mistake gives the shape"}
_RETURN = "Return an array of numbers on every path through the function."

Clock = Callable[[], float]


@dataclass
class Explainer:
    """Looks for what explains the wrong answers of one operation within ``seconds`` of this thread's own time.

    So that a busy machine gets the same diagnosis, later; a function that waits may take ``_WAITING`` times as long.
    """

    function: FunctionUnderTest
    questions: Sequence[Question]
    seconds: float
    clock: Clock = time.thread_time
    wall: Clock = time.monotonic
    _tried: dict[str, set[int]] = field(default_factory=dict)  # by name, the questions it was tried on
    _failed: set[str] = field(default_factory=set)
    _started: tuple[float, float] = (0.0, 0.0)
    _searches: int = 0
    _in_vain: int = 0

    def run(self) -> None:
        """Fill ``matches`` of the wrong questions; those for which there was no time stay as they are."""
        self._started = self.clock(), self.wall()
        ordered = list(_ordered(self.questions))
        for question in ordered:
            if self._is_late():
                return
            self._explain(question)
        self._complete(ordered)

    def _is_late(self, share: float = 1.0) -> bool:
        used, waited = self.clock() - self._started[0], self.wall() - self._started[1]
        return used > self.seconds * share or waited > self.seconds * _WAITING

    def _explain(self, question: Question) -> None:
        """Try the names that have not failed yet, then the others, then search."""
        evidence = evidence_of(self.function, question)
        if self.function.capabilities.outputs and not question.case.special:
            question.matches += _left_unwritten(evidence)
        live = [name for name in self._tried if name not in self._failed]
        for names in (live, [name for name in self._tried if name in self._failed]):
            question.matches += tuple(self._matches(names, question, evidence))
            if any(map(_is_sure, question.matches)):
                question.looked = True
                return
        enough = self._searches >= _SEARCHES or self._in_vain >= _IN_VAIN
        if not enough and not self._is_late(_SEARCHING):
            self._search(question)
        else:  # nothing that has a name so far: unexplained, unless another search might have found one
            question.looked = bool(question.matches) or (enough and all(map(is_reproducible, self._tried)))

    def _matches(self, names: Iterable[str], question: Question, evidence: Sequence[Evidence]) -> Iterator[Match]:
        for name in names:
            self._tried[name].add(id(question))
            match = find_match(name, evidence)
            if match is None:
                self._failed.add(name)
            else:
                yield match

    def _search(self, question: Question) -> None:
        self._searches += 1
        question.matches, question.looked = search(self.function, question), True
        self._in_vain = 0 if question.matches else self._in_vain + 1
        for match in question.matches:
            self._tried.setdefault(match.name, set()).add(id(question))
        self._failed |= {name for name in self._tried if name not in {match.name for match in question.matches}}

    def _complete(self, ordered: Sequence[Question]) -> None:
        """Try every name on every answer, unless one of them explains all."""
        looked = [question for question in ordered if question.looked]
        for name, tried in self._tried.items():
            if name not in self._failed and len(tried) == len(looked):
                return
        for question in looked:
            names = [name for name, tried in self._tried.items() if id(question) not in tried]
            if names and not self._is_late():
                question.matches += tuple(self._matches(names, question, evidence_of(self.function, question)))


def _left_unwritten(evidence: Sequence[Evidence]) -> tuple[Match, ...]:
    """Return that NaN was left in an array that was given full of it, all other elements being right."""
    for each in evidence:
        answer, want = each.asked.answer, each.trial.want
        left = np.isnan(answer)
        if answer.shape != want.shape or not left.any() or not (left | (answer == want)).all():
            return ()
    return (Match("unwritten", "NaN, as it was given"),) if evidence else ()


def _is_sure(match: Match) -> bool:
    return match.on_all_fills and is_exact_mistake(match.name)


def _ordered(questions: Iterable[Question]) -> Iterator[Question]:
    """Yield the first telling question of each kind, then the others, small ones first, NaN and Inf at the end."""
    by_size = sorted(questions, key=lambda each: (bool(each.case.special), each.case.problem.multiplications))
    first: dict[Any, Question] = {}
    for question in by_size:
        if question.case.problem.multiplications >= _TELLING and not question.case.special:
            first.setdefault(_kind(question), question)
    yield from sorted(first.values(), key=lambda each: (sum(_kind(each)), each.case.problem.multiplications))
    chosen = set(map(id, first.values()))
    yield from (each for each in by_size if id(each) not in chosen)


def _kind(question: Question) -> tuple[bool, ...]:
    """Return what a question has beside a plain, square, odd kernel on a single channel, as flags."""
    asked = question.parameters
    return (
        question.judgement.spread is None,  # a wrong shape
        max(asked.stride, default=1) > 1,
        max(asked.dilation, default=1) > 1,
        asked.groups > 1,
        any(map(any, asked.padding)),
        any(size % 2 == 0 for size in asked.kernel_size),
        len(set(asked.kernel_size)) > 1,
    )


def search(function: FunctionUnderTest, question: Question) -> tuple[Match, ...]:
    """Return every mistake that explains an answer; only what chance and precision need is asked again."""
    examination, answers = _own_dtype(function, question)
    already, again = iter(answers), Normalised(function) if examination is question.examination else function

    def ask(operands: Any) -> Answer:
        answer = next(already, None)
        return answer or again.answer(question.operation, question.case.problem, operands)

    try:
        return judge(examination, ask).diagnosis
    except (Raised, CallTimeout):
        return ()


def evidence_of(function: FunctionUnderTest, question: Question) -> list[Evidence]:
    """Return the answers to the exact fills as evidence, but for that of numbers from the whole range of the type."""
    examination, answers = _own_dtype(function, question)
    evidence = []
    for name, answer in zip(examination.fills, answers, strict=False):
        trial, value = examination.trial(name), answer.value
        if not trial.exact or name == RANGE_FILL:
            continue
        if value.shape != examination.shape:
            return [Evidence.of(trial, value.astype("float64"), right=False)] if value.dtype.kind in "fiu" else []
        grade = grade_special_fill if examination.special else grade_fill
        evidence.append(Evidence.of(trial, value.astype("float64"), right=grade(trial, value).exact))
    return evidence


def _own_dtype(function: FunctionUnderTest, question: Question) -> tuple[Examination, list[Answer]]:
    """Return what a question is explained by: what was answered, or answers in the dtype that comes back anyway.

    Numbers that were rounded to another dtype are compared bit for bit only with what that dtype makes of a mistake.
    """
    if question.in_own_dtype is None:
        question.in_own_dtype = _asked_in_own_dtype(function, question)
    return question.in_own_dtype


def _asked_in_own_dtype(function: FunctionUnderTest, question: Question) -> tuple[Examination, list[Answer]]:
    as_asked = question.examination, question.answers
    if not question.other_dtype:
        return as_asked
    examination, answers = examining.examination(question.case, question.operation, question.other_dtype), []
    try:
        for name in examination.fills:
            operands = examination.trial(name).operands
            answers.append(function.answer(question.operation, question.case.problem, operands))
    except (Raised, CallTimeout):
        return as_asked
    same = all(answer.value.dtype == examination.expected.result.dtype for answer in answers)
    return (examination, answers) if same else as_asked


def diagnoses_of(questions: Sequence[Question], *, dtype: str) -> list[Diagnosis]:
    """Return what explains the wrong answers of one operation; what only NaN shows counts where nothing else is wrong.

    Questions that were refused, or that nobody had the time to look at, say nothing either way.
    """
    finite_wrong = any(each.is_wrong and not each.case.special for each in questions)
    other_shape = any(each.other_shape and not each.case.special for each in questions)
    observations = []
    for question in questions:
        wrong = question.is_wrong
        matches = _sound(question, other_shape=other_shape) if finite_wrong else question.matches
        passed_over = question.is_reproducible and (not question.looked or (question.case.special and not matches))
        if not question.refused and not (passed_over and finite_wrong):
            observations.append(_observation(question, dtype, wrong, matches))
    named = diagnoses(observations) if any(each.wrong for each in observations) else []
    quoting = [_with_example(each, questions) for each in named]
    return sorted(quoting, key=lambda each: each.name in _LAST)


def _with_example(diagnosis: Diagnosis, questions: Sequence[Question]) -> Diagnosis:
    """Return the diagnosis of exceptions, or of shapes that nothing explains, with the message of the first of them."""
    if diagnosis.name not in _QUOTED:
        return diagnosis
    for question in questions:
        match = next((match for match in question.matches if match.name == diagnosis.name), None)
        if match and diagnosis.detail in ("", match.detail) and not question.refused:
            if question.origin is not None and not question.origin.type:  # it returned what is no array
                explanation = f"There is no answer: {question.judgement.message}."
                return replace(diagnosis, detail="", explanation=explanation, remedy=_RETURN)
            message = question.judgement.message.removeprefix(f"{match.detail}: ")
            return replace(diagnosis, explanation=f"{_QUOTED[diagnosis.name]}: {message}.")
    return diagnosis


def _sound(question: Question, *, other_shape: bool) -> tuple[Match, ...]:
    """Return the matches without what NaN and infinity say alone.

    ``other_shape``: finite numbers have wrong shapes, too; what gives those cannot be seen in an answer full of NaN.
    """
    unseen = "wrong-shape" if question.case.special and other_shape else ""
    return tuple(match for match in question.matches if not match.name.startswith("nan-") and match.name != unseen)


def _observation(question: Question, dtype: str, wrong: bool, matches: tuple[Match, ...]) -> Observation:
    parameters = examining.question_parameters(question.case, question.operation, dtype)
    return Observation(parameters, wrong, matches, question.judgement.spread)


def form_diagnoses(questions: Sequence[Question], *, dtype: str) -> list[Diagnosis]:
    """Return the names of what is wrong with the form of one operation's answers, each with its condition."""
    result = []
    answered = [each for each in questions if each.is_answered]
    kinds = dict.fromkeys((fault.kind, fault.name) for each in answered for fault in each.faults if fault.name)
    # Another shape of the same numbers has a remedy of its own only where there is one axis.
    in_bias = all(BY_NAME[each.operation].result == "bias" for each in answered)
    for name in (name for kind, name in kinds if kind != SHAPE or in_bias):
        observations = []
        for question in answered:
            fault = next((fault for fault in question.faults if fault.name == name), None)
            matches = (Match(name, fault.detail),) if fault else ()
            observations.append(replace(_observation(question, dtype, bool(fault), matches), spread=None))
        result += [_with_message(each, answered) for each in diagnoses(observations)]
    return result


def _with_message(diagnosis: Diagnosis, questions: Sequence[Question]) -> Diagnosis:
    """Return the diagnosis of a shape or dtype with the message of the first answer that has it; others as they are."""
    kind = {"wrong-shape": SHAPE, "wrong-dtype": DTYPE}.get(diagnosis.name)
    message = next((fault.message for each in questions for fault in each.faults if fault.kind == kind), "")
    return replace(diagnosis, explanation=f"{message[0].upper()}{message[1:]}.") if message else diagnosis
