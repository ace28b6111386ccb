"""``check``: every question put to a function and judged, then what is wrong explained and shown at its smallest."""

import time
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from convformance.checking import (
    autodiff,
    cases,
    channels,
    combining,
    dtypes,
    impulses,
    integers,
    objects,
    trying,
    usage,
)
from convformance.checking.asking import LIMITS, SPREADS, SWALLOWS, Clock, OnEvent, Questioner, verdict_of
from convformance.checking.explanations import Explainer, diagnoses_of, form_diagnoses
from convformance.checking.findings import Findings, FormFault
from convformance.checking.hints import hints
from convformance.checking.impulses import NotConvolution, no_convolution
from convformance.checking.lacking import not_asked
from convformance.checking.lookups import check_names
from convformance.checking.names import COUNTS, role_of
from convformance.checking.normalising import OPERAND, PRINTS, SHAPE, Normalised
from convformance.checking.questions import Question
from convformance.checking.refusals import Refusal, find_refusals
from convformance.checking.result import CheckResult
from convformance.checking.smallest import smallest_case
from convformance.checking.spec import CheckSpec
from convformance.checking.target import FunctionUnderTest
from convformance.judging.diagnosis import Diagnosis

__all__ = ["check", "run_check"]

# Shares of the seconds for asking that explaining, and the search for smallest cases, may take after it.
_EXPLAINING, _SHRINKING = 0.3, 0.15
_LEAST_SECONDS = 0.2  # for either


