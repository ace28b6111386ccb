"""Refusals: what a function says that it does not take, told apart from what goes wrong.

A refusal is NotImplementedError, or an exception that a ``raise`` or ``assert`` of the user's own file raises in just
those questions that meet a condition: even kernels, sides that differ. Where windows lie beside the data any exception
is one.
"""

from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import combinations
from operator import attrgetter, gt, lt
from typing import Any

from convformance.checking.origin import Origin
from convformance.checking.questions import Question
from convformance.judging.conditions import Condition, QuestionParameters


@dataclass(frozen=True)
class Refusal:
    """What ``count`` questions of ``operations`` were refused with, and the condition that they share, if there is one.

    ``by_call``: the user's call refused, not the function.
    """

    operations: Sequence[str]
    count: int
    condition: str
    error: str
    where: str
    by_call: bool = False
    cases: Sequence[str] = field(default_factory=list)

    @property
    def label(self) -> str:
        """What is refused, in a phrase."""
        return self.condition or self.error


def find_refusals(questions: Sequence[Question]) -> list[Refusal]:
    """Return the refusals, and mark their questions as refused."""
    answered = [each.parameters for each in questions if each.origin is None]
    groups: dict[Any, list[tuple[Question, Origin]]] = {}
    for question in questions:
        origin = question.origin
        if origin is not None:
            groups.setdefault(origin.key, []).append((question, origin))
    result = []
    for group in groups.values():
        refused = [question.parameters for question, _ in group]
        stated = group[0][0].refused or group[0][1].stated
        condition = condition_of(refused, answered) if stated else _extreme(refused, answered)
        if condition or group[0][0].refused:
            result.append(_refusal([question for question, _ in group], group[0][1], condition))
    return sorted(result, key=lambda refusal: (refusal.by_call, -refusal.count))


def _refusal(questions: Sequence[Question], origin: Origin, condition: str) -> Refusal:
    for question in questions:
        question.refused = True
    text = Counter(each.origin.text for each in questions if each.origin).most_common(1)[0][0]
    operations = list(dict.fromkeys(each.operation for each in questions))
    where = origin.where if origin.file else ""
    cases = [each.case.id for each in questions]
    return Refusal(operations, len(questions), condition, text, where, origin.by_call, cases)


def condition_of(refused: Sequence[QuestionParameters], answered: Sequence[QuestionParameters]) -> str:
    """Return the condition that all ``refused`` meet and none of ``answered``, or "".

    One that has a name; else a number that tells them apart; else either of two that have names.
    """
    if not answered:
        return ""
    possible = [each for each in _NAMED if not any(map(each.holds, answered))]
    for condition in (*possible, *_numbers(refused, answered)):
        if all(map(condition.holds, refused)):
            return condition.label
    for first, second in combinations(possible, 2):
        if all(first.holds(each) or second.holds(each) for each in refused):
            return f"{first.label} or {second.label}"
    return ""


def _extreme(refused: Sequence[QuestionParameters], answered: Sequence[QuestionParameters]) -> str:
    """Return the condition beyond all use that all ``refused`` meet and none of ``answered``, or ""."""
    possible = (each for each in _EXTREMES if answered and not any(map(each.holds, answered)))
    return next((each.label for each in possible if all(map(each.holds, refused))), "")


def _differ(sizes: Sequence[Any]) -> bool:
    return len(set(sizes)) > 1


def _above(name: str, least: int = 1) -> Callable[[QuestionParameters], bool]:
    return lambda question: max(getattr(question, name), default=0) > least


