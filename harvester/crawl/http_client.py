"""Fetches one page at a time with delays and retries, and describes failures as problems.

Own code and not Scrapy's middlewares: its retries do not wait for Retry-After, and its redirects lead to other pages.
"""

from __future__ import annotations

import asyncio
import re
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from scrapy import Request
from scrapy.exceptions import IgnoreRequest
from scrapy.signals import robots_parsed

from harvester.crawl.robots import BusyRobotsError, SlowRobotsError
from harvester.errors import HarvesterError
from harvester.model import Problem
from harvester.politeness import (
    BUSY,
    ELSEWHERE,
    LONGEST_WAIT_SECONDS,
    MOST_ATTEMPTS,
    MOST_REDIRECTS,
    NAP_SECONDS,
    back_off,
    redirect_target,
    retry_after,
)
from harvester.readers.damage import DamageError

if TYPE_CHECKING:
    from collections.abc import Callable

    from scrapy.crawler import Crawler
    from scrapy.http import Response
    from scrapy.robotstxt import RobotParser


class CrawlStopped(Exception):  # noqa: N818 - no error: the way out of whatever is waited for
    """The user wants to stop: nothing more is fetched."""


@dataclass(frozen=True)
class FetchFailed(Exception):  # noqa: N818 - not an error of ours: it says why there is no page
    """Why a page could not be fetched; `final` if no page can be fetched any more in this run."""

    problem: Problem
    final: bool = False


def network_problem(error: Exception, host: str) -> Problem:
    """Return the problem of a network error. A bad certificate or an unknown host is final in this run."""
    text = _error_text(error)
    if re.search("certificate", text, re.IGNORECASE):
        message = f"the certificate of {host} is not trusted ({text}): check this machine's clock and certificates"
        raise FetchFailed(Problem("error", "certificate", message), final=True) from error
    if re.search("DNS lookup failed|cannot resolve", text, re.IGNORECASE):
        message = (
            f"{host} has no address (DNS): check the connection; if the archive has gone, what is held stays, and "
            "its saved pages, or captures in web archives, can be harvested as files"
        )
        raise FetchFailed(Problem("error", "no-address", message), final=True) from error
    return Problem(
        "error",
        "no-answer",
        f"no answer from {host} ({text}): check the address and the connection, then run this again",
    )


def truncated_problem(damage: DamageError, host: str) -> Problem:
    """Return the problem of a response whose compressed body is truncated or damaged."""
    message = f"the answer of {host} is not whole: its packed body is damaged ({damage}); run this again"
    return Problem("error", "damaged-body", message)


def robots_problem(url: str) -> FetchFailed:
    """Return the problem of an address that robots.txt forbids."""
    where = f"robots.txt forbids {urlsplit(url).path} on {urlsplit(url).netloc}"
    advice = "save it in a browser, or leave documents out (`harvest --no-documents`)"
    return FetchFailed(
        Problem("error", "forbidden", f"{where}: the archive does not want it read; {advice}"), final=True
    )


def busy_problem(url: str, status: int) -> Problem:
    """Return the problem of a server that was busy at every attempt."""
    text = f"the server answered {status}"
    if urlsplit(url).path == "/robots.txt":
        text = f"robots.txt could not be read ({text}), so nobody knows what may be asked for"
    return Problem("error", f"http-{status}", f"{text}: run this again later")


def delay_problem(seconds: float, host: str) -> FetchFailed:
    """Return the failure for an archive whose crawl delay is longer than the longest wait."""
    message = (
        f"robots.txt of {host} asks for {seconds / 60:.0f} minutes between requests (Crawl-delay): "
        "the archive does not want to be harvested; use saved pages, or ask its people"
    )
    return FetchFailed(Problem("error", "crawl-delay", message), final=True)


def _error_text(error: BaseException) -> str:
    """Return the text of a network error; Twisted wraps some errors in others."""
    reasons = getattr(error, "reasons", None)
    if reasons:
        return _error_text(reasons[0].value)
    if error.__cause__ is not None:
        return _error_text(error.__cause__)
    return re.sub(r"\s+", " ", str(error)).strip()[:200] or type(error).__name__


@dataclass(frozen=True)
class FetchPolicy:
    """How pages are fetched: seconds between requests, which redirects are followed, whether the user wants to stop.

    `notify` prints waits to the user. `aside` writes responses that are no pages to the WARC file.
    """

    delay: float
    may_follow: Callable[[str, str], bool]
    stopped: Callable[[], bool]
    notify: Callable[[str], None]
    aside: Callable[[Response], None]


