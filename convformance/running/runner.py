"""The runner: one question put to one adapter, judged, as a verdict."""

import gc
import math
import sys
from collections.abc import Callable, Iterable
from contextlib import AbstractContextManager, ExitStack, nullcontext
from dataclasses import replace
from functools import lru_cache, partial
from pathlib import Path
from time import monotonic
from typing import Any

import numpy as np

from convformance.adapters import discovery
from convformance.adapters.contract import Adapter, Answer, BackendFault, Refusal
from convformance.adapters.discovery import Selection
from convformance.adapters.written import FILE
from convformance.judging.grades import CONFORMANT, CRASHED, ERROR, REFUSED, TIMED_OUT, WRONG
from convformance.judging.rule import Judgement, judge
from convformance.processes.guard import OwnStreams, ProcessState
from convformance.processes.limits import CallTimeout, time_limit
from convformance.processes.loading import error_text, message_in_a_line, tidy
from convformance.processes.origins import own_line
from convformance.processes.sentinel import Sentinel
from convformance.reports.error_map import as_error_map
from convformance.reports.lines import KEY, Spread, Verdict, Worst
from convformance.running.expected import NO_EXPECTATIONS, Expectations
from convformance.running.questions import Question
from convformance.running.raw import RawAsker
from convformance.running.status import classify
from convformance.test_cases import examining
from convformance.test_cases.fills import Operands
from convformance.test_cases.huge import ElsewhereError

# Seconds after its time limit at which a call that no signal interrupts is given up, and the process with it.
GRACE = 1.0
# What judgement and verdict both say, in the same words.
_SHARED = ("grade", "exact", "error", "accumulator", "seconds", "message", "bias")

# Routes and adapters asked the same share its truth.
_examination = lru_cache(maxsize=8)(examining.examination)


class AdapterError(Exception):
    """Something that an adapter raised and that is no refusal; ``grade`` is what it comes to, the message says what.

    ``raised_in``: file and line of its own that raised it.
    """

    def __init__(self, grade: str, message: str, raised_in: str | None = None) -> None:
        super().__init__(message)
        self.grade, self.raised_in = grade, raised_in


