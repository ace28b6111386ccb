"""A case: one frozen question about convolution, its id, and the sentence that says what it can catch."""

import re
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from functools import cached_property
from typing import Any

import numpy as np

from convformance.adapters.raw import Raw
from convformance.reference.arrays import Array
from convformance.reference.borders import ZERO
from convformance.reference.dtypes import ALL_DTYPES, COMPLEX, FLOATS, INTEGERS, operand_dtypes
from convformance.reference.following import NOTHING
from convformance.reference.geometry import Padding, Pairs, Size
from convformance.reference.operation import OPERATIONS, TABLE, WITH_BIAS
from convformance.reference.problem import NO_ZERO_POINTS, Problem
from convformance.test_cases.memory import MEMORY

TIERS = ("smoke", "standard", "full")
HUGE = "huge"  # the tier of cases that need tens of gigabytes: no other tier holds them

# float64 and float32 accumulate in their own type; the 16-bit types in a wider one, and round once at the end.
WIDE = ("float64", "float32")
NARROW = ("float16", "bfloat16")
# What a case is asked in unless it says otherwise; the others, of ``reference.dtypes``, are asked by name.
DTYPES = FLOATS

# The operations a case is asked of unless it says otherwise: every one that has no bias of its own.
CONVOLUTION = tuple(each.name for each in TABLE if not each.transposed and each.result != "bias")
TRANSPOSED = tuple(each.name for each in TABLE if each.transposed and each.result != "bias")
UNBIASED = (*CONVOLUTION, *TRANSPOSED)

# The three maps under both of their names: a convolution and its transpose have each other's first two.
FORWARD = tuple(each.name for each in TABLE if each.result == "output")
INPUT_GRADIENT = tuple(each.name for each in TABLE if each.result == "input")
FILTER_GRADIENT = tuple(each.name for each in TABLE if each.result == "filter")

# What a bias changes: the operations that add one, and its gradient.
OPERATIONS_OF_A_BIAS = tuple(each.name for each in TABLE if each.adds_bias or each.result == "bias")


