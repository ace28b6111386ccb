"""The scripts that the page shows are those of the record, and see the wrong answer again."""

from convformance.reports.lines import Verdict
from convformance.scripts import run
from tests.browser.browsing import Visiting
from tests.browser.conftest import Shown

COUNT = 2


def scripted(shown: Shown) -> list[Verdict]:
    """Return wrong verdicts that have a script and a worst element, of as many adapters and operations as there are."""
    by_operation: dict[tuple[str, str], list[Verdict]] = {}
    for verdict in shown.records.findings:
        if verdict.grade == "wrong" and verdict.script and verdict.worst and verdict.worst.got is not None:
            by_operation.setdefault((verdict.adapter, verdict.op), []).append(verdict)
    chosen = [verdicts[0] for verdicts in by_operation.values()] + [
        verdict for verdicts in by_operation.values() for verdict in verdicts[1:]
    ]
    return chosen[:COUNT]


def test_scripts_of_the_page_see_the_same_wrong_answer(real: Shown, visit: Visiting) -> None:
    visited = visit(real.page)
    visited.go()
    chosen = scripted(real)
    assert len(chosen) == COUNT
    for verdict in chosen:
        names = dict(zip(("adapter", "op", "route", "case", "dtype"), verdict.key, strict=True))
        page = visited.look_up(**names)
        code = page.locator(f"#case article.verdict:has-text('{verdict.dtype}') pre.script code").first
        text = code.evaluate("(code) => code.textContent")
        assert text == verdict.script
        assert run(text, timeout=120).diverges
