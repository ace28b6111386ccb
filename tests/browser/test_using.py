"""What a reader does on the page: filter, drill down, copy, compare, follow links; with keys, on a phone, on paper."""

import re
from collections import Counter
from pathlib import Path
from random import Random

import pytest
from playwright.sync_api import Page, expect

from convformance.reports.causes import causes
from convformance.reports.compare import compare
from convformance.reports.record import Writer
from tests.browser.browsing import PHONE, VIEWS, Visiting, until
from tests.browser.conftest import Shown, shown
from tests.reports.synthetic import case_line, run_line, wrong

# Takes the clipboard away from the page, and keeps a way to read it.
NO_CLIPBOARD = """
window.readClipboard = navigator.clipboard.readText.bind(navigator.clipboard);
Object.defineProperty(navigator, "clipboard", { value: undefined });
"""
READ_CLIPBOARD = "window.readClipboard ? window.readClipboard() : navigator.clipboard.readText()"
WIDER = """
() => [...document.querySelectorAll("body *")]
  .map((e) => [e, Math.round(e.getBoundingClientRect().right)])
  .filter(([e, right]) => right > innerWidth + 1 && !e.closest("svg"))
  .map(([e, right]) => `${e.tagName.toLowerCase()}#${e.id}.${e.className} ${right}`).slice(0, 5)
"""


def first_finding(page: Page) -> str:
    """Open the first group of findings and its first finding; return the selector of it."""
    page.locator("#findings details.group > summary").first.click()
    page.locator("#findings details.group[open] details.entry > summary").first.click()
    page.locator("#findings article.verdict").first.wait_for(state="visible")
    return "#findings article.verdict >> nth=0"


QUERIES = {
    "grade:wrong": lambda records, verdict: verdict.grade == "wrong",
    "adapter:torch op:conv_filter_grad dtype:bfloat16": lambda records, verdict: (
        verdict.adapter == "torch" and verdict.op == "conv_filter_grad" and verdict.dtype == "bfloat16"
    ),
    "stride>1": lambda records, verdict: max(records.cases[verdict.case].stride) > 1,
    "grade:wrong stride>2": lambda records, verdict: (
        verdict.grade == "wrong" and max(records.cases[verdict.case].stride) > 2
    ),
    "-grade:conformant": lambda records, verdict: verdict.grade != "conformant",
}


@pytest.mark.parametrize("query", QUERIES)
def test_a_query_passes_the_verdicts_that_it_describes_and_no_others(query: str, small: Shown, visit: Visiting) -> None:
    records, passes = small.records, QUERIES[query]
    visited = visit(small.page)
    visited.go("view=verdicts")
    visited.filter(query)
    wanted = sum(passes(records, verdict) for verdict in records.verdicts.values())
    assert 0 < visited.matches() == wanted < len(records.verdicts)


def test_a_query_that_cannot_be_read_says_so_and_shows_what_is_wrong(small: Shown, visit: Visiting) -> None:
    visited = visit(small.page)
    page = visited.go("view=verdicts")
    page.locator("#query").fill("stride>wide")
    expect(page.locator("#query-error")).to_be_visible()
    expect(page.locator("#query-error")).not_to_be_empty()
    page.locator("#query").fill("stride>1")
    expect(page.locator("#query-error")).to_be_hidden()


def test_the_query_and_the_view_are_kept_in_the_address(small: Shown, visit: Visiting) -> None:
    visited = visit(small.page)
    page = visited.go("view=verdicts")
    page.locator("#query").fill("grade:wrong stride>1")
    until(page, "decodeURIComponent(location.hash).includes('grade:wrong')")
    address, matches = page.url, visited.matches()
    other = visit(small.page)
    other.go(address.partition("#")[2])
    expect(other.page.locator("#query")).to_have_value("grade:wrong stride>1")
    assert other.matches() == matches


def test_a_cell_of_the_matrix_leads_to_its_verdicts_and_back_again(small: Shown, visit: Visiting) -> None:
    visited = visit(small.page)
    page = visited.go()
    page.locator("table.matrix a.cell").first.click()
    page.locator("#verdicts").wait_for(state="visible")
    expect(page.locator("#query")).to_have_value("adapter=scipy op=conv")
    verdicts = small.records.verdicts.values()
    assert visited.matches() == sum((verdict.adapter, verdict.op) == ("scipy", "conv") for verdict in verdicts)
    page.go_back()
    page.locator("#overview").wait_for(state="visible")


