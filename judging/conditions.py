"""Conditions on the parameters of a question, and the fewest of them that wrong answers share and no right one has."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import MISSING, dataclass, fields
from functools import reduce
from itertools import combinations
from operator import attrgetter, eq, ge, gt, le, or_
from typing import Any

from convformance.reference.borders import ZERO
from convformance.reference.dtypes import COMPLEX, INTEGERS, operand_dtypes
from convformance.reference.following import NOTHING, normalises
from convformance.reference.geometry import Pairs, Size, effective_kernel
from convformance.reference.operation import BY_NAME, Operation
from convformance.reference.problem import NO_ZERO_POINTS, Problem


@dataclass(frozen=True)
class QuestionParameters:
    """The parameters of a question, by which a diagnosis tells the wrong answers from the right ones.

    A bias gradient reads no input and no filter and so has no geometry: its ``in_channels`` and ``groups`` are 0, its
    sizes empty.
    """

    operation: str
    dtype: str
    memory: str
    special: str
    ends: str
    bias: bool
    batch: int
    out_channels: int
    output_size: Size
    in_channels: int = 0
    groups: int = 0
    input_size: Size = ()
    kernel_size: Size = ()
    stride: Size = ()
    dilation: Size = ()
    padding: Pairs = ()
    symbol: str | None = None
    output_padding: Size = ()
    border: str = ZERO
    zero_points: tuple[int, int] = NO_ZERO_POINTS
    then: str = NOTHING

    @property
    def has_geometry(self) -> bool:
        """Whether there is an input and a kernel that moves over it."""
        return bool(self.kernel_size)

    @property
    def extents(self) -> Size:
        """How far the dilated kernel spans on each axis."""
        return effective_kernel(self.kernel_size, self.dilation)

    @property
    def is_empty(self) -> bool:
        """Whether there is nothing to compute: no image, no channel, no input, no output."""
        counts = self.batch, self.out_channels, *self.output_size, *self.input_size
        return 0 in counts or (self.has_geometry and not self.in_channels)


def parameters(
    operation: str,
    problem: Problem,
    dtype: str,
    *,
    memory: str = "contiguous",
    bias: bool = False,
    special: str = "",
    ends: str = "",
) -> QuestionParameters:
    """Return the parameters of the question that asks ``operation`` on ``problem``; ``ends`` is the case's range."""
    counts = problem.batch, problem.out_channels, problem.output_size
    optional = [field.name for field in fields(QuestionParameters) if field.default is not MISSING]
    names = () if BY_NAME[operation].result == "bias" else optional
    geometry: dict[str, Any] = {name: getattr(problem, name) for name in names}
    return QuestionParameters(operation, dtype, memory, special, ends, bias, *counts, **geometry)


Holds = Callable[[QuestionParameters], bool]


@dataclass(frozen=True)
class Condition:
    """Something that holds of some questions: how it is said, and as a test of their parameters."""

    label: str
    holds: Holds


def where(wrong: Sequence[QuestionParameters], right: Sequence[QuestionParameters]) -> str:
    """Return ``only when ...``: the fewest conditions that hold of all ``wrong`` and together of no ``right``.

    "" where there are none. A condition with a name of its own is preferred to one that only the numbers suggest.
    """
    if not right or not wrong:
        return ""
    named, suggested = _exclusions(_FIXED, wrong, right), _exclusions(_suggested(wrong), wrong, right)
    every = {**named, **suggested}
    everyone = (1 << len(right)) - 1
    for count, excluded in ((1, named), (2, named), (1, suggested), (2, every), (3, every)):
        for labels in combinations(excluded, count):
            if reduce(or_, map(excluded.__getitem__, labels)) == everyone:
                return "only when " + " and ".join(labels)
    return ""


def _exclusions(
    candidates: Iterable[Condition], wrong: Sequence[QuestionParameters], right: Sequence[QuestionParameters]
) -> dict[str, int]:
    """Return, for each condition that all ``wrong`` meet, a bit for each of ``right`` that does not.

    Bits, because some hundred conditions are combined in threes: an ``or`` of integers says what they exclude together.
    """
    return {
        condition.label: sum(1 << index for index, question in enumerate(right) if not condition.holds(question))
        for condition in candidates
        if all(map(condition.holds, wrong))
    }


