"""What frameworks that take less than a problem says are given of it: one padding for both sides, a number in 1-D."""

from convformance.adapters.contract import Refusal
from convformance.reference.geometry import Size
from convformance.reference.problem import Problem


def same_both_sides(problem: Problem) -> Size:
    """Return one padding per axis, for a framework that pads both sides alike; raises Refusal where they differ."""
    if problem.lows != problem.highs:
        raise Refusal(f"one padding for both sides of an axis, and not {problem.padding}")
    if min(problem.lows) < 0:
        raise Refusal(f"a padding that is not negative, and not {problem.padding}")
    return problem.lows


def number_in_line(values: Size) -> int | Size:
    """Return the number alone where there is one axis, for a framework that takes no tuple there."""
    return values[0] if len(values) == 1 else values
