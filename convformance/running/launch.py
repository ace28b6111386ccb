"""A run from the command line: pytest over the test cases in worker processes, then the report."""

import os
import signal
import subprocess
import sys
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from convformance.options import RunOptions
from convformance.processes import environment

if TYPE_CHECKING:
    from convformance.reports.record import Records

OK, FINDINGS, USAGE, BROKEN = range(4)
REPORTS = ("report.html", "summary.md", "junit.xml")

_PROBLEMS = 20


def run(
    options: RunOptions,
    *,
    workers: str,
    out: Path,
    merge: bool = False,
    update: Path | None = None,
    rest: Sequence[str] = (),
) -> int:
    """Ask everything ``options`` name, write record, JUnit XML and report below ``out``; return the exit status.

    With ``merge`` the report shows every record in ``out``; the exit status is that of this run alone. With ``update``
    that file then expects what was found, and the status is 0. Usage errors are raised before anything starts:
    UsageError, ValueError.
    """
    from convformance.reports import record
    from convformance.running.session import session_of

    session = session_of(options)
    out.mkdir(parents=True, exist_ok=True)
    # An older report never stands beside a newer record.
    for name in REPORTS:
        (out / name).unlink(missing_ok=True)
    status = _pytest(options, workers, out, rest) if session.unanswered else OK
    if status == USAGE:
        return USAGE
    if options.record is None or not options.record.is_file():
        return BROKEN
    own = record.read([options.record])
    shown = record.read(sorted(out.glob("*.jsonl"))) if merge else own
    if not _write_reports(shown, out) or status == BROKEN:
        return BROKEN
    # pytest counts a crash as failed, whether it is known or not: the record decides.
    return _status(own) if update is None else _update(update, own)


def _write_reports(records: "Records", out: Path) -> bool:
    """Write the page and the summary, and say where; return whether they could be written."""
    page, summary, _ = REPORTS
    try:
        _write(records, {"html": out / page, "markdown": out / summary})
    except OSError as error:
        print(f"convformance: the report {out / page} cannot be written: {error.strerror}", file=sys.stderr)
        return False
    print(f"report: {out / page}")
    return True


def _update(path: Path, records: "Records") -> int:
    """Let the file expect what was found, and say what changed; a run that did not reach its end changes nothing."""
    from convformance.running import updating

    if not records.complete:
        print(f"convformance: {path} is left as it is: the run did not reach its end", file=sys.stderr)
        return BROKEN
    print(updating.update(path, records))
    return OK


def _pytest(options: RunOptions, workers: str, out: Path, rest: Sequence[str]) -> int:
    """Run pytest in a process of its own, so that threads and environment are settled before NumPy is imported."""
    distribution = ["-n", workers, "--dist=worksteal"]
    argv = [sys.executable, "-m", "pytest", *pytest_argv(options, out), *distribution, *rest]
    # Unbuffered, so that a log file shows each line when it is written.
    status = _wait(subprocess.Popen(argv, env={**environment.asking(), "PYTHONUNBUFFERED": "1"}))
    return {0: OK, 1: FINDINGS, 4: USAGE, 5: USAGE}.get(status, BROKEN)


def _wait(process: "subprocess.Popen[bytes]") -> int:
    """Return the exit status of ``process``; an interrupt, or a request to end, ends it too, its record closed.

    The request is handed on as it is: what a shell starts in the background ignores interrupts.
    """
    signal.signal(signal.SIGTERM, lambda *_: process.send_signal(signal.SIGTERM))
    with process:
        try:
            return process.wait()
        except KeyboardInterrupt:
            return process.wait()


def pytest_argv(options: RunOptions, out: Path) -> Sequence[str]:
    """Return the arguments with which pytest asks what ``options`` name, its JUnit XML going below ``out``."""
    from convformance import test_cases

    cases = Path(next(iter(test_cases.__path__)))
    plugin = ["--import-mode=importlib", "-p", "convformance.plugin", f"--rootdir={cases.parent}", f"-c{os.devnull}"]
    # Workers keep what frameworks print in files of their own, the last words of one that dies included.
    quiet = ["-q", "--progress", "--tb=no", "-rN", "-s", "-p", "no:warnings", "-p", "no:cacheprovider"]
    # Nor is there use for faulthandler, and that of Hypothesis would cost every worker 0.3 s when it starts.
    quiet += ["-p", "no:faulthandler", "-p", "no:hypothesispytest"]
    return [str(cases), *plugin, *quiet, f"--junitxml={out / REPORTS[-1]}", *options.to_argv()]


def report(
    paths: Sequence[Path],
    outputs: Mapping[str, Path | None],
    *,
    baseline: Sequence[Path] | None,
    show: Callable[[Sequence[str]], object],
) -> int:
    """Write the records in every format of ``outputs``, ``show`` the causes; return the exit status they amount to.

    What could not be used of them is told on standard error. Raises RecordError for what is no record.
    """
    from convformance.reports import causes, record

    records = record.read(paths)
    for problem in records.problems[:_PROBLEMS]:
        print(f"convformance: {problem}", file=sys.stderr)
    if records.problem_count > _PROBLEMS:
        more = f"{records.problem_count - _PROBLEMS:,} problems more"
        print(f"convformance: and {more}: the report lists them", file=sys.stderr)
    _write(records, outputs, baseline=record.read(baseline) if baseline else None)
    show(list(causes.summary(records)))
    return _status(records)


def _write(records: "Records", outputs: Mapping[str, Path | None], *, baseline: "Records | None" = None) -> None:
    """Write ``records``, which are read once for all formats."""
    from convformance.reports import writing

    writing.write(records, outputs, baseline)


def _status(records: "Records") -> int:
    """Return the exit status that ``records`` amount to."""
    return FINDINGS if records.findings or records.stale else OK if records.complete else BROKEN
