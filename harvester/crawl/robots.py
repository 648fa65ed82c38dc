"""robots.txt as RFC 9309 has it: redirects are followed, and what cannot be read forbids everything for now.

Scrapy's own middleware takes any answer for rules: those of a busy server and those behind a redirect would be none.
"""

from __future__ import annotations

from http import HTTPStatus
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from scrapy import Request
from scrapy.downloadermiddlewares.robotstxt import RobotsTxtMiddleware
from scrapy.signals import robots_parsed
from scrapy.utils.misc import build_from_crawler

from harvester.politeness import BUSY, ELSEWHERE, LONGEST_WAIT_SECONDS, MOST_REDIRECTS, redirect_target

if TYPE_CHECKING:
    from scrapy.http import Response
    from scrapy.robotstxt import RobotParser


class BusyRobotsError(Exception):
    """robots.txt could not be read, so it is unknown what may be fetched."""

    def __init__(self, response: Response) -> None:
        super().__init__(f"robots.txt: {response.status}")
        self.response = response


class SlowRobotsError(Exception):
    """robots.txt demands so much time between requests that the archive cannot be harvested."""

    def __init__(self, seconds: float) -> None:
        super().__init__(f"Crawl-delay: {seconds:g}")
        self.seconds = seconds


class Robots(RobotsTxtMiddleware):
    """Reads the robots.txt of each host that is requested, once it is available."""

    async def robot_parser(self, request: Request) -> RobotParser | None:
        """Return the rules of the place that a request goes to."""
        place = "{0.scheme}://{0.netloc}".format(urlsplit(request.url))
        if place not in self._parsers:
            response = await self._read(f"{place}/robots.txt")
            rules = response.body if response.status == HTTPStatus.OK else b""  # no file, no rules
            parser: RobotParser = build_from_crawler(self._parserimpl, self.crawler, rules)
            # The very next request would wait for it.
            delay = float(parser.crawl_delay(self.crawler.settings.get("USER_AGENT", "*")) or 0)
            if delay > LONGEST_WAIT_SECONDS:
                raise SlowRobotsError(delay)
            self._parsers[place] = parser
            await self.crawler.signals.send_catch_log_async(robots_parsed, robotparser=parser, request=request)
        return self._parsers[place]  # type: ignore[return-value] # no deferred is ever put there

    async def _read(self, url: str) -> Response:
        """Fetch robots.txt, wherever it lies now."""
        for _ in range(1 + MOST_REDIRECTS):
            assert self.crawler.engine is not None  # noqa: S101 - a crawl that runs has its engine
            request = Request(url, meta={"dont_obey_robotstxt": True}, dont_filter=True)
            response = await self.crawler.engine.download_async(request)
            target = redirect_target(url, response.headers.get("Location")) if response.status in ELSEWHERE else None
            if target is None:
                break
            url = target
        if response.status in BUSY:
            raise BusyRobotsError(response)
        return response
