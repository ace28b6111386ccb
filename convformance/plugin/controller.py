"""The controller: it lives in the process that writes the record, and hears of every report."""

from typing import TYPE_CHECKING, Any

import pytest

from convformance.plugin import items

if TYPE_CHECKING:
    from convformance.reports.lines import Verdict
    from convformance.running.session import Session

_DIED = "convformance_died"


class Controller:
    """Writes the record as reports come in, shows progress, settles the exit status."""

    def __init__(self, session: "Session") -> None:
        self.session = session

    @pytest.hookimpl(trylast=True)
    def pytest_sessionstart(self, session: pytest.Session) -> None:
        """Open the record."""
        from convformance.running.summary import Progress

        self.terminal: Any = session.config.pluginmanager.get_plugin("terminalreporter")
        self.progress: Progress | None = Progress(self.session) if session.config.option.progress else None
        if not session.config.option.collectonly:
            self.session.open()

    @pytest.hookimpl(optionalhook=True)
    def pytest_handlecrashitem(self, report: pytest.TestReport) -> None:
        """Mark the report of an item whose worker died: this hook, and not the report's text, says so."""
        setattr(report, _DIED, True)

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """Write the verdict down. A failed report that carries none and tells of no death is a fault of the suite."""
        verdict = items.verdict_in(report)
        if verdict is None and hasattr(report, _DIED):
            verdict = self._of_dead_item(report.nodeid)
        elif verdict is None and report.failed:
            self.session.faults.append(f"{report.nodeid}\n{report.longrepr or 'failed without a word'}")
        if verdict is not None:
            self.session.record(verdict)
            self._show_progress()

    def _of_dead_item(self, nodeid: str) -> "Verdict | None":
        """Return the verdict on a question whose worker died, unless it sent one before."""
        from convformance.judging.grades import CRASHED
        from convformance.running.runner import VerdictRunner

        question = self.session.question_at(nodeid)
        if question is None:
            self.session.faults.append(f"{nodeid}\na worker died over an item that is no question")
            return None
        if question.key in self.session.verdicts:
            return None
        runner = VerdictRunner(self.session.selections)
        return runner.without_answer(question, CRASHED, "the process died while it answered")

    def _show_progress(self) -> None:
        line = self.progress.line() if self.progress else None
        if line:
            self.terminal.write_line(line)
            self.terminal.flush()  # a file or a pipe would show it only with many others

    @pytest.hookimpl(tryfirst=True)
    def pytest_report_teststatus(self, report: pytest.TestReport) -> tuple[str, str, str] | None:
        """Print no letter a question where lines of progress are wanted."""
        if not self.progress or report.when != "call":
            return None
        return ("xfailed" if hasattr(report, "wasxfail") else report.outcome), "", ""

    @pytest.hookimpl(tryfirst=True)
    def pytest_sessionfinish(self, session: pytest.Session, exitstatus: int) -> None:
        """Close the record; a stale known divergence fails the run, and a fault of the suite itself breaks it."""
        if session.config.option.collectonly:
            return
        self.session.close(interrupted=exitstatus == pytest.ExitCode.INTERRUPTED)
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
