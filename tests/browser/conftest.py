"""The reports that the browser is shown, made once a session, and the browser."""

import os
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from convformance.reports import record
from convformance.reports.html import write_html
from convformance.reports.record import Records
from tests.browser import browsing, chromium
from tests.browser.browsing import Visit, Visiting
from tests.reports import hostile
from tests.reports.synthetic import SyntheticRun

if TYPE_CHECKING:
    from playwright.sync_api import Browser

# These tests have an environment of their own, `tox run -e report`: elsewhere there may be no Playwright.
collect_ignore_glob = [] if find_spec("playwright") and find_spec("axe_playwright_python") else ["test_*.py"]

ROOT = Path(__file__).resolve().parents[2]
WRONG = ROOT / "tests" / "convformance" / "misbehaving.py"
ADAPTERS = ("scipy", "torch", *(f"{WRONG}:{name}" for name in ("FlippedKernel", "NoBatchSum", "Raising", "Known")))
# So many cases that every route of every synthetic adapter gives 100,000 verdicts and more in all.
MANY_CASES = 540


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption(
        "--real-record", type=Path, metavar="FILE", help="the record of the real run, in place of a run made for it"
    )


@dataclass(frozen=True)
class Shown:
    """A report with the records it was made from, and those it was compared with."""

    page: Path
    records: Records
    baseline: Records | None = None


def shown(folder: Path, path: Path, baseline: Path | None = None) -> Shown:
    """Return the report of a record, written next to it."""
    page, records = folder / "report.html", record.read([path])
    before = None if baseline is None else record.read([baseline])
    write_html(records, page, baseline=before)
    return Shown(page, records, before)


@pytest.fixture(scope="session")
def real(tmp_path_factory: pytest.TempPathFactory, request: pytest.FixtureRequest) -> Shown:
    """A smoke run of two frameworks and of adapters that are wrong on purpose."""
    folder = tmp_path_factory.mktemp("real")
    record_path = request.config.getoption("--real-record", None)
    if record_path:
        return shown(folder, record_path)
    options = [f"--adapter={spec}" for spec in ADAPTERS]
    command = [
        sys.executable,
        "-m",
        "convformance",
        "run",
        *options,
        "--tier=smoke",
        "-n2",
        "--out",
        str(folder / "out"),
    ]
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    done = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=900, check=False)
    assert done.returncode == 1, (
        f"a run with wrong adapters has findings, status 1: {done.stdout[-2000:]}{done.stderr[-2000:]}"
    )
    return shown(folder, folder / "out" / "run.jsonl")


@pytest.fixture(scope="session")
def large(tmp_path_factory: pytest.TempPathFactory) -> Shown:
    """A synthetic run of 100,000 verdicts."""
    folder = tmp_path_factory.mktemp("large")
    return shown(folder, SyntheticRun(cases=MANY_CASES).write(folder / "run.jsonl"))


@pytest.fixture(scope="session")
def small(tmp_path_factory: pytest.TempPathFactory) -> Shown:
    """A synthetic run of some 2,300 verdicts and its baseline, in which less was wrong and fewer cases were asked."""
    folder = tmp_path_factory.mktemp("small")
    before = SyntheticRun(cases=10, wrong_share=0.005, seed=8).write(folder / "before.jsonl")
    return shown(folder, SyntheticRun(cases=12, wrong_share=0.02).write(folder / "run.jsonl"), before)


@pytest.fixture(scope="session")
def injected(tmp_path_factory: pytest.TempPathFactory) -> Shown:
    """A run with a script in every field, and lines that are no record's, compared with itself."""
    folder = tmp_path_factory.mktemp("injected")
    path = hostile.write(folder / "run.jsonl")
    return shown(folder, path, path)


@pytest.fixture(scope="session")
def browser() -> Iterator["Browser"]:
    """Headless Chromium."""
    from playwright.sync_api import sync_playwright

    executable = chromium.path()
    assert executable, "there is no Chromium: `python -m tests.browser.chromium` installs it"
    with sync_playwright() as playwright:
        started = playwright.chromium.launch(executable_path=executable, args=["--no-sandbox", "--disable-gpu"])
        yield started
        started.close()


@pytest.fixture
def visit(browser: "Browser") -> Iterator[Visiting]:
    """Return what opens a report. At the end of the test no page of it may have done what a report must not do."""
    visits: list[Visit] = []
    with browsing.visiting(browser) as visiting:

        def noted(path: Path, **options: object) -> Visit:
            visits.append(visiting(path, **options))
            return visits[-1]

        yield noted
    assert [fault for each in visits for fault in each.faults] == []


@pytest.fixture(scope="session")
def screens() -> Path:
    """The folder in which screenshots are kept."""
    folder = ROOT / "out" / "report-screens"
    folder.mkdir(parents=True, exist_ok=True)
    return folder
