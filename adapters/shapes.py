"""What frameworks that take less than a problem says are given of it: one padding for both sides, a number in 1-D."""

from math import prod

from convformance.adapters.contract import Domain, Refusal, Request
from convformance.reference.geometry import Pairs, Size
from convformance.reference.problem import Problem


def same_both_sides(problem: Problem) -> Size:
    """Return one padding per axis, for a framework that pads both sides alike; raises Refusal where they differ."""
    if problem.lows != problem.highs:
        raise Refusal(f"one padding for both sides of an axis, and not {problem.padding}")
    check_no_crop(problem)
    return problem.lows


def check_no_crop(problem: Problem) -> None:
    """Raise Refusal for a negative padding, for a framework that has none, or passes over it."""
    if min(*problem.lows, *problem.highs) < 0:
        raise Refusal(f"a padding that is not negative, and not {problem.padding}")


def number_in_line(values: Size) -> int | Size:
    """Return the number alone where there is one axis, for a framework that takes no tuple there."""
    return values[0] if len(values) == 1 else values


def _is_without_steps(request: Request) -> bool:
    problem = request.problem
    is_empty = 0 in map(prod, (problem.input_shape, problem.filter_shape, problem.output_shape))
    lowest = min(*problem.lows, *problem.highs)
    return not is_empty and lowest >= 0 and max(*problem.stride, *problem.dilation, problem.groups) == 1


# What a convolution of signals, with neither of these parameters, can be asked.
WITHOUT_STEPS = Domain("stride 1, one group, neither dilation, negative padding nor empty arrays", _is_without_steps)


def of_few_products(most: int) -> Domain:
    """Return the domain of questions with at most so many products, for a back end that is interpreted."""
    return Domain(f"at most {most} products", lambda request: request.problem.multiplications <= most)


def part_of_full(problem: Problem) -> tuple[slice, ...]:
    """Return where the result of a transposed convolution lies in the one without a padding, which crops nothing."""
    return tuple(slice(lo, lo + size) for lo, size in zip(problem.lows, problem.input_size, strict=True))


def crop_text(problem: Problem, layout: str) -> str:
    """Return how a script takes ``part_of_full`` of a result in ``layout``, nothing where it is all of it."""
    if not any(map(any, problem.padding)):
        return ""
    slices = slices_text(part_of_full(problem))
    return f"[..., {slices}]" if layout.endswith("*") else f"[:, {slices}]"


def slices_text(slices: tuple[slice, ...]) -> str:
    """Return slices as a script has them in brackets."""
    return ", ".join(f"{each.start}:{each.stop}" for each in slices)


def zeros_around(problem: Problem, layout: str, *symbols: str) -> Pairs:
    """Return the zeros round every axis of ``layout``, nothing where there are none, or ``symbols`` say them."""
    if problem.symbol in symbols or not any(map(any, problem.padding)):
        return ()
    return tuple(pair for letter in layout for pair in (problem.padding if letter == "*" else ((0, 0),)))


def is_transposed_same(problem: Problem) -> bool:
    """Whether a transposed convolution is what frameworks call same: it gives stride times the elements it gets."""
    multiples = tuple(outputs * step for outputs, step in zip(problem.output_size, problem.stride, strict=True))
    return problem.symbol == "same_upper" and problem.input_size == multiples
