"""One fill of the operands: its truth, and the bounds that the same operation gives on magnitudes, ones and squares.

    y = op(x, w)    A = op(|x|, |w|)    K = op(1, 1)    B = sqrt(op(x^2, w^2))    W = sqrt(K) (B + |y|)

all float64 and of the result's shape; a bias b counts as one more product: K + 1, A + |b|, B^2 + b^2. The unit of
every bound is that of the result. Of complex numbers |x| is |re| + |im|, and bounds hold for each part: K products are
2K + 4 there, which covers a product made of three real ones as well as of four. Of integers every error is too large.
Sources: Higham, "Accuracy and Stability of Numerical Algorithms" (2002), 3.1 and 23.2.4; Higham & Mary, "A new approach
to probabilistic rounding error analysis" (2019).
"""

from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import cached_property, lru_cache
from math import prod
from typing import Any, Protocol

import numpy as np

from convformance.judging import following
from convformance.judging.axes import along_axis
from convformance.judging.formats import FORMATS, Format, Precision
from convformance.judging.grades import COMPONENTWISE, CONFORMANT, NORM_WISE
from convformance.judging.scaling import fitted
from convformance.reference import exact, exact_complex, operations
from convformance.reference.arrays import Array, magnitudes, widened
from convformance.reference.fast import Stack, copies_worth_stacking
from convformance.reference.following import follow, normalises
from convformance.reference.operation import OPERAND_NAMES
from convformance.reference.problem import NO_ZERO_POINTS, Problem

EXACT_FILLS = ("int", "xwide", "wwide")
RANDOM_FILLS = ("normal", "positive")
# Of integers, whose sums are exact: any number of the type that the sums leave room for, and its ends alone.
INTEGER_FILLS = (*EXACT_FILLS, "uniform", "ends")
# Numbers from the whole range of the type: exact, too, for as long as no sum leaves the range.
RANGE_FILL = "range"

# The margins of the rule, measured: see the judging page of the documentation.
ROUNDING, INPUTS, SUMS, PLANE = 1.01, 4.0, 3.0, 16.0

FLOAT64 = FORMATS["float64"]


class Operands(Protocol):
    """What an operation is asked with: its arrays in the order of its arguments, and a bias or None."""

    @property
    def arrays(self) -> tuple[Array, ...]:
        """The operands in canonical layout."""

    @property
    def bias(self) -> Array | None:
        """The bias, one value per channel of the result."""


def fills_of(operation: str, *, of_integers: bool = False) -> tuple[str, ...]:
    """Return the fills that ``operation`` is asked on, in order; of a single operand there is no other side."""
    has_second_operand = len(OPERAND_NAMES[operation]) > 1
    fills = INTEGER_FILLS if of_integers else (*EXACT_FILLS, *RANDOM_FILLS)
    return tuple(name for name in fills if has_second_operand or name != "wwide")


@lru_cache(maxsize=256)
def products(operation: str, problem: Problem) -> Array:
    """Return ``K = op(1, 1)`` without a bias: products summed in each element, in a shape that broadcasts to them.

    Images and channels all have the same count, so one of each is enough.
    """
    single = replace(problem.linear, batch=1, in_channels=1, out_channels=1, groups=1, zero_points=NO_ZERO_POINTS)
    ones = [np.ones(shape) for shape in single.operand_shapes(operation)]
    images_or_channels = problem.longest_sum(operation) // max(single.longest_sum(operation), 1)
    count: Array = operations.apply(operation, single, *ones) * images_or_channels
    return count


def magnitude(operation: str, problem: Problem, arrays: tuple[Array, ...], bias: Array | None) -> Array:
    """Return ``A = op(|x|, |w|) + |b|`` of float64 or complex128 operands."""
    return _map(magnitudes, operation, problem.linear, arrays, bias)


def _map(
    function: Callable[[Array], Array], operation: str, problem: Problem, arrays: tuple[Array, ...], bias: Array | None
) -> Array:
    """Return the operation on ``function`` of each operand."""
    return operations.apply(operation, problem, *map(function, arrays), bias=None if bias is None else function(bias))


