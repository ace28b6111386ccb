"""How a function takes its arguments, found out by trial before anything is judged.

A way to call it is a reading of its name and source (what it computes, how its arrays lie) with a form for each
argument whose form no default shows. The way that answers in the right shape on the most telling trial is the one;
numbers are not looked at, so that a mistake never chooses its own excuse.
"""

import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cache
from itertools import islice, product
from typing import Any

import numpy as np

from convformance.checking import arrays, channels, forms, reading, sides
from convformance.checking.arrays import Kind
from convformance.checking.caller import Capabilities
from convformance.checking.kernels import remarks_on
from convformance.checking.names import Meaning
from convformance.checking.reading import Reading
from convformance.checking.signature import Parameter
from convformance.checking.spec import CheckSpec
from convformance.checking.suggesting import CannotGuess
from convformance.checking.target import FunctionUnderTest, NeverWrites, Raised
from convformance.checking.telling import Trial, differing_padding, trials, weakest_trial
from convformance.judging.bounds import Operands
from convformance.processes.limits import CallTimeout
from convformance.reference.arrays import Array
from convformance.test_cases import fills
from convformance.test_cases.case import Case

OnEvent = Callable[[str, Mapping[str, Any]], None]
Forms = dict[Meaning, tuple[str, ...]]
_NoAnswer = Raised | CallTimeout

_SHARE, _LEAST_SECONDS = 0.25, 2.0  # of the time for all questions, which trials may take
_FEW_WAYS, _MOST_WAYS = 10, 80  # of one reading, at first and in the end
RAISES, ANSWERS, RIGHT_AXES, RIGHT_CHANNELS, RIGHT_SHAPE = range(5)


@dataclass(frozen=True)
class Failed:
    """A way that was tried, as the call would be written, and what became of it."""

    way: str
    error: str


@dataclass(frozen=True)
class Outcome:
    """The best that a way did: how right, and how telling the trial was."""

    level: int
    trial: Trial | None
    capabilities: Capabilities

    @property
    def rank(self) -> tuple[int, int]:
        """What ways are compared by."""
        return self.level, self.trial.strength if self.trial and self.level == RIGHT_SHAPE else 0


def function_under_test(spec: CheckSpec, on_event: OnEvent) -> FunctionUnderTest:
    """Return the function with the way to call it: the first of the best, then what a trial says of its channels.

    Raises ValueError where no way is known at all, or where the call that the user wrote names what is not there.
    """
    function = _function_called_best(spec, on_event)
    chosen, signature = function.spec, function.capabilities.signature
    meant = sides.resolved(channels.resolved(chosen, signature, stated=spec.filter_layout is not None), signature)
    return function if meant is chosen else _function_called_best(meant, on_event)


def _function_called_best(spec: CheckSpec, on_event: OnEvent) -> FunctionUnderTest:
    """Return the function with the first of the ways to call it that answer best, on arrays that it takes.

    Where it answers arrays of no library the most likely one stays: its exceptions are those that the author can use.
    """
    candidates, problem = _known(spec)
    attempts: list[tuple[_Attempt, Reading, Capabilities]] = []
    for kind in _kinds(spec, attempts):
        ways = [(each, replace(capabilities, arrays=kind)) for each, capabilities in candidates]
        attempt = _Attempt(on_event, time.process_time() + max(_SHARE * spec.seconds, _LEAST_SECONDS))
        attempts.append((attempt, *attempt.best(ways)))
        if attempt.level > RAISES:
            break
    attempt, chosen, capabilities = max(attempts, key=lambda each: each[0].level)
    if problem is not None and attempt.level == RAISES:
        raise problem
    notes = [chosen.operation] if chosen.operation else []
    remarks = remarks_on(spec.fn)
    function = replace(_asked(chosen.spec, capabilities), notes=notes, layout_note=chosen.layout, remarks=remarks)
    bias = capabilities.signature.of("bias")
    if bias is not None and forms.is_shape(bias.forms[0]) and bias.forms[0] != forms.VECTOR:
        function.remark(f"takes {bias.name} in the shape ({', '.join(bias.forms[0])})")
    function.tried = [(failed.way, failed.error) for each, _, _ in attempts for failed in each.failed]
    function.answers = attempt.level > RAISES
    return function


