"""What the exact oracle's tail costs and gives: ``python -m benchmarks.oracle [--json FILE] [--show FILE ...]``.

For each tail: the time over that of the same operation in plain float64, in turns, and the largest error that it admits
as a share of what a conformant float64 answer may be off, ``min(K A, 3 W) u``. The oracle's own error is added to that
tolerance, so a share of some percent costs nothing in sharpness.
"""

import argparse
import json
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.reference import medians, row
from convformance.judging.bounds import SUMS, magnitude, products
from convformance.reference import Problem, exact, operations
from convformance.reference.arrays import Array
from convformance.reference.geometry import Size

Record = dict[str, Any]
TAILS = (0, 4, 8, 12, 20, 40)
UNIT = 2.0**-53
PROBLEMS = {
    "a case of the suite": Problem.of(
        input_size=(9, 8), kernel_size=(3, 2), batch=2, in_channels=4, out_channels=6, stride=(2, 1)
    ),
    "3x3 64-64 @56": Problem.of(input_size=(56, 56), kernel_size=3, in_channels=64, out_channels=64, padding=1),
    "3x3 512-64 @14": Problem.of(input_size=(14, 14), kernel_size=3, in_channels=512, out_channels=64, padding=1),
}
DATA: dict[str, Callable[[np.random.Generator, Size], Array]] = {
    "normal": np.random.Generator.standard_normal,
    "positive": np.random.Generator.random,
    "of 2^-20 to 2^20": lambda rng, shape: rng.standard_normal(shape) * 2.0 ** rng.integers(-20, 21, shape),
}


def measured(problem: Problem, data: str, repeats: int) -> list[Record]:
    """Return one record for each tail."""
    rng = np.random.default_rng(5)
    x, w = (DATA[data](rng, shape) for shape in problem.operand_shapes("conv"))
    calls = {str(tail): partial(exact.apply, "conv", problem, x, w, tail=tail) for tail in TAILS}
    seconds = medians({**calls, "float64": lambda: operations.apply("conv", problem, x, w)}, repeats)
    allowed = _allowed(problem, x, w)
    common = {"data": data, "float64": seconds["float64"]}
    return [
        {**common, "tail": tail, "seconds": seconds[str(tail)], "share": _share(calls[str(tail)]().error, allowed)}
        for tail in TAILS
    ]


def _allowed(problem: Problem, x: Array, w: Array) -> Array:
    """Return ``min(K A, 3 W) u``, the error of a conformant answer."""
    K, A = products("conv", problem), magnitude("conv", problem, (x, w), None)
    y, squares = operations.apply("conv", problem, x, w), operations.apply("conv", problem, x**2, w**2)
    allowed: Array = np.minimum(K * A, SUMS * np.sqrt(K) * (np.sqrt(squares) + np.abs(y))) * UNIT
    return allowed


def _share(error: Array, allowed: Array) -> float:
    return float((error / allowed).max())


def table(records: list[Record]) -> str:
    """Return the figures as Markdown, a row for each problem and data: cost and share at each tail."""
    lines = [row(["problem", "data", *(f"tail {tail}" for tail in TAILS)]), row(["---"] * (2 + len(TAILS)))]
    for problem, data in dict.fromkeys((record["problem"], record["data"]) for record in records):
        matching = [record for record in records if (record["problem"], record["data"]) == (problem, data)]
        lines.append(
            row(
                [
                    problem,
                    data,
                    *(f"{each['seconds'] / each['float64']:.1f}x, {each['share']:.1g}" for each in matching),
                ]
            )
        )
    return "\n".join(lines)


def main(arguments: list[str] | None = None) -> None:
    """Measure, or read, and print the table."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.oracle", description=__doc__)
    parser.add_argument("--json", type=Path, help="write the figures to this file")
    parser.add_argument("--show", type=Path, nargs="+", help="measure nothing, print the figures in these files")
    parser.add_argument("--repeats", type=int, default=5, help="turns; the median over them counts")
    chosen = parser.parse_args(arguments)
    if chosen.show:
        print(table([record for file in chosen.show for record in json.loads(file.read_text(encoding="utf-8"))]))
        return
    cases = [(name, data) for name in PROBLEMS for data in DATA]
    records = [
        {"problem": name, **each} for name, data in cases for each in measured(PROBLEMS[name], data, chosen.repeats)
    ]
    print(table(records))
    if chosen.json:
        chosen.json.write_text(json.dumps(records, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