_WIDE_KERNEL = Condition(
    "kernels wider than the input",
    lambda question: any(kernel > size for kernel, size in zip(question.extents, question.input_size, strict=True)),
)
_EXTREMES = (
    _WIDE_KERNEL,
    Condition(
        "padding as wide as the kernel",
        lambda question: any(max(pair) >= size for pair, size in zip(question.padding, question.extents, strict=True)),
    ),
)
_NAMED = (
    Condition("even kernels", lambda question: any(size % 2 == 0 for size in question.kernel_size)),
    Condition("rectangular kernels", lambda question: _differ(question.kernel_size)),
    Condition("inputs whose sides differ", lambda question: _differ(question.input_size)),
    Condition("stride above 1", _above("stride")),
    Condition("dilation above 1", _above("dilation")),
    Condition("groups above 1", lambda question: question.groups > 1),
    Condition("padding", lambda question: any(map(any, question.padding))),
    Condition("sizes that leave a remainder", _above("output_padding", 0)),
    Condition("stride that differs by axis", lambda question: _differ(question.stride)),
    Condition("dilation that differs by axis", lambda question: _differ(question.dilation)),
    Condition("padding that differs by axis", lambda question: _differ(question.padding)),
    Condition("padding that differs by side", lambda question: any(lo != hi for lo, hi in question.padding)),
    Condition("more than one input channel", lambda question: question.in_channels > 1),
    Condition("more than one output channel", lambda question: question.out_channels > 1),
    Condition("more than one channel", lambda question: max(question.in_channels, question.out_channels) > 1),
    Condition("input and output channels that differ", lambda question: question.in_channels != question.out_channels),
    Condition("more than one image", lambda question: question.batch > 1),
    Condition("odd kernels", lambda question: any(size % 2 for size in question.kernel_size)),
    Condition("kernels of one element", lambda question: set(question.kernel_size) == {1}),
    _WIDE_KERNEL,
    Condition(
        "a stride above the kernel",
        lambda question: any(step > size for step, size in zip(question.stride, question.kernel_size, strict=True)),
    ),
    Condition("no padding", lambda question: not any(map(any, question.padding))),
    Condition("a bias", lambda question: question.bias),
    Condition("no bias", lambda question: not question.bias),
    Condition("NaN or infinity", lambda question: bool(question.special)),
    Condition("arrays that are not contiguous", lambda question: question.memory != "contiguous"),
)

_COUNTS = {
    "in_channels": "input channels",
    "out_channels": "output channels",
    "groups": "groups",
    "batch": "images in a batch",
}
_SIZES = {"kernel_size": "kernels", "stride": "strides", "dilation": "dilations", "input_size": "inputs"}


def _numbers(refused: Sequence[QuestionParameters], answered: Sequence[QuestionParameters]) -> Iterator[Condition]:
    """Yield what the numbers suggest: another value than that of all answers, or one above or below all of them."""
    for name, noun in (_COUNTS | _SIZES).items():
        values = {getattr(each, name) for each in answered}
        if len(values) == 1:
            yield _other_than(name, noun, values.pop())
    for name, noun in _SIZES.items():
        largest = max(max(getattr(each, name), default=0) for each in answered)
        yield Condition(f"{noun} with a side above {largest}", _above(name, largest))
        least = min(min(getattr(each, name), default=0) for each in answered)
        if least > 0:
            yield _below(name, noun, least)
    yield from _along_an_axis(answered)
    for name, noun in _COUNTS.items():
        most = max(map(attrgetter(name), answered))
        yield _more_than(name, noun, most)


def _along_an_axis(answered: Sequence[QuestionParameters]) -> Iterator[Condition]:
    """Yield inputs and kernels that are smaller or larger along one axis than those of all answers."""
    for name, noun in (("input_size", "inputs"), ("kernel_size", "kernels")):
        sizes = [getattr(each, name) for each in answered]
        for axis, letter in enumerate("DHW"[-len(sizes[0]) :] if len(sizes[0]) > 1 else ""):
            along = [size[axis] for size in sizes]
            yield Condition(f"{noun} below {min(along)} along {letter}", _compared(name, axis, lt, min(along)))
            yield Condition(f"{noun} above {max(along)} along {letter}", _compared(name, axis, gt, max(along)))


def _compared(
    name: str, axis: int, compare: Callable[[int, int], bool], limit: int
) -> Callable[[QuestionParameters], bool]:
    return lambda question: compare(getattr(question, name)[axis], limit)


def _other_than(name: str, noun: str, value: Any) -> Condition:
    shown = " x ".join(map(str, value)) if isinstance(value, tuple) else value
    return Condition(f"{noun} other than {shown}", lambda question: getattr(question, name) != value)


def _below(name: str, noun: str, least: int) -> Condition:
    label = f"{noun} with a side below {least}"
    return Condition(label, lambda question: 0 < min(getattr(question, name), default=0) < least)


def _more_than(name: str, noun: str, most: int) -> Condition:
    return Condition(f"more than {most} {noun}", lambda question: getattr(question, name) > most)
