"""The base of all spiders: it walks listings, fetches document pages and makes captures. It knows no table."""

from __future__ import annotations

import asyncio
from functools import partial
from typing import TYPE_CHECKING, Any, ClassVar, Self

import scrapy
from scrapy.exceptions import CloseSpider
from scrapy.signals import request_reached_downloader, response_received

from harvester.addresses import canonical
from harvester.crawl.budget import Budget
from harvester.crawl.fetcher import Fetcher, Manners
from harvester.crawl.order import Order
from harvester.crawl.tour import Tour
from harvester.crawl.trouble import AskedToStop
from harvester.crawl.visits import Visits, may_follow

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable

    from scrapy.crawler import Crawler
    from scrapy.http import Response

    from harvester.crawl.desk import Desk
    from harvester.crawl.items import Fetched
    from harvester.source import Source
    from harvester.store.run import Run


class ArchiveSpider(scrapy.Spider):
    """Harvests one archive: the whole of it, one listing, or single addresses (`start`, `file:` and `http:` alike)."""

    source: ClassVar[Source]
    desk: Desk
    """What the spider asks of the run; the pipeline sets it when the crawl begins."""

    def __init__(
        self,
        start: str = "",
        order: Order | None = None,
        stopped: Callable[[], bool] = lambda: False,
        progress: Callable[[Run, int | None], None] = lambda _run, _pages: None,
        say: Callable[[str], None] = lambda _text: None,
        **arguments: Any,
    ) -> None:
        super().__init__(arguments.pop("name", None))
        self.addresses = start.split()
        self.order = order or Order.of_arguments(arguments, f"scrapy crawl {self.name}")
        self.stopped = stopped
        self.progress = progress
        self.say = say
        self._tour: Tour | None = None
        self.interrupted = False
        """Whether something was left undone because the user asked to stop."""
        self.budget = Budget(self.order.most_requests, self.order.most_seconds)
        self.bounded: str | None = None
        """Why something was left undone, if that was asked for before: the budget is used up."""
        self.failure: Exception | None = None
        """What went wrong with us: the run has then failed. What an archive does wrong is a problem of the run."""

    @property
    def expected(self) -> int | None:
        """How many pages there are, as far as that is known."""
        return self._tour.expected if self._tour else None

    @property
    def given_up(self) -> str | None:
        """Why nothing more was asked of the archive, if it was so."""
        return self._visits.given_up

    @classmethod
    def from_crawler(cls, crawler: Crawler, *args: Any, **kwargs: Any) -> Self:
        """Make the spider of a crawl, with the delay that was agreed."""
        spider = super().from_crawler(crawler, *args, **kwargs)
        crawler.settings.set("DOWNLOAD_DELAY", spider.agreed_delay, priority="spider")
        crawler.signals.connect(spider.budget.count, signal=request_reached_downloader)
        crawler.signals.connect(spider.received, signal=response_received)
        return spider

    @property
    def agreed_delay(self) -> float:
        """The seconds between requests."""
        return self.order.agreed_delay(self.source, self.addresses[0] if self.addresses else None)

    async def start(self) -> AsyncIterator[Any]:
        """Fetch one page after the other; each is committed before the next is asked for."""
        try:
            self._visits = Visits(self._fetcher(), self.desk, self.source, self.order.base)
            self._tour = Tour(self.order, self.source, self.desk, self._visits)
            async for fetched in self._given() if self.addresses else self._tour.pages():
                yield fetched
                await fetched.taken
        except AskedToStop:  # no failure: between two pages nothing is half done, and the next run goes on there
            self.bounded = None if self.stopped() else self.budget.spent
            self.interrupted = self.bounded is None
        except Exception as error:  # noqa: BLE001 - Scrapy would log it and go on to a good end; the run must fail
            self.failure = error
        await self._items_done()
        raise CloseSpider("finished")  # Scrapy itself would notice only some seconds later

    async def _items_done(self) -> None:
        """Wait until Scrapy knows that the last item went through: it waits for ever if it is told to end before."""
        assert self.crawler is not None  # noqa: S101 - Scrapy sets it before the start
        engine = self.crawler.engine
        while engine and engine.scraper.slot and not engine.scraper.slot.is_idle():  # noqa: ASYNC110 - there is no event
            await asyncio.sleep(0)

    def closed(self, reason: str) -> None:
        """Remember whether Scrapy itself was asked to stop."""
        self.interrupted = self.interrupted or reason == "shutdown"

    def aside(self, response: Response) -> None:
        """Keep an answer that is no reading of a page."""
        self.desk.aside(canonical(response.url, self.source, self.order.base), response)

    def received(self, response: Response, request: scrapy.Request) -> None:
        """Keep robots.txt, which Scrapy asks for by itself."""
        if request.meta.get("dont_obey_robotstxt"):
            self.aside(response)

    def _stopping(self) -> bool:
        return self.stopped() or self.failure is not None or self.budget.spent is not None

    def _fetcher(self) -> Fetcher:
        assert self.crawler is not None  # noqa: S101 - Scrapy sets it before the start
        follow = partial(may_follow, source=self.source, base=self.order.base)
        return Fetcher(self.crawler, Manners(self.agreed_delay, follow, self._stopping, self.say, self.aside))

    async def _given(self) -> AsyncIterator[Fetched]:
        for address in self.addresses:
            yield await self._visits.visit(address)