def _kinds(spec: CheckSpec, attempts: "Sequence[tuple[_Attempt, Reading, Capabilities]]") -> Iterator[Kind]:
    """Yield the kinds of arrays to try: the likely ones, then those that the exceptions so far ask for."""
    likely = arrays.candidates(spec.fn, spec.arrays, spec.device)
    yield from likely
    if spec.arrays == arrays.AUTO:
        messages = " ".join(failed.error for attempt, _, _ in attempts for failed in attempt.failed)
        yield from (kind for kind in arrays.wanted_by(messages, spec.device) if kind not in likely)


def _known(spec: CheckSpec) -> tuple[list[tuple[Reading, Capabilities]], CannotGuess | None]:
    """Return the readings that say how to call it, and the problem of the first one where that does not.

    Raises the problem where none does.
    """
    problem: CannotGuess | None = None
    known = []
    for each in reading.readings(spec):
        try:
            known.append((each, replace(each.spec.capabilities(), square=each.square)))
        except CannotGuess as error:
            problem = problem or (None if known else error)
        except ValueError:
            if not known:  # else it is a layout to be tried, which what the user states does not fit
                raise
    if not known and problem is not None:
        raise problem
    return known, problem


def _untried(capabilities: Capabilities) -> list[Parameter]:
    """Return the parameters whose forms are a guess, one of each meaning."""
    by_meaning = {leaf.meaning: leaf for leaf in capabilities.signature.leaves if leaf.untried}
    return [leaf for leaf in by_meaning.values() if leaf.role not in capabilities.stated]


