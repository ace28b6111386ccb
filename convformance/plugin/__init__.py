"""The pytest plug-in: options, questions as items, verdicts from workers to the record, progress and exit status.

It is loaded wherever the distribution is installed, so it imports nothing heavy until questions are really asked.
"""

import gc
import os
import signal
from collections.abc import Callable, Iterator
from contextlib import suppress
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from convformance import options, test_cases
from convformance.plugin import items, worker
from convformance.plugin.controller import Controller
from convformance.plugin.worker import is_worker
from convformance.processes import environment

if TYPE_CHECKING:
    from convformance.reports.lines import Key, Verdict
    from convformance.running.questions import Question
    from convformance.running.runner import VerdictRunner
    from convformance.running.session import Session

_CONTROLLER = "convformance-controller"
_SESSION: "pytest.StashKey[Session]" = pytest.StashKey()
_RUNNER: "pytest.StashKey[VerdictRunner]" = pytest.StashKey()
_GROWTH: "pytest.StashKey[worker.Growth]" = pytest.StashKey()
# A crash costs a worker: an adapter that crashes on every case must still be asked all of them.
_RESTARTS = "10000"

pytest.register_assert_rewrite("convformance.judging.assertions")


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add the options of the suite; ``convformance run`` passes them through."""
    group = parser.getgroup("convformance", "conformance of convolutions")
    options.declare(group.addoption)
    group.addoption(
        "--progress", action="store_true", help="a line of progress now and then in place of a letter a question"
    )


@pytest.hookimpl(tryfirst=True)
def pytest_configure(config: pytest.Config) -> None:
    """Settle what is asked; every usage error is one sentence here, before anything runs."""
    if not config.option.adapter and not any(map(_is_test_case, config.args)):
        return
    environment.settle_threads()
    if config.option.compile_cache:
        os.environ[options.COMPILE_CACHE] = str(Path(config.option.compile_cache).resolve())
    if is_worker(config):
        worker.prepare(config)
    session = session_of(config)
    if not is_worker(config):
        if hasattr(config.option, "maxworkerrestart"):
            config.option.maxworkerrestart = config.option.maxworkerrestart or _RESTARTS
        signal.signal(signal.SIGTERM, _interrupt)
        config.pluginmanager.register(Controller(session), _CONTROLLER)


def _interrupt(*_: object) -> None:
    """End the run as an interrupt does: with its record closed and its report written."""
    raise KeyboardInterrupt


def _is_test_case(argument: str) -> bool:
    """Whether a command line argument, a path or a dotted name, leads into the suite's own test cases."""
    name = argument.split("::", maxsplit=1)[0]
    path = Path(name).resolve()
    return name.startswith(test_cases.__name__) or Path(test_cases.__path__[0]) in (path, *path.parents)


def session_of(config: pytest.Config) -> "Session":
    """Return the session of this pytest run, made on first use."""
    from convformance.adapters.contract import UsageError
    from convformance.running import session

    if _SESSION not in config.stash:
        try:
            run_options = options.RunOptions.of(config.option)
            config.stash[_SESSION] = session.session_of(run_options, _done_before(config))
        except (UsageError, ValueError, OSError) as error:
            raise pytest.UsageError(str(error)) from error
    return config.stash[_SESSION]


def runner_of(config: pytest.Config) -> "VerdictRunner":
    """Return who puts the questions of this pytest run, made on first use."""
    from convformance.processes.limits import Interrupts
    from convformance.running.runner import VerdictRunner

    if _RUNNER not in config.stash:
        session = session_of(config)
        # Only a worker can be given up: the process that writes the record must live.
        sentinel = worker.sentinel_of(config) if is_worker(config) else None
        interrupted = (lambda: False) if is_worker(config) else Interrupts().came
        config.stash[_RUNNER] = VerdictRunner(
            session.selections,
            seconds=session.options.time_limit,
            sentinel=sentinel,
            interrupted=interrupted,
            expectations=session.expectations,
        )
    return config.stash[_RUNNER]


def _done_before(config: pytest.Config) -> "frozenset[Key] | None":
    """Return what the controller found done: a worker that starts late must collect what the others collected."""
    if not is_worker(config):
        return None
    keys = config.workerinput.get("convformance_done", ())  # type: ignore[attr-defined]
    return frozenset(tuple(key) for key in keys)


