"""The pytest plug-in: options, questions as parameters, verdicts from workers to the record, progress and exit status.

It is loaded wherever the distribution is installed, so it imports nothing heavy until questions are really asked.
"""

import os
import time
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from convformance import options, test_cases
from convformance.plugin import items

if TYPE_CHECKING:
    from convformance.running.runner import Asker, Question
    from convformance.running.session import Session

_VERDICT = pytest.StashKey[dict[str, Any]]()
_CONTROLLER = "convformance-controller"
_THREADS = ("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS", "MKL_NUM_THREADS")

pytest.register_assert_rewrite("convformance.judging.assertions")


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add the options of the suite; ``convformance run`` passes them through."""
    group = parser.getgroup("convformance", "conformance of convolutions")
    options.declare(group.addoption)
    group.addoption(
        "--progress", action="store_true", help="a line of progress now and then in place of a letter a question"
    )


def pytest_configure(config: pytest.Config) -> None:
    """Settle what is asked; every usage error is one sentence here, before anything runs."""
    if not config.option.adapter and not any(map(_is_test_case, config.args)):
        return
    for name in _THREADS:
        os.environ.setdefault(name, "1")
    session = session_of(config)
    if not _is_worker(config):
        config.pluginmanager.register(Controller(session), _CONTROLLER)


def _is_test_case(argument: str) -> bool:
    """Whether a command line argument, a path or a dotted name, leads into the suite's own test cases."""
    name = argument.split("::", maxsplit=1)[0]
    path = Path(name).resolve()
    return name.startswith(test_cases.__name__) or Path(test_cases.__path__[0]) in (path, *path.parents)


def session_of(config: pytest.Config) -> "Session":
    """Return the session of this pytest run, made on first use."""
    from convformance.adapters.contract import UsageError
    from convformance.running import session as sessions

    if _SESSION not in config.stash:
        try:
            wishes = options.Wishes.of(config.option)
            config.stash[_SESSION] = sessions.of(wishes, judged=_judged_by_controller(config))
        except (UsageError, ValueError, OSError) as error:
            raise pytest.UsageError(str(error)) from error
    return config.stash[_SESSION]


_SESSION: "pytest.StashKey[Session]" = pytest.StashKey()
_ASKER: "pytest.StashKey[Asker]" = pytest.StashKey()


def _is_worker(config: pytest.Config) -> bool:
    return hasattr(config, "workerinput")


def _judged_by_controller(config: pytest.Config) -> frozenset[tuple[str, ...]] | None:
    """Return what the controller found judged: a worker that starts late must collect what the others collected."""
    if not _is_worker(config):
        return None
    return frozenset(tuple(key) for key in config.workerinput.get("convformance_judged", ()))  # type: ignore[attr-defined]


@pytest.hookimpl(optionalhook=True)
def pytest_configure_node(node: Any) -> None:
    """Hand a new xdist worker the questions that are not to be asked again."""
    if node.config.pluginmanager.has_plugin(_CONTROLLER):
        node.workerinput["convformance_judged"] = [list(key) for key in session_of(node.config).judged]


def pytest_report_header(config: pytest.Config) -> list[str]:
    """Say which code is under test, and who is asked how much."""
    here = f"convformance: {Path(options.__file__).resolve().parent.parent}"
    return [here, *session_of(config).described()] if config.pluginmanager.has_plugin(_CONTROLLER) else [here]


def pytest_pycollect_makeitem(collector: pytest.Module, name: str, obj: object) -> list[items.QuestionItem] | None:
    """Make one item of each question of the operation that a module of the suite asks about."""
    if not _asks(collector, name):
        return None
    session = session_of(collector.config)
    # A thread ends a worker even in native code; without workers a signal must do.
    method = "thread" if _is_worker(collector.config) else "signal"
    collector.add_marker(pytest.mark.timeout(session.wishes.time_limit, method=method))
    given = {"function": obj, "put": _asked}
    questions = session.questions_of(collector.obj.OPERATION)
    return [
        items.QuestionItem.from_parent(collector, name=f"{name}[{asked.id}]", question=asked, **given)
        for asked in questions
    ]


