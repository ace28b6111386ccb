"""How fast the reference is: ``python -m benchmarks.reference [--json FILE] [--show FILE ...] [--layers TEXT] ...``.

For each number of threads one fresh process measures the reference and every framework that is installed side by side,
in turns, and prints the median times as ratios, theirs over ours: above 1 the reference is faster. With one thread it
is processor time that is measured, which a busy machine disturbs less, else time on the clock. A slow call is measured
once, and SciPy's loops with one image only.
"""

import argparse
import json
import os
import statistics
import subprocess
import sys
import time
import tracemalloc
from collections.abc import Callable, Iterator
from math import prod
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks import layers, peers
from convformance.reference import Problem

Record = dict[str, Any]
THREAD_VARIABLES = ("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS", "MKL_NUM_THREADS")
CALLS = 3  # in a row, of each in turn: a framework's threads spin for a while after a call
LONG = 0.2  # seconds above which a call is measured once


def main(arguments: list[str] | None = None) -> None:
    """Run one process for each number of threads, print their table and write the figures."""
    options = _options().parse_args(arguments)
    if options.measure:
        json.dump(_measured(options), sys.stdout)
        return
    if options.show:
        print(table([record for file in options.show for record in json.loads(file.read_text(encoding="utf-8"))]))
        return
    forwarded = sys.argv[1:] if arguments is None else arguments
    records = [record for threads in options.threads for record in _in_fresh_process(threads, forwarded)]
    print(table(records))
    if options.json:
        options.json.write_text(json.dumps(records, indent=1) + "\n", encoding="utf-8")


def _options() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.reference", description=__doc__)
    parser.add_argument("--json", type=Path, help="write the figures to this file")
    parser.add_argument("--show", type=Path, nargs="+", help="measure nothing, print the figures in these files")
    parser.add_argument("--layers", default="", help="only the layers whose name contains this text")
    parser.add_argument("--batch", type=int, nargs="+", default=[1, 8])
    parser.add_argument("--dtype", nargs="+", default=["float64", "float32"], choices=["float64", "float32"])
    parser.add_argument("--threads", type=int, nargs="+", default=[1, 2])
    parser.add_argument("--repeats", type=int, default=5, help="turns; the median over them counts")
    parser.add_argument("--without", nargs="*", default=[], choices=list(peers.PEERS), help="peers to leave out")
    parser.add_argument("--measure", action="store_true", help="measure in this process and print JSON")
    return parser


def _in_fresh_process(threads: int, arguments: list[str]) -> list[Record]:
    """Return the records of a process that has that many threads for every library."""
    environment = {**os.environ, **dict.fromkeys(THREAD_VARIABLES, str(threads)), "XLA_FLAGS": _xla_flags(threads)}
    command = [sys.executable, "-m", "benchmarks.reference", *arguments, "--measure"]
    run = subprocess.run(command, env=environment, stdout=subprocess.PIPE, text=True, check=True)
    records: list[Record] = json.loads(run.stdout)
    return [{"threads": threads, **record} for record in records]


def _xla_flags(threads: int) -> str:
    return f"--xla_cpu_multi_thread_eigen={'true' if threads > 1 else 'false'} intra_op_parallelism_threads={threads}"


def _measured(options: argparse.Namespace) -> list[Record]:
    chosen = [layer for layer in layers.LAYERS if options.layers in layer]
    wanted = {name: peer for name, peer in peers.PEERS.items() if name not in options.without and _is_there(peer)}
    cases = [(layer, batch, dtype) for dtype in options.dtype for batch in options.batch for layer in chosen]
    return [record for case in cases for record in _records(*case, wanted, options.repeats)]


def _is_there(peer: Callable[..., Any]) -> bool:
    """Say whether a peer's framework can be imported."""
    try:
        peer(
            Problem.of(input_size=(2, 2), kernel_size=1),
            *(np.ones(shape) for shape in ((1, 1, 2, 2), (1, 1, 1, 1), (1, 1, 2, 2))),
        )
    except ImportError:
        return False
    return True


def _records(layer: str, batch: int, dtype: str, wanted: dict[str, Any], repeats: int) -> Iterator[Record]:
    """Yield one record for each contraction of one layer."""
    problem = layers.of_batch(layer, batch)
    rng = np.random.default_rng(1)
    shapes = problem.input_shape, problem.filter_shape, problem.output_shape
    operands = [rng.standard_normal(shape).astype(dtype) for shape in shapes]
    offers = {"ours": peers.ours(problem, *operands)}
    offers |= {name: peer(problem, *operands) for name, peer in wanted.items()}
    for contraction in peers.CONTRACTIONS:
        calls = {name: offer[contraction] for name, offer in offers.items() if contraction in offer}
        seconds = medians({**calls, "GEMM": _gemm(dtype)}, repeats)
        peak = 2 * 512**3 / seconds.pop("GEMM")
        yield {
            "layer": layer,
            "batch": batch,
            "dtype": dtype,
            "contraction": contraction,
            "seconds": seconds,
            "of_peak": 2 * problem.multiplications / seconds["ours"] / peak,
            "peak_flops": peak,
            "memory": memory(calls["ours"]),
            "im2col": im2col_size(problem, operands[0].itemsize),
            "versions": peers.versions(),
        }


