"""Narrower arithmetic as the reason of an answer: inputs, sums or the result in fewer digits than expected.

Rounding inputs can be done again: the operation on the rounded operands must give the answer within the bound. A result
kept in fewer digits shows it by holding no more. Only sums leave nothing but the size of their errors: which must reach
what such sums make in no element and resemble it in the mean.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import product

import numpy as np

from convformance.answers.grading import compare, is_within
from convformance.answers.question import GivenOperands, Question
from convformance.judging.bounds import SUMS, Trial
from convformance.judging.formats import ACCUMULATORS, FORMATS, Format, Precision
from convformance.judging.grades import COMPONENTWISE
from convformance.judging.hypotheses.hypothesis import Match
from convformance.judging.judgement import FillResult
from convformance.reference.arrays import Array
from convformance.reference.operation import OPERAND_NAMES

# Sums in a narrow format err by 0.26 u W in the mean at most, over every library and length measured, and by more than
# a hundredth of that.
_MOST_MEAN, _LEAST_MEAN = 0.5, 2.0**-9
_MANY, _LEAST_ELEMENTS = 0.25, 16  # elements in which rounding shows: of all, and at least
_CLOSER = 0.25  # the mean error against another computation, for that to be the nearer one


_Rounding = Callable[[Array, Format], Array]


@dataclass(frozen=True)
class Reason:
    """Narrower arithmetic that explains an answer: its public name and detail, and the share of its bound used."""

    match: Match
    share: float


def find_reason(asked: Question, result: FillResult) -> Reason | None:
    """Return the finest arithmetic that can be done again and gives the answer, None where there is none."""
    stored, most = _stored(asked, result.value), _mean(result.size) / 2
    for formats in dict.fromkeys((asked.precision.result, stored)):
        for label, name, operands in (("", "", asked.operands), *_rounded_inputs(asked)):
            if not label and formats == asked.precision.result:
                continue
            share = _share_of(asked, result, Precision(asked.precision.accumulator, formats), operands, most)
            if share is not None:
                kept = f"the result rounded to {formats.name}" if formats != asked.precision.result else ""
                detail = " and ".join(filter(None, (label, kept)))
                return Reason(Match(name or "low-precision-result", detail), share)
    return None


def find_closer(asked: Question, result: FillResult) -> Reason | None:
    """Return the rounding of inputs whose errors are far smaller than those against the truth, though all are small."""
    most = _CLOSER * _mean(result.size)
    for label, name, operands in _rounded_inputs(asked) if most > 0 else ():
        share = _share_of(asked, result, asked.precision, operands, most)
        if share is not None:
            return Reason(Match(name, label), share)
    return None


def find_sums(asked: Question, result: FillResult) -> Reason | None:
    """Return the narrower accumulator whose errors are of the size of the answer's, None where there is none."""
    for name in ACCUMULATORS:
        fmt = FORMATS[name]
        if fmt.digits >= asked.precision.accumulator.digits or not _holds(fmt, asked, result.value):
            continue
        for label, operands in (("", asked.operands), (f"inputs rounded to {name} and ", _all_rounded(asked, fmt))):
            precision = Precision(fmt, fmt if fmt.digits < asked.result.digits else asked.result)
            share = _share_of_sums(asked, result, precision, operands)
            if share is not None:
                detail = f"{label}errors of the size that sums kept in {name} have"
                return Reason(Match("low-precision-accumulation", detail), share)
    return None


def largest_share(result: FillResult, bound: Array) -> float:
    """Return the largest error as a share of its bound."""
    return float(result.share(bound).max(initial=0.0))


def _share_of(
    asked: Question, result: FillResult, precision: Precision, operands: GivenOperands, most: float
) -> float | None:
    """Return the share of the bound that the answer uses against such a computation.

    None where it exceeds the bound, or the mean error exceeds ``most``, so that the truth itself is as near.
    """
    trial = Trial(asked.op, asked.problem, "data", operands, precision)
    again = compare(trial, result.value, precision)
    if not _mean(again.size) <= most and precision.result == asked.precision.result:
        return None
    bound = trial.tolerance(COMPONENTWISE, precision)
    return largest_share(again, bound) if is_within(again, bound) else None


def _share_of_sums(asked: Question, result: FillResult, precision: Precision, operands: GivenOperands) -> float | None:
    trial = Trial(asked.op, asked.problem, "data", operands, precision)
    again, scale = compare(trial, result.value, precision), precision.accumulator.unit * trial.W
    if not is_within(again, SUMS * scale + trial.rounding(precision)) or not (scale > 0).any():
        return None
    mean = _mean(again.size[scale > 0] / scale[scale > 0])
    scattered = np.count_nonzero(again.size) >= max(_MANY * again.size.size, _LEAST_ELEMENTS)
    return largest_share(again, SUMS * scale) if scattered and _LEAST_MEAN <= mean <= _MOST_MEAN else None


