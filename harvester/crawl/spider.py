"""The base of all spiders: it walks listings, fetches document pages and makes captures. It knows no table."""

from __future__ import annotations

import asyncio
from functools import partial
from typing import TYPE_CHECKING, Any, ClassVar, Self

import scrapy
from scrapy.exceptions import CloseSpider
from scrapy.signals import request_reached_downloader

from harvester.addresses import is_ordered, page_url
from harvester.crawl.budget import Budget
from harvester.crawl.fetcher import Fetcher, Manners
from harvester.crawl.order import Order
from harvester.crawl.resume import resumed
from harvester.crawl.trouble import AskedToStop
from harvester.crawl.visits import Visits, may_follow
from harvester.crawl.walk import MOST_FAILURES, Plan, Wanted, pages_of
from harvester.pages.page import Problem
from harvester.store.run import WalkStep

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable

    from scrapy.crawler import Crawler

    from harvester.addresses import ListingAddress
    from harvester.crawl.desk import Desk
    from harvester.crawl.items import Fetched
    from harvester.source import Source
    from harvester.store.members import Leaver
    from harvester.store.run import Run, Taken


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
        self.expected: int | None = None
        """How many pages there are, as far as that is known."""
        self.interrupted = False
        """Whether something was left undone because the user asked to stop."""
        self.budget = Budget(self.order.most_requests, self.order.most_seconds)
        self.bounded: str | None = None
        """Why something was left undone, if that was asked for before: the budget is used up."""
        self.failure: Exception | None = None
        """What went wrong with us: the run has then failed. What an archive does wrong is a problem of the run."""

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
        return spider

    @property
    def agreed_delay(self) -> float:
        """The seconds between requests."""
        return self.order.agreed_delay(self.source, self.addresses[0] if self.addresses else None)

    async def start(self) -> AsyncIterator[Any]:
        """Fetch one page after the other; each is committed before the next is asked for."""
        try:
            self._visits = Visits(self._fetcher(), self.desk, self.source, self.order.base)
            async for fetched in self._given() if self.addresses else self._archive():
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

    def _stopping(self) -> bool:
        return self.stopped() or self.failure is not None or self.budget.spent is not None

    def _fetcher(self) -> Fetcher:
        assert self.crawler is not None  # noqa: S101 - Scrapy sets it before the start
        follow = partial(may_follow, source=self.source, base=self.order.base)
        return Fetcher(self.crawler, Manners(self.agreed_delay, follow, self._stopping, self.say))

    async def _given(self) -> AsyncIterator[Fetched]:
        for address in self.addresses:
            yield await self._visits.visit(address)

    async def _archive(self) -> AsyncIterator[Fetched]:
        listing = self.order.address(self.source)
        if not self.desk.is_walked(listing):
            async for fetched in self._walk(listing):
                yield fetched
        if self.order.documents and not self._visits.given_up:
            async for fetched in self._documents(listing):
                yield fetched

    async def _documents(self, listing: ListingAddress) -> AsyncIterator[Fetched]:
        """Fetch the document pages that are due; an archive that shows none of them is asked for no more."""
        failures, due = 0, self.desk.documents(listing)
        self.expected = self.desk.run.counts["pages"] + len(due)
        for address in due:
            fetched = await self._visits.visit(address)
            yield fetched
            taken = await fetched.taken
            failures = failures + 1 if (taken is None or taken.refused) and not fetched.says_gone else 0
            if self._visits.given_up:
                return
            if failures == MOST_FAILURES:
                message = f"{failures} document pages in a row could not be read: the next run goes on from here"
                self.desk.problem(Problem("error", "documents-stopped", message), address)
                return

    async def _walk(self, listing: ListingAddress) -> AsyncIterator[Fetched]:
        """Walk a listing to its verdict; one that was cut short goes on."""
        walk, read = self.desk.begin_walk(listing)
        plan = self._plan(listing)
        steps = resumed(plan, read)
        try:
            wanted = next(steps)
            while True:
                async for fetched in self._look(listing, wanted, walk):
                    yield fetched
                step = await self._visits.step(wanted.number)
                self.expected = pages_of(step, plan) or self.expected
                wanted = steps.send(step)
        except StopIteration as end:
            leaving = self.desk.end_walk(walk, listing, end.value)
            self._visits.heed(end.value)
        async for fetched in self._leaving(walk, listing, leaving):
            yield fetched

    async def _leaving(self, walk: int, listing: ListingAddress, leaving: list[Leaver]) -> AsyncIterator[Fetched]:
        """Ask each document that has left the listing, at its address, whether it is gone; once, then it has left."""
        answers: dict[str, Taken | None] = {}
        for leaver in leaving:
            if leaver.gone and leaver.url:
                fetched = await self._visits.visit(leaver.url)
                yield fetched
                answers[leaver.url] = await fetched.taken
        if leaving:
            self.desk.settle(walk, listing, leaving, answers)

    async def _look(self, listing: ListingAddress, wanted: Wanted, walk: int) -> AsyncIterator[Fetched]:
        """Fetch a page of a listing; one that is refused is asked for again before that is believed."""
        url = page_url(listing, wanted.number, self.source)
        first = wanted.number * self._plan(listing).size + 1
        step = WalkStep(walk, wanted.number, wanted.reason, first, listing.url)
        async for fetched in self._visits.looks(url, step):
            yield fetched

    def _plan(self, listing: ListingAddress) -> Plan:
        assert self.source.pager is not None  # noqa: S101 - Order.address has seen to it
        ordered = is_ordered(listing, self.source)
        return Plan(self.source.pager.size, ordered, self.order.most_pages, self.order.until_known)
