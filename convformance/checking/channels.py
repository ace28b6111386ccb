"""What a filter without all its letters is to the channels: one for each, one for all, or of a single channel."""

import re
from collections.abc import Iterator
from dataclasses import replace

from convformance.checking import cases
from convformance.checking.caller import Capabilities
from convformance.checking.layouts import Layouts
from convformance.checking.signature import Signature
from convformance.checking.spec import CheckSpec
from convformance.checking.target import FunctionUnderTest, Raised
from convformance.judging.diagnosis import Diagnosis
from convformance.processes.limits import CallTimeout
from convformance.reference import operations
from convformance.test_cases import fills
from convformance.test_cases.case import Case

# How much of a trial is right: no answer, one of other channels, of another size alone, all elements.
_NOTHING, _OTHER_CHANNELS, _OTHER_SIZE, _EVERYTHING = -3.0, -2.0, -1.0, 1.0


def resolved(spec: CheckSpec, signature: Signature, *, stated: bool) -> CheckSpec:
    """Return the spec with the first meaning of its filters under which a trial is right, or has the right channels.

    ``signature`` has the forms that its arguments take; ``stated``: the user says the layout of the filters. Where the
    function is called depthwise, an answer of other channels is its mistake, and no reason to take it for another.
    """
    if {"in_channels", "groups"} & set(spec.fixed) or (spec.depthwise and stated):
        return spec
    best, most = spec, _NOTHING if _is_called_depthwise(signature) else _OTHER_CHANNELS
    for meaning in _meanings(spec, signature, stated=stated):
        right = _trial(meaning, signature)
        if right > _OTHER_CHANNELS and "M" in meaning.layouts.filters:  # it takes several kernels for each channel
            return meaning
        if right > most:
            best, most = meaning, right
        if right == _EVERYTHING or (right > _OTHER_CHANNELS and meaning.filter_layout == spec.filter_layout):
            break
    return best


def _is_called_depthwise(signature: Signature) -> bool:
    return "depthwise" in signature.name.lower().replace("_", "")


def in_own_terms(diagnosis: Diagnosis, layouts: Layouts) -> Diagnosis:
    """Return the diagnosis with the word channel for what is an image to the problem and a channel to the function."""
    if not layouts.shared:
        return diagnosis
    return replace(
        diagnosis,
        detail=_with_channels(diagnosis.detail),
        explanation=_with_channels(diagnosis.explanation),
        remedy=_with_channels(diagnosis.remedy),
        where=_with_channels(diagnosis.where),
    )


def _with_channels(text: str) -> str:
    for ours, theirs in (
        ("images", "channels"),
        ("image", "channel"),
        ("the batch", "the channels"),
        ("batch", "channels"),
    ):
        text = re.sub(rf"\b{ours}\b", theirs, text)
    return text


def _meanings(spec: CheckSpec, signature: Signature, *, stated: bool) -> Iterator[CheckSpec]:
    """Yield what is worth trying, the likeliest first; nothing where the layouts leave nothing open."""
    layouts = spec.layouts
    if "C" not in layouts.activations or signature.has("groups"):
        return
    if spec.depthwise:
        yield from _with_multiplier(spec) if {*"OI"} <= set(layouts.filters) else ()
        yield spec
    elif layouts.shared:
        yield spec
        yield replace(spec, fixed={**spec.fixed, "in_channels": 1})
    elif "O" in layouts.filters and "I" not in layouts.filters:
        yield replace(spec, depthwise=True)
        yield spec
    elif not stated and "O" not in layouts.filters and "C" not in layouts.filters:
        yield replace(spec, depthwise=True, filter_layout=layouts.filters.replace("I", "C"))
        yield from () if _is_called_depthwise(signature) else (spec,)
    elif not stated and _is_called_depthwise(signature):
        space = layouts.spatial
        yield from _with_multiplier(spec)
        for filters in (f"OI{space}", f"C{space}", f"{space}C"):
            yield replace(spec, depthwise=True, filter_layout=filters)


def _with_multiplier(spec: CheckSpec) -> Iterator[CheckSpec]:
    """Yield the spec with several kernels for each channel, on an axis of their own."""
    space = spec.layouts.spatial
    for filters in (f"CM{space}", f"{space}CM"):
        yield replace(spec, depthwise=True, filter_layout=filters)


def _trial(spec: CheckSpec, signature: Signature) -> float:
    """Return how much is right of the answer to a small question with several channels."""
    capabilities = replace(spec.capabilities(), signature=signature)
    askable = [each for each in cases.cases(capabilities, spec.dtype, empty=False) if has_unit_steps(each)]
    trials = [each for each in askable if _has_several_channels(each)] or askable
    if "M" in spec.layouts.filters:
        trials = [each for each in trials if each.problem.out_channels > each.problem.in_channels] or trials
    return rightness(spec, capabilities, trials[0]) if trials else _NOTHING


def has_unit_steps(case: Case) -> bool:
    """Whether the kernel moves by single steps over finite numbers."""
    return not case.special and max(*case.stride, *case.dilation) == 1


def _has_several_channels(case: Case) -> bool:
    """Whether there are more than two channels, or images that stand for them, and no side is taken for one."""
    problem = case.problem
    sizes = {*problem.kernel_size, *problem.output_size}
    return max(problem.in_channels, problem.batch) > 2 and not {problem.in_channels, 1} & sizes


def rightness(spec: CheckSpec, capabilities: Capabilities, trial: Case) -> float:
    """Return the share of right elements of the answer to one question, less than 0 where it has another shape."""
    operation, problem = trial.operations[0], trial.problem
    operands = fills.fill(trial, operation, spec.dtype, "int")
    try:
        got = FunctionUnderTest(spec, capabilities).answer(operation, problem, operands).value
    except (Raised, CallTimeout):
        return _NOTHING
    wanted = problem.result_shape(operation)
    if got.shape != wanted:
        return _OTHER_SIZE if got.ndim == len(wanted) and got.shape[:2] == wanted[:2] else _OTHER_CHANNELS
    want = operations.apply(operation, problem, *operands.arrays, bias=operands.bias)
    return float((got == want).mean()) if want.size else _EVERYTHING
