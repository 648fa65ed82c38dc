"""What the tests in a real browser share: the browser, and a page of it that keeps what went wrong."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from contextlib import contextmanager
from typing import TYPE_CHECKING, Literal
from urllib.parse import urlsplit

from playwright.sync_api import sync_playwright

from tests.support.paths import ROOT

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from playwright.sync_api import Browser, ConsoleMessage, Page, Request

CHROMIUM = "/usr/bin/chromium-headless-shell"
"""The same engine without the window: a page costs less than half of the CPU."""
# Quiet: the browser itself must not call home either.
ARGUMENTS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-dev-shm-usage",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--no-first-run",
]
SHOTS = ROOT / "tests" / "shots"
PHONE, DESK = 360, 1280
Scheme = Literal["light", "dark"]


class Visit:
    """A page of the browser, and everything that went wrong on it."""

    def __init__(self, browser: Browser, address: str, width: int = DESK, scheme: Scheme = "light") -> None:
        self.address = address
        self.wrong: list[str] = []
        self.page: Page = browser.new_page(
            viewport={"width": width, "height": 860}, color_scheme=scheme, base_url=address
        )
        self.page.set_default_timeout(20_000)
        self.page.on("console", self.console)
        self.page.on("pageerror", lambda error: self.wrong.append(f"error: {error}"))
        self.page.on("requestfailed", self._failed)
        self.page.on("request", self._request)

    def console(self, message: ConsoleMessage) -> None:
        """Keep what the browser complains of."""
        if message.type in ("error", "warning"):
            self.wrong.append(f"console: {message.text}")

    def _failed(self, request: Request) -> None:
        # Whoever leaves a page ends what it still loads.
        if request.failure != "net::ERR_ABORTED":
            self.wrong.append(f"failed: {request.url}: {request.failure}")

    def _request(self, request: Request) -> None:
        if urlsplit(request.url).netloc != urlsplit(self.address).netloc:
            self.wrong.append(f"asked elsewhere: {request.url}")

    def shoot(self, name: str) -> None:
        """Keep a picture in tests/shots/, if the variable SHOTS is set: for people to look at, and costly."""
        if os.environ.get("SHOTS"):
            SHOTS.mkdir(exist_ok=True)
            self.page.screenshot(path=SHOTS / f"{re.sub('[^a-z0-9]+', '-', name).strip('-')}.png", full_page=True)


@contextmanager
def visiting(browser: Browser, address: str) -> Iterator[Visit]:
    """Open an empty page for a site; in the end nothing must have gone wrong on it."""
    visit = Visit(browser, address)
    yield visit
    visit.page.close()
    assert visit.wrong == []


@contextmanager
def chromium() -> Iterator[Browser]:
    """Start Debian's browser, without a window."""
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=ARGUMENTS)
        yield browser
        browser.close()


def harvest_seeds(database: Path) -> Path:
    """Harvest the seeds as the README does."""
    command = [sys.executable, "-m", "harvester", "harvest", "seeds", "--db", str(database)]
    subprocess.run(command, cwd=ROOT, check=True, capture_output=True)
    return database
