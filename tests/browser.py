"""A real browser, without a window, for pages that dlgrade writes.

On a machine without Chromium the tests that take this are skipped, and in CI they fail: nothing is left untested there
unseen. `apt install chromium` brings one on Debian; `.ci/run` does so.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Page, sync_playwright

NAMES = ("chromium", "chromium-browser", "google-chrome-stable", "google-chrome", "chrome")
DESK, PHONE = (1280, 900), (360, 740)


@contextmanager
def opened() -> Iterator[Browser]:
    """The browser, for as long as it takes.

    Nothing else may run an event loop meanwhile: Playwright's own is running.
    """
    found = next(filter(None, map(shutil.which, NAMES)), None)
    if found is None:
        reason = f"no browser on this machine: none of {', '.join(NAMES)} is installed"
        if os.environ.get("CI", "").lower() in {"1", "true"}:
            pytest.fail(reason)
        pytest.skip(reason)
    # Chromium's own sandbox does not run as root, as which containers run; the pages are ours.
    flags = ["--no-sandbox"] if os.name == "posix" and os.geteuid() == 0 else []
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=found, args=flags)
        try:
            yield browser
        finally:
            browser.close()


@dataclass
class Seen:
    """A page as it is looked at, with all that it said and asked for besides itself."""

    page: Page
    said: list[str] = field(default_factory=list)
    asked: list[str] = field(default_factory=list)

    def ask(self, what: str, itself: str) -> None:
        """Note what the page asks for, unless it is the page itself."""
        if what.partition("#")[0] != itself:
            self.asked.append(what)

    def unfit(self) -> list[str]:
        """What axe finds wrong for people who do not see, hear or move as others do; empty if nothing."""
        found = Axe().run(self.page).response["violations"]
        return [f"{one['id']}: {one['help']}: {one['nodes'][0]['html'][:200]}" for one in found]

    def too_wide(self) -> int:
        """By how many pixels the page is wider than its window."""
        return int(self.page.evaluate("document.documentElement.scrollWidth - innerWidth"))


@contextmanager
def looked_at(
    browser: Browser,
    path: Path | str,
    *,
    size: tuple[int, int] = DESK,
    scheme: Literal["light", "dark"] = "light",
    scripts: bool = True,
    anchor: str = "",
) -> Iterator[Seen]:
    """The page, a file or an address, in a window of that size, in pixels."""
    window: Any = {"width": size[0], "height": size[1]}
    with browser.new_context(viewport=window, color_scheme=scheme, java_script_enabled=scripts) as context:
        seen = Seen(context.new_page())
        seen.page.on("console", lambda message: seen.said.append(message.text))
        seen.page.on("pageerror", lambda error: seen.said.append(str(error)))
        seen.page.on("dialog", lambda dialog: seen.said.append(f"dialog: {dialog.message}"))
        url = path if isinstance(path, str) else path.resolve().as_uri()
        seen.page.on("request", lambda request: seen.ask(request.url, url))
        seen.page.goto(url + (f"#{anchor}" if anchor else ""))
        yield seen