def all_hold(labels: Iterable[str], question: QuestionParameters) -> bool:
    """Whether every condition of these labels holds of a question."""
    return all(NAMED[label].holds(question) for label in labels)


def _differ(entries: Sequence[Any]) -> bool:
    return len(set(entries)) > 1


def _equal(entries: Sequence[Any]) -> bool:
    return len(entries) > 1 and not _differ(entries)


def _are_ones(sizes: Size) -> bool:
    return set(sizes) == {1}


def _is_full(question: QuestionParameters) -> bool:
    pairs = tuple((extent - 1, extent - 1) for extent in question.extents)
    return question.symbol == "full" or (any(map(any, pairs)) and pairs == question.padding)


def _has_wide_output_padding(question: QuestionParameters) -> bool:
    return any(map(ge, question.output_padding, question.stride))


def _differs_by_axis(question: QuestionParameters) -> bool:
    return any(map(_differ, (question.stride, question.dilation, question.padding)))


# Kinds of operations, each a predicate over the table of them.
_KINDS: Mapping[str, Callable[[Operation], bool]] = {
    "the filter is read": lambda operation: "filter" in operation.arrays,
    "the filter's gradient is asked for": lambda operation: operation.result == "filter",
    "the bias' gradient is asked for": lambda operation: operation.result == "bias",
    "the batch is summed": lambda operation: operation.result in ("filter", "bias"),
    "the result is the large side": lambda operation: operation.result == "input",
    "the operation is transposed": lambda operation: operation.transposed,
    "the operation is a gradient": lambda operation: operation.is_gradient,
}
_GEOMETRY = (
    Condition("stride > 1", lambda question: max(question.stride, default=0) > 1),
    Condition("dilation > 1", lambda question: max(question.dilation, default=0) > 1),
    Condition("groups > 1", lambda question: question.groups > 1),
    Condition("padding", lambda question: any(map(any, question.padding))),
    Condition("batch > 1", lambda question: question.batch > 1),
    Condition("remainder > 0", lambda question: max(question.output_padding, default=0) > 0),
    Condition("bias", lambda question: question.bias),
    Condition("same padding", lambda question: question.symbol in ("same_upper", "same_lower")),
    Condition("padding asymmetric", lambda question: any(lo != hi for lo, hi in question.padding)),
    Condition(
        "starts and ends of the padding differ in order",
        lambda question: tuple(zip(*question.padding, strict=True)) != question.padding,
    ),
    Condition("padding differs by axis", lambda question: _differ(question.padding)),
    Condition("stride differs by axis", lambda question: _differ(question.stride)),
    Condition("dilation differs by axis", lambda question: _differ(question.dilation)),
    Condition("a parameter differs by axis", _differs_by_axis),
    Condition("kernel > 1", lambda question: max(question.kernel_size, default=0) > 1),
    Condition("an even kernel", lambda question: any(size % 2 == 0 for size in question.kernel_size)),
    Condition("an odd kernel", lambda question: question.has_geometry and all(k % 2 for k in question.kernel_size)),
    Condition("a kernel of 1", lambda question: _are_ones(question.kernel_size)),
    Condition("a square kernel", lambda question: _equal(question.kernel_size)),
    Condition("a kernel of unequal sides", lambda question: _differ(question.kernel_size)),
    Condition("a kernel wider than 3", lambda question: max(question.kernel_size, default=0) > 3),
    Condition("a kernel wider than the input", lambda question: any(map(gt, question.extents, question.input_size))),
    Condition("stride > kernel", lambda question: any(map(gt, question.stride, question.kernel_size))),
    Condition("stride > 2", lambda question: max(question.stride, default=0) > 2),
    Condition("dilation > 2", lambda question: max(question.dilation, default=0) > 2),
    Condition("stride 1", lambda question: _are_ones(question.stride)),
    Condition("dilation 1", lambda question: _are_ones(question.dilation)),
    Condition("no padding", lambda question: question.has_geometry and not any(map(any, question.padding))),
    Condition("negative padding", lambda question: any(min(pair) < 0 for pair in question.padding)),
    Condition("full padding", _is_full),
    Condition("a border that repeats the data", lambda question: question.border != ZERO),
    Condition("something that follows", lambda question: bool(question.then)),
    Condition("a normalisation that follows", lambda question: normalises(question.then)),
    Condition("an output padding of the stride or more", _has_wide_output_padding),
    Condition("symbolic padding", lambda question: question.symbol is not None),
    Condition("stride or dilation > 1", lambda question: max((*question.stride, *question.dilation), default=0) > 1),
)
_CHANNELS = (
    Condition("groups = 1", lambda question: question.groups == 1),
    Condition("channels > 1", lambda question: max(question.in_channels, question.out_channels) > 1),
    Condition("one channel for each group", lambda question: question.groups == question.in_channels > 1),
    Condition("in_channels > groups", lambda question: question.in_channels > question.groups),
    Condition(
        "in_channels = out_channels",
        lambda question: question.has_geometry and question.in_channels == question.out_channels,
    ),
    Condition("in_channels is no multiple of 4", lambda question: question.in_channels % 4 > 0),
    Condition("out_channels is no multiple of 4", lambda question: question.out_channels % 4 > 0),
    Condition(
        "in_channels is a multiple of 8",
        lambda question: question.has_geometry and question.in_channels % 8 == 0,
    ),
    Condition("input sides differ", lambda question: _differ(question.input_size)),
    Condition("input sides equal", lambda question: _equal(question.input_size)),
    Condition("result sides differ", lambda question: _differ(question.output_size)),
    Condition("sides differ", lambda question: _differ(question.input_size) or _differ(question.kernel_size)),
)
_NUMBERS = (
    Condition("integers", lambda question: question.dtype in INTEGERS),
    Condition("complex numbers", lambda question: question.dtype in COMPLEX),
    Condition("a zero point of the first operand", lambda question: question.zero_points[0] != 0),
    Condition("a zero point of the second operand", lambda question: question.zero_points[1] != 0),
    Condition("a zero point", lambda question: any(question.zero_points)),
    Condition("operands of two types", lambda question: len(set(operand_dtypes(question.dtype))) > 1),
)
_MEMORY = (
    Condition("the operands are not contiguous", lambda question: question.memory != "contiguous"),
    Condition("NaN or Inf in the operands", lambda question: bool(question.special)),
    Condition("numbers at the ends of the range", lambda question: bool(question.ends)),
    Condition("subnormal operands", lambda question: question.ends == "subnormal"),
    Condition("sums that overflow", lambda question: question.ends.endswith("overflow")),
    Condition("a 16-bit type", lambda question: question.dtype in ("float16", "bfloat16")),
    Condition("a 32 or 64-bit type", lambda question: question.dtype in ("float32", "float64")),
)


