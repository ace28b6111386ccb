"""Nothing from a record runs or becomes markup; it shows as the text that it is."""

import re

from playwright.sync_api import Page

from convformance.reports import formatting
from tests.browser.browsing import Visiting
from tests.browser.conftest import Shown
from tests.reports import hostile

# What of the payload a page shows: hidden characters are replaced, and white space is one space.
SHOWN = "\"'><script>alert(1)</script><img src=x onerror=alert(2)>{{ 7 * 7 }}"
PICTURES = "[...document.querySelectorAll('img')].map((picture) => picture.getAttribute('src'))"
HANDLERS = """
[...document.querySelectorAll("*")]
  .flatMap((element) => element.getAttributeNames().filter((name) => name.startsWith("on")))
"""
LINKS = "[...document.querySelectorAll('a[href]')].map((link) => link.getAttribute('href'))"
# Fields that a page has no room for in words: their values are numbers, choices, or shown under another name.
LONG_ENOUGH = 60
NOT_SHOWN = {"axes", "tier", "operations", "dtypes", "memory", "special", "seed", "versions"}


def everything(page: Page) -> str:
    """Return all text of the page, every part of it opened that can be."""
    for _ in range(3):
        page.evaluate("document.querySelectorAll('details').forEach((entry) => { entry.open = true; })")
        page.wait_for_timeout(150)
    return re.sub(r"\s+", " ", page.evaluate("document.body.textContent"))


def test_a_script_in_every_field_stays_text(injected: Shown, visit: Visiting) -> None:
    """The fixture ``visit`` fails the test for a dialog, an error, or a request."""
    visited = visit(injected.page)
    page = visited.go()
    scripts = page.locator("script").count()
    text = ""
    for view in visited.views():
        visited.show(view)
        text += everything(page)
    for verdict in injected.records.verdicts.values():
        text += everything(visited.look_up(case=verdict.case))
    assert page.locator("script").count() == scripts
    assert all(source is None or source.startswith("data:image/") for source in page.evaluate(PICTURES))
    assert page.evaluate(HANDLERS) == []
    assert page.evaluate("window.x") is None
    assert all(not re.match(r"\s*(javascript|data|vbscript):", link, re.IGNORECASE) for link in page.evaluate(LINKS))
    assert text.count(SHOWN) > 20
    assert "49" not in re.findall(r"onerror=alert\(2\)>\s*(\S+)", text)


def test_every_field_of_a_record_that_holds_words_is_shown(injected: Shown, visit: Visiting) -> None:
    visited = visit(injected.page)
    visited.go()
    text = "".join(everything(visited.show(view)) for view in visited.views())
    for case in injected.records.cases:
        text += everything(visited.look_up(case=case))
    texts = {(name, value) for line in hostile.lines() for name, value in hostile.texts(line) if name not in NOT_SHOWN}
    beginnings = {(name, " ".join(formatting.visible(value).split())[:LONG_ENOUGH]) for name, value in texts}
    assert {(name, beginning) for name, beginning in beginnings if beginning not in text} == set()


def test_a_query_from_an_address_stays_text(small: Shown, visit: Visiting) -> None:
    visited = visit(small.page)
    page = visited.go("view=verdicts&q=" + "%22%3E%3Cimg%20src%3Dx%20onerror%3Dalert(1)%3E")
    assert page.locator("img[src=x]").count() == 0
    page = visit(small.page).go(
        "case=%3Cimg%20src%3Dx%20onerror%3Dalert(1)%3E&adapter=%3Cscript%3Ealert(1)%3C/script%3E"
    )
    assert page.locator("img[src=x]").count() == 0
    page = visit(small.page).go("view=%3Cscript%3E&q=%00&sort=__proto__")
    assert page.locator("table.matrix").first.count() == 1