@pytest.hookimpl(optionalhook=True)
def pytest_configure_node(node: Any) -> None:
    """Hand a new xdist worker the questions that are not to be asked again, and a folder for its files."""
    controller: Controller | None = node.config.pluginmanager.get_plugin(_CONTROLLER)
    if controller is not None:
        node.workerinput["convformance_done"] = [list(key) for key in session_of(node.config).done]
        node.workerinput[worker.FOLDER] = str(controller.folder)
        node.sendcommand = partial(_send, node.sendcommand)


def _send(send: Callable[..., None], name: str, **named: Any) -> None:
    """Send a command to a worker; one to a worker that has just died is lost with it, and its work given to others."""
    with suppress(OSError):
        send(name, **named)


def pytest_report_header(config: pytest.Config) -> list[str]:
    """Say which code is under test, and who is asked how much."""
    here = f"convformance: {Path(options.__file__).resolve().parent.parent}"
    if not config.pluginmanager.has_plugin(_CONTROLLER):
        return [here]
    from convformance.running.summary import header_lines

    return [here, *header_lines(session_of(config))]


def pytest_pycollect_makeitem(collector: pytest.Module, name: str, obj: object) -> list[items.QuestionItem] | None:
    """Make one item of each question of the operation that a module of the suite asks about."""
    if not _asks(collector, name):
        return None
    session = session_of(collector.config)
    parts = {
        "function": obj,
        "put": partial(_verdict, collector.config),
        "reason": session.expectations.reason,
    }
    return [
        items.QuestionItem.from_parent(collector, name=question.test_name, question=question, **parts)
        for question in session.questions_of(collector.obj.OPERATION)
    ]


@pytest.hookimpl(hookwrapper=True)
def pytest_collection(session: pytest.Session) -> Iterator[None]:
    """Look for no garbage among tens of thousands of items, which stay: a worker that takes another's place hurries."""
    looks = gc.isenabled() and _SESSION in session.config.stash
    if looks:
        gc.disable()
    yield
    if looks:
        gc.enable()
        gc.freeze()


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Ask adapter by adapter."""
    if _SESSION in config.stash:
        from convformance.plugin import scheduling

        scheduling.by_adapter(items, config.stash[_SESSION])


def _asks(collector: pytest.Collector, name: str) -> bool:
    """Whether ``name`` is the test function of one of the suite's own modules."""
    return name.startswith("test_") and collector.path.parent == Path(test_cases.__path__[0])


def pytest_runtest_protocol(item: pytest.Item, nextitem: pytest.Item | None) -> bool | None:
    """Run the suite's own items in one go."""
    if not isinstance(item, items.QuestionItem):
        return None
    items.run(item)
    if is_worker(item.config) and (runner_of(item.config).spent or _is_full(item, nextitem)):
        os._exit(1)  # the verdict is sent; whoever is asked next is asked in another process
    return True


def _is_full(item: items.QuestionItem, following: pytest.Item | None) -> bool:
    """Whether this process has too much memory to go on with what follows."""
    if _GROWTH not in item.config.stash:
        item.config.stash[_GROWTH] = worker.Growth(worker.memory_limit(item.config))
    growth = item.config.stash[_GROWTH]
    growth.count(item.question.adapter)
    return isinstance(following, items.QuestionItem) and growth.ends_before(following.question.adapter)


@pytest.hookimpl(optionalhook=True, tryfirst=True)
def pytest_timeout_set_timer(item: pytest.Item) -> bool | None:
    """Set no timer for a question: the runner limits the time of the adapter alone, and says what a time-out is."""
    return True if isinstance(item, items.QuestionItem) else None


@pytest.hookimpl(optionalhook=True, tryfirst=True)
def pytest_timeout_cancel_timer(item: pytest.Item) -> bool | None:
    """Cancel none."""
    return True if isinstance(item, items.QuestionItem) else None


def _verdict(config: pytest.Config, question: "Question") -> "Verdict":
    return runner_of(config).verdict(question)


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
    if isinstance(item, items.QuestionItem) and call.when == "call" and item.verdict is not None:
        items.attach(outcome.get_result(), item.verdict)