class HttpClient:
    """Fetches pages of one archive, one after the other."""

    def __init__(self, crawler: Crawler, policy: FetchPolicy) -> None:
        self._crawler = crawler
        self._policy = policy
        self._delay = policy.delay
        self._last = 0.0
        crawler.signals.connect(self._robots, signal=robots_parsed)

    async def fetch(self, url: str, validators: dict[str, str]) -> Response:
        """Fetch a page; wait and try again while the server is busy. Raises NoAnswer if it gives up."""
        problem = Problem("error", "no-answer", "no answer")
        for attempt in range(MOST_ATTEMPTS):
            if attempt:
                await self.rest(attempt, problem.message)
            answer = await self._attempt(url, validators)
            if not isinstance(answer, Problem):
                return answer
            problem = answer
        raise FetchFailed(problem)

    async def rest(self, time: int, why: str) -> None:
        """Wait before a page is requested again; longer each time."""
        seconds = back_off(time, self._policy.delay)
        self._policy.notify(f"{why}; asked again in {seconds:g} seconds")
        await self._sleep(seconds)

    async def _attempt(self, url: str, validators: dict[str, str]) -> Response | Problem:
        try:
            response = await self._follow_redirects(url, validators)
        except IgnoreRequest as error:
            raise robots_problem(url) from error
        except BusyRobotsError as error:
            return await self._busy(error.response)
        except SlowRobotsError as error:
            raise delay_problem(error.seconds, urlsplit(url).netloc) from error
        except DamageError as damage:
            return truncated_problem(damage, urlsplit(url).netloc)
        except (CrawlStopped, HarvesterError):  # nothing that the network did
            raise
        except Exception as error:  # noqa: BLE001 - whatever a network does is no reason to end a run
            return network_problem(error, urlsplit(url).netloc)
        if response.status not in BUSY:
            return response
        self._policy.aside(response)
        return await self._busy(response)

    async def _busy(self, response: Response) -> Problem:
        await self._wait(response)
        return busy_problem(response.url, response.status)

    async def _follow_redirects(self, url: str, validators: dict[str, str]) -> Response:
        """Download a page, following redirects to the same page at another address."""
        followed = 0
        while True:
            response = await self._download(url, validators)
            target = redirect_target(url, response.headers.get("Location")) if response.status in ELSEWHERE else None
            if target is None or followed == MOST_REDIRECTS or not self._policy.may_follow(url, target):
                return response
            self._policy.aside(response)
            url, followed = target, followed + 1

    async def _download(self, url: str, validators: dict[str, str]) -> Response:
        """Send one request, after the agreed delay since the last response."""
        assert self._crawler.engine is not None  # noqa: S101 - a crawl that runs has its engine
        await self._sleep(self._last + self._delay - time.monotonic())
        try:
            # Caches on the way must not answer with the listing as it was.
            headers = {"Cache-Control": "no-cache", **validators}
            request = Request(url, headers=headers, dont_filter=True)
            return await self._crawler.engine.download_async(request)
        finally:
            self._last = time.monotonic()

    async def _sleep(self, seconds: float) -> None:
        """Wait, but not when the user wants to stop."""
        while seconds > 0 and not self._policy.stopped():
            await asyncio.sleep(min(seconds, NAP_SECONDS))
            seconds -= NAP_SECONDS
        if self._policy.stopped():
            raise CrawlStopped

    async def _wait(self, response: Response) -> None:
        """Obey Retry-After."""
        header = response.headers.get("Retry-After")
        seconds = retry_after(header.decode("latin-1") if header else None) or 0.0
        if seconds > LONGEST_WAIT_SECONDS:
            message = f"the server asks for {seconds / 60:.0f} minutes of rest: run this again after that"
            raise FetchFailed(Problem("error", f"http-{response.status}", message), final=True)
        if seconds:
            self._policy.notify(f"the server answered {response.status} and asks for {seconds:.0f} seconds of rest")
        await self._sleep(seconds)

    def _robots(self, robotparser: RobotParser) -> None:
        """Apply the Crawl-delay of robots.txt, which Scrapy parses and does not apply."""
        assert self._crawler.engine is not None  # noqa: S101 - a crawl that runs has its engine
        declared = robotparser.crawl_delay(self._crawler.settings.get("USER_AGENT", "*"))
        if declared and float(declared) > self._delay:
            self._delay = float(declared)
            self._policy.notify(f"robots.txt asks for {self._delay:g} seconds between requests")
        # The page for whose sake robots.txt was read goes out next, past our own clock.
        for slot in self._crawler.engine.downloader.slots.values():
            slot.delay, slot.lastseen = self._delay, time.monotonic()