def _gemm(dtype: str) -> Callable[[], Any]:
    """Return the product of two square matrices: what this NumPy can do at best."""
    a, b = (np.random.default_rng(seed).standard_normal((512, 512)).astype(dtype) for seed in (2, 3))
    return lambda: a @ b


def medians(calls: dict[str, Callable[[], Any]], repeats: int) -> dict[str, float]:
    """Return the median time of one call of each, in seconds, taken in turns after one call that does not count."""
    times: dict[str, list[float]] = {name: [_timed(call, 1)] for name, call in calls.items()}
    slow = {name for name, (first,) in times.items() if first > LONG}
    for name in calls.keys() - slow:
        times[name].clear()
    for _ in range(repeats):
        for name in calls.keys() - slow:
            times[name].append(_timed(calls[name], CALLS))
    return {name: statistics.median(samples) for name, samples in times.items()}


def _timed(call: Callable[[], Any], count: int) -> float:
    clock = time.process_time if os.environ.get("OMP_NUM_THREADS") == "1" else time.perf_counter
    started = clock()
    for _ in range(count):
        call()
    return (clock() - started) / count


def memory(call: Callable[[], Any]) -> int:
    """Return the bytes that a call takes at its peak beside its result."""
    tracemalloc.start()
    result = call()
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    return int(peak - result.nbytes)


def im2col_size(problem: Problem, itemsize: int) -> int:
    """Return the bytes of all columns of the batch at once."""
    return itemsize * problem.batch * problem.in_channels * prod(problem.kernel_size) * prod(problem.output_size)


def table(records: list[Record]) -> str:
    """Return the figures as Markdown: a table for each number of threads and dtype, means over dense layers last.

    With several threads, whose figures are the machine's as much as ours, there are the means alone.
    """
    lines: list[str] = []
    for threads, dtype in dict.fromkeys((record["threads"], record["dtype"]) for record in records):
        part = [record for record in records if (record["threads"], record["dtype"]) == (threads, dtype)]
        names = list(dict.fromkeys(name for record in part for name in record["seconds"] if name != "ours"))
        columns = ["layer", "batch", "contraction", "ms", *names, "of GEMM peak", "extra MB", "of im2col"]
        lines += [f"### {dtype}, {threads} thread{'s' * (threads > 1)}", "", row(columns), row(["---"] * len(columns))]
        lines += [row(_cells(record, names)) for record in part if threads == 1]
        lines += [*_means(part, names), ""]
    return "\n".join(lines)


def row(cells: list[str]) -> str:
    """Return one row of a Markdown table."""
    return f"| {' | '.join(cells)} |"


def _cells(record: Record, names: list[str]) -> list[str]:
    seconds = record["seconds"]
    ratios = [f"{seconds[name] / seconds['ours']:.2f}" if name in seconds else "" for name in names]
    memory_cells = [f"{record['memory'] / 1e6:.1f}", f"{record['memory'] / record['im2col']:.2f}"]
    times = [str(record["batch"]), record["contraction"], f"{seconds['ours'] * 1e3:.2f}"]
    return [record["layer"], *times, *ratios, f"{record['of_peak']:.0%}", *memory_cells]


def _means(records: list[Record], names: list[str]) -> Iterator[str]:
    """Yield the geometric means over the dense layers, one row for each batch and contraction."""
    dense = [record for record in records if layers.is_dense(record["layer"])]
    for batch, contraction in dict.fromkeys((record["batch"], record["contraction"]) for record in dense):
        rows = [record for record in dense if (record["batch"], record["contraction"]) == (batch, contraction)]
        ratios = [
            [row["seconds"][name] / row["seconds"]["ours"] for row in rows if name in row["seconds"]] for name in names
        ]
        means = [f"**{statistics.geometric_mean(column):.2f}**" if column else "" for column in ratios]
        of_peak = f"{statistics.geometric_mean(row['of_peak'] for row in rows):.0%}"
        of_columns = f"{statistics.geometric_mean(row['memory'] / row['im2col'] for row in rows):.2f}"
        yield row(["dense, geometric mean", str(batch), contraction, "", *means, of_peak, "", of_columns])


if __name__ == "__main__":
    main()