def check(
    fn: Callable[..., Any],
    *,
    op: str | None = None,
    layout: str | None = None,
    filter_layout: str | None = None,
    dtype: str = "float64",
    call: Callable[..., Any] | None = None,
    returns: Sequence[str | None] | None = None,
    grade: str = "norm-wise",
    empty: bool = False,
    strict: bool = False,
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
    """Judge a function that computes ``op``, or the results named in order by ``returns``; docs/check.md has it all.

    What is not said is read from names and source, or tried: how it is called (``call=lambda fn, x, w, problem: ...``,
    ``forward`` for the cache of a backward pass), its layouts, the library of its ``arrays``. ``fixed`` are values that
    it builds in (``padding="same"``) or that a parameter is to have, ``w`` a filter that it builds in. ``grade`` is the
    weakest grade that is right; with ``strict`` what it refuses is a finding. ``seconds`` is the time for questions.

    Raises ValueError for arguments that make no sense, with the ``call=`` to write where it cannot be guessed, and
    where the call fails in every question: ``UncallableError``, with the likely causes.
    """
    spec = CheckSpec(fn, op, layout, filter_layout, dtype, call, returns, grade, empty, seconds, fixed)
    images = {"depthwise": depthwise, "w": w, "kernel_dtype": kernel_dtype, "rounding": rounding}
    spec = replace(spec, **images, forward=forward, arrays=arrays, device=device, strict=strict)
    return CheckResult(run_check(spec))


def _ignore(kind: str, event: Mapping[str, Any]) -> None:
    pass


def run_check(spec: CheckSpec, on_event: OnEvent = _ignore, clock: Clock = time.monotonic) -> Findings:
    """Return what ``check`` finds, of a backward pass too that somebody wrote for automatic differentiation.

    ``on_event(kind, event)`` is called for every question: ``asking`` before it, ``verdict`` after it.
    """
    findings = _run_check(spec, on_event, clock)
    if not autodiff.has_backward_to_ask(spec):
        return findings
    if not findings.ok:
        return findings.without("its own backward pass, until the forward pass is right")
    try:
        return findings.joined(_run_check(objects.of_own_backward(spec), on_event, clock))
    except ValueError as error:
        return findings.without(f"its own backward pass ({error})")


def _run_check(spec: CheckSpec, on_event: OnEvent, clock: Clock) -> Findings:
    if spec.call is not None:
        check_names(spec.call)

    def prepared(each: CheckSpec) -> FunctionUnderTest:
        as_function = impulses.resolved(integers.resolved(objects.as_function(each)))
        return trying.function_under_test(as_function, on_event)

    try:
        function = dtypes.function_in_its_dtype(spec, prepared)
        findings, returned = _asked(function, on_event, clock)
        if not dtypes.is_misread(findings, returned, spec.dtype):
            return findings
        again, _ = _asked(prepared(replace(spec, dtype=returned)), on_event, clock)
    except NotConvolution as error:
        return no_convolution(spec, error)
    note = f"; asked in {returned}: it returns nothing else, and takes arrays of {spec.dtype} for such ones"
    return replace(again, asked_otherwise=note) if again.ok else findings


def _asked(function: FunctionUnderTest, on_event: OnEvent, clock: Clock) -> tuple[Findings, str]:
    """Return the findings on a function, and the dtype of all its answers, empty where they differ."""
    spec, started = function.spec, clock()
    own = cases.cases(function.capabilities, spec.dtype, empty=spec.empty)
    asked = combining.with_pairs(own, function.capabilities, spec.dtype)
    questioner = Questioner(function, asked, on_event, clock)
    questioner.ask()
    # Among many questions about combinations some have an answer of the right shape by chance.
    ids = {case.id for case in own}
    usage.check_callable(function, [each for each in questioner.questions if each.case.id in ids])
    run = CheckRun(questioner, find_refusals(questioner.questions), clock() - started)
    findings = integers.completed(run.findings(), spec, function)
    if function.only_dtype:
        findings = replace(findings, asked_otherwise=f"; asked in {function.only_dtype}: it takes nothing else")
    returned = {question.returned_dtype for question in questioner.questions if question.is_answered}
    return findings, returned.pop() if len(returned) == 1 else ""


@dataclass
class CheckRun:
    """What was asked and answered, and what is made of it."""

    questioner: Questioner
    refusals: Sequence[Refusal]
    seconds: float

    @property
    def function(self) -> FunctionUnderTest:
        """The function that was asked."""
        return self.questioner.function

    def findings(self) -> Findings:
        """Explain what is wrong, look for the smallest cases, and return all that there is to say."""
        self._explain()
        capabilities, spec = self.function.capabilities, self.function.spec
        questions = self.questioner.questions
        return Findings(
            capabilities.signature.name,
            capabilities.operations,
            self._asked(),
            [verdict_of(question, strict=spec.strict) for question in questions],
            dict(self._diagnoses()),
            self._smallest_cases(),
            self._remarks(),
            not_asked(self.function, questions, self.questioner.unasked),
            self.refusals,
            _form_faults(questions),
            hints(self.function, questions),
            self.questioner.unasked,
            spec.seconds,
            spec.strict,
        )

    def _of(self, operation: str) -> list[Question]:
        return [question for question in self.questioner.questions if question.operation == operation]

    @property
    def _wrong(self) -> list[str]:
        """The operations that have wrong answers, in the order in which they are judged."""
        wrong = {question.operation for question in self.questioner.questions if question.is_wrong or question.faults}
        return [operation for operation in self.function.capabilities.operations if operation in wrong]

    def _explain(self) -> None:
        """Look for mistakes in what can show some, each operation with its share of the time."""
        wrong = {operation: [each for each in self._of(operation) if each.is_reproducible] for operation in self._wrong}
        left = max(self.function.spec.seconds * _EXPLAINING, _LEAST_SECONDS)
        for index, questions in enumerate(wrong.values()):
            started = time.thread_time()
            Explainer(self.function, questions, left / (len(wrong) - index)).run()
            left -= time.thread_time() - started

    def _diagnoses(self) -> Iterable[tuple[str, list[Diagnosis]]]:
        dtype = self.function.spec.dtype
        for operation in self._wrong:
            questions = self._of(operation)
            diagnoses = [*diagnoses_of(questions, dtype=dtype), *form_diagnoses(questions, dtype=dtype)]
            yield operation, [channels.in_own_terms(each, self.function.capabilities.layouts) for each in diagnoses]

    def _smallest_cases(self) -> dict[str, Mapping[str, Any]]:
        """Return the smallest failing case of each operation that is wrong, or of what is refused where none is."""
        operations = self._wrong or [each.operations[0] for each in self.refusals[:1] if not each.by_call]
        seconds = max(self.function.spec.seconds * _SHRINKING, _LEAST_SECONDS) / max(len(operations), 1)
        diagnosed = dict(self._diagnoses())
        shown: dict[str, Mapping[str, Any]] = {}
        for operation in operations:
            names = [each.name for each in diagnosed.get(operation, ())]
            case = self._smallest(self._of(operation), names, seconds)
            if case is not None:
                shown[operation] = case
        return shown

    def _smallest(self, questions: Sequence[Question], names: Sequence[str], seconds: float) -> dict[str, Any] | None:
        """Return the smallest failing case of the kind that is the most frequent: explained so, or failing so."""
        wrong = [question for question in questions if question.is_wrong]
        shown = {SHAPE, OPERAND}  # a dtype, or what is printed, shows in no array
        in_form = [each for each in questions if shown & {fault.kind for fault in each.faults}] if not wrong else []
        refused = [question for question in questions if question.refused] if not (wrong or in_form) else []
        function = Normalised(self.function) if wrong else self.function
        kinds = Counter(_kind(question, names) for question in (*wrong, *in_form, *refused))
        ordered = sorted((*wrong, *in_form, *refused), key=lambda each: -kinds[_kind(each, names)])
        verdicts = [verdict_of(question).verdict for question in ordered]
        return smallest_case(function, verdicts, self.questioner.cases, seconds=seconds)

    def _asked(self) -> str:
        capabilities = self.function.capabilities
        parts = [f"{len(self.questioner.questions)} questions in {self.seconds:.1f} s", self.function.spec.dtype]
        layouts, note = capabilities.layouts.describe(capabilities.operations), self.function.layout_note
        parts.append(f"{layouts} ({note})" if note else layouts)
        parts += [capabilities.arrays.says] if capabilities.arrays.says else []
        parts += [
            f"{name} {value}"
            for name, value in capabilities.stated.items()
            if name in (role_of(name), *COUNTS, "groups", "border")
        ]
        return "; ".join((", ".join(parts), *self.function.notes))

    def _remarks(self) -> list[str]:
        """Return the remarks; what NaN and infinity do says nothing beside wrong numbers."""
        wrong = any(question.is_wrong for question in self.questioner.questions)
        unlooked = sum(each.is_reproducible and not each.looked for each in self.questioner.questions)
        arrays, dtype = self.function.capabilities.arrays, self.function.spec.dtype
        if arrays.remark and dtype == "float64":
            self.function.remark(arrays.remark)
        remarks = [each for each in self.function.remarks if not (wrong and each in (LIMITS, SPREADS, SWALLOWS))]
        late = [f"{unlooked} wrong answers were not looked into: seconds= gives more time"] if unlooked else []
        return [*remarks, *late]


def _kind(question: Question, names: Sequence[str]) -> str:
    """Return what a wrong answer is wrong with: the first of ``names`` that explains it, else how it fails."""
    own = {match.name for match in question.matches}
    explained = next((name for name in names if name in own), "")
    return explained or (question.origin.type if question.origin else "") or question.judgement.grade


def _form_faults(questions: Sequence[Question]) -> list[FormFault]:
    """Return what is wrong with the form of answers, the most frequent first; printing comes last."""
    answered = [question for question in questions if question.is_answered]
    faults: dict[tuple[str, str], list[str]] = {}
    for question in answered:
        for fault in question.faults:
            faults.setdefault((fault.kind, fault.does), []).append(fault.message)
    ordered = sorted(faults.items(), key=lambda item: (item[0][0] == PRINTS, -len(item[1])))
    return [FormFault(kind, does, messages[0], len(messages), len(answered)) for (kind, does), messages in ordered]