@dataclass
class _Attempt:
    """All that is tried on one function, until the process has computed up to ``deadline``."""

    on_event: OnEvent
    deadline: float
    failed: list[Failed] = field(default_factory=list)
    hangs: int = 0  # calls that did not come back
    level: int = RAISES  # of the best way
    call: str = ""  # the last one, as it would be written

    def best(self, candidates: Sequence[tuple[Reading, Capabilities]]) -> tuple[Reading, Capabilities]:
        """Return the reading and the way that did best: all with uniform forms first, then with mixed ones."""
        reached: list[tuple[Reading, Outcome]] = []
        for choose in (_uniform, _mixed):
            for each, capabilities in candidates:
                outcome = self._best_way(each.spec, capabilities, choose(capabilities))
                reached.append((each, outcome))
                # What the source says holds as long as anything is answered: a wrong shape may be the mistake.
                read = each.layout == reading.FROM_SOURCE and outcome.level > RAISES
                if outcome.level == RIGHT_SHAPE or read or self._over():
                    break
            chosen, outcome = max(reached, key=lambda entry: entry[1].rank)
            if outcome.level == RIGHT_SHAPE and _is_most_telling(chosen.spec, outcome):
                break
        self.level = outcome.level
        return chosen, self._completed(chosen.spec, outcome)

    def _over(self) -> bool:
        return self.hangs > 1 or time.process_time() > self.deadline

    def _best_way(self, spec: CheckSpec, capabilities: Capabilities, ways: Iterator[Forms]) -> Outcome:
        best = Outcome(RAISES, None, capabilities)
        for way in ways:
            outcome = self._outcome(spec, _with_forms(capabilities, way))
            best = max(best, outcome, key=lambda each: each.rank)
            if self._over() or (best.level == RIGHT_SHAPE and _is_most_telling(spec, best)):
                break
        return best

    def _outcome(self, spec: CheckSpec, candidate: Capabilities) -> Outcome:
        """Return the best of a way: on the most telling trial that it answers in the right shape, else on any.

        One that raises on the first trial and on the one that asks the least is given up; once a call has not come
        back, nothing but the latter is asked.
        """
        best = Outcome(RAISES, None, candidate)
        least = [each for each in (weakest_trial(candidate, spec),) if each] if self.hangs else None
        for index, trial in enumerate(least or trials(candidate, spec)):
            outcome = Outcome(self._level(spec, candidate, trial), trial, candidate)
            best = max(best, outcome, key=lambda each: each.rank)
            if outcome.level == RIGHT_SHAPE or self.hangs or self._over():
                break
            weakest = weakest_trial(candidate, spec) if index == 0 and outcome.level == RAISES else None
            if weakest is not None and self._level(spec, candidate, weakest) == RAISES:
                break
        return best

    def _level(self, spec: CheckSpec, capabilities: Capabilities, trial: Trial) -> int:
        """Return how right the worst of all results of one call is, and write down what went wrong."""
        problem = trial.case.problem
        for operation in trial.case.operations:
            answer = self._answer(spec, capabilities, trial, operation)
            wanted = problem.result_shape(operation)
            if isinstance(answer, NeverWrites | CallTimeout):  # it ran, with arrays that it takes
                return ANSWERS
            if not isinstance(answer, np.ndarray):
                return RAISES
            if answer.shape != wanted:
                self._fail(capabilities, f"the result has shape {answer.shape}; wanted {wanted}")
                if not answer.size:  # made without computing anything: it says nothing of what the call takes
                    return RAISES
                if answer.ndim != len(wanted):
                    return ANSWERS
                return RIGHT_CHANNELS if answer.shape[:2] == wanted[:2] else RIGHT_AXES
        return RIGHT_SHAPE

    def _answer(
        self, spec: CheckSpec, capabilities: Capabilities, trial: Trial, operation: str
    ) -> Array | BaseException:
        """Return the answer, or why there is none."""
        operands = _operands(trial.case, operation, spec.dtype)
        function = _asked(spec, capabilities)
        self.call = function.call_text(operation, trial.case.problem, operands)
        self.on_event("trying", {"op": operation, "case": trial.case.id, "dtype": spec.dtype, "call": self.call})
        try:
            return function.answer(operation, trial.case.problem, operands).value
        except CallTimeout as error:
            self.hangs += 1
            self.deadline += function.call_seconds
            self._fail(capabilities, str(error) or "no answer in time")
            return error
        except Raised as error:
            self._fail(capabilities, str(error))
            return error

    def _fail(self, capabilities: Capabilities, error: str) -> None:
        layouts = capabilities.layouts.describe(capabilities.operations)
        self.failed.append(Failed(f"{self.call}, {layouts}", error))

    def _completed(self, spec: CheckSpec, outcome: Outcome) -> Capabilities:
        """Return the capabilities with all forms that the arguments take, and outputs as the function wants them."""
        capabilities, trial = outcome.capabilities, outcome.trial
        if trial is None or outcome.level == RAISES or self.hangs:
            return capabilities
        taken = {leaf.meaning: self._forms_taken(spec, outcome, trial, leaf) for leaf in _untried(capabilities)}
        return self._with_outputs(spec, _with_forms(capabilities, taken), trial)

    def _forms_taken(self, spec: CheckSpec, outcome: Outcome, trial: Trial, leaf: Parameter) -> tuple[str, ...]:
        """Return the form that answered, with the others that do, the rest of the call being the same."""
        known = leaf.forms
        if leaf.role == "bias" or not set(known) <= {forms.NUMBER, forms.TUPLE}:
            return known
        others = [form for form in (forms.NUMBER, forms.TUPLE) if form not in known]
        if leaf.role == "padding" and trial.pads:
            others.append(forms.PAIRS)
        for form in others:
            candidate = _with_forms(outcome.capabilities, {leaf.meaning: (form,)})
            if self._level(spec, candidate, trial) >= outcome.level:
                known = (*known, form)
        ordered = tuple(form for form in (forms.NUMBER, forms.TUPLE, forms.PAIRS) if form in known)
        if leaf.role == "padding" and forms.TUPLE in known and outcome.capabilities.layouts.rank == 2:
            return self._without_sides(spec, outcome, leaf, ordered)
        return ordered

    def _without_sides(
        self, spec: CheckSpec, outcome: Outcome, leaf: Parameter, known: tuple[str, ...]
    ) -> tuple[str, ...]:
        """Return the forms with SIDES for TUPLE where two numbers are taken for the sides of every axis."""
        candidate = _with_forms(outcome.capabilities, {leaf.meaning: (forms.TUPLE,)})
        trial = differing_padding(candidate, spec)
        if trial is None:
            return known
        answer = self._answer(spec, candidate, trial, trial.case.operations[0])
        first, second = (lo for lo, _ in trial.case.problem.padding)
        sides = replace(trial.case, padding=((first, second),) * 2)
        if not isinstance(answer, np.ndarray) or answer.shape != sides.problem.result_shape(trial.case.operations[0]):
            return known
        return tuple(forms.SIDES if form == forms.TUPLE else form for form in known)

    def _with_outputs(self, spec: CheckSpec, capabilities: Capabilities, trial: Trial) -> Capabilities:
        """Return the capabilities with arrays of zeros to write into where the function adds to what lies there."""
        for operation in set(trial.case.operations) & set(capabilities.outputs.values()):
            answer = self._answer(spec, capabilities, trial, operation)
            written = isinstance(answer, np.ndarray)
            if isinstance(answer, NeverWrites) or (written and np.isnan(np.asarray(answer)).all()):
                zeroed = replace(capabilities, zeroed=True)
                again = self._answer(spec, zeroed, trial, operation)
                if isinstance(again, np.ndarray) and again.any() and not np.isnan(again).any():
                    return replace(zeroed, writes=True)
            if written:
                capabilities = replace(capabilities, writes=True)
        return capabilities


