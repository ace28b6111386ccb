"""What is said where a call fails in every question: that is how it is called, and no verdict on the code."""

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, fields, replace
from math import prod
from typing import Any

from convformance.checking import cases, signature
from convformance.checking.forms import single_value
from convformance.checking.normalising import normalised
from convformance.checking.origin import Origin
from convformance.checking.questions import Question
from convformance.checking.spec import CheckSpec
from convformance.checking.suggesting import NotAsked, known_arguments, suggested_call
from convformance.checking.target import FunctionUnderTest, Raised
from convformance.checking.usual_layouts import SUGGESTED
from convformance.judging.grades import RIGHT
from convformance.judging.rule import Judgement, judge
from convformance.processes.limits import CallTimeout
from convformance.test_cases import examining

# What an exception says of its cause, the likelier cause first.
_EVIDENCE: Mapping[str, str] = {
    "tensors": r"got \(numpy\.ndarray|must be Tensor|"
    r"expected Tensor|must be a Tensor|not numpy\.ndarray|got numpy|Tensor.* but got|"
    r"'numpy\.ndarray' object has no attribute '(at|dim|unsqueeze|view|permute|new_zeros|numpy|device|contiguous|size)'"
    r"|'(int|builtin_function_or_method)' object is not (callable|subscriptable).*size|converting .* tensor",
    "class": r"argument: 'self'|'numpy\.ndarray' object has no attribute|__init__\(\)|takes no arguments|"
    r"object is not callable",
    "layout": r"too many values to unpack|not enough values to unpack|out of bounds for axis|out of bounds for array|"
    r"object too deep|tuple index out of range|"
    r"too many indices for array|axes don't match|too many subscripts|more dimensions than|"
    r"number of axes|matmul: Input operand|not aligned|expected \d-?[dD]|axis \d is out|must be \d-?[dD]",
    "device": r"(?i:\(cpu tensor|not a cuda tensor|(to be|must be|not) (a |on |on the |on a )?(same device|cuda|gpu))",
    "dtype": r"dtype|data type|Cannot cast|cannot cast|No matching definition|expected .* (Float|Double)|typecode",
    "arguments": r"unexpected keyword|missing \d+ required|positional arguments? but|has no attribute|"
    r"not subscriptable",
    "nothing": r"returned None",
}
_SENTENCES = {
    "tensors": "it may want tensors and not arrays of NumPy",
    "class": "it may be a method, or keep its weights in an object that has to be made first",
    "layout": "{arrays} were given; --layout / --filter-layout say others",
    "device": "it may want arrays on another device, such as --device cuda",
    "dtype": "it may want arrays of another dtype",
    "arguments": "an argument may be missing, or have another form",
    "nothing": "it returns nothing: it may write its result into an argument",
}
_CONVERTERS = {"torch": "from_numpy", "tensorflow": "constant", "jax.numpy": "asarray", "cupy": "asarray"}
_ON_GPU = {"device": "cuda"}
_TRIALS, _AMONG = 6, 36  # questions that a suggestion is tried on, of so many small ones


class UncallableError(NotAsked):
    """The call fails in every question; ``options`` are tried where they can be."""


@dataclass
class _Failure:
    """All that failed: how, and what was given."""

    function: FunctionUnderTest
    questions: Sequence[Question]
    origins: list[Origin] = field(init=False)

    def __post_init__(self) -> None:
        self.origins = [each.origin for each in self.questions if each.origin is not None]

    @property
    def other_axes(self) -> int:
        """In how many questions an answer had another number of axes."""
        return sum(each.other_axes for each in self.questions)


def check_callable(function: FunctionUnderTest, questions: Sequence[Question]) -> None:
    """Raise UncallableError where not one question was answered in the form of an answer.

    Nor where nothing but single numbers has the right shape, and all is right in another layout.
    """
    failed = [each for each in questions if each.origin is not None or each.other_axes]
    telling = [each for each in questions if prod(each.examination.shape) > 1]
    if failed and len(failed) == len(questions):
        _raise(_Failure(function, failed), in_shape_only=False)
    if telling and all(each.origin is not None or each.other_shape for each in telling):
        _raise(_Failure(function, telling), in_shape_only=True)


def _raise(failure: "_Failure", *, in_shape_only: bool) -> None:
    """Raise UncallableError; ``in_shape_only``: only if another layout makes it right."""
    causes = _causes(failure)
    options = _suggestion(failure, causes)
    if "layout" in options:
        causes = ["layout", *(cause for cause in causes if cause != "layout")]
    elif in_shape_only:
        return
    errors = Counter(origin.text for origin in failure.origins)
    raise UncallableError(_sentence(failure, causes, options), errors=errors, causes=causes, options=options)


def _causes(failure: _Failure) -> list[str]:
    """Return the likely causes, what most exceptions speak for first."""
    counts: Counter[str] = Counter()
    for origin in failure.origins:
        cause = next((name for name, pattern in _EVIDENCE.items() if re.search(pattern, origin.text)), "")
        counts[cause] += bool(cause)
    counts["layout"] += failure.other_axes
    return [name for name, count in counts.most_common() if count]


