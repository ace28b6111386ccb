"""The inquiry: every question put to the function and judged, within a budget of time, then the smallest failing case."""

import time
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial
from typing import Any

import numpy as np

from convformance.adapters.contract import Answer
from convformance.adapters.layouts import result_role
from convformance.checking import showing
from convformance.checking.answering import Asker, Raised
from convformance.checking.patience import TooLong
from convformance.judging import grades, special
from convformance.judging.diagnosis import Diagnosis, Observation, diagnoses
from convformance.judging.grades import CLEAN, INACCURATE, WRONG
from convformance.judging.grading import grade_special_fill
from convformance.judging.rule import Examination, Judgement, judge
from convformance.judging.smallest import Failure, failure, smallest
from convformance.reference.arrays import Array
from convformance.test_cases import examining, fills
from convformance.test_cases.case import Case
from convformance.test_cases.fills import EXACT_FILLS

Verdict = dict[str, Any]
Told = Callable[[str, Verdict], None]

_SHARE = 0.7  # of the time for questions; the rest is for the smallest failing case


@dataclass
class Inquiry:
    """One function asked ``cases``; ``told(kind, what)`` hears of every question before and after it is asked."""

    asker: Asker
    cases: list[Case]
    seconds: float
    grade: str
    told: Told
    verdicts: list[Verdict] = field(default_factory=list)
    unasked: int = 0
    _observed: dict[str, list[Observation]] = field(default_factory=dict)

    def run(self) -> None:
        """Ask from small to big until the time is used, the first question not counted: it may import and compile."""
        questions = [(operation, case) for case in self.cases for operation in case.operations]
        deadline = None
        for place, (operation, case) in enumerate(questions):
            if deadline is not None and time.monotonic() > deadline:
                self.unasked = len(questions) - place
                return
            verdict = self._asked(operation, case)
            self.verdicts.append(verdict)
            self.told("verdict", verdict)
            if verdict["grade"] == "timed-out":
                self.unasked = len(questions) - place - 1
                return
            deadline = deadline or time.monotonic() + self.seconds * _SHARE

    def _asked(self, operation: str, case: Case) -> Verdict:
        opening = {"op": operation, "case": case.id, "dtype": self.asker.dtype, "call": self._words(operation, case)}
        self.told("asking", opening)
        self.asker.printed = ""
        try:
            judged = self._judged(operation, case)
        except Raised as error:
            judged = _unanswered("refused" if error.refusal else "error", str(error))
        except TooLong:
            judged = _unanswered("timed-out", f"no answer after {self.asker.patience:g} s")
        judged["printed"] = _short(self.asker.printed)
        judged["finding"] = not self._is_clean(judged["grade"]) or bool(self.asker.printed)
        self._observe(operation, case, judged)
        return {**opening, **judged}

    def _words(self, operation: str, case: Case) -> str:
        operands = fills.fill(case, operation, self.asker.dtype, "int")
        return self.asker.caller.words(operation, case.problem, self.asker.own(operation, case.problem, operands))

    def _judged(self, operation: str, case: Case) -> Verdict:
        examination = examining.examination(case, operation, self.asker.dtype)
        answers: list[Answer] = []

        def ask(operands: Any) -> Answer:
            answers.append(self.asker.answer(operation, case.problem, operands))
            return answers[-1]

        judgement = judge(examination, ask)
        if case.special and judgement.grade == WRONG and self._spreads_further(examination, answers):
            self.asker.remarks["NaN or Inf in an operand spreads further in the result than the definition says"] = None
            judgement = Judgement("conformant", seconds=judgement.seconds)
        return self._verdict(operation, case, judgement)

    def _spreads_further(self, examination: Examination, answers: list[Answer]) -> bool:
        """Whether the answers are right but for more elements that are NaN or Inf."""
        if any(answer.value.shape != examination.shape or answer.changed for answer in answers):
            return False
        pairs = zip(examination.fills, answers, strict=False)
        return grades.worst([_grade_where_finite(examination, name, answer.value) for name, answer in pairs]) != WRONG

    def _verdict(self, operation: str, case: Case, judgement: Judgement) -> Verdict:
        names = ("grade", "message", "exact", "error", "accumulator", "seconds", "worst", "spread", "map", "bias")
        told = {name: getattr(judgement, name) for name in names}
        told["diagnosis"] = [fit.name for fit in judgement.diagnosis]
        told["fits"] = judgement.diagnosis
        if judgement.message.startswith("the result has shape"):
            wanted = self.asker.caller.layouts.own_shape(case.problem.result_shape(operation), result_role(operation))
            told["message"] = f"the result has shape {self.asker.own_shape}; wanted {wanted}"
        return told

    def _is_clean(self, grade: str) -> bool:
        return grade in CLEAN or grades.is_at_least(grade, self.grade)

    def _observe(self, operation: str, case: Case, judged: Verdict) -> None:
        """Keep what the diagnosis is made of; an answer that only prints is a right one."""
        fits = judged.pop("fits", ())
        wrong = judged["grade"] not in (*CLEAN, *INACCURATE)
        parameters = examining.question_parameters(case, operation, self.asker.dtype)
        observation = Observation(parameters, wrong, fits, judged["spread"])
        self._observed.setdefault(operation, []).append(observation)

    def diagnosed(self) -> dict[str, list[Diagnosis]]:
        """Return the diagnoses of each operation that has wrong answers."""
        wrong = {operation: seen for operation, seen in self._observed.items() if any(each.wrong for each in seen)}
        return {operation: diagnoses(seen) for operation, seen in wrong.items()}

    def smallest(self, names: dict[str, str]) -> Verdict | None:
        """Return the smallest failing case as it is shown; of a wrong answer that the first diagnosis explains, if there is one."""
        found = [verdict for verdict in self.verdicts if verdict["grade"] in ("wrong", "error")]
        explained = [verdict for verdict in found if names.get(verdict["op"]) in verdict["diagnosis"]]
        by_id = {case.id: case for case in self.cases}
        for verdict in (explained + found)[:3]:
            failed = self._shrunk(verdict, by_id[verdict["case"]])
            if failed is not None:
                return showing.shown(failed, self.asker)
        return None

    def _shrunk(self, verdict: Verdict, case: Case) -> Failure | None:
        operation, worst = verdict["op"], verdict["worst"]
        name = worst["fill"] if worst and worst["fill"] in EXACT_FILLS else "int"
        operands = fills.fill(case, operation, self.asker.dtype, name)
        limit = max(self.seconds * (1 - _SHARE), 0.2)
        try:
            return smallest(operation, case.problem, operands, partial(self._fails, operation), seconds=limit)
        except TooLong:
            return None

    def _fails(self, operation: str, problem: Any, operands: Any) -> Failure | None:
        if self.asker.caller.refuses(operation, problem) is not None:
            return None
        return failure(operation, problem, operands, partial(self.asker.answer, operation, problem), self.asker.dtype)


def _grade_where_finite(examination: Examination, name: str, value: Array) -> str:
    """Return the grade with every NaN or Inf where none belongs, and NaN for an infinity, put right."""
    trial = examination.trial(name)
    shown, got = special.expected(trial), value.astype(np.float64)
    further = np.where(~np.isfinite(got) & (shown == 0), trial.want, got)
    return grade_special_fill(trial, np.where(np.isnan(further) & np.isinf(shown), shown, further)).grade


def _unanswered(grade: str, message: str) -> Verdict:
    nothing: Verdict = dict.fromkeys(("error", "accumulator", "worst", "spread", "map", "bias"))
    return {"grade": grade, "message": message, "exact": False, "seconds": 0.0, **nothing, "diagnosis": []}


def _short(printed: str) -> str:
    """Return the first line of what was printed as it would be quoted, or nothing."""
    if not printed:
        return ""
    line = printed.strip().split("\n", maxsplit=1)[0]
    return repr(line if len(line) <= 40 else line[:40] + "...")