def _asked(spec: CheckSpec, capabilities: Capabilities) -> FunctionUnderTest:
    """Return the function as it is asked, in trials and afterwards."""
    return FunctionUnderTest(spec, capabilities)


@cache
def _operands(trial: Case, operation: str, dtype: str) -> Operands:
    return fills.fill(trial, operation, dtype, "int")


def _is_most_telling(spec: CheckSpec, outcome: Outcome) -> bool:
    first = next(trials(outcome.capabilities, spec), None)
    return first is None or (outcome.trial is not None and outcome.trial.strength >= first.strength)


def _options(parameter: Parameter, capabilities: Capabilities) -> list[str]:
    """Return the forms that may be tried for a parameter, the usual first."""
    if parameter.role == "bias":
        return _bias_options(capabilities)
    if capabilities.layouts.rank == 1 and parameter.role != "padding":
        return [*parameter.forms, *forms.OTHERS]
    others = forms.OTHER_PADDINGS if parameter.role == "padding" else forms.OTHERS
    return list(dict.fromkeys((*parameter.forms, *others)))


def _bias_options(capabilities: Capabilities) -> list[str]:
    layout = capabilities.layouts.activations
    if "C" not in layout:
        return [forms.VECTOR]
    as_result = "".join("C" if letter == "C" else "1" for letter in layout)
    of_images = as_result.removeprefix("1") if layout.startswith("N") else as_result
    return list(dict.fromkeys((forms.VECTOR, as_result, forms.COLUMN, forms.ROW, of_images)))


def _uniform(capabilities: Capabilities) -> Iterator[Forms]:
    """Yield the ways in which every argument has the same form where it can, then some that mix them."""
    options = {leaf.meaning: _options(leaf, capabilities) for leaf in _untried(capabilities)}
    longest = max(map(len, options.values()), default=1)
    for index in range(longest):
        yield {meaning: (listed[min(index, len(listed) - 1)],) for meaning, listed in options.items()}
    if len(options) > 1:
        yield from islice(_mixed(capabilities), 1, _FEW_WAYS)


def _mixed(capabilities: Capabilities) -> Iterator[Forms]:
    """Yield every combination of forms, those that differ least from the usual first."""
    options = {leaf.meaning: _options(leaf, capabilities) for leaf in _untried(capabilities)}
    numbered = product(*(range(len(listed)) for listed in options.values()))
    for indices in islice(sorted(numbered, key=sum), _MOST_WAYS):
        yield {meaning: (listed[index],) for (meaning, listed), index in zip(options.items(), indices, strict=True)}


def _with_forms(capabilities: Capabilities, by_meaning: Forms) -> Capabilities:
    signature = capabilities.signature
    leaves = {leaf.meaning for leaf in signature.leaves}
    chosen = {meaning: taken for meaning, taken in by_meaning.items() if meaning in leaves}
    return replace(capabilities, signature=signature.with_forms(chosen))