@dataclass(frozen=True)
class Case:
    """One question, asked of every operation in ``operations`` in every dtype of ``dtypes``.

    Sizes are those of the convolution it belongs to: ``input_size`` is the large side, and the explicit result size
    of a transposed convolution. ``memory`` is how the operands lie: ``contiguous``, ``sliced`` (every second element
    of a larger array per axis), ``permuted`` (the axes of a channels-last array), ``expanded`` (numbers repeated by a
    stride of 0), ``unaligned`` (one element behind where vectors begin), ``ones`` (odd strides along axes of size 1) or
    ``guarded`` (at the edge of memory that cannot be read). ``special`` places NaN or Inf in an operand: see
    ``fills.SPECIALS``. ``range`` adds a fill of numbers from the ends of the dtype's range: see ``ranges.RANGES``.
    ``border`` is what lies in the padding, one of ``borders.BORDERS``. ``source`` is a link for cases that come from a
    report. ``zero_points`` are what integers that stand for 0 are stored as, in the first and in the second operand.
    ``outputs`` is the size of the small side where it is smaller than what the geometry gives, and ``then`` what
    follows the convolution: see ``Problem``. ``raw`` are arguments that no problem holds: only routes for raw arguments
    are asked such a case.
    """

    family: str
    catches: str
    input_size: Size
    kernel_size: Size
    stride: Size
    padding: Pairs | str
    dilation: Size
    groups: int = 1
    batch: int = 2
    in_channels: int = 4
    out_channels: int = 6
    bias: bool = False
    memory: str = "contiguous"
    special: str = ""
    tier: str = "standard"
    operations: tuple[str, ...] = UNBIASED
    dtypes: tuple[str, ...] = DTYPES
    source: str = ""
    seed: int = 0
    border: str = ZERO
    zero_points: tuple[int, int] = NO_ZERO_POINTS
    outputs: Size | None = None
    then: str = NOTHING
    raw: Raw | None = None
    range: str = ""

    @cached_property
    def problem(self) -> Problem:
        """The problem in canonical terms; raises ValueError when the geometry is invalid."""
        return Problem.of(
            input_size=self.input_size,
            kernel_size=self.kernel_size,
            batch=self.batch,
            in_channels=self.in_channels,
            out_channels=self.out_channels,
            stride=self.stride,
            padding=self.padding,
            dilation=self.dilation,
            groups=self.groups,
            border=self.border,
            zero_points=self.zero_points,
            outputs=self.outputs,
            then=self.then,
        )

    @property
    def fixed_filter(self) -> Array | None:
        """The filter that every fill has, canonical, in float64; None where fills choose it."""
        return None

    @property
    def sum_limits(self) -> tuple[int, int] | None:
        """The least and the largest sum of a case of whole numbers alone; None where fills know no such limits."""
        return None

    @cached_property
    def id(self) -> str:
        """The stable public id: the family, then the sizes, then every parameter that is not at its default."""
        return "-".join((self.family, *_size_parts(self), *_parameter_parts(self)))

    @property
    def asked_range(self) -> str:
        """The range whose fill is asked: a NaN would hide what it shows, what follows a sum turns its infinities."""
        return "" if self.special or self.then != NOTHING else self.range

    def judged_case(self, operation: str) -> "Case":
        """Return the case that the judge is asked about in place of this one."""
        return self

    def embedded(self, operation: str, arrays: Sequence[Array]) -> tuple[Array, ...]:
        """Return the operands that an adapter is given for those of the case that is judged."""
        return tuple(arrays)

    def looked_at(self, operation: str, value: Array) -> Array:
        """Return what the judge is given of an adapter's result."""
        return value

    def has_bias(self, operation: str) -> bool:
        """Whether ``operation`` is asked with a bias in this case."""
        return self.bias and operation in WITH_BIAS

    def to_json(self) -> dict[str, Any]:
        """Return the case as the run record keeps it: every parameter under its public name, JSON types only."""
        return {
            "id": self.id,
            **asdict(self),
            "raw": {} if self.raw is None else self.raw.to_json(),
            "output_size": self.problem.output_size,
            "padding_pairs": self.problem.padding,
        }


def case(
    family: str, catches: str, *, input_size: Size, kernel_size: int | Size, padding: Padding = 0, **changes: Any
) -> Case:
    """Declare a case: ints stand for every axis, what is not named stays at its default.

    A case with a bias is asked of the operations that add one and of the bias gradient. Raises ValueError when the
    geometry is invalid, or an operation, a dtype, a memory layout or a tier does not exist.
    """
    geometry = Problem.of(
        input_size=input_size,
        kernel_size=kernel_size,
        padding=padding,
        stride=changes.pop("stride", 1),
        dilation=changes.pop("dilation", 1),
    )
    if changes.get("bias"):
        changes.setdefault("operations", OPERATIONS_OF_A_BIAS)
    declared = Case(
        family,
        catches,
        input_size=geometry.input_size,
        kernel_size=geometry.kernel_size,
        stride=geometry.stride,
        padding=geometry.symbol or geometry.padding,
        dilation=geometry.dilation,
        **changes,
    )
    _check(declared)
    return declared


def reported(repository: str, number: int, catches: str, **parameters: Any) -> Case:
    """Declare a case of the family ``regression``: issue ``number`` of a public tracker, with parameters of ``case``.

    Its numbers are those of the report where they are small, else the smallest that keep the point.
    """
    return case("regression", catches, source=f"https://github.com/{repository}/issues/{number}", **parameters)


def _check(declared: Case) -> None:
    _ = declared.problem  # raises ValueError, now that channels and groups are known
    _check_entries("memory", (declared.memory,), MEMORY)
    _check_entries("tier", (declared.tier,), TIERS)
    _check_entries("operations", declared.operations, OPERATIONS)
    _check_entries("dtypes", declared.dtypes, ALL_DTYPES)
    _check_numbers(declared)
    if not declared.catches.endswith("."):
        raise ValueError(f"catches={declared.catches!r}; allowed: a sentence that ends with a full stop")