def test_a_grade_is_chosen_with_a_button(small: Shown, visit: Visiting) -> None:
    visited = visit(small.page)
    page = visited.go("view=verdicts")
    wrong = page.locator("#grades button[data-grade=wrong]")
    wrong.click()
    expect(wrong).to_have_attribute("aria-pressed", "true")
    grades = Counter(verdict.grade for verdict in small.records.verdicts.values())
    assert visited.matches() == grades["wrong"]
    wrong.click()
    assert visited.matches() == len(small.records.verdicts)


def test_only_the_rows_in_view_are_drawn_and_scrolling_reaches_the_last(large: Shown, visit: Visiting) -> None:
    page = visit(large.page).go("view=verdicts")
    rows = page.locator("#rows [role=row][data-row]")
    assert 5 < rows.count() < 200
    page.locator("#rows").evaluate("(rows) => { rows.scrollTop = rows.scrollHeight; }")
    last = str(len(large.records.verdicts) - 1)
    until(page, "(last) => document.querySelector(`#rows [data-row='${last}']`) !== null", last)
    assert rows.count() < 200
    assert int(page.locator("#rows").get_attribute("aria-rowcount") or 0) >= len(large.records.verdicts)


def test_a_finding_opens_to_its_case_its_drawing_its_map_its_numbers_and_its_script(
    real: Shown, visit: Visiting
) -> None:
    page = visit(real.page).go("view=findings")
    opened = page.locator(first_finding(page))
    for part in ("svg.geometry", "figure.map", "dl.worst", "pre.script code", "button.copy", "a.permalink"):
        expect(opened.locator(part).first).to_be_visible()
    assert "import numpy" in opened.locator("pre.script code").first.inner_text()


def test_every_finding_of_the_real_run_is_listed_and_a_wrong_one_has_its_picture(real: Shown, visit: Visiting) -> None:
    page = visit(real.page).go("view=findings")
    pictured = {verdict.key for verdict in real.records.findings if verdict.map}
    listed = drawn = 0
    for group in page.locator("#findings details.group").all():
        group.locator("summary").first.click()
        listed += opened(page, "#findings details.group[open]")
        drawn += page.locator("#findings details.group[open] figure.map").count()
        group.locator("summary").first.click()
    assert listed == len(real.records.findings)
    assert drawn >= len(pictured)


def opened(page: Page, group: str) -> int:
    """Open every entry of the group that is open, those behind a button for more as well; return how many there are."""
    page.locator(f"{group} details.entry").first.wait_for(state="attached")  # a group is drawn after it is opened
    while (more := page.locator(f"{group} button.more:visible")).count():
        more.first.click()
    page.evaluate(
        "(group) => document.querySelectorAll(`${group} details.entry`).forEach((e) => { e.open = true; })", group
    )
    until(
        page,
        "(group) => [...document.querySelectorAll(`${group} details.entry`)]"
        ".every((e) => e.querySelector('article.verdict'))",
        group,
    )
    return page.locator(f"{group} details.entry").count()


def test_a_permanent_link_opens_the_very_verdict(real: Shown, visit: Visiting) -> None:
    page = visit(real.page).go("view=findings")
    link = page.locator(first_finding(page)).locator("a.permalink").first.get_attribute("href")
    assert link is not None
    other = visit(real.page).go(link.removeprefix("#"))
    expect(other.locator("#case")).to_be_visible()
    case = re.search(r"case=([^&]+)", link)
    assert case
    expect(other.locator("#case")).to_contain_text(case[1].replace("%2C", ","))


def test_a_cause_leads_from_the_overview_to_its_script_and_to_the_verdict_that_represents_it(
    small: Shown, visit: Visiting
) -> None:
    visited = visit(small.page, permissions=["clipboard-read", "clipboard-write"])
    page, cause = visited.go("view=overview"), causes(small.records)[0]
    expect(page.locator("#overview .causes li")).to_have_count(min(len(causes(small.records)), 20))
    page.locator("#overview .causes a").first.click()
    expect(page.locator("#findings")).to_be_visible()
    expect(page.locator("#cause-1")).to_be_in_viewport()
    page.locator("#cause-1 > details.more > summary").click()
    page.locator("#cause-1 > details.more button.copy").click()
    expect(page.locator("#cause-1 > details.more button.copy")).to_have_text("Copied")
    assert page.evaluate(READ_CLIPBOARD) == cause.representative.script
    page.locator("#cause-1 > p > a").click()
    expect(page.locator("#case")).to_be_visible()
    expect(page.locator("#case")).to_contain_text(cause.representative.case)


