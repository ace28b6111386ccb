"""A case: one frozen question about convolution, its id, and the sentence that says what it can catch."""

from dataclasses import asdict, dataclass
from functools import cached_property
from typing import Any

from convformance.reference.arrays import Array
from convformance.reference.borders import ZERO
from convformance.reference.geometry import Padding, Pairs, Size
from convformance.reference.operation import OPERATIONS, TABLE, WITH_BIAS
from convformance.reference.problem import Problem
from convformance.test_cases.memory import MEMORY

TIERS = ("smoke", "standard", "full")

# float64 and float32 accumulate in their own type; the 16-bit types in a wider one, and round once at the end.
WIDE = ("float64", "float32")
NARROW = ("float16", "bfloat16")
DTYPES = (*WIDE, *NARROW)

# The operations a case is asked of unless it says otherwise: every one that has no bias of its own.
CONVOLUTION = tuple(each.name for each in TABLE if not each.transposed and each.result != "bias")
TRANSPOSED = tuple(each.name for each in TABLE if each.transposed and each.result != "bias")
UNBIASED = (*CONVOLUTION, *TRANSPOSED)

# The three maps under both of their names: a convolution and its transpose have each other's first two.
FORWARD = tuple(each.name for each in TABLE if each.result == "output")
INPUT_GRADIENT = tuple(each.name for each in TABLE if each.result == "input")
FILTER_GRADIENT = tuple(each.name for each in TABLE if each.result == "filter")

# What a bias changes: the operations that add one, and its gradient.
_OF_A_BIAS = tuple(each.name for each in TABLE if each.adds_bias or each.result == "bias")


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
    report.
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

    def has_bias(self, operation: str) -> bool:
        """Whether ``operation`` is asked with a bias in this case."""
        return self.bias and operation in WITH_BIAS

    def to_json(self) -> dict[str, Any]:
        """Return the case as the run record keeps it: every parameter under its public name, JSON types only."""
        return {
            "id": self.id,
            **asdict(self),
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
        changes.setdefault("operations", _OF_A_BIAS)
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
    _check_entries("dtypes", declared.dtypes, DTYPES)
    if not declared.catches.endswith("."):
        raise ValueError(f"catches={declared.catches!r}; allowed: a sentence that ends with a full stop")


def _check_entries(parameter: str, entries: tuple[str, ...], allowed: tuple[str, ...]) -> None:
    for entry in entries:
        if entry not in allowed:
            raise ValueError(f"{parameter} holds {entry!r}; allowed: {', '.join(allowed)}")


# Ids are public: they stand in records, reports and lists of known divergences. What follows may not change.


def _size_parts(declared: Case) -> tuple[str, ...]:
    channels = f"n{declared.batch}c{declared.in_channels}o{declared.out_channels}"
    return channels, _times(declared.input_size), "k" + _times(declared.kernel_size)


def _parameter_parts(declared: Case) -> tuple[str, ...]:
    differs_from_default = {
        "s" + _times(declared.stride): any(entry != 1 for entry in declared.stride),
        _padding_part(declared.padding): declared.padding != ((0, 0),) * len(declared.input_size),
        declared.border: declared.border != ZERO,
        "d" + _times(declared.dilation): any(entry != 1 for entry in declared.dilation),
        f"g{declared.groups}": declared.groups != 1,
        "bias": declared.bias,
        declared.memory: declared.memory != "contiguous",
        declared.special: bool(declared.special),
        declared.range: bool(declared.range),
        f"r{declared.seed}": declared.seed != 0,
    }
    return tuple(part for part, differs in differs_from_default.items() if differs)


def _padding_part(padding: Pairs | str) -> str:
    if isinstance(padding, str):
        return padding
    sides = (str(lo) if lo == hi else f"{lo}.{hi}" for lo, hi in padding)
    return "p" + "x".join(sides).replace("-", "m")  # a minus would look like the end of a part


def _times(size: Size) -> str:
    return "x".join(str(entry) for entry in size)
