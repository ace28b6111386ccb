"""Asking: every question put to the function, in order, and judged without looking for reasons."""

import math
from collections.abc import Callable, Mapping, Sequence
from copy import copy
from dataclasses import dataclass, field, replace
from math import prod
from typing import Any

import numpy as np

from convformance.adapters.contract import Answer
from convformance.adapters.layouts import result_role
from convformance.checking import sharing
from convformance.checking.findings import CheckVerdict
from convformance.checking.normalising import DTYPE, PRINTS, SHAPE, Fault, Normalised, normalised
from convformance.checking.questions import Question
from convformance.checking.target import FunctionUnderTest, Raised
from convformance.judging import explaining, ranges, special
from convformance.judging.bounds import RANGE_FILL
from convformance.judging.conditions import parameters
from convformance.judging.formats import FORMATS, Precision
from convformance.judging.grades import COMPONENTWISE, CONFORMANT, ERROR, NORM_WISE, REFUSED, TIMED_OUT, WRONG
from convformance.judging.grading import grade_special_fill
from convformance.judging.rule import Examination, Judgement, judge
from convformance.processes.limits import CallTimeout
from convformance.reference.arrays import Array
from convformance.test_cases.case import DTYPES, Case

OnEvent = Callable[[str, Mapping[str, Any]], None]
Clock = Callable[[], float]
Mend = Callable[[Examination, str, Answer], Answer]

_WIDE = ("float64", "float32")  # numbers at the ends of whose range nobody computes with on purpose
_QUOTED = 40  # characters of what is printed
SPREADS = "NaN or Inf in an operand spreads further in the result than the definition says"
SWALLOWS = "NaN or Inf in an operand does not show everywhere in the result where the definition says so"
LIMITS = "a finite number or NaN stands where the sum leaves the range of the type, and infinity is due"
ON_THE_WAY = "infinity or NaN for numbers from the ends of the type's range: something leaves it on the way to a sum"
ENDS = "wrong for numbers from the ends of the type's range, as a Fourier transform is"


