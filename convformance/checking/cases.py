"""Which cases a function is asked: the suite's own where they fit what it can take, and small generated ones, from small to big."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from functools import cache
from hashlib import blake2b
from math import prod

from convformance.checking.caller import Caller
from convformance.reference.geometry import Size, effective_kernel
from convformance.reference.operation import OPERATIONS
from convformance.test_cases import catalogue, fills
from convformance.test_cases.case import DTYPES, Case, case

GENERATED = 40
_PLAIN = 20  # the first candidates may have a single output along an axis; later ones have more to show
_DRAWN = 900  # candidates that the generated ones are taken from
LARGEST = 100_000  # multiplications of one question
_FAMILY = "check"


def cases(caller: Caller, dtype: str, *, empty: bool) -> list[Case]:
    """Return the cases of ``caller``, each with those of its operations that can be asked, from small to big.

    ``empty`` lets through empty batches and kernels larger than the padded input, whose results have no elements.
    """
    own = _askable(catalogue.cases("standard"), caller, dtype, empty=empty)
    made = _askable(_drawn(caller.layouts.rank), caller, dtype, empty=empty)
    found = {entry.id: entry for entry in (*own, *_first(made, GENERATED))}
    return sorted(found.values(), key=lambda entry: (entry.problem.multiplications, entry.id))


def _first(found: Iterable[Case], count: int) -> list[Case]:
    """Return the first ``count`` different cases."""
    kept: dict[str, Case] = {}
    for entry in found:
        kept.setdefault(entry.id, entry)
        if len(kept) == count:
            break
    return list(kept.values())


def _askable(declared: Iterable[Case], caller: Caller, dtype: str, *, empty: bool) -> Iterator[Case]:
    """Yield the cases as the function can be asked them, with the operations it is asked for."""
    for entry in declared:
        if len(entry.input_size) != caller.layouts.rank or dtype not in entry.dtypes:
            continue
        fitted = _fitted(entry, caller)
        if fitted is not None and fitted.problem.multiplications <= LARGEST:
            operations = tuple(
                operation for operation in fitted.operations if _asks(caller, operation, fitted, empty=empty)
            )
            if operations:
                yield replace(fitted, operations=operations)


def _fitted(entry: Case, caller: Caller) -> Case | None:
    """Return the case with what the function holds fixed, and a bias as the function takes it; None where that makes no case."""
    changes = {name: value for name, value in caller.required_geometry.items() if getattr(entry, name) != value}
    if "I" not in caller.layouts.filters and entry.in_channels != entry.groups:
        changes["in_channels"] = entry.groups
    if caller.bias != "either":
        changes["bias"] = caller.bias == "always"
    operations = tuple(operation for operation in caller.operations if operation in entry.operations)
    try:
        fitted = replace(entry, **{**changes, "operations": operations})
        _ = fitted.problem
    except ValueError:
        return None
    return fitted


def _asks(caller: Caller, operation: str, entry: Case, *, empty: bool) -> bool:
    problem = entry.problem
    shapes = (problem.input_shape, problem.filter_shape, problem.output_shape)
    return (empty or all(map(prod, shapes))) and caller.refuses(operation, problem) is None


@cache
def _drawn(rank: int) -> tuple[Case, ...]:
    """Return candidates of that rank, the same in any process; each parameter is off its default in about a third of them."""
    return tuple(filter(None, (_draw(rank, number) for number in range(_DRAWN))))


class _Bytes:
    """Numbers drawn one after another from a digest."""

    def __init__(self, seed: str) -> None:
        self._held = blake2b(seed.encode(), digest_size=64).digest()
        self._place = 0

    def below(self, limit: int) -> int:
        """Return the next number, below ``limit``."""
        self._place += 1
        return self._held[self._place % len(self._held)] % limit

    def sizes(self, rank: int, least: int, most: int, *, agree: bool) -> Size:
        """Return a number per axis from ``least`` to ``most``, on all axes the same if they are to agree."""
        drawn = tuple(least + self.below(most - least + 1) for _ in range(rank))
        return drawn[:1] * rank if agree else drawn

    def among(self, choices: Sequence[str]) -> str:
        """Return one of the choices."""
        return choices[self.below(len(choices))]

    def seldom(self) -> bool:
        """Return True in a third of the calls."""
        return self.below(3) == 0


def _draw(rank: int, number: int) -> Case | None:
    """Return candidate ``number``, or None where its numbers make no case."""
    source = _Bytes(f"{rank}:{number}")
    agree, ones = source.below(2) == 0, (1,) * rank  # many functions take one number for all axes
    kernel = source.sizes(rank, 1, 4, agree=source.seldom())
    stride = source.sizes(rank, 1, 3, agree=agree) if source.below(2) == 0 else ones
    dilation = source.sizes(rank, 1, 3, agree=agree) if source.seldom() else ones
    lo = source.sizes(rank, 0, 2, agree=agree) if source.seldom() else (0,) * rank
    hi = source.sizes(rank, 0, 2, agree=agree) if source.below(6) == 0 else lo
    groups = 2 + source.below(2) if source.seldom() else 1
    outputs, rest = source.sizes(rank, 1 + (number > _PLAIN), 5, agree=False), source.sizes(rank, 0, 2, agree=False)
    extents = effective_kernel(kernel, dilation)
    axes = zip(outputs, stride, extents, lo, hi, rest, strict=True)
    input_size = tuple((o - 1) * s + e - before - after + r % s for o, s, e, before, after, r in axes)
    if min(input_size) < 1:
        return None
    pairs = tuple(zip(lo, hi, strict=True))
    special = source.among(("", "", "", "", *fills.SPECIALS)) if number % 3 == 0 else ""
    return case(
        _FAMILY,
        "Mistakes in small problems that nobody chose.",
        input_size=input_size,
        kernel_size=kernel,
        stride=stride,
        padding=source.among(("same_upper", "full")) if source.below(5) == 0 else pairs,
        dilation=dilation,
        groups=groups,
        batch=1 + source.below(3),
        in_channels=groups * (1 + source.below(3)),
        out_channels=groups * (1 + source.below(4)),
        operations=OPERATIONS,
        special=special,
        dtypes=DTYPES,
    )
