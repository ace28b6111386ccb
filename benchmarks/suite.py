"""How fast the suite is: ``python -m benchmarks.suite [--adapter SPEC ...] [--tier TIER] [--json FILE] ...``.

Each adapter is asked in fresh processes, one after the other, as ``convformance run`` asks it but without workers. The
clock runs while pytest goes through its items: start-up, imports, collection and the first call of each route are left
out. *Overhead* is this time over what the framework's own calls took. Stopwatches on the parts cost about half a
microsecond a call. *CPU s*, *peak MB* and *end MB*, the memory when the last question is answered, are of the whole
process, start-up included; *warm CPU s* is of one that finds in a compilation cache what another compiled, for adapters
that have one. Medians over repeats.
"""

import argparse
import json
import os
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, redirect_stdout
from pathlib import Path
from typing import Any

import pytest

from benchmarks.reference import THREAD_VARIABLES, row
from convformance import options, plugin
from convformance.adapters import discovery
from convformance.adapters.contract import Adapter
from convformance.options import RunOptions
from convformance.plugin import worker
from convformance.reference import exact, operations
from convformance.running import evidence, launch, runner, session
from convformance.test_cases import fills

Record = dict[str, Any]

# In the order of the table; "framework" is what Answer.seconds tells, and pytest everything that no stopwatch is on.
PARTS = ("framework", "adapter", "data", "reference", "judge", "evidence", "verdict", "record", "pytest")
# What the whole process takes: column, figure, unit and decimal places.
COSTS = {
    "CPU s": ("processor", 1.0, 1),
    "warm CPU s": ("warm", 1.0, 1),
    "peak MB": ("memory", 1e6, 0),
    "end MB": ("end", 1e6, 0),
}
ADAPTERS = ("torch", "jax", "tensorflow", "onnxruntime", "scipy")


class Stopwatch:
    """Seconds by part; the part that is called within another does not count for that one."""

    def __init__(self) -> None:
        self.seconds: dict[str, float] = defaultdict(float)
        self.calls: Counter[str] = Counter()
        self._part, self._since = "pytest", time.perf_counter()

    def start(self) -> None:
        """Forget everything and begin."""
        self.seconds.clear()
        self.calls.clear()
        self._part, self._since = "pytest", time.perf_counter()

    def switch(self, part: str) -> str:
        """Count what has passed for the part that was on, which is returned, and go on with ``part``."""
        now, before = time.perf_counter(), self._part
        self.seconds[before] += now - self._since
        self._part, self._since = part, now
        return before

    def on(self, part: str, function: Callable[..., Any]) -> Callable[..., Any]:
        """Return ``function`` with its time counted for ``part``."""

        def timed(*operands: Any, **named: Any) -> Any:
            before = self.switch(part)
            self.calls[part] += 1
            try:
                return function(*operands, **named)
            finally:
                self.switch(before)

        return timed

    def on_answers(self, answer: Callable[..., Any]) -> Callable[..., Any]:
        """Return ``Adapter.answer`` with the seconds it tells counted for the framework, the rest for the adapter."""
        timed = self.on("adapter", answer)

        def counted_for_the_framework(*operands: Any) -> Any:
            result = timed(*operands)
            self.seconds["framework"] += result.seconds
            self.seconds["adapter"] -= result.seconds
            self.calls["framework"] += 1
            return result

        return counted_for_the_framework


class Timekeeper:
    """A pytest plug-in: warms every route up, then lets the stopwatch run while the items do."""

    def __init__(self, stopwatch: Stopwatch) -> None:
        self.stopwatch = stopwatch
        self.wall, self.memory = 0.0, 0

    @pytest.hookimpl(hookwrapper=True)
    def pytest_runtestloop(self, session: pytest.Session) -> Iterator[None]:
        """Time the loop over the items."""
        verdict_runner = plugin.runner_of(session.config)
        first = {question.route: question for question in reversed(plugin.session_of(session.config).questions)}
        for question in first.values():
            verdict_runner.verdict(question)
        started = time.perf_counter()
        self.stopwatch.start()
        yield
        self.stopwatch.switch("pytest")
        self.wall = time.perf_counter() - started
        self.memory = worker.resident_memory()


@contextmanager
def _stopwatches(stopwatch: Stopwatch) -> Iterator[None]:
    """Put a stopwatch on each part of the suite."""
    owners = {
        "data": (fills, "fill"),
        "judge": (runner, "judge"),
        "evidence": (evidence, "completed"),
        "verdict": (runner.VerdictRunner, "verdict"),
        "record": (session.Session, "record"),
    }
    with pytest.MonkeyPatch.context() as patch:
        for part, (owner, name) in owners.items():
            patch.setattr(owner, name, stopwatch.on(part, getattr(owner, name)))
        for truth in (operations, exact):
            patch.setattr(truth, "apply", stopwatch.on("reference", truth.apply))
        patch.setattr(Adapter, "answer", stopwatch.on_answers(Adapter.answer))
        yield


