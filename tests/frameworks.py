"""``python -m tests.frameworks``: ask every adapter that comes with the suite, each in an environment of its own.

Frameworks want different versions of the same packages, so that no environment holds all of them. Each is made and run
by tox, one after the other; one that cannot be made, or that fails, keeps none of the others from being asked. All
records come together in one report.
"""

import re
import subprocess
import sys
from argparse import ArgumentParser, Namespace
from collections.abc import Mapping, Sequence
from pathlib import Path

from convformance.adapters import discovery
from convformance.judging.grades import CRASHED, ERROR, INACCURATE, LOW_PRECISION, REFUSED, TIMED_OUT, WRONG
from convformance.options import TIERS
from convformance.reports import markdown
from convformance.reports.model import Report, RunSummary, summarise
from convformance.reports.record import load

RECORDS = Path("out/each")
# Those that answer the standard tier in minutes; the others, of which each question is compiled or interpreted, do not.
STANDARD = (
    *("scipy", "torch", "tensorflow", "jax", "onnxruntime", "onnx_reference", "openvino", "tract", "mlx", "ncnn"),
    *("mnn", "paddle", "opencv"),
)
# What is asked beside the default mode of an adapter: a framework that runs on others has a mode for each.
MODES: Mapping[str, tuple[str, ...]] = {"keras": ("backend=jax", "backend=tensorflow")}
_WRONG = (WRONG, ERROR, CRASHED, TIMED_OUT)
_LESS_PRECISE = (LOW_PRECISION, *INACCURATE)


def main(arguments: Sequence[str] | None = None) -> int:
    """Return 0 where every environment could be made and no run has a finding or a stale known divergence."""
    options = _options(arguments)
    statuses = {name: _run(name, options) for name in options.only or discovery.BUILT_IN if not options.records}
    if options.page:
        records = options.records or sorted(RECORDS.glob("*.jsonl"))
        options.page.write_text(page(summarise(load(records))), encoding="utf-8")
    failed = [name for name, status in statuses.items() if status]
    print(f"asked {len(statuses)}, failed: {', '.join(failed) or 'none'}; report: {RECORDS / 'report.html'}")
    return 1 if failed else 0


def _options(arguments: Sequence[str] | None) -> Namespace:
    parser = ArgumentParser("python -m tests.frameworks", description="Every adapter in an environment of its own.")
    parser.add_argument("--tier", choices=TIERS, help="of all (default: standard where that takes minutes, else smoke)")
    parser.add_argument("--only", action="append", choices=discovery.BUILT_IN, help="only this; may be repeated")
    parser.add_argument("--page", type=Path, help="write the matrix in Markdown, such as docs/frameworks.md")
    parser.add_argument("--records", type=Path, nargs="+", help="run nothing, make the page of these records")
    return parser.parse_args(arguments)


def _run(name: str, options: Namespace) -> int:
    """Make the environment of an adapter, and run it and its modes there; return the last status that is not 0."""
    made = _tox("run", "--notest", "-e", name)
    if made:
        return made
    labels = [name, *(f"{name}[{mode}]" for mode in MODES.get(name, ()))]
    tier = options.tier or ("standard" if name in STANDARD else "smoke")
    statuses = [_tox("exec", "-e", name, "--", *_asked(label, tier)) for label in labels]
    return next(filter(None, statuses), 0)


def _tox(*words: str) -> int:
    return subprocess.run([sys.executable, "-m", "tox", *words], check=False).returncode


def _asked(label: str, tier: str) -> list[str]:
    """Return the command that asks a mode; its record is named by its letters."""
    record = "-".join(re.findall(r"\w+", label))
    folder = ["--out", str(RECORDS), "--merge"]
    return ["convformance", "run", "--adapter", label, "--name", record, "--tier", tier, *folder]


def page(report: Report) -> str:
    """Return the matrix of frameworks: who was asked what, and how it was answered."""
    head = ["adapter", "version", "tier", "asked", "conformant", "less precise", "wrong or no answer", "refused"]
    lines = [
        "# Frameworks, side by side",
        "",
        f"{len(report.runs)} adapters and modes, on {_machines(report)}.",
        "`python -m tests.frameworks --page docs/frameworks.md` runs each in its own environment and writes this page.",
        "What is known to diverge stands in [findings.md](findings.md), how to ask one in [adapters.md](adapters.md).",
        "",
        *markdown.table(head, sorted(map(_row, report.runs))),
        "",
        *markdown.matrix(report),
        "",
    ]
    return "\n".join(lines)


def _machines(report: Report) -> str:
    machines = (run.state.run.machine for run in report.runs)
    kinds = dict.fromkeys(f"{machine.processor} ({machine.kind})" for machine in machines if machine)
    return " and ".join(kinds)


def _row(run: RunSummary) -> list[str]:
    grades = run.total.grades
    less_precise, wrong = (sum(grades[grade] for grade in group) for group in (_LESS_PRECISE, _WRONG))
    version = f"{run.state.run.framework} {run.state.run.framework_version}"
    counts = run.asked, run.total.conformant, less_precise, wrong, grades[REFUSED]
    return [run.label, version, run.state.run.tier, *(f"{count:,}" for count in counts)]


if __name__ == "__main__":
    sys.exit(main())
