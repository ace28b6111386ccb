"""The controller: it lives in the process that writes the record, and hears of every report."""

import subprocess
import tempfile
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from convformance.plugin import items, worker
from convformance.processes import child, sentinel

if TYPE_CHECKING:
    from convformance.reports.lines import Verdict
    from convformance.running.session import Session

_DIED = "convformance_died"
_PATIENCE = 5.0  # seconds until a process that has closed its channel is gone


class Controller:
    """Writes the record as reports come in, shows progress, settles the exit status."""

    def __init__(self, session: "Session") -> None:
        self.session = session
        self._folder = tempfile.TemporaryDirectory(prefix="convformance-")
        self.folder = Path(self._folder.name)

    @pytest.hookimpl(trylast=True)
    def pytest_sessionstart(self, session: pytest.Session) -> None:
        """Open the record."""
        from convformance.running.summary import Progress

        self.terminal: Any = session.config.pluginmanager.get_plugin("terminalreporter")
        workers = getattr(session.config.option, "numprocesses", None) or 1
        self.progress: Progress | None = Progress(self.session, workers) if session.config.option.progress else None
        self._pytest_session = session
        if session.config.option.collectonly:
            return
        try:
            self.session.open()
        except OSError as error:
            record = self.session.options.record
            raise pytest.UsageError(f"the record {record} cannot be written: {error.strerror}") from error

    @pytest.hookimpl(optionalhook=True)
    def pytest_xdist_make_scheduler(self, config: pytest.Config, log: Any) -> Any:
        """Let workers leave between two questions."""
        from convformance.plugin.scheduling import Scheduling

        terminal = config.pluginmanager.get_plugin("terminaldistreporter")
        if self.progress and terminal is not None:
            config.pluginmanager.unregister(terminal)  # it would tell of every worker that comes or goes
        return Scheduling(config, log, self._is_answered)

    def _is_answered(self, nodeid: str) -> bool:
        question = self.session.question_at(nodeid)
        return question is not None and question.key in self.session.verdicts

    @pytest.hookimpl(optionalhook=True)
    def pytest_handlecrashitem(self, report: pytest.TestReport) -> None:
        """Mark the report of an item whose worker died: this hook, and not the report's text, says so."""
        setattr(report, _DIED, True)

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """Write the verdict down. A failed report that carries none and tells of no death is a fault of the suite."""
        verdict = items.verdict_in(report)
        if verdict is None and hasattr(report, _DIED):
            verdict = self._of_dead_item(report)
        elif verdict is None and report.failed:
            self.session.faults.append(f"{report.nodeid}\n{report.longrepr or 'failed without a word'}")
        if verdict is not None:
            self.session.record(verdict)
            self._show_progress(verdict, report)
        if self.session.is_unwritable:
            self._stop("the record cannot be written")

    def _stop(self, reason: str) -> None:
        """End the run when what is being asked now is answered."""
        self._pytest_session.shouldstop = reason
        distributed = self._pytest_session.config.pluginmanager.get_plugin("dsession")
        if distributed is not None:
            distributed.shouldstop = reason

    def _of_dead_item(self, report: pytest.TestReport) -> "Verdict | None":
        """Return the verdict on a question whose worker died, unless it sent one before."""
        from convformance.judging.grades import CRASHED, TIMED_OUT

        question = self.session.question_at(report.nodeid)
        if question is None:
            self.session.faults.append(f"{report.nodeid}\na worker died over an item that is no question")
            return None
        if question.key in self.session.verdicts:
            return None
        gateway = report.node.gateway
        if sentinel.was_overrun(worker.state_file(self.folder, gateway.id)):
            limit = self.session.options.time_limit
            return self.session.verdict_without_answer(question, TIMED_OUT, f"no answer within {limit:g} s")
        last = worker.last_words(self.folder, gateway.id)
        message = f"{_ending(gateway)} while it answered" + (f"; it printed last: {last}" if last else "")
        return self.session.verdict_without_answer(question, CRASHED, message)

    def _show_progress(self, verdict: "Verdict", report: pytest.TestReport) -> None:
        if self.progress is None:
            return
        node = getattr(report, "node", None)
        self.progress.count(verdict.adapter, node.gateway.id if node else "")
        line = self.progress.line()
        if line:
            self.terminal.write_line(line)
            self.terminal.flush()  # a file or a pipe would show it only with many others

    @pytest.hookimpl(tryfirst=True)
    def pytest_report_teststatus(self, report: pytest.TestReport) -> tuple[str, str, str] | None:
        """Print no letter a question where lines of progress are wanted."""
        if not self.progress or (report.when != "call" and not hasattr(report, _DIED)):
            return None
        return ("xfailed" if hasattr(report, "wasxfail") else report.outcome), "", ""

    @pytest.hookimpl(tryfirst=True)
    def pytest_sessionfinish(self, session: pytest.Session, exitstatus: int) -> None:
        """Close the record; a stale known divergence fails the run, and a fault of the suite itself breaks it."""
        if session.config.option.collectonly:
            return
        self.session.close(interrupted=exitstatus == pytest.ExitCode.INTERRUPTED)
        self._folder.cleanup()
        if self.session.faults:
            session.exitstatus = pytest.ExitCode.INTERNAL_ERROR
        elif self.session.stale and exitstatus == pytest.ExitCode.OK:
            session.exitstatus = pytest.ExitCode.TESTS_FAILED

    def pytest_terminal_summary(self, terminalreporter: Any) -> None:
        """Print the counts of each adapter, and what was found."""
        from convformance.running.summary import summary_lines

        if self.session.grade_counts or self.session.faults:
            terminalreporter.section("convformance")
            for line in summary_lines(self.session):
                terminalreporter.write_line(line)


def _ending(gateway: Any) -> str:
    """Return in words how the process behind an xdist worker ended."""
    with suppress(AttributeError, subprocess.TimeoutExpired):
        return child.ending(gateway._io.popen.wait(timeout=_PATIENCE))
    return "the process died"
