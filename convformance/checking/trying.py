"""How a function takes its arguments, found out by trial before anything is judged."""

from convformance.checking import cases
from convformance.checking.caller import Capabilities, infer_forms
from convformance.checking.spec import CheckSpec
from convformance.checking.target import FunctionUnderTest, Raised
from convformance.processes.limits import CallTimeout
from convformance.test_cases import fills
from convformance.test_cases.case import Case


def capabilities(function: FunctionUnderTest) -> Capabilities:
    """Return the capabilities with the forms that no default shows, tried on the smallest case whose axes agree."""
    trials = filter(_axes_agree, cases.cases(function.capabilities, function.spec.dtype, empty=False))
    trial = next(trials, None)
    if trial is None:
        return function.capabilities
    return infer_forms(function.capabilities, lambda candidate: _answers(function.spec, candidate, trial))


def _axes_agree(case: Case) -> bool:
    unpadded = not case.special and case.padding == ((0, 0),) * len(case.input_size)
    # Not one of the very smallest: a loop over a single output may never use the argument that is tried.
    return unpadded and max(*case.stride, *case.dilation) == 1 and case.problem.multiplications > 8


def _answers(spec: CheckSpec, capabilities: Capabilities, trial: Case) -> bool:
    """Whether the function answers anything at all when called so."""
    operation = trial.operations[0]
    operands = fills.fill(trial, operation, spec.dtype, "int")
    try:
        FunctionUnderTest(spec, capabilities).answer(operation, trial.problem, operands)
    except (Raised, CallTimeout):
        return False
    return True
