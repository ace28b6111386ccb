"""Which library's arrays a function takes, found out by trial: each kind with all the forms that calls may have."""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from itertools import islice

from convformance.checking import arrays, cases, trying
from convformance.checking.arrays import Kind
from convformance.checking.caller import Capabilities
from convformance.checking.target import FunctionUnderTest, Raised
from convformance.processes.limits import CallTimeout
from convformance.test_cases import fills
from convformance.test_cases.case import Case

_TRIALS = 3  # cases that a kind is tried on before it counts as not taken


def capabilities(function: FunctionUnderTest) -> Capabilities:
    """Return the capabilities with the kind of arrays that the function answers, and with the forms of its arguments.

    Where it answers none the most likely kind stays: its exceptions are those that the author can use.
    """
    asked, trials = function.capabilities, _trials(function)
    tried, messages = [], list[str]()
    for kind in _kinds(function, messages):
        function.capabilities = replace(asked, arrays=kind)
        tried.append(trying.capabilities(function))
        errors = [_error(function, tried[-1], trial) for trial in trials]
        if None in errors:
            return tried[-1]
        messages += filter(None, errors)
    return tried[0]


def _kinds(function: FunctionUnderTest, messages: Sequence[str]) -> Iterator[Kind]:
    """Yield the kinds to try: the likely ones, then those that the exceptions told in ``messages`` ask for."""
    spec = function.spec
    likely = arrays.candidates(spec.fn, spec.arrays, spec.device)
    yield from likely
    if spec.arrays == arrays.AUTO:
        yield from (kind for kind in arrays.wanted_by(" ".join(messages), spec.device) if kind not in likely)


def _trials(function: FunctionUnderTest) -> list[Case]:
    """Return small questions that any function of ordinary arguments answers."""
    every = cases.cases(function.capabilities, function.spec.dtype, empty=False)
    ordinary = (case for case in every if not case.special and case.problem.multiplications > 1)
    return list(islice(ordinary, _TRIALS))


def _error(function: FunctionUnderTest, capabilities: Capabilities, trial: Case) -> str | None:
    """Return why the function does not answer a question, or None where it does."""
    operation = trial.operations[0]
    operands = fills.fill(trial, operation, function.spec.dtype, "int")
    try:
        FunctionUnderTest(function.spec, capabilities).answer(operation, trial.problem, operands)
    except CallTimeout:
        return "no answer in time"
    except Raised as error:
        return str(error)
    return None
