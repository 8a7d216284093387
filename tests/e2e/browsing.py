"""A real browser before the console: its tabs, what they complained about, and axe-core.

Needs a Chromium, and Playwright to drive it; without them what needs a tab is skipped and says so.
"""

import re
import shutil
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

CHROMIUM = next(
    filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None
)
AXE = Path(__file__).parents[2] / "node_modules" / "axe-core" / "axe.min.js"
MOST_TABS = 25
"""Keys that it may take to come to anything on a page."""


@dataclass
class Tab:
    """A page of the browser, and everything that its console was told."""

    page: Any
    complaints: list[str] = field(default_factory=list)

    def chip(self) -> str:
        """Where the release is said to stand."""
        return str(self.page.locator("h1 .chip").inner_text())

    def shares(self) -> tuple[int, int]:
        """What the page says that live and candidate have now, in percent."""
        live, candidate = self.page.locator("#traffic + .shares .number").all_inner_texts()
        return number(live), number(candidate)

    def focused(self) -> str:
        """The text of what has the focus."""
        return str(self.page.evaluate("document.activeElement.textContent.trim()"))

    def tab_to(self, text: str) -> None:
        """Press Tab until the focus is on something that says so, as one sees it by its ring."""
        for _ in range(MOST_TABS):
            if text in self.focused() and self.page.evaluate(
                "document.activeElement.matches('a, button, summary')"
            ):
                ring = "getComputedStyle(document.activeElement).outlineStyle"
                assert self.page.evaluate(ring) == "solid"
                return
            self.page.keyboard.press("Tab")
        raise AssertionError(f"{text} is not reached by {MOST_TABS} Tabs")

    def order(self, verb: str, *, why: str) -> str:
        """Give an order with the keyboard alone; what the dialog said would happen."""
        self.tab_to(f"{verb}…")
        self.page.keyboard.press("Enter")
        dialog = self.page.get_by_role("dialog")
        dialog.wait_for()
        told = str(dialog.inner_text())
        self.page.keyboard.type(why)
        self.page.keyboard.press("Enter")
        dialog.wait_for(state="hidden")
        return told

    def violations(self) -> list[str]:
        """What axe-core finds against WCAG 2.2 A and AA, and its own good practice."""
        self.page.evaluate(AXE.read_text(encoding="utf-8"))
        found = self.page.evaluate("axe.run()")
        return [
            f"{item['id']}: {node['target']} {node['failureSummary']}"
            for item in found["violations"]
            for node in item["nodes"]
        ]


def number(text: str) -> int:
    """The digits of a text, as one number."""
    return int(re.sub(r"\D", "", text))


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    """A headless Chromium."""
    playwright = pytest.importorskip(
        "playwright.sync_api", reason="no playwright: pip install -r requirements-dev.txt"
    )
    if CHROMIUM is None:
        pytest.skip("no browser on this machine: install Debian's chromium")
    with playwright.sync_playwright() as driver:
        # Its sandbox does not start for root, as whom containers run; it opens our pages only.
        running = driver.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        yield running
        running.close()


@pytest.fixture
def open_tab(browser: Any) -> Iterator[Callable[..., Tab]]:
    """Opens tabs; at the end, none had anything to complain about in its console."""
    opened: list[tuple[Any, Tab]] = []

    def open_one(url: str, **options: Any) -> Tab:
        context = browser.new_context(**options)
        tab = Tab(page=context.new_page())
        opened.append((context, tab))
        tab.page.on("console", lambda told: tab.complaints.append(told.text))
        tab.page.on("pageerror", lambda error: tab.complaints.append(str(error)))
        tab.page.goto(url)
        return tab

    yield open_one
    for context, tab in opened:
        context.close()
        assert tab.complaints == []
