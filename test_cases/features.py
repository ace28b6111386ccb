"""The features of a question, each with its levels: what coverage of combinations is counted in.

A question is a case, one of its operations and one dtype. Every feature has exactly one level in every question, so
that a pair or a triple of levels of different features is a combination that a question reaches or does not.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from convformance.reference.geometry import PADDING_SYMBOLS, Size
from convformance.reference.operation import OPERATIONS
from convformance.reference.problem import BEYOND
from convformance.test_cases.case import DTYPES, Case
from convformance.test_cases.fills import SPECIALS
from convformance.test_cases.memory import MEMORY, is_odd
from convformance.test_cases.ranges import RANGES

# No framework's convolution has the word causal: it is asked in numbers.
NAMED_PADDINGS = tuple(symbol for symbol in PADDING_SYMBOLS if symbol != "causal")
NOTHING = "nothing"
MANY = 8  # images of a batch, or channels: from here on they are "many", and blocks of channels are multiples of it


@dataclass(frozen=True)
class Question:
    """A case, and the operation and the dtype that it is asked for."""

    case: Case
    operation: str
    dtype: str


@dataclass(frozen=True)
class Feature:
    """One feature: its name, its levels in order, and the level that a question has."""

    name: str
    levels: tuple[str, ...]
    level: Callable[[Question], str]


def questions_of(case: Case) -> list[Question]:
    """Return every question that a case asks."""
    return [Question(case, operation, dtype) for operation in case.operations for dtype in case.dtypes]


def levels_of(question: Question) -> tuple[str, ...]:
    """Return the level of every feature, in the order of ``FEATURES``."""
    return tuple(feature.level(question) for feature in FEATURES)


def is_counted(question: Question) -> bool:
    """Whether a question counts: integers and complex numbers have families of their own.

    Hardly a framework has them in more than one or two operations, so that most of their combinations can be asked of
    nobody.
    """
    return question.dtype in DTYPES and has_elements(question.case)


def has_elements(case: Case) -> bool:
    """Whether no array of the case is empty; those without elements are another matter than combinations."""
    problem = case.problem
    return all(min(shape) > 0 for shape in (problem.input_shape, problem.filter_shape, problem.output_shape))


def _rank(question: Question) -> str:
    return str(question.case.problem.rank)


def _kernel(question: Question) -> str:
    sizes = set(question.case.kernel_size)
    if len(sizes) > 1:
        return "unequal"
    size = sizes.pop()
    return str(size) if size <= 3 else "4 or more"


def _axes(sizes: Size) -> str:
    """Return whether a parameter is 1, the same on every axis, or not."""
    if max(sizes) == 1:
        return "1"
    return "equal" if len(set(sizes)) == 1 else "unequal"


def _stride(question: Question) -> str:
    return _axes(question.case.stride)


def _dilation(question: Question) -> str:
    return _axes(question.case.dilation)


def _reach(question: Question) -> str:
    problem = question.case.problem
    past = any(step > extent for step, extent in zip(problem.stride, problem.effective_kernel, strict=True))
    return "past the kernel" if past else "within the kernel"


def _padding(question: Question) -> str:
    case = question.case
    if case.padding in NAMED_PADDINGS:
        return str(case.padding)
    pairs = case.problem.padding
    sides = [side for pair in pairs for side in pair]
    if min(sides) < 0:
        return "negative"
    if max(sides) == 0:
        return "none"
    if any(lo != hi for lo, hi in pairs):
        return "uneven"
    return "even" if len(set(sides)) == 1 else "even, by axis"


def _overhang(question: Question) -> str:
    problem = question.case.problem
    axes = zip(problem.padding, problem.effective_kernel, strict=True)
    return "past the kernel" if any(max(pair) >= extent for pair, extent in axes) else "within the kernel"


def groups_level(in_channels: int, out_channels: int, groups: int) -> str:
    """Return the level of the groups of a convolution with so many channels."""
    if groups == 1:
        return "1"
    if groups < in_channels:
        return "grouped"
    return "depthwise" if out_channels == in_channels else "multiplier"


def _groups(question: Question) -> str:
    case = question.case
    return groups_level(case.in_channels, case.out_channels, case.groups)


def _batch(question: Question) -> str:
    return _count(question.case.batch)


def _count(number: int) -> str:
    return "1" if number == 1 else "few" if number < MANY else "many"


def channels_level(number: int) -> str:
    """Return the level of so many channels."""
    if number < MANY:
        return _count(number)
    return "blocks" if number % MANY == 0 else "tails"


def _in_channels(question: Question) -> str:
    return channels_level(question.case.in_channels)


def _out_channels(question: Question) -> str:
    return channels_level(question.case.out_channels)


def _rest(question: Question) -> str:
    problem = question.case.problem  # of a wide output padding, what a stride can leave
    axes = zip(problem.output_padding, problem.stride, strict=True)
    return "left over" if any(min(more, step - 1) > 0 for more, step in axes) else "none"


def _rows(question: Question) -> str:
    return "one on an axis" if min(question.case.input_size) == 1 else "more"


def _results(question: Question) -> str:
    sizes = question.case.problem.output_size
    if max(sizes) == 1:
        return "one"
    return "one on an axis" if min(sizes) == 1 else "more"


def _bias(question: Question) -> str:
    return "bias" if question.case.has_bias(question.operation) else "none"


def _beyond(question: Question) -> str:
    """Return what lies beyond an ordinary convolution, of which a case has one thing at most."""
    return next(iter(sorted(question.case.problem.beyond)), NOTHING)


def _memory(question: Question) -> str:
    case = question.case
    return case.memory if is_odd(case.memory, case.problem.operand_shapes(question.operation)) else "contiguous"


_CHANNELS = ("1", "few", "blocks", "tails")

FEATURES: tuple[Feature, ...] = (
    Feature("rank", ("1", "2", "3"), _rank),
    Feature("kernel", ("1", "2", "3", "4 or more", "unequal"), _kernel),
    Feature("stride", ("1", "equal", "unequal"), _stride),
    Feature("stride reaches", ("within the kernel", "past the kernel"), _reach),
    Feature("dilation", ("1", "equal", "unequal"), _dilation),
    Feature("padding", ("none", "even", "even, by axis", "uneven", "negative", *NAMED_PADDINGS), _padding),
    Feature("padding reaches", ("within the kernel", "past the kernel"), _overhang),
    Feature("groups", ("1", "grouped", "depthwise", "multiplier"), _groups),
    Feature("batch", ("1", "few", "many"), _batch),
    Feature("channels in", _CHANNELS, _in_channels),
    Feature("channels out", _CHANNELS, _out_channels),
    Feature("rows left over", ("none", "left over"), _rest),
    Feature("rows", ("one on an axis", "more"), _rows),
    Feature("results", ("one", "one on an axis", "more"), _results),
    Feature("bias", ("none", "bias"), _bias),
    Feature("memory", MEMORY, _memory),
    Feature("special", ("", *SPECIALS), lambda question: question.case.special),
    Feature("range", ("", *RANGES), lambda question: question.case.asked_range),
    Feature("operation", OPERATIONS, lambda question: question.operation),
    Feature("dtype", DTYPES, lambda question: question.dtype),
    Feature("beyond", (NOTHING, *BEYOND), _beyond),
)
NAMES: Sequence[str] = tuple(feature.name for feature in FEATURES)