def _asks(collector: pytest.Collector, name: str) -> bool:
    """Whether ``name`` is the test function of one of the suite's own modules."""
    return name.startswith("test_") and collector.path.parent == Path(test_cases.__path__[0])


def pytest_runtest_protocol(item: pytest.Item) -> bool | None:
    """Run the suite's own items in one go."""
    if not isinstance(item, items.QuestionItem):
        return None
    items.run(item)
    return True


def _asked(question: "Question", item: pytest.Item) -> dict[str, Any]:
    verdict = item.stash[_VERDICT] = asker(item.config).verdict(question)
    if verdict["grade"] == "refused":
        pytest.skip(verdict["message"])
    if verdict["known"]:
        pytest.xfail(f"known divergence {verdict['known']}: {verdict['message']}")
    return verdict


def asker(config: pytest.Config) -> "Asker":
    """Return who puts the questions of this pytest run, made on first use."""
    from convformance.running.runner import Asker

    if _ASKER not in config.stash:
        config.stash[_ASKER] = Asker(session_of(config).selections)
    return config.stash[_ASKER]


@pytest.hookimpl(hookwrapper=True)
def pytest_runtestloop(session: pytest.Session) -> Iterator[None]:
    """Drop at the end what frameworks printed while they were right."""
    yield
    if _SESSION in session.config.stash:
        items.printed(session.config)


@pytest.hookimpl(hookwrapper=True)
def pytest_runtest_makereport(item: pytest.Item, call: pytest.CallInfo[None]) -> Iterator[None]:
    """Send the verdict with the report of the call, so that it reaches the controlling process."""
    outcome: Any = yield
    if call.when == "call" and _VERDICT in item.stash:
        outcome.get_result().convformance = item.stash[_VERDICT]


class Controller:
    """Lives in the controlling process: writes the record as reports come in, shows progress, settles the exit status."""

    def __init__(self, session: "Session") -> None:
        self.session = session
        self.started: dict[str, float] = {}

    @pytest.hookimpl(trylast=True)
    def pytest_sessionstart(self, session: pytest.Session) -> None:
        """Open the record."""
        self.terminal: Any = session.config.pluginmanager.get_plugin("terminalreporter")
        self.lines = session.config.option.progress
        if not session.config.option.collectonly:
            self.session.open()

    def pytest_runtest_logstart(self, nodeid: str) -> None:
        """Remember when a question was put, to tell a time-out from a crash."""
        self.started[nodeid] = time.monotonic()

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """Write the verdict down; a failed report without one tells of a crash or a time-out."""
        verdict = getattr(report, "convformance", None)
        if verdict is None and report.failed:
            seconds = time.monotonic() - self.started.get(report.nodeid, time.monotonic())
            verdict = self.session.lost(report.nodeid, str(report.longrepr or ""), seconds)
        if verdict is not None:
            self.session.keep(verdict)
            self._show_progress()

    def _show_progress(self) -> None:
        line = self.session.progress() if self.lines else None
        if line:
            self.terminal.write_line(line)

    @pytest.hookimpl(tryfirst=True)
    def pytest_report_teststatus(self, report: pytest.TestReport) -> tuple[str, str, str] | None:
        """Print no letter a question where lines of progress are wanted."""
        if not self.lines or report.when != "call":
            return None
        return ("xfailed" if hasattr(report, "wasxfail") else report.outcome), "", ""

    @pytest.hookimpl(tryfirst=True)
    def pytest_sessionfinish(self, session: pytest.Session, exitstatus: int) -> None:
        """Close the record; a known divergence that no longer diverges fails the run."""
        if not session.config.option.collectonly and self.session.close() and exitstatus == pytest.ExitCode.OK:
            session.exitstatus = pytest.ExitCode.TESTS_FAILED

    def pytest_terminal_summary(self, terminalreporter: Any) -> None:
        """Print the counts of each adapter, and what was found."""
        if self.session.counted:
            terminalreporter.section("convformance")
            for line in self.session.summary():
                terminalreporter.write_line(line)
