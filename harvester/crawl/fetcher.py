"""Fetches one page at a time: politely, patiently, and never more often than agreed."""

from __future__ import annotations

import asyncio
import logging
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING

from scrapy import Request
from scrapy.exceptions import IgnoreRequest
from scrapy.signals import robots_parsed

from harvester.crawl.politeness import BACK_OFF_SECONDS, LONGEST_WAIT_SECONDS, MOST_ATTEMPTS, retry_after
from harvester.pages.page import Problem

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from scrapy.crawler import Crawler
    from scrapy.http import Response
    from scrapy.robotstxt import RobotParser

log = logging.getLogger(__name__)
BUSY = frozenset({408, 429, 500, 502, 503, 504, 520, 521, 522, 523, 524})
"""Answers that say nothing of the page, only of the moment."""


@dataclass(frozen=True)
class NoAnswer(Exception):  # noqa: N818 - not an error of ours: it says why there is no page
    """Why a page could not be had; `final` if asking again, for any page, is no use in this run."""

    problem: Problem
    final: bool = False


class Fetcher:
    """Fetches pages of one archive, one after the other."""

    def __init__(
        self, crawler: Crawler, delay: float, sleep: Callable[[float], Awaitable[None]] = asyncio.sleep
    ) -> None:
        self._crawler = crawler
        self._delay = delay
        self._back_off = BACK_OFF_SECONDS if delay else 0.02  # no delay is agreed on this machine only
        self._sleep = sleep
        self._last = 0.0
        self.requests = 0
        crawler.signals.connect(self._robots, signal=robots_parsed)

    async def fetch(self, url: str, validators: dict[str, str]) -> Response:
        """Fetch a page; waits and asks again while the server is busy. Raises NoAnswer when it is given up."""
        problem = Problem("error", "no-answer", "no answer")
        for attempt in range(MOST_ATTEMPTS):
            if attempt:
                await self.rest(attempt)
            answer = await self._attempt(url, validators)
            if not isinstance(answer, Problem):
                return answer
            problem = answer
        raise NoAnswer(problem)

    async def rest(self, time: int) -> None:
        """Wait before a page is asked for again; longer each time."""
        await self._sleep(self._back_off * 2 ** (time - 1))

    async def _attempt(self, url: str, validators: dict[str, str]) -> Response | Problem:
        try:
            response = await self._download(url, validators)
        except IgnoreRequest as error:
            message = "robots.txt forbids this address: the archive does not want it harvested; use saved pages"
            raise NoAnswer(Problem("error", "forbidden", message), final=True) from error
        except Exception as error:  # noqa: BLE001 - whatever a network does is no reason to end a run
            return Problem(
                "error", "no-answer", f"no answer ({_told(error)}): check the connection, then run this again"
            )
        if response.status not in BUSY:
            return response
        await self._wait(response)
        return Problem("error", f"http-{response.status}", f"the server answered {response.status} again and again")

    async def _download(self, url: str, validators: dict[str, str]) -> Response:
        """Ask once, not before the agreed time since the last answer."""
        assert self._crawler.engine is not None  # noqa: S101 - a crawl that runs has its engine
        await self._sleep(max(0.0, self._last + self._delay - time.monotonic()))
        self.requests += 1
        try:
            # Caches on the way must not answer with the listing as it was.
            headers = {"Cache-Control": "no-cache", **validators}
            request = Request(url, headers=headers, dont_filter=True)
            return await self._crawler.engine.download_async(request)
        finally:
            self._last = time.monotonic()

    async def _wait(self, response: Response) -> None:
        """Obey Retry-After."""
        header = response.headers.get("Retry-After")
        asked = retry_after(header.decode("latin-1") if header else None) or 0.0
        if asked > LONGEST_WAIT_SECONDS:
            message = f"the server asks for {asked / 60:.0f} minutes of rest: run this again after that"
            raise NoAnswer(Problem("error", f"http-{response.status}", message), final=True)
        await self._sleep(asked)

    def _robots(self, robotparser: RobotParser) -> None:
        """Keep the Crawl-delay that robots.txt declares; Scrapy reads it and does not apply it."""
        agent = self._crawler.settings.get("USER_AGENT", "*")
        declared = robotparser.crawl_delay(agent)
        if declared and self._delay:
            self._delay = max(self._delay, float(declared))
            log.info("robots.txt asks for %s seconds between requests", declared)


def _told(error: Exception) -> str:
    """Say an error of the network in a few words."""
    return " ".join(str(error).split())[:200] or type(error).__name__
