"""Building a question that has the levels somebody wants, by trial: numbers are drawn and the levels looked at.

Everything is drawn from a digest of a seed, so that the same seed gives the same question in any process.
"""

from collections.abc import Mapping, Sequence
from dataclasses import MISSING, fields, replace
from functools import cache
from hashlib import blake2b
from itertools import product
from math import prod
from typing import Any, TypeVar

from convformance.reference.borders import BORDERS, ZERO
from convformance.reference.following import FOLLOWING
from convformance.reference.geometry import Pairs, Size, effective_kernel
from convformance.reference.operation import WITH_BIAS
from convformance.reference.problem import BORDER, OUTPUTS, THEN, Problem
from convformance.test_cases.case import CONVOLUTION, TRANSPOSED, Case, case
from convformance.test_cases.features import (
    FEATURES,
    NAMED_PADDINGS,
    NAMES,
    NOTHING,
    Question,
    channels_level,
    groups_level,
    has_elements,
    levels_of,
)

FAMILY = "mixed"
LARGEST = 400_000  # multiplications of a question that is built
LARGEST_ARRAY = 20_000  # elements of one of its arrays
LONGEST_ID = 80

# The operations that frameworks have with what lies beyond an ordinary convolution.
_ASKED = {BORDER: CONVOLUTION, OUTPUTS: TRANSPOSED, THEN: WITH_BIAS}
_CHANNELS = (1, 2, 3, 4, 6, 8, 9, 10, 12, 16, 18, 20, 24)
_UNSAID = "Nothing yet."  # the sentence is made of the levels, when all numbers are known
_ORDINARY = ("1", "none", "more", "few", "within the kernel", "contiguous", "", NOTHING)
_LONGEST_ROW = 110  # characters of the features in a sentence
_NOT_SAID = ("rank", "operation", "dtype")
_MOST_ORDINARY = {
    "special": "",
    "beyond": NOTHING,
    "range": "",
    "results": "more",
    "rows": "more",
    "dilation": "1",
    "stride reaches": "within the kernel",
    "padding reaches": "within the kernel",
    "batch": "1",
    "rank": "2",
    "kernel": "2",
}
_LEVEL = {feature.name: feature for feature in FEATURES}
_Choice = TypeVar("_Choice")
Wanted = Mapping[str, str]


class Digits:
    """Numbers read one after another from the digests of a seed, as many as are wanted."""

    def __init__(self, seed: str) -> None:
        self._seed, self._block, self._left = seed, 0, b""

    def below(self, limit: int) -> int:
        if not self._left:
            self._left = blake2b(f"{self._seed}:{self._block}".encode(), digest_size=64).digest()
            self._block += 1
        number, self._left = self._left[0], self._left[1:]
        return number % limit

    def choice(self, choices: Sequence[_Choice]) -> _Choice:
        return choices[self.below(len(choices))]

    def between(self, least: int, most: int) -> int:
        return least + self.below(most - least + 1)


def build(wanted: Wanted, seed: str, among: Mapping[str, Sequence[str]] | None = None) -> Question | None:
    """Return a question with the levels ``wanted`` and others as the seed draws them, None where these numbers miss.

    ``among`` has the levels of each feature that may be drawn, by default all.
    """
    digits = Digits(seed)
    choices = {feature.name: feature.levels for feature in FEATURES} if among is None else among
    levels = {name: wanted.get(name, _drawn_level(name, listed, digits)) for name, listed in choices.items()}
    try:
        drawn = Question(_case(levels, digits), levels["operation"], levels["dtype"])
    except ValueError:
        return None
    right = all(_LEVEL[name].level(drawn) == level for name, level in wanted.items())
    return drawn if right and _is_fit(drawn.case) else None


def _drawn_level(name: str, levels: Sequence[str], digits: Digits) -> str:
    """Return any level, the most ordinary one more often: too many features at once make no small case."""
    ordinary = _MOST_ORDINARY.get(name, "no level")
    return ordinary if ordinary in levels and digits.below(2) else digits.choice(levels)


def search(wanted: Wanted, seed: str, tries: int) -> Question | None:
    """Return the first question with the levels ``wanted`` among so many seeds, None where there is none."""
    drawn = (build(wanted, f"{seed}:{number}") for number in range(tries))
    return next((question for question in drawn if question is not None), None)