def _check_numbers(declared: Case) -> None:
    """Check that integers have no bias, no special value, nothing that follows, zero points their types can hold."""
    if set(declared.dtypes) & {*INTEGERS, *COMPLEX} and declared.special:
        raise ValueError(
            f"special={declared.special!r}; allowed: none, where a dtype is of integers or complex numbers"
        )
    if set(declared.dtypes) & {*INTEGERS, *COMPLEX} and declared.then:
        raise ValueError(f"then={declared.then!r}; allowed: none, where a dtype is of integers or complex numbers")
    if set(declared.dtypes) & set(INTEGERS) and declared.bias:
        raise ValueError("bias=True; allowed: False, where a dtype is of integers")
    if any(declared.zero_points) and not set(declared.dtypes) <= set(INTEGERS):
        raise ValueError(f"zero_points={declared.zero_points}; allowed: (0, 0), where a dtype is not of integers")
    for dtype in declared.dtypes if any(declared.zero_points) else ():
        for zero, stored in zip(declared.zero_points, operand_dtypes(dtype), strict=True):
            limits = np.iinfo(stored)
            if not limits.min <= zero <= limits.max:
                raise ValueError(f"zero_points holds {zero}; allowed: {limits.min} to {limits.max}, as {stored} has")


def _check_entries(parameter: str, entries: tuple[str, ...], allowed: tuple[str, ...]) -> None:
    for entry in entries:
        if entry not in allowed:
            raise ValueError(f"{parameter} holds {entry!r}; allowed: {', '.join(allowed)}")


# Ids are public: they stand in records, reports and lists of known divergences. What follows may not change.


def _size_parts(declared: Case) -> tuple[str, ...]:
    channels = f"n{declared.batch}c{declared.in_channels}o{declared.out_channels}"
    return channels, _times(declared.input_size), "k" + _times(declared.kernel_size)


def _parameter_parts(declared: Case) -> tuple[str, ...]:
    if declared.raw is not None:  # says itself what its numbers are, which may be long
        return *((f"g{declared.groups}",) if declared.groups != 1 else ()), _raw_part(declared.raw)
    differs_from_default = {
        "s" + _times(declared.stride): any(entry != 1 for entry in declared.stride),
        _padding_part(declared.padding): declared.padding != ((0, 0),) * len(declared.input_size),
        declared.border: declared.border != ZERO,
        "y" + _times(declared.outputs or ()): declared.outputs is not None,
        "d" + _times(declared.dilation): any(entry != 1 for entry in declared.dilation),
        f"g{declared.groups}": declared.groups != 1,
        "bias": declared.bias,
        declared.then.replace("_", "."): bool(declared.then),
        declared.memory: declared.memory != "contiguous",
        declared.special: bool(declared.special),
        _zero_points_part(declared): any(declared.zero_points),
        declared.range: bool(declared.range),
        f"r{declared.seed}": declared.seed != 0,
    }
    return tuple(part for part, differs in differs_from_default.items() if differs)


def _padding_part(padding: Pairs | str) -> str:
    if isinstance(padding, str):
        return padding
    sides = (str(lo) if lo == hi else f"{lo}.{hi}" for lo, hi in padding)
    return "p" + "x".join(sides).replace("-", "m")  # a minus would look like the end of a part


def _zero_points_part(declared: Case) -> str:
    return ("z" + ".".join(map(str, declared.zero_points))).replace("-", "m")


def _raw_part(raw: Raw) -> str:
    """Return what is asked as a part of an id: letters, digits and underscores."""
    return re.sub(r"\W+", "_", raw.asked.replace("-", "m").replace("^", "pow"))


def _times(size: Size) -> str:
    return "x".join(str(entry) for entry in size)