def _sentence(failure: _Failure, causes: Sequence[str], options: Mapping[str, Any]) -> str:
    total = len(failure.questions)
    name = failure.function.capabilities.signature.name
    fails = f"the call fails in all {total} questions"
    if len(failure.origins) < total:
        what = "number of axes" if failure.other_axes else "shape"
        fails = f"every answer of {total} questions has another {what}" + (", or fails" if failure.origins else "")
    head = f"{name}: {fails}, which is no verdict on the code"
    layouts = failure.function.spec.layouts
    arrays = f"arrays of {len(layouts.activations)} axes ({layouts.activations}, filters {layouts.filters})"
    said = [_SENTENCES[cause].format(arrays=arrays) for cause in causes[:2]]
    if "layout" in options:
        said = [_SENTENCES["layout"].format(arrays=arrays)]
    return "; ".join([head, *_commonest(failure.origins), *said])


def _commonest(origins: Iterable[Origin]) -> Iterator[str]:
    """Yield the most frequent exception with its line."""
    by_line: dict[Any, list[Origin]] = {}
    for origin in origins:
        by_line.setdefault((origin.key, origin.text), []).append(origin)
    if by_line:
        first = max(by_line.values(), key=len)
        where = f" ({first[0].where})" if first[0].file else ""
        yield f"most often {first[0].text}{where}"


def _suggestion(failure: _Failure, causes: Sequence[str]) -> dict[str, Any]:
    """Return the options that make it work, found by trial, or else the call to write."""
    spec = failure.function.spec
    if spec.call is not None:
        return {}
    call = _call(failure, _converter(spec) if "tensors" in causes else "")
    candidates = [call] if "tensors" in causes else []
    candidates += [_layout_options(activations, filters) for activations, filters in SUGGESTED]
    dtypes = [{"dtype": dtype} for dtype in ("float32", "float64") if dtype != spec.dtype]
    candidates += dtypes
    if "device" in causes:
        candidates += [{**_ON_GPU, **options} for options in ({}, *dtypes)]
    unknown = {} if set(causes) <= {"nothing"} else _ON_GPU if causes[:1] == ["device"] else call
    scores = [_score(failure.function, options) for options in candidates]
    best = max(scores, default=0)
    return candidates[scores.index(best)] if best else unknown


def _layout_options(activations: str, filters: str | None) -> dict[str, Any]:
    return {"layout": activations, **({"filter_layout": filters} if filters else {})}


def _converter(spec: CheckSpec) -> str:
    """Return what makes a tensor of an array in the terms of the function's own file, "" where that is not known."""
    for alias, module in getattr(spec.fn, "__globals__", {}).items():
        converter = _CONVERTERS.get(getattr(module, "__name__", ""), "")
        if converter:
            return f"{alias}.{converter}"
    return ""


def _score(asked_function: FunctionUnderTest, options: Mapping[str, Any]) -> int:
    """Return how well some questions are answered with these options, 0 where they do not help.

    4 for answers that are all right, 2 for those that have the right shape, 1 less where some calls fail; 0 where any
    answer has another shape, or more than half of the calls fail.
    """
    spec = asked_function.spec
    if options.get("layout") == spec.layout and options.get("filter_layout", spec.filter_layout) == spec.filter_layout:
        return 0
    try:
        changed = _with_options(spec, options)
        kind = replace(asked_function.capabilities.arrays, device=changed.device)
        capabilities = changed.capabilities()
        function = FunctionUnderTest(changed, capabilities if changed.call else replace(capabilities, arrays=kind))
    except (ValueError, TypeError, NameError, SyntaxError):
        return 0
    asked = [each for each in cases.cases(function.capabilities, changed.dtype, empty=False) if _is_telling(each)]
    asked = asked[:_AMONG][:: max(min(len(asked), _AMONG) // _TRIALS, 1)]
    judgements = [judgement for each in asked if (judgement := _judgement(function, each)) is not None]
    if 2 * len(judgements) < max(len(asked), 1) or any("has shape" in judgement.message for judgement in judgements):
        return 0
    right = all(judgement.grade in RIGHT for judgement in judgements)
    return (4 if right else 2) - (len(judgements) < len(asked))


def _with_options(spec: CheckSpec, options: Mapping[str, Any]) -> CheckSpec:
    """Return the parameters of the check with ``options``: the call as a function, and geometry that is fixed."""
    names = {each.name for each in fields(CheckSpec)}
    changed = {name: value for name, value in options.items() if name in names}
    if "layout" in changed:
        changed.setdefault("filter_layout", None)
    if "call" in changed:  # our own sentence, in the terms of the function's file
        changed["call"] = eval(changed["call"], {"single_value": single_value, **getattr(spec.fn, "__globals__", {})})
    fixed = {name: value for name, value in options.items() if name not in names}
    return replace(spec, **changed, fixed={**spec.fixed, **fixed})


def _is_telling(case: Any) -> bool:
    return not case.special and case.problem.multiplications > 8 and max(case.problem.output_size) > 1


def _judgement(function: FunctionUnderTest, case: Any) -> Judgement | None:
    """Return the judgement on one question, None where it is not answered."""
    operation = case.operations[0]
    examination = examining.examination(case, operation, function.spec.dtype)

    def ask(operands: Any) -> Any:
        answer = function.answer(operation, case.problem, operands)
        return normalised(examination, answer, function.capabilities.layouts, function.own_shape or ())[0]

    try:
        return judge(examination, ask, explain=False)
    except (Raised, CallTimeout):
        return None


def _call(failure: _Failure, convert: str) -> dict[str, Any]:
    """Return the call to write out, its arrays converted, and the geometry that it leaves alone."""
    capabilities = failure.function.capabilities
    read = capabilities.signature
    operands = [role for role in signature.OPERANDS if role in (*capabilities.operands, "bias") and read.has(role)]
    return suggested_call(operands, known_arguments(read, operands, convert), failure.function.spec.fixed)
