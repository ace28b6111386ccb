"""Running: pytest over the test cases in worker processes, then the report."""

import os
import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from convformance import options
from convformance.options import Wishes

if TYPE_CHECKING:
    from convformance.reports.record import Records

OK, FINDINGS, USAGE, BROKEN = range(4)

# A crash costs a worker: an adapter that crashes on every case must still be asked all of them.
_RESTARTS = 10_000
_PROBLEMS = 20


def run(wishes: Wishes, *, workers: str, out: Path, merge: bool = False, rest: Sequence[str] = ()) -> int:
    """Ask everything ``wishes`` names, write record, JUnit XML and report below ``out``; return the exit status.

    With ``merge`` the report shows every record in ``out``; the exit status is that of this run alone. Usage errors are
    raised before anything starts: UsageError, ValueError.
    """
    from convformance.reports import record
    from convformance.running import session as sessions

    session = sessions.of(wishes)
    out.mkdir(parents=True, exist_ok=True)
    left = len(session.questions) - sum(question.key in session.judged for question in session.questions)
    status = _pytest(wishes, workers, out, rest) if left else OK
    if status == USAGE:
        return USAGE
    if wishes.record is None or not wishes.record.is_file():
        return BROKEN
    own = record.read([wishes.record])
    shown = record.read(sorted(out.glob("*.jsonl"))) if merge else own
    _write(shown, {"html": out / "report.html", "markdown": out / "summary.md"})
    print(f"report: {out / 'report.html'}")
    # pytest counts a crash as failed, whether it is known or not: the record decides.
    return BROKEN if status == BROKEN else _status(own)


def _pytest(wishes: Wishes, workers: str, out: Path, rest: Sequence[str]) -> int:
    """Run pytest in a process of its own, so that threads and environment are settled before NumPy is imported."""
    spread = ["-n", workers, "--dist=worksteal", f"--max-worker-restart={_RESTARTS}"]
    words = [sys.executable, "-m", "pytest", *pytest_words(wishes, out), *spread, *rest]
    return {0: OK, 1: FINDINGS, 4: USAGE, 5: USAGE}.get(_waited(subprocess.Popen(words, env=environment())), BROKEN)


def _waited(process: "subprocess.Popen[bytes]") -> int:
    """Return the exit status of ``process``; the interrupt that reaches us ends it too, when it has closed its record."""
    with process:
        try:
            return process.wait()
        except KeyboardInterrupt:
            return process.wait()


def pytest_words(wishes: Wishes, out: Path) -> Sequence[str]:
    """Return the arguments with which pytest asks what ``wishes`` names, its JUnit XML going below ``out``."""
    from convformance import test_cases

    cases = Path(next(iter(test_cases.__path__)))
    house = ["--import-mode=importlib", "-p", "convformance.plugin", f"--rootdir={cases.parent}", f"-c{os.devnull}"]
    quiet = ["-q", "--progress", "--tb=no", "-rN", "-p", "no:warnings", "-p", "no:cacheprovider"]
    return [str(cases), *house, *quiet, f"--junitxml={out / 'junit.xml'}", *options.typed(wishes)]


def environment() -> dict[str, str]:
    """Return the environment of a process that asks frameworks: one thread each, and no warnings, which are no verdicts."""
    return {
        "PYTHONWARNINGS": "ignore",
        **importing(),
        "OMP_NUM_THREADS": "1",
        "OPENBLAS_NUM_THREADS": "1",
        "MKL_NUM_THREADS": "1",
    }


def importing() -> dict[str, str]:
    """Return the environment with the code that runs now first on the path, wherever it was started from."""
    import convformance

    home = str(Path(convformance.__file__).resolve().parent.parent)
    return {**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, (home, os.environ.get("PYTHONPATH", ""))))}


def report(paths: Sequence[Path], outputs: Mapping[str, Path | None], *, baseline: Sequence[Path] | None) -> int:
    """Write the records in every format of ``outputs``; return the exit status they amount to.

    What could not be used of them is told on standard error. Raises RecordError for what is no record.
    """
    from convformance.reports import record

    read = record.read(paths)
    for problem in read.problems[:_PROBLEMS]:
        print(f"convformance: {problem}", file=sys.stderr)
    if read.problem_count > _PROBLEMS:
        print(
            f"convformance: and {read.problem_count - _PROBLEMS:,} problems more: the report lists them",
            file=sys.stderr,
        )
    _write(read, outputs, baseline=record.read(baseline) if baseline else None)
    return _status(read)


def _write(records: "Records", outputs: Mapping[str, Path | None], *, baseline: "Records | None" = None) -> None:
    """Write ``records``, which are read once for all formats."""
    from convformance.reports import writing

    writing.write(records, outputs, baseline)


def _status(records: "Records") -> int:
    """Return the exit status that ``records`` amount to."""
    return FINDINGS if records.findings or records.stale else OK if records.complete else BROKEN
