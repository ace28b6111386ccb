"""``check``: every question put to a function and judged, within a budget of time, then the smallest failing case."""

import math
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np

from convformance.adapters.contract import Answer
from convformance.adapters.layouts import result_role
from convformance.checking import cases, channels, impulses, integers, objects, trying
from convformance.checking.findings import CheckVerdict, Findings
from convformance.checking.impulses import NotConvolution, no_convolution
from convformance.checking.lookups import check_names
from convformance.checking.names import COUNTS, role_of
from convformance.checking.result import CheckResult
from convformance.checking.smallest import smallest_case
from convformance.checking.spec import CheckSpec
from convformance.checking.target import FunctionUnderTest, Raised
from convformance.judging import explaining, grades, special
from convformance.judging.diagnosis import Observation, diagnoses
from convformance.judging.grades import CLEAN, CONFORMANT, ERROR, INACCURATE, REFUSED, TIMED_OUT, WRONG
from convformance.judging.grading import grade_special_fill
from convformance.judging.rule import Examination, Judgement, judge
from convformance.processes.limits import CallTimeout
from convformance.reference.arrays import Array
from convformance.test_cases import examining, fills
from convformance.test_cases.case import Case

OnEvent = Callable[[str, Mapping[str, Any]], None]

_QUESTIONS_SHARE = 0.7  # of the budget; the rest is for the smallest failing case
_LEAST_SECONDS = 0.2  # for that
_QUOTED = 40  # characters of what is printed


def check(
    fn: Callable[..., Any],
    *,
    op: str | None = None,
    layout: str | None = None,
    filter_layout: str | None = None,
    dtype: str = "float64",
    call: Callable[..., Any] | None = None,
    returns: Sequence[str | None] | None = None,
    grade: str = "conformant",
    empty: bool = False,
    seconds: float = 4.0,
    depthwise: bool = False,
    w: Any = None,
    kernel_dtype: str = "float64",
    rounding: str | None = None,
    forward: Callable[..., Any] | None = None,
    arrays: str = "auto",
    device: str | None = None,
    **fixed: Any,
) -> CheckResult:
    """Judge a function that computes ``op``, or the results named in order by ``returns``, None for one not judged.

    ``layout`` is any order of N, C and D, H, W, ``filter_layout`` of O, I and the same spatial letters (default
    ``OIHW``, without O and I where the layout has no C); a letter left out is an axis that is not there. ``depthwise``
    filters have one kernel for each channel, ``CHW``, ``HWC`` or ``OIHW``, or M of them, ``HWCM``. How to call ``fn``
    is read from the names and defaults of its parameters, or said as ``call=lambda fn, x, w, problem: ...``. ``fixed``
    are values that the function builds in (``padding="same"``, ``border="reflect"``) or that a parameter is to have,
    ``w`` a filter that it builds in; that of a function of an image alone is found out. With an integer ``dtype`` the
    kernel has ``kernel_dtype``, and ``rounding`` says what becomes of sums that the images' type does not hold.
    ``grade`` is the weakest grade that counts as right, ``norm-wise`` for a fast algorithm. ``empty`` asks for results
    without elements, too. ``seconds`` is the time for all questions. ``arrays`` names the library whose arrays it takes
    (``auto``: found out), ``device`` where they lie. What is printed, raised or changed is a finding.

    Raises ValueError for arguments that make no sense, and with the ``call=`` to write where it cannot be guessed.
    """
    spec = CheckSpec(
        fn,
        op,
        layout,
        filter_layout,
        dtype,
        call,
        returns,
        grade,
        empty,
        seconds,
        fixed,
        depthwise,
        w,
        kernel_dtype,
        rounding,
        forward,
        arrays,
        device,
    )
    return CheckResult(run_check(spec))


def _ignore(kind: str, event: Mapping[str, Any]) -> None:
    pass