class VerdictRunner:
    """Puts questions to adapters; makes each adapter once, on its first question.

    ``seconds`` is the time that an adapter may take over one question: its own, not that of the truth, the judging or
    whatever else is ours. ``sentinel`` ends the process over a call that no signal interrupts. ``interrupted`` tells an
    interrupt by the user from one that an adapter raises. ``spent`` says why the process should ask nothing more.
    What ``expectations`` list is no finding.
    """

    def __init__(
        self,
        selections: Iterable[Selection],
        *,
        seconds: float = math.inf,
        sentinel: Sentinel | None = None,
        interrupted: Callable[[], bool] = lambda: False,
        expectations: Expectations = NO_EXPECTATIONS,
    ) -> None:
        self._expectations = expectations
        self._selections = {selection.label: selection for selection in selections}
        self._raw = RawAsker({label: selection.spec for label, selection in self._selections.items()}, seconds)
        self._adapters: dict[str, Adapter | Exception] = {}
        self._limit, self._left, self._sentinel, self._interrupted = seconds, seconds, sentinel, interrupted
        self._state, self._streams = ProcessState(own_output=sentinel is not None), OwnStreams()
        self.spent = ""

    def adapter(self, label: str) -> Adapter:
        """Return the adapter of that label; raises whatever its framework raised when it was first imported."""
        if label not in self._adapters:
            try:
                self._adapters[label] = self._selections[label].create()
            except Exception as error:
                self._adapters[label] = error
        adapter = self._adapters[label]
        if isinstance(adapter, Exception):
            raise adapter
        return adapter

    def verdict(self, question: Question) -> Verdict:
        """Return the verdict. Whatever an adapter raises is a verdict; what is raised here is a fault of the suite."""
        if question.case.raw is not None:
            return self._raw_verdict(question)
        is_first = question.adapter not in self._adapters
        self._left = self._limit
        expected = question.route.accumulator.get(question.dtype)
        case = question.case.judged_case(question.operation)
        bias_after = question.route.bias_after
        examination = _examination(case, question.operation, question.dtype, expected, bias_after=bias_after)
        try:
            return self._classified(verdict_of(question, judge(examination, partial(self._answer, question))), question)
        except Refusal as refusal:
            return self.without_answer(question, REFUSED, tidy(str(refusal)))
        except AdapterError as error:
            return replace(self.without_answer(question, error.grade, str(error)), raised_in=error.raised_in)
        except CallTimeout as timeout:
            return self.without_answer(question, TIMED_OUT, f"no answer within {self._limit:g} s{timeout}")
        finally:
            if is_first:
                self._state.accept()
                gc.freeze()  # a framework stays: to look through all of it for garbage costs some percent of a run
            self.spent = self._state.restore(self._processes())

    def _processes(self) -> frozenset[int]:
        """Return the processes that adapters keep from one question to the next."""
        adapters = (each for each in self._adapters.values() if isinstance(each, Adapter))
        return frozenset().union(*(each.processes for each in adapters))

    def _raw_verdict(self, question: Question) -> Verdict:
        """Return the verdict on raw arguments, which another process asks."""
        grade, message, seconds = self._raw.ask(question)
        self._state.accept()  # that process may be new
        verdict = replace(Verdict.without_answer(question.key, grade, message), seconds=seconds)
        return self._classified(replace(verdict, exact=grade == CONFORMANT), question)

    def without_answer(self, question: Question, grade: str, message: str) -> Verdict:
        """Return the verdict on a question that ended without an answer, as when its process died."""
        return self._classified(Verdict.without_answer(question.key, grade, message), question)

    def _classified(self, verdict: Verdict, question: Question) -> Verdict:
        selection = self._selections[question.adapter]
        return self._expectations.apply(classify(verdict, question, selection), question, selection)

    def _answer(self, question: Question, operands: Operands) -> Answer:
        """Ask the adapter; what it raises is its own, and never mistaken for a fault of the suite."""
        started = monotonic()
        try:
            with self._limited(), self._streams, np.errstate():
                adapter, case = self.adapter(question.adapter), question.case
                arrays = case.embedded(question.operation, operands.arrays)
                answer = adapter.answer(question.route, case.problem, arrays, operands.bias)
            return replace(answer, value=case.looked_at(question.operation, answer.value))
        except (Refusal, CallTimeout):
            raise
        except ElsewhereError as error:
            raise AdapterError(WRONG, str(error)) from error
        except BackendFault as fault:
            raise AdapterError(fault.grade, tidy(str(fault))) from fault
        except MemoryError as error:
            raise AdapterError(CRASHED, f"out of memory: {error_text(error)}") from error
        except BaseException as error:  # an exit, too, and an interrupt that nobody sent
            if isinstance(error, KeyboardInterrupt) and self._interrupted():
                raise
            raise _adapter_error(error, self._selections[question.adapter].adapter_class) from error
        finally:
            self._left = max(self._left - (monotonic() - started), 0.0)
            if self._streams.is_closed:
                self._state.restore_streams()

    def _limited(self) -> AbstractContextManager[Any]:
        """Return a context that ends a call when the question's time is used up."""
        if math.isinf(self._left):
            return nullcontext()
        limits = ExitStack()
        if self._sentinel is not None:
            limits.enter_context(self._sentinel.watching(self._left + GRACE))
        limits.enter_context(time_limit(self._left))
        return limits


def _adapter_error(error: BaseException, adapter: type[Adapter]) -> AdapterError:
    """Return what an exception comes to, and whether a line of the adapter's own file raised it."""
    origin = own_line(error, _own_files(adapter))
    if origin is None:
        return AdapterError(ERROR, error_text(error))
    file, line = origin[0].name, origin[1]
    message = f"{type(error).__name__}: {message_in_a_line(error)} (raised in your adapter, {file} line {line})"
    return AdapterError(ERROR, message, f"{file}:{line}")


def _own_files(adapter: type[Adapter]) -> set[Path]:
    """Return the files in which the adapter and those it is made of stand, but for what the suite itself gives it.

    The texts that it runs are its own, too.
    """
    bases = [base for base in adapter.__mro__ if issubclass(base, Adapter) and base is not Adapter]
    names = {getattr(sys.modules.get(base.__module__), "__file__", None) for base in bases}
    ours = Path(discovery.__file__).parent
    files = {Path(name) for name in names if name}
    others = {file for file in files if file.parent != ours}
    return (others or files) | {Path(FILE)}


def verdict_of(question: Question, judgement: Judgement) -> Verdict:
    """Return a judgement as the verdict on a question; whether it is a finding is not yet known."""
    fields: dict[str, Any] = dict(zip(KEY, question.key, strict=True))
    fields |= {name: getattr(judgement, name) for name in _SHARED}
    return Verdict(
        **fields,
        finding=False,
        diagnosis=tuple(match.name for match in judgement.diagnosis),
        details=tuple(match.detail for match in judgement.diagnosis),
        worst=None if judgement.worst is None else Worst(**judgement.worst),
        spread=None if judgement.spread is None else Spread(**judgement.spread),
        map=None if judgement.map is None else as_error_map(judgement.map),
    )