@dataclass
class Questioner:
    """One function that is asked ``cases`` within the seconds of its check."""

    function: FunctionUnderTest
    cases: Sequence[Case]
    on_event: OnEvent
    clock: Clock
    questions: list[Question] = field(default_factory=list)
    unasked: int = 0

    def ask(self) -> None:
        """Ask until the time is used, the first question not counted: it may import and compile."""
        self._ask_all()
        self._leave_out_ends_of_range()

    def _ask_all(self) -> None:
        pairs = [(operation, case) for case in self.cases for operation in case.operations]
        deadline = math.inf
        for index, (operation, case) in enumerate(pairs):
            if self.clock() > deadline:
                self.unasked = len(pairs) - index
                return
            question = self._ask(operation, case)
            self.questions.append(question)
            self.on_event("verdict", verdict_of(question).to_json())
            if question.judgement.grade == TIMED_OUT:
                self.unasked = len(pairs) - index - 1
                return
            if index == 0:
                deadline = self.clock() + self.function.spec.seconds

    def _ask(self, operation: str, case: Case) -> Question:
        function, spec = self.function, self.function.spec
        examination = sharing.examination(case, operation, spec.dtype)
        operands = examination.trial(examination.fills[0]).operands
        call = function.call_text(operation, case.problem, operands)
        identity = {"op": operation, "case": case.id, "dtype": spec.dtype, "call": call}
        self.on_event("asking", identity)
        function.printed = ""
        asked = parameters(
            "conv",
            case.problem,
            spec.dtype,
            memory=case.memory,
            bias=case.has_bias(operation),
            special=case.special,
            ends=case.range,
        )
        question = Question(operation, case, identity, asked, examination, Judgement(ERROR), least=spec.grade)
        self._judge(question)
        question.printed = _quoted(function.printed)
        return question

    def _judge(self, question: Question) -> None:
        """Fill in the judgement on the answers, or the grade of a question without one."""
        faults: dict[str, Fault] = {}

        def ask(operands: Any) -> Answer:
            returned = self.function.answer(question.operation, question.case.problem, operands)
            layouts, own_shape = self.function.capabilities.layouts, self.function.own_shape or ()
            answer, new = normalised(question.examination, returned, layouts, own_shape)
            faults.update({fault.kind: fault for fault in new if fault.kind not in faults})
            if DTYPE in faults and returned.value.dtype.name in DTYPES:
                question.other_dtype = returned.value.dtype.name
            question.whole_numbers |= returned.value.dtype.kind in "iub"
            question.returned_dtype = returned.value.dtype.name
            question.answers.append(answer)
            return answer

        try:
            question.judgement = judge(question.examination, ask, explain=False, thorough=False)
        except Raised as error:
            question.origin, question.refused = error.origin, error.refusal
            question.judgement = Judgement(REFUSED if error.refusal else ERROR, str(error))
            question.matches = explaining.explain_error(question.examination, str(error))
        except CallTimeout:
            message = f"no answer after {self.function.call_seconds:g} s"
            question.judgement = Judgement(TIMED_OUT, message)
        if self.function.printed:
            faults[PRINTS] = Fault(PRINTS, "", "prints", f"prints {_quoted(self.function.printed)}")
        question.faults = tuple(faults.values())
        self._look_at_form(question)

    def _look_at_form(self, question: Question) -> None:
        """Say of an answer whether its axes are others; let pass what only NaN and infinity make wrong."""
        if question.judgement.grade == WRONG and question.case.special:
            question.judgement = self._without_special(question)
        if not question.answers:
            return
        if question.judgement.grade == WRONG and question.case.range:
            question.judgement = self._mended(question, _with_infinities, LIMITS)
        role, own = result_role(question.operation), self.function.own_shape or ()
        wanted = self.function.capabilities.layouts.own_shape(question.examination.shape, role)
        shapeless = question.judgement.message.startswith("the result has shape")
        if shapeless:
            message = f"the result has shape {own}; wanted {wanted}"
            question.judgement = replace(question.judgement, message=message)
        # A single number has any shape: that it can be put right says nothing.
        single = any(fault.kind == SHAPE for fault in question.faults) and prod(own) == 1
        question.other_axes = single or (shapeless and len(own) != len(wanted))
        question.other_shape = shapeless

    def _leave_out_ends_of_range(self) -> None:
        """Judge what is wrong at the ends of the range by the other fills where a fast algorithm answers.

        A Fourier transform adds up a plane before it multiplies, so its sums leave the range of the type sooner. It
        does not show in every question: over few elements it is exact.
        """
        if not any(question.judgement.grade in (COMPONENTWISE, NORM_WISE) for question in self.questions):
            self._leave_out_overflow_on_the_way()
            return
        for question in self.questions:
            examination = copy(question.examination)
            examination.fills = tuple(name for name in examination.fills if name != RANGE_FILL)
            is_complete = len(question.answers) > len(examination.fills)
            if question.judgement.grade == WRONG and question.case.range and is_complete:
                self._judge_again(question, examination)

    def _leave_out_overflow_on_the_way(self) -> None:
        """Let pass infinity and NaN at the ends of a wide range, where nothing else is wrong.

        Winograd's smallest transform is exact for most numbers, and adds up before it multiplies as others do.
        """
        wrong = [each for each in self.questions if each.judgement.grade == WRONG]
        if self.function.spec.dtype in _WIDE and all(each.case.range for each in wrong):
            for question in wrong:
                question.judgement = self._mended(question, _with_finite, ON_THE_WAY)

    def _judge_again(self, question: Question, examination: Examination) -> None:
        question.examination = examination
        question.judgement = self._judgement_on(question.answers, question)
        self._look_at_form(question)
        if question.judgement.grade != WRONG:
            self.function.remark(ENDS)

    def _judgement_on(self, answers: Sequence[Answer], question: Question) -> Judgement:
        """Return the judgement on answers that there are; what the judge asks beyond them the function is asked."""
        already, again = iter(answers), Normalised(self.function)

        def ask(operands: Any) -> Answer:
            answer = next(already, None)
            return answer or again.answer(question.operation, question.case.problem, operands)

        try:
            return judge(question.examination, ask, explain=False, thorough=False)
        except (Raised, CallTimeout):
            return question.judgement

    def _mended(self, question: Question, mend: Mend, remark: str) -> Judgement:
        """Return the judgement on answers that ``mend`` puts right at the ends of the range, which is a remark."""
        examination, answers = question.examination, question.answers
        is_complete = len(answers) >= len(examination.fills)
        if not is_complete or any(answer.value.shape != examination.shape for answer in answers):
            return question.judgement
        mended = [mend(examination, *each) for each in zip(examination.fills, answers, strict=False)]
        judgement = self._judgement_on(mended, question)
        if judgement.grade == WRONG:
            return question.judgement
        self.function.remark(remark)
        return judgement

    def _without_special(self, question: Question) -> Judgement:
        """Return the judgement on the elements that are finite; what NaN and infinity do beside is a remark."""
        examination, answers = question.examination, question.answers
        pairs = list(zip(examination.fills, answers, strict=False))
        if question.whole_numbers:  # which cannot be NaN or infinite
            return Judgement(CONFORMANT, seconds=question.judgement.seconds)
        if any(answer.value.shape != examination.shape for answer in answers) or not pairs:
            return question.judgement
        for name, answer in pairs:
            if not _is_right_where_finite(examination, name, answer.value, question.other_dtype):
                return question.judgement
        if any(_spreads(examination, name, answer.value) for name, answer in pairs):
            self.function.remark(SPREADS)
        if any(_swallows(examination, name, answer.value) for name, answer in pairs):
            self.function.remark(SWALLOWS)
        return Judgement(CONFORMANT, seconds=question.judgement.seconds)