def test_an_address_of_a_case_that_is_not_there_says_so(small: Shown, visit: Visiting) -> None:
    page = visit(small.page).go("case=nosuch-case")
    expect(page.locator("#case")).to_be_visible()
    expect(page.locator("#case")).to_contain_text("nosuch-case")


@pytest.mark.parametrize("clipboard", [True, False], ids=["clipboard", "fallback"])
def test_a_script_is_copied_as_it_is_in_the_record(clipboard: bool, real: Shown, visit: Visiting) -> None:
    visited = visit(real.page, permissions=["clipboard-read", "clipboard-write"])
    if not clipboard:
        visited.page.context.add_init_script(NO_CLIPBOARD)
    page = visited.go("view=findings")
    shown = page.locator(first_finding(page))
    shown.locator("button.copy").first.click()
    expect(shown.locator("button.copy").first).to_have_text("Copied")
    copied = page.evaluate(READ_CLIPBOARD)
    assert copied in {verdict.script for verdict in real.records.findings}


def test_changes_against_the_baseline_are_told_and_lead_to_the_verdicts(small: Shown, visit: Visiting) -> None:
    assert small.baseline
    comparison = compare(small.records, small.baseline)
    page = visit(small.page).go("view=compare")
    tiles = page.locator("#compare .tile")
    names, counts = tiles.locator("dt").all_inner_texts(), tiles.locator("dd").all_inner_texts()
    assert dict(zip(names, counts, strict=True)) == {name: f"{count:,}" for name, count in comparison.counts.items()}
    assert f"{len(comparison.cases_added)} only in this run" in page.locator("#compare").inner_text()
    page.locator("#compare details.change > summary").first.click()
    entries = page.locator("#compare details.change[open] details.entry")
    entries.first.wait_for(state="attached")
    assert entries.count() == len(comparison.changed[0].changes)
    assert comparison.changed[0].changes[0].after.case in entries.first.inner_text()


def test_a_report_without_a_baseline_has_no_comparison(real: Shown, visit: Visiting) -> None:
    visited = visit(real.page)
    visited.go()
    assert visited.views() == list(VIEWS)


def test_everything_is_reached_with_keys_only(small: Shown, visit: Visiting) -> None:
    visited = visit(small.page)
    page = visited.go()
    keys = page.keyboard
    tabbed_to(page, "[role=tab]")
    keys.press("End")
    assert focused(page, "#tab-verdicts") or focused(page, "[role=tab]:last-of-type")
    for _ in range(len(visited.views())):
        if focused(page, "#tab-verdicts"):
            break
        keys.press("ArrowLeft")
    keys.press("Enter")
    expect(page.locator("#verdicts")).to_be_visible()
    tabbed_to(page, "#query")
    keys.type("grade:wrong")
    until(page, "document.querySelector('#query').value === 'grade:wrong'")
    tabbed_to(page, "#rows [data-row]")
    before = page.evaluate("document.activeElement.dataset.row")
    keys.press("ArrowDown")
    assert page.evaluate("document.activeElement.dataset.row") != before
    keys.press("End")
    keys.press("Home")
    assert page.evaluate("document.activeElement.dataset.row") == before
    keys.press("Enter")
    expect(page.locator("#case")).to_be_visible()
    expect(page.locator("#case article.verdict").first).to_be_visible()


def tabbed_to(page: Page, selector: str, most: int = 80) -> None:
    """Press the tabulator until what is focused matches ``selector``."""
    for _ in range(most):
        if focused(page, selector):
            return
        page.keyboard.press("Tab")
    raise AssertionError(f"{selector} is not reached in {most} presses of the tabulator")


def focused(page: Page, selector: str) -> bool:
    return bool(page.evaluate("(selector) => document.activeElement.matches(selector)", selector))


def test_what_is_focused_is_seen_to_be(small: Shown, visit: Visiting) -> None:
    page = visit(small.page).go()
    tabbed_to(page, "[role=tab]")
    style = "getComputedStyle(document.activeElement)"
    assert page.evaluate(f"{style}.outlineStyle !== 'none' || {style}.boxShadow !== 'none'")