def _mean(errors: Array) -> float:
    """Return the root of the mean square."""
    return float(np.sqrt(np.mean(np.square(errors)))) if errors.size else 0.0


def _stored(asked: Question, value: Array) -> Format:
    """Return the narrowest format that holds every number of the answer."""
    narrow = [FORMATS[name] for name in ("bfloat16", "float16", "float32")]
    below = (fmt for fmt in narrow if fmt.digits < asked.result.digits)
    return next((fmt for fmt in below if np.array_equal(fmt.round(value), value, equal_nan=True)), asked.result)


def _holds(fmt: Format, asked: Question, value: Array) -> bool:
    """Whether sums in that format leave such numbers; of two formats of one size only the result's own is meant."""
    if fmt.digits >= asked.result.digits or asked.result.digits <= FORMATS["float16"].digits:
        return fmt == asked.result
    return np.array_equal(fmt.round(value), value, equal_nan=True)


def _rounded_inputs(asked: Question) -> Iterator[tuple[str, str, GivenOperands]]:
    """Yield ways to round the inputs, the finest first: how it is said, its public name, the operands."""
    names = OPERAND_NAMES[asked.op]
    both = tuple(range(len(names)))
    parts = [both] if len(both) == 1 else [both, *((index,) for index in both)]
    if asked.operands.bias is not None:
        names, parts = (*names, "bias"), [(*both, len(both)), *parts, (len(both),)]
    numbers = _expected_inputs(asked)
    for fmt, (how, rounded) in product(_formats_below(asked), _WAYS):
        for part in parts:
            arrays = tuple(rounded(array, fmt) if index in part else array for index, array in enumerate(numbers))
            if all(np.isfinite(array).all() for array in arrays) and _differ(numbers, arrays):
                which = names[part[0]] if len(part) == 1 else "inputs and bias" if len(part) > len(both) else "inputs"
                label = f"{which} {how} to {fmt.name}{_also(rounded, fmt, numbers, arrays)}"
                yield label, "low-precision-inputs", _operands(asked, arrays)


def _also(rounded: _Rounding, fmt: Format, before: tuple[Array, ...], after: tuple[Array, ...]) -> str:
    """Return " or float16" where that, which has as many digits, gives the same numbers."""
    half = FORMATS["float16"]
    if (
        fmt == half
        or fmt.digits != half.digits
        or not all(float(np.abs(array).max()) <= half.largest for array in after)
    ):
        return ""
    same = all(
        np.array_equal(rounded(old, half), new) for old, new in zip(before, after, strict=True) if old is not new
    )
    return f" or {half.name}" if same else ""


def _operands(asked: Question, arrays: tuple[Array, ...]) -> GivenOperands:
    """Return the operands of which ``arrays`` has those that are multiplied, and then a bias if there is one."""
    count = len(asked.operands.arrays)
    return GivenOperands(arrays[:count], arrays[count] if asked.operands.bias is not None else None)


def _expected_inputs(asked: Question) -> tuple[Array, ...]:
    """Return the operands and the bias in float64, rounded to the format in which they are expected to be read."""
    bias = () if asked.operands.bias is None else (asked.operands.bias,)
    numbers = tuple(array.astype(np.float64) for array in (*asked.operands.arrays, *bias))
    fmt = asked.precision.inputs
    return numbers if fmt is None else tuple(_nearest(array, fmt) for array in numbers)


def _formats_below(asked: Question) -> list[Format]:
    digits = asked.result.digits
    return [fmt for fmt in FORMATS.values() if fmt.digits < digits]


def _all_rounded(asked: Question, fmt: Format) -> GivenOperands:
    arrays = tuple(fmt.round(array.astype(np.float64)) for array in asked.operands.arrays)
    return GivenOperands(arrays, asked.operands.bias)


def _differ(before: tuple[Array, ...], after: tuple[Array, ...]) -> bool:
    return not all(map(np.array_equal, before, after))


def _nearest(values: Array, fmt: Format) -> Array:
    return fmt.round(values) if fmt.dtype is not None else _cut(values, fmt.digits, np.rint)


def _towards_zero(values: Array, fmt: Format) -> Array:
    return _cut(values, fmt.digits, np.trunc)


def _cut(values: Array, digits: int, cut: Callable[[Array], Array]) -> Array:
    """Return float64 ``values`` with that many digits, whatever their exponents."""
    significands, exponents = np.frexp(values)
    rounded: Array = np.ldexp(cut(np.ldexp(significands, digits)), exponents - digits)
    return rounded


_WAYS: tuple[tuple[str, _Rounding], ...] = (
    ("rounded", _nearest),
    ("cut off", _towards_zero),
)
