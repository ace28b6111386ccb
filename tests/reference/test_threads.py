"""The same bits with any number of BLAS threads, asked of fresh processes: a BLAS reads their number when it starts."""

import os
import subprocess
import sys
from functools import cache
from pathlib import Path

import pytest

# What decides is how a BLAS divides a product: kinds of layer, each large enough to be divided, with ragged sizes among
# them.
HASHES = """
import hashlib, numpy as np
from convformance.reference import Problem, exact
from convformance.reference.fast import contractions

def digest(*arrays):
    return hashlib.sha256(b"".join(array.tobytes() for array in arrays)).hexdigest()[:12]

rng = np.random.default_rng(6)
for rows, length, columns in ((64, 256, 640), (33, 238, 208), (49, 200, 104), (96, 63, 784), (21, 238, 296)):
    a, b = rng.standard_normal((rows, length)), rng.standard_normal((length, columns))
    print("blas", *(digest(a.astype(dtype) @ b.astype(dtype)) for dtype in "fd"))
for size, kernel, inputs, outputs, stride, groups in (
    ((29, 31), 3, 65, 48, 1, 1), ((61, 47), 7, 3, 24, 2, 1), ((14, 14), 3, 96, 96, 1, 1), ((57, 55), 1, 130, 33, 1, 1),
    ((56, 50), 3, 48, 48, 1, 48), ((60, 61), 3, 40, 1, 1, 1), ((7, 7), 7, 72, 90, 1, 1), ((40, 41), 3, 24, 30, 2, 3),
    ((19, 21), 3, 10, 12, 1, 1), ((900,), 301, 2, 1, 1, 1),
):
    channels = {"in_channels": inputs, "out_channels": outputs, "groups": groups}
    problem = Problem.of(input_size=size, kernel_size=kernel, batch=2, stride=stride, **channels)
    shapes = problem.input_shape, problem.filter_shape, problem.output_shape
    x, w, dy = (rng.standard_normal(shape) for shape in shapes)
    for name, operands in {"forward": (x, w), "input_gradient": (dy, w), "filter_gradient": (x, dy)}.items():
        for dtype in (np.float64, np.float32):
            result = getattr(contractions, name)(problem, *(array.astype(dtype) for array in operands))
            print("fast", name, size, np.dtype(dtype).name, digest(result))
    if inputs == 96:
        y = exact.apply("conv", problem, x, w)
        print("exact", digest(y.hi, y.lo, y.error))
"""


@cache
def hashes(threads: int) -> list[str]:
    """Return the lines that a process of that many BLAS threads prints."""
    names = "OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS", "MKL_NUM_THREADS", "VECLIB_MAXIMUM_THREADS"
    variables = dict.fromkeys(names, str(threads))
    root = Path(__file__).resolve().parents[2]
    run = subprocess.run(
        [sys.executable, "-c", HASHES],
        cwd=root,
        env={**os.environ, **variables},
        capture_output=True,
        text=True,
        check=True,
    )
    return run.stdout.splitlines()


def lines_of(kind: str, threads: int) -> list[str]:
    """Return the lines of one kind."""
    return [line for line in hashes(threads) if line.startswith(kind)]


def test_the_oracle_has_the_same_bits_with_any_number_of_threads() -> None:
    assert lines_of("exact", 1)
    assert lines_of("exact", 1) == lines_of("exact", 2) == lines_of("exact", 3)


@pytest.mark.parametrize("threads", [2, 3])
def test_every_contraction_has_the_same_bits_with_any_number_of_threads(threads: int) -> None:
    if lines_of("blas", threads) != lines_of("blas", 1):
        pytest.skip("this BLAS lets the number of its threads into the bits of whole tiles: nothing above it can help")
    assert len(lines_of("fast", 1)) == 10 * 3 * 2
    assert lines_of("fast", threads) == lines_of("fast", 1)