class Trial:
    """One fill of the operands of an operation, with its truth and its bounds, each computed once, when first needed.

    Elements that are NaN or Inf count as 0 here. ``exact``: every partial sum is representable, in any order;
    ``rounds``: that is so on no fill. ``problem`` is without the zero points: the numbers are what is left once they
    are subtracted. On the fill ``range`` powers of two are taken out of the operands: the truth and all bounds are then
    in units of ``2**exponents``, element by element, so that none of them leaves float64.
    """

    def __init__(
        self,
        operation: str,
        problem: Problem,
        name: str,
        operands: Operands,
        expected: Precision,
        *,
        rounds: bool = False,
    ) -> None:
        self.operation, self.name, self.zero_points = operation, name, problem.zero_points
        self.problem = replace(problem, zero_points=NO_ZERO_POINTS) if any(problem.zero_points) else problem
        self.operands, self.expected = operands, expected
        self.then, self.linear = self.problem.then, self.problem.linear
        is_exact = name in (*EXACT_FILLS, RANGE_FILL) and not rounds and not normalises(self.then)
        self.exact = expected.result.is_integer or is_exact
        self.exponents: Array | None = None

    def supply(self, **values: Any) -> None:
        """Set ``numbers``, ``float64_result``, ``rounded``, ``A`` or ``squares`` to what was computed elsewhere."""
        vars(self).update(values)

    @cached_property
    def numbers(self) -> tuple[tuple[Array, ...], Array | None]:
        """The operands and the bias in float64 or complex128, minus their zero points."""
        stated, bias = self.stated_numbers
        arrays, numbers = tuple(map(_finite, stated)), None if bias is None else _finite(bias)
        if self.name != RANGE_FILL:
            return arrays, numbers
        powers = fitted(self.operation, self.problem, arrays)
        self.exponents = powers.of_result()
        scaled = tuple(np.ldexp(array, -each) for array, each in zip(arrays, powers.of_operands(), strict=True))
        return scaled, None if numbers is None else np.ldexp(numbers, -powers.of_bias())

    @property
    def stated_numbers(self) -> tuple[tuple[Array, ...], Array | None]:
        """The numbers with NaN and Inf where they are."""
        bias, pairs = self.operands.bias, zip(self.operands.arrays, self.zero_points, strict=False)
        return tuple(widened(array) - zero for array, zero in pairs), None if bias is None else widened(bias)

    def scaled(self, values: Array | float) -> Array | float:
        """Return ``values``, which belong to the result, in the units of the truth and the bounds."""
        _ = self.numbers  # says whether there are exponents
        with np.errstate(over="ignore"):
            return values if self.exponents is None else np.ldexp(values, -self.exponents)

    def unscaled(self, values: Array) -> Array:
        """Return what ``scaled`` was made of; infinity where that is beyond float64."""
        _ = self.numbers
        with np.errstate(over="ignore"):
            return values if self.exponents is None else np.ldexp(values, self.exponents)

    @cached_property
    def _truth(self) -> tuple[Array, Array | float, Array | float]:
        """The truth as ``hi + lo`` and a bound on what that lacks."""
        arrays, bias = self.numbers
        if self.is_beyond_float64:
            oracle = exact_complex if self.is_complex else exact
            truth = oracle.apply(self.operation, self.linear, *arrays, bias=bias)
            parts = truth.hi, truth.lo, truth.error
            return following.followed_exactly(self.then, *parts, FLOAT64.unit) if self.then else parts
        return self.float64_result, 0.0, 0.0

    @cached_property
    def float64_result(self) -> Array:
        """The operation in float64: the truth, unless more than that is needed."""
        arrays, bias = self.numbers
        return operations.apply(self.operation, self.problem, *arrays, bias=bias)

    @property
    def is_complex(self) -> bool:
        return self.expected.result.kind == "c"

    @property
    def is_beyond_float64(self) -> bool:
        """Whether float64 is not enough for the truth."""
        return self.expected.result.digits == FLOAT64.digits and not self.exact

    @property
    def y(self) -> Array:
        """The truth, rounded to float64."""
        return self._truth[0]

    def difference(self, value: Array) -> Array:
        """Return the error ``value - y`` of a float64 answer, signed."""
        hi, lo, _ = self._truth
        with np.errstate(invalid="ignore", over="ignore"):
            difference: Array = (self.scaled(value) - hi) - lo
        return difference

    @cached_property
    def K(self) -> Array:  # noqa: N802
        """How many products each element sums, in a shape that broadcasts to the result."""
        count = products(self.operation, self.problem)
        count = np.where(count > 0, 2 * count + 4, 0) if self.is_complex else count
        more = following.SUMMANDS if normalises(self.then) else 0
        return count + (self.operands.bias is not None) + more

    @cached_property
    def _summing(self) -> Array | float:
        """1 where anything is summed; where nothing is, 0 must come out, and nothing can be flushed."""
        return 1.0 if self.K.all() else (self.K > 0).astype(np.float64)

    @cached_property
    def A(self) -> Array:  # noqa: N802
        """The size of what each element sums."""
        arrays, bias = self.numbers
        return following.followed(self.then, "A", magnitude(self.operation, self.problem, arrays, bias))

    @cached_property
    def squares(self) -> Array:
        """The sum of the squares of the products of each element."""
        arrays, bias = self.numbers
        squares = _map(_squared, self.operation, self.linear, arrays, bias)
        return following.followed(self.then, "squares", squares)

    @cached_property
    def B(self) -> Array:  # noqa: N802
        """The 2-norm of the products of each element."""
        norm: Array = np.sqrt(self.squares)
        return norm

    @cached_property
    def W(self) -> Array:  # noqa: N802
        """The scale of the error that summation in any order makes of exchangeable terms."""
        scale: Array = np.sqrt(self.K) * (self.B + np.abs(self.y))
        return scale

    @property
    def want(self) -> Array:
        """The truth as it is stored in the result's format, in float64."""
        return self.y if self.is_beyond_float64 else self.rounded

    @cached_property
    def rounded(self) -> Array:
        """``float64_result`` rounded once to the result's format, or twice where the bias is expected after that."""
        if self.adds_bias_after:
            return self.stored_before_bias(self.expected.result.round)
        return self.expected.result.round(self.unscaled(self.float64_result))

    @property
    def adds_bias_after(self) -> bool:
        """Whether there is a bias, and it is expected to be added to a result that was rounded."""
        return self.expected.bias_after and self.operands.bias is not None

    @cached_property
    def unbiased(self) -> Array:
        """The convolution alone in float64, without a bias and without what follows."""
        return operations.apply(self.operation, self.linear, *self.numbers[0])

    def stored_before_bias(
        self,
        first: Callable[[Array], Array],
        *,
        again: Callable[[Array], Array] | None = None,
        shift: Array | float = 0.0,
    ) -> Array:
        """Return the convolution, off by ``shift``, stored by ``first``, then its bias added and stored ``again``.

        Again is by the same rounding unless it is named. A rectifier may follow.
        """
        bias = self.stated_numbers[1]
        added = 0.0 if bias is None else along_axis(bias, 1, self.unbiased.ndim)
        with np.errstate(over="ignore", invalid="ignore"):
            sums = first(self.unscaled(self.unbiased + shift)) + added
            return follow(self.then, (again or first)(sums))

    @cached_property
    def bound(self) -> Array:
        """The tolerance of a conformant answer."""
        return self.tolerance(CONFORMANT, self.expected)

    def tolerance(self, grade: str, precision: Precision) -> Array:
        """Return ``R_out + T_in + T_acc + smallest normal`` for a grade, and what the oracle lacks."""
        accumulation = _ACCUMULATION[grade](self, precision.accumulator.unit)
        slack = following.slack(self.then, self.spread, self.y, precision.result.unit) if self.then else 0.0
        return accumulation + self.rounding(precision) + self._inputs(precision.inputs) + slack

    def rounding(self, precision: Precision) -> Array:
        """Return ``R_out + smallest normal``: the rounding of a result narrower than its sums, or its flush to zero."""
        least = self._truth[2] + self.scaled(precision.smallest_normal * self._summing)
        if precision.result == precision.accumulator:
            return np.asarray(least)
        rounded = np.abs(self.y) + (np.abs(self.unbiased) if self.adds_bias_after else 0.0)
        return ROUNDING * precision.result.unit * rounded + least

    def accumulation(self, grade: str) -> Array:
        """Return ``T_acc + smallest normal``: what a sum of the expected precision may be off by until it is stored."""
        least = self._truth[2] + self.scaled(self.expected.smallest_normal * self._summing)
        return _ACCUMULATION[grade](self, self.expected.accumulator.unit) + least

    def _inputs(self, inputs: Format | None) -> Array | float:
        """Return ``T_in = 4 u_in (B + |y|)``, what rounding the multiplicands may change."""
        return 0.0 if inputs is None else INPUTS * inputs.unit * self.spread

    @cached_property
    def spread(self) -> Array:
        """``B + |y|``, the scale of the error that rounded multiplicands make."""
        spread: Array = self.B + np.abs(self.y)
        return spread

    @cached_property
    def quantum(self) -> float:
        """The largest power of two that divides every product and the bias of an exact fill."""
        arrays, bias = self.numbers
        return min(prod(map(quantum, arrays)), np.inf if bias is None else quantum(bias))

    @property
    def is_integral(self) -> bool:
        """Whether every operand and the bias hold integers alone, so that the quantum is 1 at least."""
        arrays, bias = self.numbers
        return all(np.array_equal(array, np.rint(array)) for array in (*arrays, *(() if bias is None else (bias,))))


