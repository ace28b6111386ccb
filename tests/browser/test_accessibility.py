"""No view has a violation that axe-core calls serious or critical, in light, in dark and on a phone."""

from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page

from tests.browser.browsing import DESKTOP, PHONE, Visiting
from tests.browser.conftest import Shown
from tests.browser.test_using import first_finding

GRAVE = ("serious", "critical")


def violations(page: Page) -> list[str]:
    """Return every grave violation with the elements it concerns."""
    entries: list[dict[str, Any]] = Axe().run(page).response["violations"]
    return [
        f"{entry['id']} ({entry['impact']}): {entry['help']}: {[node['target'] for node in entry['nodes']][:5]}"
        for entry in entries
        if entry["impact"] in GRAVE
    ]


LOOKS = {"light": ("light", DESKTOP), "dark": ("dark", DESKTOP), "phone": ("light", PHONE)}


@pytest.mark.parametrize("look", LOOKS)
def test_no_view_has_a_grave_violation(look: str, small: Shown, visit: Visiting) -> None:
    scheme, size = LOOKS[look]
    visited = visit(small.page, color_scheme=scheme, viewport=size, bypass_csp=True)
    page = visited.go()
    complaints = []
    for view in visited.views():
        visited.show(view)
        if view == "findings":
            first_finding(page)
        complaints += [f"{view}: {complaint}" for complaint in violations(page)]
    page = visited.go("case=" + next(iter(small.records.cases)))
    complaints += [f"case: {complaint}" for complaint in violations(page)]
    assert complaints == []


def test_the_matrix_of_a_real_run_has_no_grave_violation(real: Shown, visit: Visiting) -> None:
    page = visit(real.page, bypass_csp=True).go()
    assert violations(page) == []


def test_a_page_that_only_colour_explains_is_found_out(small: Shown, visit: Visiting) -> None:
    """The check can fail: a text of hardly any contrast, and a picture without words, are violations."""
    page = visit(small.page, bypass_csp=True).go()
    pale = '<p style="color: #bbb; background: #ccc">pale</p><svg role="img"><path d="M0 0h9v9z"/></svg>'
    page.evaluate("(html) => document.querySelector('main').insertAdjacentHTML('afterbegin', html)", pale)
    complaints = " ".join(violations(page))
    assert "color-contrast" in complaints
    assert "svg-img-alt" in complaints


@pytest.mark.parametrize("which", ["small", "real"])
def test_grades_are_told_by_more_than_colour(which: str, visit: Visiting, request: pytest.FixtureRequest) -> None:
    shown: Shown = request.getfixturevalue(which)
    page = visit(shown.page).go()
    cells = page.locator("table.matrix a.cell")
    assert all(any(character.isdigit() for character in text) for text in cells.all_inner_texts())
