"""Questions as pytest items: one each, without the fixtures, phases and reports of a test function.

Those cost half a millisecond, as much as many a question.
"""

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from convformance.reports.lines import Verdict
    from convformance.running.questions import Question

Ask = Callable[[], "Verdict"]

# The attribute of a report that carries the verdict from a worker to the controlling process, as JSON types.
_CARRIER = "convformance"


class QuestionItem(pytest.Item):
    """One question, put by calling ``function(ask)``, a test function of ``convformance.test_cases``.

    ``put(question)`` gives the verdict, ``reason(name)`` why an expectation stands in the user's file. The name is that
    of the function with the question's id in brackets.
    """

    def __init__(
        self,
        *,
        question: "Question",
        function: Callable[[Ask], None],
        put: Callable[["Question"], "Verdict"],
        reason: Callable[[str], str],
        **named: Any,
    ) -> None:
        super().__init__(**named)
        self.question, self.function, self.put, self.reason = question, function, put, reason
        self.verdict: Verdict | None = None

    def runtest(self) -> None:
        """Put the question."""
        self.function(self._ask)

    def _ask(self) -> "Verdict":
        """Return the verdict; a refusal is a skip, what is known or expected an xfail, each with its reason."""
        verdict = self.verdict = self.put(self.question)
        if verdict.grade == "refused":
            pytest.skip(verdict.message)
        if verdict.known:
            pytest.xfail(f"known divergence {verdict.known}: {verdict.message}")
        if verdict.expected:
            pytest.xfail(f"expected, {verdict.expected}: {self.reason(verdict.expected)}: {verdict.message}")
        return verdict

    def repr_failure(self, excinfo: pytest.ExceptionInfo[BaseException], *args: Any, **named: Any) -> Any:
        """Return the text of a finding or a known divergence; of anything else also where it was raised."""
        if isinstance(excinfo.value, AssertionError | pytest.xfail.Exception):
            return str(excinfo.value)
        return super().repr_failure(excinfo, *args, **named)

    def reportinfo(self) -> tuple[Path, int, str]:
        """Return where the test function stands, and the name."""
        return self.path, self.function.__code__.co_firstlineno - 1, self.name


def run(item: QuestionItem) -> None:
    """Run an item and report it: there is nothing to set up or to tear down, so one report tells everything."""
    hook = item.ihook
    hook.pytest_runtest_logstart(nodeid=item.nodeid, location=item.location)
    reraised = (pytest.exit.Exception, *(() if item.config.getoption("usepdb", False) else (KeyboardInterrupt,)))
    call = pytest.CallInfo.from_call(item.runtest, when="call", reraise=reraised)
    if call.excinfo is not None:
        _add_output(item)
    report = hook.pytest_runtest_makereport(item=item, call=call)
    item.verdict = None  # the report has it, and the item lives as long as the process
    hook.pytest_runtest_logreport(report=report)
    if call.excinfo is not None and report.failed:
        hook.pytest_exception_interact(node=item, call=call, report=report)
    hook.pytest_runtest_logfinish(nodeid=item.nodeid, location=item.location)


def attach(report: pytest.TestReport, verdict: "Verdict") -> None:
    """Let ``report`` carry the verdict."""
    setattr(report, _CARRIER, verdict.to_json())


def verdict_in(report: pytest.TestReport) -> "Verdict | None":
    """Return the verdict that a report carries, or None."""
    from convformance.reports.lines import Verdict

    carried = getattr(report, _CARRIER, None)
    return None if carried is None else Verdict.from_json(carried)


def _add_output(item: QuestionItem) -> None:
    """Add to an item's report what was printed since the last one that failed."""
    for name, text in zip(("stdout", "stderr"), printed(item.config), strict=True):
        if text:
            item.add_report_section("call", name, text)


def printed(config: pytest.Config) -> tuple[str, str]:
    """Return what frameworks printed since the last call of this, which pytest would show at the end of the run."""
    capture = config.pluginmanager.get_plugin("capturemanager")
    if capture is None or not capture.is_globally_capturing():
        return "", ""
    out, err = capture.read_global_capture()
    return out, err