def _squared(array: Array) -> Array:
    return np.square(magnitudes(array))


# Of which function of the operands the operation is taken.
_INGREDIENTS: dict[str, Callable[[Array], Array]] = {
    "float64_result": np.positive,
    "A": magnitudes,
    "squares": _squared,
}


def prepare(trials: Sequence[Trial]) -> None:
    """Compute what trials of one operation on one problem need, together where they are small and hold floats.

    One of numbers from the whole range, which are scaled first, computes what it needs itself.
    """
    trials = [trial for trial in trials if trial.name != RANGE_FILL]
    if not trials or trials[0].expected.result.kind != "f":
        return
    most = copies_worth_stacking(trials[0].problem)
    for first in range(0, len(trials), most):
        _prepare(trials[first : first + most])


def _prepare(trials: Sequence[Trial]) -> None:
    """Compute the truth, A and the squares under B of all ``trials`` as one operation each."""
    stack = Stack(trials[0].operation, trials[0].linear, len(trials))
    arrays = tuple(map(_finite, stack.stack_operands([trial.operands.arrays for trial in trials])))
    stated_biases = [trial.operands.bias for trial in trials if trial.operands.bias is not None]
    bias = _finite(np.concatenate(stated_biases)) if stated_biases else None
    biases = [None] * len(trials) if bias is None else np.split(bias, len(trials))
    for trial, numbers in zip(trials, zip(stack.split_operands(arrays), biases, strict=True), strict=True):
        trial.supply(numbers=numbers)
    stacked = {
        name: _map(each, stack.operation, stack.stacked_problem, arrays, bias) for name, each in _INGREDIENTS.items()
    }
    then = trials[0].then
    if not then and not trials[0].adds_bias_after:  # else something comes first
        stacked["rounded"] = trials[0].expected.result.round(stacked["float64_result"])
    for name, array in stacked.items():
        for trial, part in zip(trials, stack.split_result(array), strict=True):
            trial.supply(**{name: following.followed(then, name, part)})