def run_check(spec: CheckSpec, on_event: OnEvent = _ignore) -> Findings:
    """Return what ``check`` finds.

    ``on_event(kind, event)`` is called for every question: ``asking`` before it, ``verdict`` after it.
    """
    if spec.call is not None:
        check_names(spec.call)
    spec = objects.as_function(spec)
    try:
        spec = impulses.resolved(integers.resolved(spec))
    except NotConvolution as error:
        return no_convolution(spec, error)
    function = trying.function_under_test(spec, on_event)
    arrays = function.capabilities.arrays
    if arrays.remark and spec.dtype == "float64":
        function.remark(arrays.remark)
    started = time.monotonic()
    run = CheckRun(function, cases.cases(function.capabilities, spec.dtype, empty=spec.empty), on_event)
    run.ask()
    return integers.completed(run.findings(started), spec, function)


@dataclass
class CheckRun:
    """One function that is asked ``cases``, from small to big."""

    function: FunctionUnderTest
    cases: Sequence[Case]
    on_event: OnEvent
    verdicts: list[CheckVerdict] = field(default_factory=list)
    unasked: int = 0
    _observations: dict[str, list[Observation]] = field(default_factory=dict)

    def ask(self) -> None:
        """Ask until the time is used, the first question not counted: it may import and compile."""
        questions = [(operation, case) for case in self.cases for operation in case.operations]
        deadline = math.inf
        for index, (operation, case) in enumerate(questions):
            if time.monotonic() > deadline:
                self.unasked = len(questions) - index
                return
            answered = self._ask(operation, case)
            self.verdicts.append(answered)
            self.on_event("verdict", answered.to_json())
            if answered.verdict.grade == TIMED_OUT:
                self.unasked = len(questions) - index - 1
                return
            if index == 0:
                deadline = time.monotonic() + self.function.spec.seconds * _QUESTIONS_SHARE

    def _ask(self, operation: str, case: Case) -> CheckVerdict:
        function, spec = self.function, self.function.spec
        call = function.call_text(operation, case.problem, fills.fill(case, operation, spec.dtype, "int"))
        question = {"op": operation, "case": case.id, "dtype": spec.dtype, "call": call}
        self.on_event("asking", question)
        function.printed = ""
        judgement = self._judgement(operation, case)
        self._observe(operation, case, judgement)
        right = judgement.grade in CLEAN or grades.is_at_least(judgement.grade, spec.grade)
        finding = not right or bool(function.printed)
        return CheckVerdict.of(question, judgement, finding=finding, printed=_quoted(function.printed))

    def _judgement(self, operation: str, case: Case) -> Judgement:
        """Return the judgement on the answers, or the grade of a question without one."""
        answers: list[Answer] = []

        def ask(operands: Any) -> Answer:
            answers.append(self.function.answer(operation, case.problem, operands))
            return answers[-1]

        examination = examining.examination(case, operation, self.function.spec.dtype)
        try:
            judgement = judge(examination, ask)
        except Raised as error:
            if error.refusal:
                return Judgement(REFUSED, str(error))
            return Judgement(ERROR, str(error), diagnosis=explaining.explain_error(examination, str(error)))
        except CallTimeout:
            return Judgement(TIMED_OUT, f"no answer after {self.function.call_seconds:g} s")
        if case.special and judgement.grade == WRONG and _spreads_further(examination, answers):
            self.function.remark("NaN or Inf in an operand spreads further in the result than the definition says")
            return Judgement(CONFORMANT, seconds=judgement.seconds)
        return replace(judgement, message=self._message(operation, case, judgement.message))

    def _message(self, operation: str, case: Case, message: str) -> str:
        """Return the judge's message with the shapes that the function's author knows."""
        if not message.startswith("the result has shape"):
            return message
        shape = case.problem.result_shape(operation)
        wanted = self.function.capabilities.layouts.own_shape(shape, result_role(operation))
        return f"the result has shape {self.function.own_shape}; wanted {wanted}"

    def _observe(self, operation: str, case: Case, judgement: Judgement) -> None:
        """Keep what the diagnosis is made of; an answer that only prints is a right one."""
        wrong = judgement.grade not in (*CLEAN, *INACCURATE)
        parameters = examining.question_parameters(case, operation, self.function.spec.dtype)
        observation = Observation(parameters, wrong, judgement.diagnosis, judgement.spread)
        self._observations.setdefault(operation, []).append(observation)

    def findings(self, started: float) -> Findings:
        """Return what was found, with the smallest failing case, which takes the rest of the time."""
        capabilities = self.function.capabilities
        observed = self._observations.items()
        by_operation = {operation: diagnoses(seen) for operation, seen in observed if any(each.wrong for each in seen)}
        by_operation = {
            operation: [channels.in_own_terms(each, capabilities.layouts) for each in named]
            for operation, named in by_operation.items()
        }
        smallest = self._smallest({operation: first.name for operation, (first, *_) in by_operation.items()})
        return Findings(
            capabilities.signature.name,
            capabilities.operations,
            self._asked(time.monotonic() - started),
            self.verdicts,
            by_operation,
            smallest,
            self.function.remarks,
            self._not_asked(),
        )

    def _smallest(self, names: Mapping[str, str]) -> dict[str, Any] | None:
        """Return the smallest failing case, if it can be of an answer that ``names``, the first diagnoses, explain."""
        failed = [each.verdict for each in self.verdicts if each.verdict.grade in (WRONG, ERROR)]
        explained = [verdict for verdict in failed if names.get(verdict.op) in verdict.diagnosis]
        seconds = max(self.function.spec.seconds * (1 - _QUESTIONS_SHARE), _LEAST_SECONDS)
        return smallest_case(self.function, [*explained, *failed], self.cases, seconds=seconds)

    def _asked(self, seconds: float) -> str:
        capabilities = self.function.capabilities
        parts = [f"{len(self.verdicts)} questions in {seconds:.1f} s", self.function.spec.dtype]
        layouts, note = capabilities.layouts.describe(capabilities.operations), self.function.layout_note
        parts.append(f"{layouts} ({note})" if note else layouts)
        parts += [capabilities.arrays.says] if capabilities.arrays.says else []
        parts += [
            f"{name} {value}"
            for name, value in capabilities.stated.items()
            if name in (role_of(name), *COUNTS, "groups", "border")
        ]
        return "; ".join((", ".join(parts), *self.function.notes))

    def _not_asked(self) -> list[str]:
        lacking = list(self.function.capabilities.lacks())
        if self.unasked:
            seconds = self.function.spec.seconds
            lacking.append(f"{self.unasked} larger questions (the time of {seconds:g} s was used: seconds=)")
        return lacking


def _spreads_further(examination: Examination, answers: list[Answer]) -> bool:
    """Whether the answers are right but for more elements that are NaN or Inf."""
    if any(answer.value.shape != examination.shape or answer.changed for answer in answers):
        return False
    pairs = zip(examination.fills, answers, strict=False)
    return grades.worst([_grade_where_finite(examination, name, answer.value) for name, answer in pairs]) != WRONG


def _grade_where_finite(examination: Examination, name: str, value: Array) -> str:
    """Return the grade with every NaN or Inf where none belongs, and NaN for an infinity, put right."""
    trial = examination.trial(name)
    expected, got = special.expected(trial), value.astype(np.float64)
    where_finite = np.where(~np.isfinite(got) & (expected == 0), trial.want, got)
    return grade_special_fill(
        trial, np.where(np.isnan(where_finite) & np.isinf(expected), expected, where_finite)
    ).grade


def _quoted(printed: str) -> str:
    """Return the first line of what was printed as it would be quoted, or nothing."""
    line = printed.strip().split("\n", maxsplit=1)[0]
    return repr(line if len(line) <= _QUOTED else line[:_QUOTED] + "...") if printed else ""