def _of_kind(label: str, is_of_kind: Callable[[Operation], bool]) -> Condition:
    return Condition(label, lambda question: is_of_kind(BY_NAME[question.operation]))


def _of_rank(rank: int) -> Condition:
    axes = "axes" if rank > 1 else "axis"
    return Condition(f"{rank} spatial {axes}", lambda question: len(question.stride) == rank)


_FIXED = (
    *_NUMBERS,
    *_GEOMETRY,
    *_CHANNELS,
    *(_of_kind(*kind) for kind in _KINDS.items()),
    *map(_of_rank, (1, 2, 3)),
    *_MEMORY,
)
NAMED: dict[str, Condition] = {condition.label: condition for condition in _FIXED}


def _suggested(wrong: Sequence[QuestionParameters]) -> Iterator[Condition]:
    """Yield the conditions that ``wrong`` suggests: what the first one is, the smallest and largest numbers of all."""
    for name in ("operation", "dtype", "memory", "border", "then"):
        yield _compared(name, "is", eq, getattr(wrong[0], name))
    for name in ("batch", "in_channels", "out_channels"):
        numbers = list(map(attrgetter(name), wrong))
        yield _compared(name, ">=", ge, min(numbers))
        yield _compared(name, "<=", le, max(numbers))


def _compared(name: str, sign: str, compare: Callable[[Any, Any], bool], value: Any) -> Condition:
    return Condition(f"{name} {sign} {value}", lambda question: compare(getattr(question, name), value))
