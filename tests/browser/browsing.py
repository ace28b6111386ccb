"""A headless browser on a report: a page that notes errors, dialogs and requests, and the steps of the tests on it."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from playwright.sync_api import Browser, BrowserContext, Page, Request

VIEWS = ("overview", "features", "findings", "known", "precision", "verdicts")
DESKTOP = {"width": 1280, "height": 900}
PHONE = {"width": 400, "height": 800}
READY = "html[data-ready=yes]"

# Runs before the page's own script: in how many milliseconds the first row of a matrix was drawn.
FIRST_MATRIX = """
new MutationObserver((changes, observer) => {
  if (!document.querySelector("table.matrix tbody tr")) return;
  observer.disconnect();
  requestAnimationFrame(() => setTimeout(() => { window.matrixDrawn = performance.now(); }));
}).observe(document, { childList: true, subtree: true });
"""

# Types a query at once and waits until the count of matches has changed and is drawn; returns the milliseconds.
FILTER = """
async (query) => {
  const box = document.querySelector("#query"), matches = document.querySelector("#matches");
  const drawn = () => new Promise((resolve) => requestAnimationFrame(() => setTimeout(resolve)));
  const before = matches.textContent, start = performance.now();
  box.value = query;
  box.dispatchEvent(new Event("input", { bubbles: true }));
  while (matches.textContent === before && performance.now() - start < 5000) await drawn();
  return performance.now() - start;
}
"""


def until(page: "Page", expression: str, argument: object = None) -> None:
    """Wait until ``expression`` holds, asked from outside: the policy of the page lets nothing be evaluated within."""
    for _ in range(500):
        if page.evaluate(expression, argument):
            return
        page.wait_for_timeout(20)
    raise AssertionError(f"not within 10 seconds: {expression}")


@dataclass
class Visit:
    """A page on a report and everything it did that a report must not do."""

    page: "Page"
    path: Path
    faults: list[str] = field(default_factory=list)

    def go(self, fragment: str = "") -> "Page":
        """Open the report, or another address in it, and wait until it is usable."""
        address = self.path.as_uri()
        self.page.goto(f"{address}#{fragment}" if fragment else address)
        self.page.wait_for_selector(READY, state="attached")
        return self.page

    def show(self, view: str) -> "Page":
        """Choose a tab."""
        self.page.locator(f"#tab-{view}").click()
        self.page.locator(f"#{view}").wait_for(state="visible")
        return self.page

    def look_up(self, **names: str) -> "Page":
        """Go to a case, or to one verdict of it, by its permanent address."""
        self.page.evaluate("(names) => { location.hash = new URLSearchParams(names).toString(); }", names)
        self.page.locator("#case").wait_for(state="visible")
        return self.page

    def views(self) -> list[str]:
        """Return the views that the page offers."""
        return [tab.get_attribute("id").removeprefix("tab-") for tab in self.page.locator("[role=tab]:visible").all()]

    def filter(self, query: str) -> float:
        """Type a query, and return after how many milliseconds its matches were drawn."""
        return float(self.page.evaluate(FILTER, query))

    def matches(self) -> int:
        """Return how many verdicts pass the query."""
        text = self.page.locator("#matches").inner_text()
        return int(text.split(" of ")[0].replace(",", ""))

    def watch(self) -> None:
        """Note errors, dialogs, and requests for anything but the report and what it holds."""
        page = self.page
        page.on(
            "console",
            lambda said: self.faults.append(f"console: {said.text}") if said.type in ("error", "warning") else None,
        )
        page.on("pageerror", lambda error: self.faults.append(f"error: {error}"))
        page.on("dialog", lambda dialog: (self.faults.append(f"dialog: {dialog.message}"), dialog.dismiss()))
        page.on("request", self._requested)
        page.on("popup", lambda opened: self.faults.append(f"window: {opened.url}"))

    def _requested(self, request: "Request") -> None:
        own = request.url.partition("#")[0] == self.path.as_uri()
        if not own and not request.url.startswith(("data:", "blob:")):
            self.faults.append(f"request: {request.url[:200]}")


Visiting = Callable[..., Visit]


@contextmanager
def visiting(browser: "Browser") -> Iterator[Visiting]:
    """Yield what makes visits: each in a context of its own, without a network, closed at the end."""
    contexts: list[BrowserContext] = []

    def visit(path: Path, **options: Any) -> Visit:
        context = browser.new_context(**{"viewport": DESKTOP, "offline": True, **options})
        contexts.append(context)
        context.set_default_timeout(10_000)
        context.add_init_script(FIRST_MATRIX)
        new_visit = Visit(context.new_page(), path)
        new_visit.watch()
        return new_visit

    try:
        yield visit
    finally:
        for context in contexts:
            context.close()
