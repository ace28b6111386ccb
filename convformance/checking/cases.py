"""Which cases a function is asked: the suite's own where they fit what it can take, and small generated ones."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from functools import cache
from hashlib import blake2b
from math import prod

from convformance.checking.caller import Capabilities
from convformance.reference.geometry import Size, effective_kernel
from convformance.reference.operation import OPERATIONS
from convformance.test_cases import catalogue, fills
from convformance.test_cases.case import Case, case

LARGEST = 100_000  # multiplications of one question
_GENERATED = 40
_CANDIDATES = 900  # that the generated ones are taken from
_SINGLE_OUTPUT = 20  # candidates that may have a single output along an axis; later ones have more to show


def cases(capabilities: Capabilities, dtype: str, *, empty: bool) -> list[Case]:
    """Return the cases, each with those of its operations that can be asked, from small to big.

    ``empty`` lets through empty batches and kernels larger than the padded input, whose results have no elements.
    """
    declared = _askable(catalogue.cases("standard"), capabilities, dtype, empty=empty)
    by_id = {each.id: each for each in declared}
    generated: dict[str, Case] = {}
    for each in _askable(_candidates(capabilities.layouts.rank), capabilities, dtype, empty=empty):
        generated.setdefault(each.id, each)
        if len(generated) == _GENERATED:
            break
    return sorted({**by_id, **generated}.values(), key=lambda each: (each.problem.multiplications, each.id))


def _askable(declared: Iterable[Case], capabilities: Capabilities, dtype: str, *, empty: bool) -> Iterator[Case]:
    """Yield the cases as the function can be asked them, with the operations it is asked for."""
    for candidate in declared:
        if len(candidate.input_size) != capabilities.layouts.rank or dtype not in candidate.dtypes:
            continue
        fitted = _fitted(candidate, capabilities)
        if fitted is None or fitted.problem.multiplications > LARGEST or not (empty or _has_elements(fitted)):
            continue
        operations = [each for each in fitted.operations if capabilities.refuses(each, fitted.problem) is None]
        if operations:
            yield replace(fitted, operations=tuple(operations))


def _fitted(candidate: Case, capabilities: Capabilities) -> Case | None:
    """Return the case with what the function requires, and a bias as it takes it; None where that makes no case."""
    changes = dict(capabilities.required_geometry)
    if "I" not in capabilities.layouts.filters and candidate.in_channels != candidate.groups:
        changes["in_channels"] = candidate.groups
    if capabilities.bias != "either":
        changes["bias"] = capabilities.bias == "always"
    operations = tuple(operation for operation in capabilities.operations if operation in candidate.operations)
    try:
        fitted = replace(candidate, **{**changes, "operations": operations})
        _ = fitted.problem  # raises ValueError
    except ValueError:
        return None
    return fitted


def _has_elements(case: Case) -> bool:
    problem = case.problem
    return all(map(prod, (problem.input_shape, problem.filter_shape, problem.output_shape)))


@cache
def _candidates(rank: int) -> tuple[Case, ...]:
    """Return candidates of that rank, the same in any process; each parameter is off its default in about a third."""
    drawn = (_draw(_Numbers(f"{rank}:{number}"), rank, number) for number in range(_CANDIDATES))
    return tuple(each for each in drawn if each is not None)


class _Numbers:
    """Numbers drawn one after another from a digest."""

    def __init__(self, seed: str) -> None:
        self._digest = blake2b(seed.encode(), digest_size=64).digest()
        self._index = 0

    def below(self, limit: int) -> int:
        """Return the next number, from 0 on."""
        self._index += 1
        return self._digest[self._index % len(self._digest)] % limit

    def sizes(self, rank: int, least: int, most: int, *, agree: bool) -> Size:
        """Return a number per axis from ``least`` to ``most``, on all axes the same if they are to agree."""
        drawn = tuple(least + self.below(most - least + 1) for _ in range(rank))
        return drawn[:1] * rank if agree else drawn

    def among(self, choices: Sequence[str]) -> str:
        return choices[self.below(len(choices))]

    def one_in(self, count: int) -> bool:
        """Return True in one of ``count`` calls."""
        return self.below(count) == 0


def _draw(numbers: _Numbers, rank: int, number: int) -> Case | None:
    """Return candidate ``number``, or None where its numbers make no case."""
    ones, zeros = (1,) * rank, (0,) * rank
    agree = numbers.one_in(2)  # many functions take one number for all axes
    kernel = numbers.sizes(rank, 1, 4, agree=numbers.one_in(3))
    stride = numbers.sizes(rank, 1, 3, agree=agree) if numbers.one_in(2) else ones
    dilation = numbers.sizes(rank, 1, 3, agree=agree) if numbers.one_in(3) else ones
    lo = numbers.sizes(rank, 0, 2, agree=agree) if numbers.one_in(3) else zeros
    hi = numbers.sizes(rank, 0, 2, agree=agree) if numbers.one_in(6) else lo
    groups = 2 + numbers.below(2) if numbers.one_in(3) else 1
    outputs = numbers.sizes(rank, 1 + (number > _SINGLE_OUTPUT), 5, agree=False)
    unread = numbers.sizes(rank, 0, 2, agree=False)  # rows at the end that no output reads, as far as stride leaves any
    axes = zip(outputs, stride, effective_kernel(kernel, dilation), lo, hi, unread, strict=True)
    input_size = tuple((o - 1) * s + e - before - after + u % s for o, s, e, before, after, u in axes)
    if min(input_size) < 1:
        return None
    special = numbers.among(("", "", "", "", *fills.SPECIALS)) if number % 3 == 0 else ""
    pairs = tuple(zip(lo, hi, strict=True))
    return case(
        "check",
        "Mistakes in small problems that nobody chose.",
        input_size=input_size,
        kernel_size=kernel,
        stride=stride,
        padding=numbers.among(("same_upper", "full")) if numbers.one_in(5) else pairs,
        dilation=dilation,
        groups=groups,
        batch=1 + numbers.below(3),
        in_channels=groups * (1 + numbers.below(3)),
        out_channels=groups * (1 + numbers.below(4)),
        operations=OPERATIONS,
        special=special,
    )