def _is_fit(drawn: Case) -> bool:
    """Whether the case is small, has elements, and room for the NaN or infinity that it places."""
    problem = drawn.problem
    arrays = (problem.input_shape, problem.filter_shape, problem.output_shape)
    small = problem.multiplications <= LARGEST and max(map(prod, arrays)) <= LARGEST_ARRAY
    has_room = not drawn.special or min(*drawn.input_size, *problem.output_size) > 1
    return small and has_room and has_elements(drawn) and len(drawn.id) <= LONGEST_ID


def _case(levels: Wanted, digits: Digits) -> Case:
    """Return a case of these levels as far as its numbers can have them; raises ValueError where they make none."""
    rank = int(levels["rank"])
    kernel = _sizes(levels["kernel"], rank, digits)
    dilation = _per_axis(levels["dilation"], rank, digits)
    extents = effective_kernel(kernel, dilation)
    stride = _stride(levels, extents, digits)
    padding = _padding(levels, extents, digits)
    channels = _channel_choices(levels["channels in"], levels["channels out"], levels["groups"])
    if not channels:
        raise ValueError("no channels have these levels")
    in_channels, out_channels, groups = digits.choice(channels)
    input_size = _input_size(levels, (stride, extents, padding), digits)
    return case(
        FAMILY,
        _UNSAID,
        **_beyond(levels, (input_size, kernel, stride, padding, dilation), digits),
        kernel_size=kernel,
        stride=stride,
        padding=padding,
        dilation=dilation,
        groups=groups,
        batch={"1": 1, "few": 2, "many": 8}[levels["batch"]],
        in_channels=in_channels,
        out_channels=out_channels,
        bias=levels["bias"] == "bias",
        memory=levels["memory"],
        special=levels["special"],
        range="" if levels["special"] or levels["beyond"] == THEN else levels["range"],
        operations=(levels["operation"],),
        dtypes=(levels["dtype"],),
    )


def _sizes(level: str, rank: int, digits: Digits) -> Size:
    """Return a kernel's size."""
    if level == "unequal":
        return tuple(digits.between(1, 4) for _ in range(rank))
    return (digits.choice((4, 5)) if level == "4 or more" else int(level),) * rank


def _per_axis(level: str, rank: int, digits: Digits) -> Size:
    if level == "unequal":
        return tuple(digits.between(1, 3) for _ in range(rank))
    return (1 if level == "1" else digits.between(2, 3),) * rank


def _stride(levels: Wanted, extents: Size, digits: Digits) -> Size:
    stride = _per_axis(levels["stride"], len(extents), digits)
    if levels["stride reaches"] == "within the kernel" or levels["stride"] == "1":
        return stride
    axis = digits.below(len(extents))
    beyond = max(2, extents[axis] + 1 + digits.below(4))
    equal = levels["stride"] == "equal"
    return tuple(beyond if equal or index == axis else step for index, step in enumerate(stride))


def _padding(levels: Wanted, extents: Size, digits: Digits) -> Pairs | str:
    level, rank = levels["padding"], len(extents)
    if level in NAMED_PADDINGS:
        return level
    least = {"none": 0, "negative": -2, "uneven": 0}.get(level, 1)
    most = 0 if level == "none" else 2
    sides = [(digits.between(least, most), digits.between(least, most)) for _ in range(rank)]
    if levels["padding reaches"] == "past the kernel":
        axis = digits.below(rank)
        sides[axis] = (extents[axis] + digits.below(2), sides[axis][1])
    if level.startswith("even"):
        sides = [(lo, lo) for lo, _ in sides]
    if level == "even":
        sides = [max(sides)] * rank
    return tuple(sides)


def _input_size(levels: Wanted, geometry: tuple[Size, Size, Pairs | str], digits: Digits) -> Size:
    """Return a size with one to three results on each axis and, behind them, less than a stride of elements."""
    stride, extents, padding = geometry
    rank = len(extents)
    many = {"one": (1, 1), "one on an axis": (1, 2), "more": (2, 3)}[levels["results"]]
    outputs = [digits.between(*many) for _ in range(rank)]
    rest = [digits.below(step) if levels["rows left over"] == "left over" else 0 for step in stride]
    sizes = []
    least = 2 if levels["special"] else 1
    for axis, (o, s, extent, r) in enumerate(zip(outputs, stride, extents, rest, strict=True)):
        sizes.append(max(least, (o - 1) * s + r + _least_input(padding, axis, extent, digits)))
    if levels["rows"] == "one on an axis":
        sizes[digits.below(rank)] = 1
    return tuple(sizes)


