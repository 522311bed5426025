"""Owns the browser of tests: a real chromium, and what a page in it complains about or asks of others."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Page, sync_playwright

from programs import require

# All that axe-core checks by itself: WCAG 2.0 to 2.2, A and AA, and its best practices.
_RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]


@dataclass
class Tab:
    """A page, with what went wrong on it since it was opened."""

    page: Page
    url: str
    complaints: list[str] = field(default_factory=list)
    requests: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.page.on("console", lambda message: self.complaints.append(message.text))
        self.page.on("pageerror", lambda error: self.complaints.append(str(error)))
        self.page.on("request", lambda request: self.requests.append(request.url))

    def go(self, path: str) -> Page:
        """Open a page of the exporter; it has to be there."""
        answer = self.page.goto(self.url + path)
        assert answer is not None, path
        assert answer.ok, f"{path}: {answer.status}"
        return self.page

    @property
    def foreign(self) -> list[str]:
        """What was asked of anybody else."""
        return [url for url in self.requests if not url.startswith((self.url, "data:"))]

    @property
    def overflow(self) -> int:
        """By how many pixels the page is wider than the window."""
        root = "document.documentElement"
        return int(self.page.evaluate(f"{root}.scrollWidth - {root}.clientWidth"))

    def violations(self) -> list[str]:
        """Return what axe-core finds wrong with the page, in words."""
        found = Axe().run(self.page, options={"runOnly": _RULES, "resultTypes": ["violations"]})
        return [
            f"{each['id']}: {each['help']}: {[node['html'] for node in each['nodes']][:3]}"
            for each in found.response["violations"]
        ]


@contextmanager
def chromium() -> Iterator[Browser]:
    """Start the browser, without a sandbox: that is how Playwright does it, and root could have none."""
    program = require("chromium")
    with sync_playwright() as driver:
        browser = driver.chromium.launch(executable_path=program)
        try:
            yield browser
        finally:
            browser.close()


@contextmanager
def tab(browser: Browser, url: str, **how: Any) -> Iterator[Tab]:  # noqa: ANN401  # as Playwright has it
    """Open a tab that shares nothing with others."""
    context = browser.new_context(**how)
    try:
        yield Tab(context.new_page(), url)
    finally:
        context.close()
