"""Conditions on the parameters of a question, and the fewest of them that wrong answers share and no right one has."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import reduce
from itertools import combinations
from operator import or_
from typing import Any

from convformance.reference.operation import TABLE, Operation
from convformance.reference.problem import Problem

Parameters = Mapping[str, Any]


@dataclass(frozen=True)
class Condition:
    """Something that holds of some questions: in words, and as a test of their parameters."""

    words: str
    holds: Callable[[Parameters], bool]


def parameters(
    operation: str, problem: Problem, dtype: str, *, memory: str = "contiguous", bias: bool = False, special: str = ""
) -> dict[str, Any]:
    """Return the parameters of a question under their public names; a bias gradient has no geometry."""
    told = {"operation": operation, "dtype": dtype, "memory": memory, "special": special, "bias": bias}
    counts = {"batch": problem.batch, "out_channels": problem.out_channels, "output_size": problem.output_size}
    if operation == "conv_bias_grad":
        return {**told, **counts}
    names = (
        "in_channels",
        "groups",
        "input_size",
        "kernel_size",
        "stride",
        "dilation",
        "padding",
        "symbol",
        "output_padding",
    )
    return {**told, **counts, **{name: getattr(problem, name) for name in names}}


def where(wrong: Sequence[Parameters], right: Sequence[Parameters]) -> str:
    """Return ``only when ...``: the fewest conditions that hold of all ``wrong`` and together of no ``right``; "" without any."""
    if not right or not wrong:
        return ""
    fixed, suggested = (
        {found.words: _excluded(found, right) for found in candidates if all(map(found.holds, wrong))}
        for candidates in (_FIXED, _suggested(wrong))
    )
    everyone = (1 << len(right)) - 1
    for count, excluded in (
        (1, fixed),
        (2, fixed),
        (1, suggested),
        (2, {**fixed, **suggested}),
        (3, {**fixed, **suggested}),
    ):
        for chosen in combinations(excluded, count):
            if reduce(or_, map(excluded.__getitem__, chosen)) == everyone:
                return "only when " + " and ".join(chosen)
    return ""


def _excluded(condition: Condition, right: Sequence[Parameters]) -> int:
    """Return a bit for each of the right questions of which the condition does not hold."""
    return sum(1 << place for place, question in enumerate(right) if not condition.holds(question))


def holds(words: Sequence[str], question: Parameters) -> bool:
    """Whether every condition of these words holds of a question."""
    return all(NAMED[word].holds(question) for word in words)


def empty(question: Parameters) -> bool:
    """Whether there is nothing to compute: no image, no channel, no output."""
    sizes = (question.get("batch", 1), question.get("in_channels", 1), question.get("out_channels", 1))
    return 0 in (*sizes, *question.get("output_size", ()), *question.get("input_size", ()))


def _any(name: str, test: Callable[[Any], bool]) -> Callable[[Parameters], bool]:
    return lambda question: any(test(value) for value in question.get(name, ()))


def _differ(name: str) -> Callable[[Parameters], bool]:
    return lambda question: len(set(question.get(name, ()))) > 1


def _at_least(name: str, least: int) -> Callable[[Parameters], bool]:
    return lambda question: question.get(name, 0) >= least


def _at_most(name: str, most: int) -> Callable[[Parameters], bool]:
    return lambda question: question.get(name, 0) <= most


def _is(name: str, *values: Any) -> Callable[[Parameters], bool]:
    return lambda question: question.get(name) in values


def _has_axes(rank: int) -> Callable[[Parameters], bool]:
    return lambda question: len(question.get("stride", ())) == rank


def _axes(question: Parameters, *names: str) -> Iterator[tuple[Any, ...]]:
    return zip(*(question.get(name, ()) for name in names), strict=False)


def _extents(question: Parameters) -> Iterator[int]:
    return (d * (k - 1) + 1 for k, d in _axes(question, "kernel_size", "dilation"))


def _full(question: Parameters) -> bool:
    pairs = tuple((extent - 1, extent - 1) for extent in _extents(question))
    return question.get("symbol") == "full" or (any(map(any, pairs)) and pairs == tuple(question.get("padding", ())))


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
_OPERATIONS = {label: tuple(each.name for each in TABLE if is_one(each)) for label, is_one in _KINDS.items()}
_GEOMETRY = (
    Condition("stride > 1", _any("stride", lambda value: value > 1)),
    Condition("dilation > 1", _any("dilation", lambda value: value > 1)),
    Condition("groups > 1", _at_least("groups", 2)),
    Condition("padding", _any("padding", any)),
    Condition("batch > 1", _at_least("batch", 2)),
    Condition("remainder > 0", _any("output_padding", lambda value: value > 0)),
    Condition("bias", lambda question: bool(question.get("bias"))),
    Condition("same padding", _is("symbol", "same_upper", "same_lower")),
    Condition("padding asymmetric", _any("padding", lambda pair: pair[0] != pair[1])),
    Condition(
        "starts and ends of the padding differ in order",
        lambda question: (
            tuple(zip(*question.get("padding", ()), strict=True)) != tuple(map(tuple, question.get("padding", ())))
        ),
    ),
    Condition("padding differs by axis", _differ("padding")),
    Condition("stride differs by axis", _differ("stride")),
    Condition("dilation differs by axis", _differ("dilation")),
    Condition(
        "a parameter differs by axis",
        lambda question: any(_differ(name)(question) for name in ("stride", "dilation", "padding")),
    ),
    Condition("kernel > 1", _any("kernel_size", lambda value: value > 1)),
    Condition("an even kernel", _any("kernel_size", lambda value: value % 2 == 0)),
    Condition("an odd kernel", lambda question: all(value % 2 for value in question.get("kernel_size", (0,)))),
    Condition("a kernel of 1", lambda question: set(question.get("kernel_size", ())) == {1}),
    Condition(
        "a square kernel",
        lambda question: len(question.get("kernel_size", ())) > 1 and not _differ("kernel_size")(question),
    ),
    Condition("a kernel of unequal sides", _differ("kernel_size")),
    Condition("a kernel wider than 3", _any("kernel_size", lambda value: value > 3)),
    Condition(
        "a kernel wider than the input",
        lambda question: any(e > i for e, i in zip(_extents(question), question.get("input_size", ()), strict=False)),
    ),
    Condition("stride > kernel", lambda question: any(s > k for s, k in _axes(question, "stride", "kernel_size"))),
    Condition("stride > 2", _any("stride", lambda value: value > 2)),
    Condition("dilation > 2", _any("dilation", lambda value: value > 2)),
    Condition("stride 1", lambda question: set(question.get("stride", ())) == {1}),
    Condition("dilation 1", lambda question: set(question.get("dilation", ())) == {1}),
    Condition("no padding", lambda question: "padding" in question and not any(map(any, question["padding"]))),
    Condition("negative padding", _any("padding", lambda pair: min(pair) < 0)),
    Condition("full padding", _full),
    Condition("symbolic padding", lambda question: question.get("symbol") is not None),
    Condition(
        "stride or dilation > 1",
        lambda question: any(v > 1 for n in ("stride", "dilation") for v in question.get(n, ())),
    ),
)
_CHANNELS = (
    Condition("groups = 1", _is("groups", 1)),
    Condition(
        "channels > 1", lambda question: max(question.get("in_channels", 0), question.get("out_channels", 0)) > 1
    ),
    Condition(
        "one channel for each group", lambda question: question.get("groups", 1) == question.get("in_channels") != 1
    ),
    Condition("in_channels > groups", lambda question: question.get("in_channels", 0) > question.get("groups", 1)),
    Condition(
        "in_channels = out_channels", lambda question: question.get("in_channels") == question.get("out_channels")
    ),
    Condition("in_channels is no multiple of 4", lambda question: question.get("in_channels", 0) % 4 != 0),
    Condition("out_channels is no multiple of 4", lambda question: question.get("out_channels", 0) % 4 != 0),
    Condition("in_channels is a multiple of 8", lambda question: question.get("in_channels", 1) % 8 == 0),
    Condition("input sides differ", _differ("input_size")),
    Condition(
        "input sides equal",
        lambda question: len(question.get("input_size", ())) > 1 and not _differ("input_size")(question),
    ),
)
_RANKS = tuple(Condition(f"{rank} spatial {'axes' if rank > 1 else 'axis'}", _has_axes(rank)) for rank in (1, 2, 3))
_MEMORY = (
    Condition("the operands are not contiguous", lambda question: question.get("memory", "contiguous") != "contiguous"),
    Condition("NaN or Inf in the operands", lambda question: bool(question.get("special"))),
    Condition("a 16-bit type", _is("dtype", "float16", "bfloat16")),
    Condition("a 32 or 64-bit type", _is("dtype", "float32", "float64")),
)
_BY_OPERATION = tuple(Condition(words, _is("operation", *operations)) for words, operations in _OPERATIONS.items())
_FIXED = (*_GEOMETRY, *_CHANNELS, *_BY_OPERATION, *_RANKS, *_MEMORY)
NAMED: dict[str, Condition] = {found.words: found for found in _FIXED}


def _suggested(wrong: Sequence[Parameters]) -> Iterator[Condition]:
    """Yield the conditions that the wrong questions themselves suggest: what the first of them is, how small and large they are."""
    for name in ("operation", "dtype", "memory"):
        yield Condition(f"{name} is {wrong[0].get(name)}", _is(name, wrong[0].get(name)))
    for name in ("batch", "in_channels", "out_channels"):
        numbers = [question.get(name, 0) for question in wrong]
        yield Condition(f"{name} >= {min(numbers)}", _at_least(name, min(numbers)))
        yield Condition(f"{name} <= {max(numbers)}", _at_most(name, max(numbers)))