def _statistical(trial: Trial, unit: float) -> Array:
    """Return ``min(K A, 3 W) u``, or A where sums may stand still.

    They do when terms fall below half a unit in the last place of the partial sum: when the mean term, A / K, is below
    u (B + |y|).
    """
    size = trial.A
    bound: Array = np.minimum(trial.K * size, SUMS * trial.W) * unit
    if trial.K.max() * unit < 1:
        return bound
    return np.where(trial.K * unit * trial.spread > size, np.maximum(bound, size), bound)


def _componentwise(trial: Trial, unit: float) -> Array:
    bound: Array = np.minimum(trial.K, SUMS * np.sqrt(trial.K)) * trial.A * unit
    return bound


def _norm_wise(trial: Trial, unit: float) -> Array:
    plane = tuple(range(2, trial.W.ndim))
    bound: Array = PLANE * trial.W.max(axis=plane, keepdims=True, initial=0.0) * unit
    return bound


# T_acc by grade, for an accumulator's unit roundoff.
_ACCUMULATION: dict[str, Callable[[Trial, float], Array]] = {
    CONFORMANT: _statistical,
    COMPONENTWISE: _componentwise,
    NORM_WISE: _norm_wise,
}


def _finite(array: Array) -> Array:
    """Return ``array`` in float64 or complex128, what is not finite replaced by 0."""
    numbers = widened(array)
    finite = np.isfinite(numbers)
    return numbers if finite.all() else np.where(finite, numbers, 0.0)


def quantum(array: Array) -> float:
    """Return the largest power of two that divides every element; infinity when all are zero."""
    if np.iscomplexobj(array):
        return min(quantum(array.real), quantum(array.imag))
    significands, exponents = np.frexp(array[array != 0])
    integers = np.ldexp(significands, 53).astype(np.int64)
    lowest = np.ldexp((integers & -integers).astype(np.float64), exponents - 53)
    return float(lowest.min(initial=np.inf))
