"""The base of all spiders: it walks listings, fetches document pages and makes captures. It knows no table."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar

import scrapy

from harvester.addresses import is_ordered, page_url
from harvester.crawl.fetcher import Fetcher
from harvester.crawl.order import Order
from harvester.crawl.visits import Visits
from harvester.crawl.walk import Plan, Wanted, resumed
from harvester.store.run import WalkStep

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable

    from harvester.addresses import ListingAddress
    from harvester.crawl.desk import Desk
    from harvester.crawl.items import Fetched
    from harvester.source import Source


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
        **arguments: Any,
    ) -> None:
        super().__init__(arguments.pop("name", None))
        self.addresses = start.split()
        self.order = order or Order.of_arguments(arguments, f"scrapy crawl {self.name}")
        self.stopped = stopped
        self.finish_reason = ""

    async def start(self) -> AsyncIterator[Any]:
        """Fetch one page after the other; each is committed before the next is asked for."""
        self._visits = Visits(self._fetcher(), self.desk, self.source, self.order.base)
        async for fetched in self._given() if self.addresses else self._archive():
            yield fetched
            await fetched.taken
            if self.stopped():
                return

    def closed(self, reason: str) -> None:
        """Remember why the crawl ended: `finished`, `shutdown` (asked to stop), or a fault."""
        self.finish_reason = reason

    def _fetcher(self) -> Fetcher:
        assert self.crawler is not None  # noqa: S101 - Scrapy sets it before the start
        place = self.addresses[0] if self.addresses else None
        return Fetcher(self.crawler, self.order.agreed_delay(self.source, place))

    async def _given(self) -> AsyncIterator[Fetched]:
        for address in self.addresses:
            yield await self._visits.visit(address)

    async def _archive(self) -> AsyncIterator[Fetched]:
        async for fetched in self._walk(self.order.address(self.source)):
            yield fetched
        if self.order.documents and not self._visits.given_up:
            for address in self.desk.documents(self.source.name):
                yield await self._visits.visit(address)
                if self._visits.given_up:
                    return

    async def _walk(self, listing: ListingAddress) -> AsyncIterator[Fetched]:
        """Walk a listing to its verdict; one that was cut short goes on."""
        walk, read = self.desk.begin_walk(listing)
        steps = resumed(self._plan(listing), read)
        try:
            wanted = next(steps)
            while True:
                async for fetched in self._look(listing, wanted, walk):
                    yield fetched
                wanted = steps.send(await self._visits.step(wanted.number))
        except StopIteration as end:
            self.desk.end_walk(walk, end.value)

    async def _look(self, listing: ListingAddress, wanted: Wanted, walk: int) -> AsyncIterator[Fetched]:
        """Fetch a page of a listing; one that is refused is asked for again before that is believed."""
        url = page_url(listing, wanted.number, self.source)
        step = WalkStep(walk, wanted.number, wanted.reason, wanted.number * self._plan(listing).size + 1)
        async for fetched in self._visits.looks(url, step):
            yield fetched

    def _plan(self, listing: ListingAddress) -> Plan:
        assert self.source.pager is not None  # noqa: S101 - Order.address has seen to it
        ordered = is_ordered(listing, self.source)
        return Plan(self.source.pager.size, ordered, self.order.most_pages, self.order.until_known)