def _beyond(levels: Wanted, geometry: tuple[Size, Size, Size, Pairs | str, Size], digits: Digits) -> dict[str, Any]:
    """Return the input size, and what lies beyond an ordinary convolution; ValueError where that cannot be asked."""
    size, kernel, stride, padding, dilation = geometry
    level, operation = levels.get("beyond", NOTHING), levels["operation"]
    if level != NOTHING and operation not in _ASKED[level]:
        raise ValueError(f"{operation} is not asked with {level}")
    if level in (NOTHING, THEN):
        return {"input_size": size} | ({"then": digits.choice(FOLLOWING)} if level == THEN else {})
    problem = Problem.of(input_size=size, kernel_size=kernel, stride=stride, padding=padding, dilation=dilation)
    if level == OUTPUTS:
        return _with_wide_output_padding(problem, digits)
    sides = [side for pair in problem.padding for side in pair]
    if min(sides) < 0 or not any(sides):
        raise ValueError("a border shows in padding, and no library has one that crops")
    return {"input_size": size, "border": digits.choice([border for border in BORDERS if border != ZERO])}


def _with_wide_output_padding(problem: Problem, digits: Digits) -> dict[str, Any]:
    """Return a larger input of as many outputs, its output padding from the stride up to below the dilation."""
    if problem.symbol in ("same_upper", "same_lower"):
        raise ValueError("this padding follows from the size, which leaves no output padding of the stride or more")
    axes = zip(problem.input_size, problem.stride, problem.dilation, problem.output_padding, strict=True)
    sizes = tuple(size + digits.between(s, d - 1) - rest if d > s else size for size, s, d, rest in axes)
    return {"input_size": sizes, "outputs": problem.output_size}


def _least_input(padding: Pairs | str, axis: int, extent: int, digits: Digits) -> int:
    """Return the elements of an axis that its first result needs."""
    if not isinstance(padding, str):
        return extent - sum(padding[axis])
    if padding == "full":
        return digits.between(1, 2) - extent + 1 + extent - 1
    return extent if padding == "valid" else 1


@cache
def _channel_choices(inputs: str, outputs: str, groups: str) -> tuple[tuple[int, int, int], ...]:
    """Return channels in and out and groups that have these levels."""
    reads = [number for number in _CHANNELS if channels_level(number) == inputs]
    gives = [number for number in _CHANNELS if channels_level(number) == outputs]
    return tuple(
        numbers
        for numbers in product(reads, gives, (1, 2, 3, 4, *_CHANNELS[4:]))
        if numbers[0] % numbers[2] == numbers[1] % numbers[2] == 0 and groups_level(*numbers) == groups
    )


def to_document(question: Question, tier: str) -> dict[str, Any]:
    """Return the case of a question that was built, as ``built_case`` reads it: what is off its default."""
    changes = {**vars(question.case), "tier": tier}
    return {
        each.name: changes[each.name]
        for each in fields(Case)
        if each.name not in ("family", "catches") and (each.default is MISSING or changes[each.name] != each.default)
    }


def built_case(document: Mapping[str, Any]) -> Case:
    """Return a case as ``to_document`` wrote it, with what it can catch."""
    built = Case(FAMILY, _UNSAID, **document)
    return replace(built, catches=_sentence(Question(built, built.operations[0], built.dtypes[0])))


def _sentence(question: Question) -> str:
    """Return what a built case can catch: the features in which it is no ordinary convolution."""
    off = [
        f"{name} {level}"
        for name, level in zip(NAMES, levels_of(question), strict=True)
        if level not in _ORDINARY and name not in _NOT_SAID
    ]
    return f"Mistakes where these meet: {_shortened(off) or 'nothing out of the ordinary'}."


def _shortened(parts: Sequence[str]) -> str:
    """Return the parts in a row, the last ones left out where the row would be long."""
    said = ", ".join(parts)
    return said if len(said) <= _LONGEST_ROW else f"{said[:_LONGEST_ROW].rpartition(',')[0]}, and more"
