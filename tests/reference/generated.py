"""Geometries and data for the tests of the reference: a seeded list of problems, and the same as strategies."""

from math import prod

import numpy as np
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st

from convformance.reference import Problem
from convformance.reference.arrays import Array
from convformance.reference.geometry import PADDING_SYMBOLS

# The same examples in every run, on a slow machine too.
PROPERTY = settings(
    derandomize=True,
    database=None,
    deadline=None,
    max_examples=60,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.filter_too_much],
)


def generated_problems(count: int, seed: int) -> tuple[Problem, ...]:
    """Return ``count`` valid problems, ranks 1 to 3 in turn, some of them empty."""
    rng = np.random.default_rng(seed)
    problems: list[Problem] = []
    while len(problems) < count:
        try:
            problems.append(_drawn(rng, rank=1 + len(problems) % 3))
        except ValueError:  # a negative padding cropped more than there is
            continue
    return tuple(problems)


def _drawn(rng: np.random.Generator, rank: int) -> Problem:
    def per_axis(first: int, last: int) -> tuple[int, ...]:
        return tuple(int(entry) for entry in rng.integers(first, last + 1, rank))

    groups = int(rng.integers(1, 4))
    pairs = tuple(zip(per_axis(-1, 3), per_axis(-1, 3), strict=True))
    symbolic = rng.random() < 0.3
    return Problem.of(
        input_size=per_axis(1, (11, 7, 5)[rank - 1]),
        kernel_size=per_axis(1, (5, 3, 3)[rank - 1]),
        batch=int(rng.integers(0 if rng.random() < 0.1 else 1, 4)),
        in_channels=groups * int(rng.integers(1, 3)),
        out_channels=groups * int(rng.integers(1, 3)),
        stride=per_axis(1, 3),
        padding=PADDING_SYMBOLS[int(rng.integers(4))] if symbolic else pairs,
        dilation=per_axis(1, 3),
        groups=groups,
    )


def count_products(problem: Problem) -> int:
    """Return the number of products in the whole convolution, those with padding left out."""
    axes = zip(
        problem.input_size,
        problem.output_size,
        problem.kernel_size,
        problem.stride,
        problem.padding,
        problem.dilation,
        strict=True,
    )
    couples = prod(
        sum(0 <= position * s + tap * d - lo < i for position in range(o) for tap in range(k))
        for i, o, k, s, (lo, _), d in axes
    )
    return problem.batch * problem.out_channels * (problem.in_channels // problem.groups) * couples


@st.composite
def problems(draw: st.DrawFn) -> Problem:
    """Draw a valid problem of rank 1 to 3; shrinks towards one element, one tap, no padding."""
    rank = draw(st.integers(1, 3))

    def per_axis(first: int, last: int) -> st.SearchStrategy[tuple[int, ...]]:
        return st.tuples(*(st.integers(first, last),) * rank)

    groups = draw(st.integers(1, 3))
    input_size = draw(per_axis(1, 6))
    # Crops of at most half an axis on either side are always legal.
    sides = tuple(st.tuples(st.integers(-(size // 2), 3), st.integers(-(size // 2), 3)) for size in input_size)
    return Problem.of(
        input_size=input_size,
        kernel_size=draw(per_axis(1, 3)),
        batch=draw(st.integers(0, 2)),
        in_channels=groups * draw(st.integers(1, 2)),
        out_channels=groups * draw(st.integers(1, 3)),
        stride=draw(per_axis(1, 3)),
        padding=draw(st.one_of(st.tuples(*sides), st.sampled_from(PADDING_SYMBOLS))),
        dilation=draw(per_axis(1, 2)),
        groups=groups,
    )


seeds = st.integers(0, 2**32 - 1)


def integers(shape: tuple[int, ...], seed: int, largest: int = 99) -> Array:
    """Return int64 data of both signs, uniform up to ``largest`` in magnitude."""
    return np.random.default_rng(seed).integers(-largest, largest + 1, shape)


def integer_operands(problem: Problem, operation: str, seed: int) -> tuple[Array, ...]:
    """Return the operands of ``operation``, int64, each of its own seed."""
    return tuple(integers(shape, seed + number) for number, shape in enumerate(problem.operand_shapes(operation)))
