"""The trials by which a way to call a function is chosen: small problems, the most telling first."""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from itertools import islice

from convformance.checking import cases
from convformance.checking.caller import Capabilities
from convformance.checking.spec import CheckSpec
from convformance.reference.geometry import Pairs
from convformance.reference.operation import OPERATIONS
from convformance.test_cases.case import Case

_SIZE = (7, 10, 6)
# Stride, padding, dilation: an argument that is only looked at where it is not 1 or 0 must be seen. The number in front
# says how telling a trial is; those with a named padding are for functions that take no other.
_GEOMETRIES: tuple[tuple[int, int, int | str, int], ...] = (
    (5, 2, 1, 2),
    (4, 2, "same_upper", 1),
    (4, 2, 1, 1),
    (3, 1, 1, 1),
    (3, 1, "same_upper", 1),
    (2, 2, "valid", 1),
    (2, 2, 0, 1),
    (2, 1, 0, 2),
    (1, 1, "valid", 1),
    (1, 1, 0, 1),
)


_WITHOUT_BIAS = 10  # a trial without a bias tells less than all with one


@dataclass(frozen=True)
class Trial:
    """A case whose axes agree; ``strength`` says how much of the geometry is off its default."""

    case: Case
    strength: int

    @property
    def pads(self) -> bool:
        """Whether it has a padding in numbers."""
        return not isinstance(self.case.padding, str) and any(map(any, self.case.padding))


def trials(capabilities: Capabilities, spec: CheckSpec) -> Iterator[Trial]:
    """Yield the trials that the function can be asked, the most telling first; else its first case of all."""
    rank = capabilities.layouts.rank
    some = False
    for bias in (True, False) if capabilities.bias == "either" else (True,):
        for strength, stride, padding, dilation in _GEOMETRIES:
            declared = _case(rank, stride, padding, dilation, bias=bias)
            for each in cases.askable([declared], capabilities, spec.dtype, empty=False):
                some = True
                yield Trial(each, strength if bias else strength - _WITHOUT_BIAS)
    if not some:
        yield from (Trial(each, 0) for each in islice(_first_cases(capabilities, spec), 1))


def weakest_trial(capabilities: Capabilities, spec: CheckSpec) -> Trial | None:
    """Return the trial that asks the least, or None where it cannot be asked."""
    bias = capabilities.bias == "always"
    declared = _case(capabilities.layouts.rank, 1, 0, 1, bias=bias)
    fitted = cases.askable([declared], capabilities, spec.dtype, empty=False)
    return next((Trial(each, 1 if bias else 1 - _WITHOUT_BIAS) for each in fitted), None)


def _first_cases(capabilities: Capabilities, spec: CheckSpec) -> Iterator[Case]:
    """Yield the cases whose axes agree, not the very smallest: a loop over one output may never use its arguments."""
    for each in cases.cases(capabilities, spec.dtype, empty=False):
        if not each.special and each.problem.multiplications > 8:
            yield each


def differing_padding(capabilities: Capabilities, spec: CheckSpec) -> Trial | None:
    """Return a trial whose padding is another on every axis, or None where it cannot be asked."""
    rank = capabilities.layouts.rank
    pairs = tuple((axis + 1, axis + 1) for axis in range(rank))
    declared = _case(rank, 1, pairs, 1, bias=capabilities.bias != "never")
    fitted = cases.askable([declared], capabilities, spec.dtype, empty=False)
    return next((Trial(each, 1) for each in fitted), None)


@cache
def _case(rank: int, stride: int, padding: int | str | Pairs, dilation: int, *, bias: bool) -> Case:
    pairs = ((padding, padding),) * rank if isinstance(padding, int) else padding
    return Case(
        "trial",
        "How the function is called.",
        _SIZE[:rank],
        (3,) * rank,
        (stride,) * rank,
        pairs,
        (dilation,) * rank,
        batch=2,
        in_channels=4,
        out_channels=5,
        bias=bias,
        operations=OPERATIONS,
    )
