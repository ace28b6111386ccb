"""The page opens by itself, from disk, quickly, and is small."""

from collections.abc import Callable
from pathlib import Path
from statistics import median

import pytest

from tests.browser.browsing import Visiting, until
from tests.browser.conftest import Shown

# Of the issue that asked for the page: what it may weigh in bytes, and how many milliseconds it may take on two cores.
MOST_BYTES_REAL, MOST_BYTES_LARGE = 2_000_000, 3_000_000
MOST_TO_MATRIX, MOST_TO_FILTER = 1500, 100
TIMES = 5
QUERIES = (
    "grade:wrong",
    "torch",
    "adapter:torch op:conv_filter_grad",
    "stride>1",
    "groups=2 dtype:float16",
    "family:dilation grade:conformant",
    "-grade:conformant",
    "adapter:torch op:conv_filter_grad grade:wrong stride>1",
    "",
)
Say = Callable[[str], None]


@pytest.fixture
def say(capsys: pytest.CaptureFixture[str]) -> Say:
    """Return what prints a figure, whatever pytest captures."""

    def print_line(line: str) -> None:
        with capsys.disabled():
            print(f"\n{line}", flush=True)

    return print_line


@pytest.mark.parametrize("which", ["real", "large", "small", "injected"])
def test_a_report_opens_from_disk_without_an_error_or_a_request(
    which: str, visit: Visiting, request: pytest.FixtureRequest
) -> None:
    """The fixture ``visit`` fails the test for any error, warning, dialog, window or request."""
    shown: Shown = request.getfixturevalue(which)
    visited = visit(shown.page)
    visited.go()
    for view in visited.views():
        visited.show(view)
    assert visited.page.locator("table.matrix a.cell").count() > 0


def test_a_report_opens_where_nothing_is_stored_and_scripts_that_are_not_its_own_are_refused(
    small: Shown, visit: Visiting
) -> None:
    visited = visit(small.page)
    page = visited.go()
    page.evaluate(
        "document.body.append(Object.assign(document.createElement('script'), { textContent: 'window.ran = 1' }))"
    )
    assert page.evaluate("window.ran") is None
    assert any("Content Security Policy" in fault for fault in visited.faults)
    visited.faults.clear()


def test_the_pages_are_small(real: Shown, large: Shown, say: Say) -> None:
    assert len(large.records.verdicts) >= 100_000
    for shown, most in ((real, MOST_BYTES_REAL), (large, MOST_BYTES_LARGE)):
        size = shown.page.stat().st_size
        records = shown.records
        say(f"page of {len(records.verdicts):,} verdicts, {len(records.findings):,} findings: {size:,} bytes")
        assert size < most


@pytest.mark.parametrize("which", ["real", "large"])
def test_the_matrix_is_there_in_a_second_and_a_half(
    which: str, visit: Visiting, request: pytest.FixtureRequest, say: Say
) -> None:
    shown: Shown = request.getfixturevalue(which)
    drawn, ready = [], []
    for _ in range(TIMES):
        page = visit(shown.page).go()
        until(page, "window.matrixDrawn !== undefined")
        drawn.append(float(page.evaluate("window.matrixDrawn")))
        ready.append(float(page.evaluate("document.documentElement.dataset.readyMs")))
    say(f"{which}: first matrix after {figures(drawn)} ms, usable after {figures(ready)} ms")
    assert median(drawn) < MOST_TO_MATRIX


@pytest.mark.parametrize("which", ["real", "large"])
def test_a_query_is_answered_in_a_tenth_of_a_second(
    which: str, visit: Visiting, request: pytest.FixtureRequest, say: Say
) -> None:
    shown: Shown = request.getfixturevalue(which)
    visited = visit(shown.page)
    visited.go("view=verdicts")
    taken = [visited.filter(query) for query in QUERIES]
    say(f"{which}: a query takes {figures(taken)} ms until its matches are drawn")
    assert median(taken) < MOST_TO_FILTER
    assert visited.matches() == len(shown.records.verdicts)


def figures(values: list[float]) -> str:
    """Return the median and the range."""
    return f"{median(values):.0f} ({min(values):.0f} to {max(values):.0f})"


def test_a_damaged_page_says_that_it_cannot_be_read(small: Shown, visit: Visiting, tmp_path: Path) -> None:
    source = small.page.read_text(encoding="utf-8")
    start = source.index(">", source.index('id="data"'))
    middle = (start + source.index("</script>", start)) // 2
    damaged = tmp_path / "damaged.html"
    damaged.write_text(source[:middle] + "AAAA" * 8 + source[middle + 32 :], encoding="utf-8")
    visited = visit(damaged)
    visited.page.goto(damaged.as_uri())
    visited.page.locator("#broken").wait_for(state="visible")
    assert visited.page.locator("table.matrix a.cell").count() > 0
    visited.faults.clear()
