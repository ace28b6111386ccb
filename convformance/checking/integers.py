"""Images of whole numbers: what becomes of sums beyond the range of their type, and of fractions.

Everything but that is asked with whole numbers whose sums the type holds, so that the answers are those of float64.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import product
from typing import Any

import numpy as np

from convformance.checking import cases
from convformance.checking.findings import CheckVerdict, Findings
from convformance.checking.impulses import takes_an_image_alone
from convformance.checking.spec import INTEGERS, CheckSpec
from convformance.checking.target import FunctionUnderTest, Raised
from convformance.checking.whole_numbers import OfIntegers
from convformance.judging.diagnosis import Diagnosis
from convformance.judging.grades import WRONG
from convformance.judging.judgement import Judgement
from convformance.processes.limits import CallTimeout
from convformance.reference import operations
from convformance.reference.arrays import Array
from convformance.test_cases import fills

_NARROW = ("uint8", "int8", "uint16", "int16")  # whose range sums of an image leave
_ASKED = 12  # cases whose sums leave the range

Rule = Callable[[Array, Any], Array]

ROUNDINGS: dict[str, Rule] = {
    "half-even": lambda sums, limits: np.rint(sums),
    "half-away": lambda sums, limits: np.trunc(sums + np.copysign(0.5, sums)),
    "half-up": lambda sums, limits: np.floor(sums + 0.5),
    "truncate": lambda sums, limits: np.trunc(sums),
    "floor": lambda sums, limits: np.floor(sums),
    "fractions": lambda sums, limits: sums,
}
RANGES: dict[str, Rule] = {
    "clip": lambda sums, limits: np.clip(sums, limits.min, limits.max),
    "wider": lambda sums, limits: sums,
    "wrap": lambda sums, limits: (sums - limits.min) % (limits.max - limits.min + 1) + limits.min,
}
_SYNONYMS = {"saturate": "clip", "clamp": "clip", "modulo": "wrap", "trunc": "truncate", "rint": "half-even"}
_SAYS = {
    "half-even": "fractions are rounded, halves to even numbers",
    "half-away": "fractions are rounded, halves away from 0",
    "half-up": "fractions are rounded, halves upwards",
    "truncate": "fractions are cut off",
    "floor": "fractions are rounded down",
    "fractions": "fractions stay",
    "clip": "sums beyond the range are clipped",
    "wider": "sums beyond the range stay, in a wider type",
    "wrap": "sums beyond the range wrap around",
}


def resolved(spec: CheckSpec) -> CheckSpec:
    """Return the spec of a function of integer images as one of float64 ones; any other as it is.

    Raises ValueError where that cannot be asked.
    """
    if spec.dtype not in INTEGERS:
        return spec
    if spec.operations != ("conv",):
        raise ValueError(f"dtype={spec.dtype!r} with {', '.join(spec.operations)}; allowed: conv")
    if spec.w is not None or takes_an_image_alone(spec):
        raise ValueError(f"dtype={spec.dtype!r} and a kernel that is built in; allowed: a kernel as an argument")
    return replace(spec, fn=OfIntegers(spec.fn, spec.dtype, spec.kernel_dtype), dtype="float64")


def check_rounding(rounding: str | None) -> tuple[str, ...]:
    """Return the rules that are said, by their own names; raises ValueError for what is none."""
    rules = tuple(_SYNONYMS.get(each.strip(), each.strip()) for each in (rounding or "").split(",") if each.strip())
    for rule in rules:
        if rule not in {**ROUNDINGS, **RANGES}:
            raise ValueError(
                f"rounding={rule!r}; allowed: {', '.join((*RANGES, *ROUNDINGS))}, two of them with a comma"
            )
    return rules


@dataclass(frozen=True)
class _Beyond:
    """One answer about an image whose sums leave the range or have fractions, and the exact sums."""

    call: str
    sums: Array
    answer: Array


def completed(findings: Findings, spec: CheckSpec, function: FunctionUnderTest) -> Findings:
    """Return the findings with what becomes of sums beyond the range, where the rest is right."""
    target = spec.fn
    if not isinstance(target, OfIntegers):
        return findings
    kind = f"{target.dtype} images, {target.kernel_dtype} kernels"
    verdicts = [replace(each, verdict=replace(each.verdict, dtype=target.dtype)) for each in findings.verdicts]
    findings = replace(findings, asked=findings.asked.replace("float64", kind, 1), verdicts=verdicts)
    if not findings.ok:
        return replace(findings, not_asked=[*findings.not_asked, "sums beyond the range, until the others are right"])
    seen = list(_beyond(function, target))
    said = check_rounding(spec.rounding)
    rules = [pair for pair in product(ROUNDINGS, RANGES) if _is_right(seen, pair, target) and set(said) <= set(pair)]
    if rules and (rules[0][1] != "wrap" or "wrap" in said):
        return replace(findings, remarks=[*findings.remarks, *_remarks(seen, rules[0], target)])
    return _with_finding(findings, seen, rules, said, target)


def _beyond(function: FunctionUnderTest, target: OfIntegers) -> Iterator[_Beyond]:
    """Yield answers about images of the whole range and kernels of either sign, with fractions where they can be."""
    asked = [each for each in cases.cases(function.capabilities, "float64", empty=False) if not each.bias]
    for number, case in enumerate(asked[:: max(1, len(asked) // _ASKED)]):
        random = np.random.default_rng(number)
        limits, shapes = target.limits, case.problem.operand_shapes("conv")
        largest = limits.max if target.dtype in _NARROW else 1000
        image = random.integers(max(limits.min, -largest), largest + 1, shapes[0]).astype(np.float64)
        kernel = random.integers(-6, 10, shapes[1]).astype(np.float64)
        if np.dtype(target.kernel_dtype).kind == "f":
            kernel /= 4  # fractions that are exact
        elif target.kernel_dtype.startswith("u"):
            kernel = np.abs(kernel)
        operands = fills.Operands((image, kernel))
        sums = operations.apply("conv", case.problem, image, kernel)
        try:
            answer = function.answer("conv", case.problem, operands).value
        except (Raised, CallTimeout):
            continue
        if answer.shape == sums.shape:
            yield _Beyond(function.call_text("conv", case.problem, operands), sums, answer)


def _is_right(seen: Sequence[_Beyond], pair: tuple[str, str], target: OfIntegers) -> bool:
    return bool(seen) and all(np.array_equal(_ruled(each.sums, pair, target), each.answer) for each in seen)


def _ruled(sums: Array, pair: tuple[str, str], target: OfIntegers) -> Array:
    rounding, beyond = pair
    return RANGES[beyond](ROUNDINGS[rounding](sums, target.limits), target.limits)


def _with_finding(
    findings: Findings,
    seen: Sequence[_Beyond],
    rules: Sequence[tuple[str, str]],
    said: Sequence[str],
    target: OfIntegers,
) -> Findings:
    """Return the findings with the one that sums beyond the range, or fractions, come out as nobody means them."""
    wrapped = bool(rules) or any(_is_right(seen, (rounding, "wrap"), target) for rounding in ROUNDINGS)
    clip = next((rule for rule in said if rule in RANGES), "clip")
    rounding = next((rule for rule in said if rule in ROUNDINGS), None)
    closest = (rounding or _closest(seen, clip, target), clip)
    example = next(filter(None, (_example(each, closest, target) for each in seen)), "nothing was answered")
    span = f"{target.limits.min}..{target.limits.max}"
    if wrapped and clip != "wrap":
        message = f"sums beyond {span} wrap around: {example}"
        named = [Diagnosis("wrapped", f"Sums beyond {span} wrap around: {example}.", _remedy(target), 1, 1)]
    else:
        rule = " and ".join(said) if said else "clipping with any rounding, nor keeping them"
        message = f"{'not' if said else 'neither'} {rule}: {example}"
        named = []
    count = len(findings.verdicts)
    asked = findings.asked.replace(f"{count} questions", f"{count + 1} questions", 1)
    question = {"op": "conv", "case": f"beyond {span}", "dtype": target.dtype, "call": seen[0].call if seen else ""}
    verdict = CheckVerdict.of(question, Judgement(WRONG, message), finding=True, printed="")
    diagnoses = {"conv": named} if named else {}
    return replace(findings, asked=asked, verdicts=[*findings.verdicts, verdict], diagnoses=diagnoses)


def _remarks(seen: Sequence[_Beyond], rule: tuple[str, str], target: OfIntegers) -> Iterator[str]:
    """Yield what becomes of sums that the type does not hold, of those that were asked."""
    rounding, beyond = rule
    leaves = any(((each.sums < target.limits.min) | (each.sums > target.limits.max)).any() for each in seen)
    fractions = any((each.sums != np.rint(each.sums)).any() for each in seen)
    texts = [_SAYS[beyond]] * leaves + [_SAYS[rounding]] * fractions
    if texts:
        yield f"as {', '.join(sorted(target.returned))}: {'; '.join(texts)}"


def _remedy(target: OfIntegers) -> str:
    limits = f"{target.limits.min}, {target.limits.max}"
    return f"Clip before the conversion, np.clip(y, {limits}).astype(np.{target.dtype}), or say rounding wrap if meant."


def _closest(seen: Sequence[_Beyond], beyond: str, target: OfIntegers) -> str:
    """Return the rounding under which the most elements are right."""
    return max(
        ROUNDINGS, key=lambda name: sum(int((_ruled(e.sums, (name, beyond), target) == e.answer).sum()) for e in seen)
    )


def _example(each: _Beyond, pair: tuple[str, str], target: OfIntegers) -> str:
    """Return one sum that comes out otherwise, or nothing."""
    wanted = _ruled(each.sums, pair, target)
    wrong = np.argwhere(wanted != each.answer)
    if not len(wrong):
        return ""
    index = tuple(wrong[0])
    return f"{each.sums[index]:g} comes out as {each.answer[index]:g}, wanted {wanted[index]:g}"
