"""Small cases that nobody chose: drawn from a digest, the same in any process and every version of Python.

Each parameter is off its default in about a third of them. They are for questions that go on for as long as somebody
has time; the catalogue's tiers hold none of them.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from hashlib import blake2b

from convformance.reference.geometry import Pairs, Size, effective_kernel
from convformance.reference.operation import OPERATIONS
from convformance.test_cases import fills
from convformance.test_cases.case import Case, case

CANDIDATES = 900  # of each rank, those included whose numbers make no case
_FAMILY = "check"
_WITH_SINGLE_OUTPUTS = 20  # the first candidates may have one output along an axis; later ones have more to show


def drawn_cases(rank: int) -> Iterator[Case]:
    """Yield the drawn cases of that rank one by one, in the order they are drawn; a few ids stand more than once."""
    candidates = (_draw_case(rank, number) for number in range(CANDIDATES))
    return (candidate for candidate in candidates if candidate is not None)


class _Digits:
    """Small numbers, read one after another from the digest of a seed.

    Every number is read in turn, so the order of the calls is part of what is drawn: another order gives other cases.
    """

    def __init__(self, seed: str) -> None:
        self._bytes = blake2b(seed.encode(), digest_size=64).digest()
        self._position = 0

    def below(self, limit: int) -> int:
        self._position += 1
        return self._bytes[self._position % len(self._bytes)] % limit

    def once_in(self, times: int) -> bool:
        """Return True once in so many calls."""
        return self.below(times) == 0

    def choice(self, choices: Sequence[str]) -> str:
        return choices[self.below(len(choices))]

    def size(self, rank: int, least: int, most: int, *, agree: bool = False) -> Size:
        """Return a number per axis from ``least`` to ``most``, the first one on all axes if they are to agree."""
        numbers = tuple(least + self.below(most - least + 1) for _ in range(rank))
        return numbers[:1] * rank if agree else numbers


@dataclass(frozen=True)
class _Geometry:
    kernel_size: Size
    stride: Size
    dilation: Size
    padding: Pairs


def _draw_case(rank: int, number: int) -> Case | None:
    """Return candidate ``number``, or None where its numbers make no case."""
    digits = _Digits(f"{rank}:{number}")
    geometry = _draw_geometry(digits, rank)
    groups = 2 + digits.below(2) if digits.once_in(3) else 1
    input_size = _draw_input_size(digits, geometry, least_output=1 if number <= _WITH_SINGLE_OUTPUTS else 2)
    if min(input_size) < 1:
        return None
    special = digits.choice(("", "", "", "", *fills.SPECIALS)) if number % 3 == 0 else ""
    return case(
        _FAMILY,
        "Mistakes in small problems that nobody chose.",
        input_size=input_size,
        kernel_size=geometry.kernel_size,
        stride=geometry.stride,
        padding=digits.choice(("same_upper", "full")) if digits.once_in(5) else geometry.padding,
        dilation=geometry.dilation,
        groups=groups,
        batch=1 + digits.below(3),
        in_channels=groups * (1 + digits.below(3)),
        out_channels=groups * (1 + digits.below(4)),
        operations=OPERATIONS,
        special=special,
    )


def _draw_geometry(digits: _Digits, rank: int) -> _Geometry:
    agree = digits.once_in(2)  # many functions take one number for all axes
    kernel_size = digits.size(rank, 1, 4, agree=digits.once_in(3))
    stride = digits.size(rank, 1, 3, agree=agree) if digits.once_in(2) else (1,) * rank
    dilation = digits.size(rank, 1, 3, agree=agree) if digits.once_in(3) else (1,) * rank
    lo = digits.size(rank, 0, 2, agree=agree) if digits.once_in(3) else (0,) * rank
    hi = digits.size(rank, 0, 2, agree=agree) if digits.once_in(6) else lo
    return _Geometry(kernel_size, stride, dilation, tuple(zip(lo, hi, strict=True)))


def _draw_input_size(digits: _Digits, geometry: _Geometry, least_output: int) -> Size:
    """Return a size with few outputs on every axis and, behind them, less than a stride of elements that none reads."""
    rank = len(geometry.stride)
    outputs = digits.size(rank, least_output, 5)
    unread = digits.size(rank, 0, 2)
    extents = effective_kernel(geometry.kernel_size, geometry.dilation)
    axes = zip(outputs, geometry.stride, extents, geometry.padding, unread, strict=True)
    return tuple((o - 1) * s + extent - sum(pair) + rest % s for o, s, extent, pair, rest in axes)
