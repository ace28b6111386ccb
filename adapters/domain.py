"""Where a route can be asked at all: a domain, and the requests that it decides on."""

from collections.abc import Callable
from dataclasses import dataclass

from convformance.reference.dtypes import FLOATS
from convformance.reference.problem import NO_ZERO_POINTS, Problem


@dataclass(frozen=True)
class Request:
    """What a domain decides on: a problem, the dtype of its operands, whether a bias is added, how all of them lie.

    A run says besides how much it asks, its ``tier``, of which ``family`` the case is, a ``key`` that belongs to the
    question for good (see ``sampling``), and the id of the ``case``. Outside of a run all four are empty. ``argument``
    is the raw argument that the question is about, empty for any other question.
    """

    problem: Problem
    dtype: str
    has_bias: bool = False
    tier: str = ""
    family: str = ""
    key: str = ""
    case: str = ""
    argument: str = ""
    memory: str = "contiguous"


@dataclass(frozen=True)
class Domain:
    """Where a route can be asked at all: ``covers`` says in words for which requests ``holds`` is true.

    ``seldom``: of most families the route is asked a sample; such routes stand behind the others.
    """

    covers: str
    holds: Callable[[Request], bool] = lambda request: True
    seldom: bool = False

    def __and__(self, other: "Domain") -> "Domain":
        """Return the domain where both hold."""
        parts = "; ".join(filter(None, (self.covers, other.covers))).split("; ")
        both = "; ".join(dict.fromkeys(parts))
        seldom = self.seldom or other.seldom
        return Domain(both, lambda request: self.holds(request) and other.holds(request), seldom)


def of_numbers(covers: str, *dtypes: str, zero_points: bool = False) -> Domain:
    """Return the domain of questions in ``dtypes``, with zero points if they are offered."""
    return Domain(
        covers,
        lambda request: request.dtype in dtypes and (zero_points or request.problem.zero_points == NO_ZERO_POINTS),
    )


EVERY_QUESTION = Domain("")
# What a route is asked that says nothing of its numbers.
FLOATING_POINT = of_numbers("floating-point numbers", *FLOATS)
WITHOUT_BIAS = Domain("no bias", lambda request: not request.has_bias)
COPIED = ("contiguous", "sliced", "permuted")  # layouts in memory that every adapter is asked in, if only by a copy


def in_memory(*layouts: str) -> Domain:
    """Return the domain of operands that lie in one of these layouts, or in one of ``COPIED``."""
    allowed = (*COPIED, *layouts)
    return Domain(f"operands that are {', '.join(allowed)}", lambda request: request.memory in allowed)
