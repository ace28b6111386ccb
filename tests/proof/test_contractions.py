"""The proof that contracting in blocks is the definition: thousands of generated geometries, exactly, on integers."""

import numpy as np
import pytest

from convformance.reference import Problem
from tests.reference.generated import generated_problems
from tests.reference.test_blocked import BLOCKINGS, assert_blocks_agree_with_loops

PER_TEST = 100
GEOMETRIES = [problem for problem in generated_problems(4200, seed=1907) if problem.multiplications]


def test_there_are_enough_geometries_of_every_rank() -> None:
    counts = {rank: sum(problem.rank == rank for problem in GEOMETRIES) for rank in (1, 2, 3)}
    assert sum(counts.values()) >= 2000
    assert min(counts.values()) >= 600, counts


@pytest.mark.parametrize("first", range(0, len(GEOMETRIES), PER_TEST))
def test_blocks_and_loops_agree_on_integers(first: int) -> None:
    part: list[Problem] = GEOMETRIES[first : first + PER_TEST]
    for seed, problem in enumerate(part, start=first):
        assert_blocks_agree_with_loops(problem, seed, BLOCKINGS, (np.float64, np.float32, np.int64))