def brightness(page: Page) -> float:
    """Return how bright the background of the page is, 0 to 255."""
    colour = page.evaluate("getComputedStyle(document.body).backgroundColor")
    *colours, opacity = (*map(float, re.findall(r"[\d.]+", colour)), 1.0)[:4]
    return 255 - opacity * (255 - sum(colours) / 3)


def test_dark_and_light_follow_the_system_and_the_switch(small: Shown, visit: Visiting) -> None:
    dark, light = visit(small.page, color_scheme="dark").go(), visit(small.page, color_scheme="light").go()
    assert brightness(dark) < 60
    assert brightness(light) > 200
    themes = set()
    for _ in range(3):
        light.locator("#theme").click()
        themes.add((light.evaluate("document.documentElement.dataset.theme ?? ''"), brightness(light) < 60))
    assert themes == {("light", False), ("dark", True), ("", False)}


@pytest.mark.parametrize("which", ["real", "small", "injected"])
def test_a_phone_needs_no_sideways_scrolling(which: str, visit: Visiting, request: pytest.FixtureRequest) -> None:
    shown: Shown = request.getfixturevalue(which)
    visited = visit(shown.page, viewport=PHONE, is_mobile=True, has_touch=True)
    page = visited.go()
    for view in visited.views():
        visited.show(view)
        if view == "findings":
            first_finding(page)
        assert page.evaluate("document.documentElement.scrollWidth") <= PHONE["width"], (view, page.evaluate(WIDER))


def test_paper_is_white_and_has_no_controls(small: Shown, visit: Visiting, tmp_path: Path) -> None:
    page = visit(small.page, color_scheme="dark").go()
    page.emulate_media(media="print", color_scheme="light")
    expect(page.locator("table.matrix").first).to_be_visible()
    for control in ("#theme", "#query", "[role=tablist]"):
        expect(page.locator(control).first).to_be_hidden()
    assert brightness(page) > 240
    page.pdf(path=tmp_path / "report.pdf")
    assert (tmp_path / "report.pdf").read_bytes().count(b"/Type /Page\n") >= 1


def test_several_runs_and_what_is_missing_are_told_in_the_overview(small: Shown, visit: Visiting) -> None:
    page = visit(small.page).go()
    rows = dict(zip(small.records.runs, page.locator("table.runs tr.run").all(), strict=False))
    grades = Counter((verdict.adapter, verdict.grade) for verdict in small.records.verdicts.values())
    for label, row in rows.items():
        assert row.locator("th").inner_text().startswith(label)
        assert row.locator("[data-label=conformant]").inner_text() == f"{grades[label, 'conformant']:,}"
        assert row.locator("[data-label=refused]").inner_text() == f"{grades[label, 'refused']:,}"
    assert "onnxruntime is not installed" in page.locator("table.runs tr.missing").inner_text()
    assert f"gave {len(small.records.verdicts):,} verdicts" in page.locator(".lead").inner_text()


def test_what_is_expected_and_what_is_new_can_be_found_and_opened(tmp_path: Path, visit: Visiting) -> None:
    case = case_line("regression", 3)
    key = ("torch", "conv", "F.conv", case["id"])
    fate = {"adapter": "torch", "name": "own", "reason": "on purpose", "matched": 2, "diverged": 1}
    record_lines = [
        run_line("torch", asked=3, routes={"conv": ["F.conv"]}),
        case,
        wrong(*key, "float64", Random(1), expected="own", finding=False),
        wrong(*key, "float32", Random(2), new=True),
        wrong(*key, "float16", Random(3)),
        {"kind": "expectation", **fate},
    ]
    with Writer(tmp_path / "run.jsonl") as writer:
        for line in record_lines:
            writer.write(line)
    visited = visit(shown(tmp_path, tmp_path / "run.jsonl").page)
    visited.go("view=verdicts")
    for query, count in {"expected:yes": 1, "expected:own": 1, "expected:no": 2, "new:yes": 1, "new:no": 2}.items():
        visited.filter(query)
        assert visited.matches() == count, query
    visited.go("view=known")
    visited.page.locator("#known details.group > summary").click()
    visited.page.locator("#known details.entry > summary").click()
    expect(visited.page.locator("#known article.verdict")).to_contain_text("expected: own")
