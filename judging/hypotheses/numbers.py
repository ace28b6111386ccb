"""The numbers of a problem under their names: what a factor may be made of."""

from collections.abc import Iterator
from itertools import combinations
from math import prod

from convformance.judging.hypotheses.hypothesis import Computation


def named_numbers(asked: Computation) -> Iterator[tuple[str, int]]:
    """Yield the numbers above 1 that a sum may be multiplied or divided by, each once, under its simplest name."""
    problem = asked.problem
    single = {
        "batch": problem.batch,
        "output positions": prod(problem.output_size),
        "input positions": prod(problem.input_size),
        "kernel elements": prod(problem.kernel_size),
        "groups": problem.groups,
        "strides": prod(problem.stride),
        "out_channels": problem.out_channels,
        "in_channels": problem.in_channels,
        "out_channels / groups": problem.out_channels // problem.groups,
        "in_channels / groups": problem.in_channels // problem.groups,
        "2": 2,
    }
    products = {f"{first} * {second}": single[first] * single[second] for first, second in combinations(single, 2)}
    triple = {"in_channels / groups * kernel elements * batch": prod(problem.filter_shape[1:]) * problem.batch}
    seen: set[int] = {0, 1}
    for name, number in {**single, **products, **triple}.items():
        if number not in seen:
            seen.add(number)
            yield name, number