def _with_infinities(examination: Examination, name: str, answer: Answer) -> Answer:
    """Return an answer to the whole range of the type with the truth where sums leave it, but for other infinities."""
    if name != RANGE_FILL:
        return answer
    trial = examination.trial(name)
    left = ranges.overflowing(trial) & ~np.isinf(answer.value)
    return replace(answer, value=np.where(left, trial.want, answer.value).astype(answer.value.dtype))


def _with_finite(examination: Examination, name: str, answer: Answer) -> Answer:
    """Return an answer to the whole range of the type with the truth where it is not finite."""
    if name != RANGE_FILL:
        return answer
    value = np.where(np.isfinite(answer.value), answer.value, examination.trial(name).want)
    return replace(answer, value=value.astype(answer.value.dtype))


def _is_right_where_finite(examination: Examination, name: str, value: Array, other_dtype: str) -> bool:
    """Whether an answer is right with every NaN and Inf put where it belongs."""
    trial = examination.trial(name)
    expected, got = special.expected(trial), value.astype(np.float64)
    finite = np.where(~np.isfinite(got) & (expected == 0), trial.want, got)
    result = grade_special_fill(trial, np.where(expected != 0, expected, finite))
    if result.grade != WRONG or not other_dtype:
        return result.grade != WRONG
    fmt = FORMATS[other_dtype]
    bound = trial.tolerance(COMPONENTWISE, Precision(fmt, fmt)) + 4 * fmt.unit * trial.A
    return bool(np.all((result.size <= bound) | ~np.isfinite(bound)))


def _spreads(examination: Examination, name: str, value: Array) -> bool:
    trial = examination.trial(name)
    return bool((~np.isfinite(value.astype(np.float64)) & (special.expected(trial) == 0)).any())


def _swallows(examination: Examination, name: str, value: Array) -> bool:
    trial = examination.trial(name)
    expected, got = special.expected(trial), value.astype(np.float64)
    wanted = (expected != 0) & ~special.left_open(trial)
    return bool((wanted & np.isfinite(got)).any())


def verdict_of(question: Question, *, strict: bool = False) -> CheckVerdict:
    """Return what is said of a question so far."""
    judgement = replace(question.judgement, diagnosis=question.matches)
    messages = tuple(fault.message for fault in question.faults if fault.kind != PRINTS)
    if question.refused:
        judgement = replace(judgement, grade=REFUSED)
        finding = strict and not (question.origin and question.origin.by_call)
        return CheckVerdict.of(question.identity, judgement, finding=finding, printed=question.printed)
    said = filter(None, dict.fromkeys((*messages, judgement.message)))
    judgement = replace(judgement, message="; ".join(said))
    return CheckVerdict.of(
        question.identity,
        judgement,
        finding=question.is_wrong or bool(question.faults),
        printed=question.printed,
        form=[fault.message for fault in question.faults],
        numbers_right=question.numbers_right,
    )


def _quoted(printed: str) -> str:
    """Return the first line of what was printed as it would be quoted, or nothing."""
    line = printed.strip().split("\n", maxsplit=1)[0]
    return repr(line if len(line) <= _QUOTED else line[:_QUOTED] + "...") if printed else ""