def measure(adapter: str, tier: str, shard: tuple[int, int]) -> Record:
    """Return the figures of one run in this process."""
    stopwatch = Stopwatch()
    timekeeper = Timekeeper(stopwatch)
    with tempfile.TemporaryDirectory() as folder, redirect_stdout(sys.stderr), _stopwatches(stopwatch):
        chosen = RunOptions(adapters=(adapter,), tier=tier, shard=shard, record=Path(folder) / "run.jsonl")
        status = pytest.main(list(launch.pytest_argv(chosen, Path(folder))), plugins=[timekeeper])
    if status not in (pytest.ExitCode.OK, pytest.ExitCode.TESTS_FAILED):
        raise SystemExit(f"{adapter}: pytest ended with {status}")
    return {
        "adapter": adapter,
        "tier": tier,
        "shard": f"{shard[0]}/{shard[1]}",
        "verdicts": stopwatch.calls["record"],
        "calls": stopwatch.calls["framework"],
        "seconds": timekeeper.wall,
        **_costs(),
        "end": timekeeper.memory,
        "parts": {part: stopwatch.seconds[part] for part in PARTS},
    }


def _costs() -> Record:
    """Return what this process took from its start: processor seconds, and its peak of memory in bytes."""
    usage = resource.getrusage(resource.RUSAGE_SELF)
    unit = 1 if sys.platform == "darwin" else 1024
    return {"processor": usage.ru_utime + usage.ru_stime, "memory": usage.ru_maxrss * unit}


def main(arguments: list[str] | None = None) -> None:
    """Run the processes in turns, print their table and write the figures."""
    chosen = _options().parse_args(arguments)
    if chosen.measure:
        json.dump(measure(chosen.adapter[0], chosen.tier, options.parse_shard(chosen.shard)), sys.stdout)
        return
    if chosen.show:
        print(table([record for file in chosen.show for record in json.loads(file.read_text(encoding="utf-8"))]))
        return
    adapters = chosen.adapter or list(ADAPTERS)
    records = [_costs_of(adapter, chosen) for _ in range(chosen.repeats) for adapter in adapters]
    print(table(records))
    if chosen.json:
        chosen.json.write_text(json.dumps(records, indent=1) + "\n", encoding="utf-8")


def _options() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.suite", description=__doc__)
    parser.add_argument(
        "--adapter", action="append", metavar="SPEC", help="may be repeated (default: every built-in one)"
    )
    parser.add_argument("--tier", choices=options.TIERS, default="standard")
    parser.add_argument("--shard", default="1/8", metavar="I/N", help="as of ``convformance run`` (default: 1/8)")
    parser.add_argument(
        "--repeats", type=int, default=3, help="processes for each adapter; the median over them counts"
    )
    parser.add_argument("--json", type=Path, help="write the figures to this file")
    parser.add_argument("--show", type=Path, nargs="+", help="measure nothing, print the figures in these files")
    parser.add_argument("--measure", action="store_true", help="measure in this process and print JSON")
    return parser


def _costs_of(adapter: str, chosen: argparse.Namespace) -> Record:
    """Return the figures of a first run, and the processor seconds of one that finds everything compiled."""
    first = _in_fresh_process(adapter, chosen)
    if not discovery.load(adapter).adapter_class.compile_cache:
        return first
    with tempfile.TemporaryDirectory() as folder:
        _in_fresh_process(adapter, chosen, {options.COMPILE_CACHE: folder})
        return {**first, "warm": _in_fresh_process(adapter, chosen, {options.COMPILE_CACHE: folder})["processor"]}


def _in_fresh_process(adapter: str, chosen: argparse.Namespace, variables: Mapping[str, str] | None = None) -> Record:
    """Return the figures of a process with one thread for every library."""
    environment = {**os.environ, **dict.fromkeys(THREAD_VARIABLES, "1"), options.COMPILE_CACHE: "", **(variables or {})}
    argv = ["--adapter", adapter, "--tier", chosen.tier, "--shard", chosen.shard, "--measure"]
    command = [sys.executable, "-m", "benchmarks.suite", *argv]
    run = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    if run.returncode:
        raise SystemExit(f"{adapter}: {run.stderr.strip()[-2000:]}")
    record: Record = json.loads(run.stdout)
    return record


def table(records: list[Record]) -> str:
    """Return the figures as Markdown, medians over repeats: speed, overhead, costs, milliseconds by part."""
    names = ["adapter", "tier", "shard", "verdicts", "a second", "overhead", *COSTS, *PARTS]
    kinds = dict.fromkeys((record["adapter"], record["tier"], record["shard"]) for record in records)
    grouped = [
        [record for record in records if (record["adapter"], record["tier"], record["shard"]) == kind] for kind in kinds
    ]
    return "\n".join([row(names), row(["---"] * len(names)), *(row(_cells(repeats)) for repeats in grouped)])


def _cells(repeats: list[Record]) -> list[str]:
    first = repeats[0]
    speed = statistics.median(record["verdicts"] / record["seconds"] for record in repeats)
    overhead = statistics.median(record["seconds"] / record["parts"]["framework"] for record in repeats)
    parts = [statistics.median(record["parts"][part] / record["verdicts"] for record in repeats) for part in PARTS]
    kind = [first["adapter"], first["tier"], first["shard"], f"{first['verdicts']:,}"]
    costs = [_median(repeats, name, unit, digits) for name, unit, digits in COSTS.values()]
    return [*kind, f"{speed:.0f}", f"{overhead:.2f}", *costs, *(f"{seconds * 1e3:.2f}" for seconds in parts)]


def _median(repeats: list[Record], name: str, unit: float, digits: int) -> str:
    """Return the median of a figure in ``unit``, or nothing where it was not measured."""
    values = [record[name] for record in repeats if name in record]
    return f"{statistics.median(values) / unit:.{digits}f}" if values else ""


if __name__ == "__main__":
    main()
