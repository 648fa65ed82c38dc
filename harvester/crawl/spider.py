"""The spider of all sources: walks a listing to its end, then fetches the document pages that are due."""

from __future__ import annotations

import asyncio
from functools import partial
from typing import TYPE_CHECKING, Any, ClassVar, Self

import scrapy
from scrapy.exceptions import CloseSpider
from scrapy.signals import request_reached_downloader, response_received

from harvester.crawl.capture_fetcher import CaptureFetcher, may_follow
from harvester.crawl.ceiling import BEHIND, MOST_FAILURES
from harvester.crawl.http_client import CrawlStopped, FetchPolicy, HttpClient
from harvester.crawl.options import CrawlBudget, CrawlOptions
from harvester.crawl.proof import PageRequest
from harvester.crawl.walk import SEAM, UNREAD, WalkLimits, pages_of, resumed
from harvester.model import Problem
from harvester.urls import canonical, in_other_order, is_ordered, page_url
from harvester.walk_log import WalkRequest

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable, Iterable

    from scrapy.crawler import Crawler
    from scrapy.http import Response

    from harvester.crawl.capture_fetcher import Fetched
    from harvester.crawl.proof import WalkPage, WalkResult
    from harvester.crawl.session import CrawlSession
    from harvester.source import Source
    from harvester.store.listing_members import MissingDocument
    from harvester.store.run import Run
    from harvester.store.run_pages import PageResult
    from harvester.urls import ListingAddress


class SourceCrawl:
    """Crawls an archive page by page, as its options define."""

    def __init__(
        self, order: CrawlOptions, source: Source, session: CrawlSession, capture_fetcher: CaptureFetcher
    ) -> None:
        self._order = order
        self._source = source
        self._session = session
        self._capture_fetcher = capture_fetcher
        self.expected: int | None = None
        """How many pages there are, as far as that is known."""
        self._is_walked = False
        self._linked: dict[int, str] = {}
        """Addresses of the listing's pages that links of the pages before have told, where nothing else does."""

    async def pages(self) -> AsyncIterator[Fetched]:
        """Yield one fetched page after the other; each must be committed before the next is fetched."""
        listing = self._order.address(self._source)
        async for fetched in self._check_finished(listing):
            yield fetched
        if not self._is_walked and not self._capture_fetcher.stop_reason:
            async for fetched in self._walk(listing):
                yield fetched
        if self._order.documents and not self._capture_fetcher.stop_reason:
            async for fetched in self._documents(listing):
                yield fetched

    async def _check_finished(self, listing: ListingAddress) -> AsyncIterator[Fetched]:
        """Check whether a listing is unchanged since an interrupted run walked it to its end.

        Where new records come first, the first page and the total decide. Else the last page that was read decides;
        the walk then counts as of the time when it was made.
        """
        finished = self._session.finished(listing)
        if finished is None:
            return
        walk, read = finished
        fronts = [step for step in read if step.number == 0] if is_ordered(listing, self._source) else []
        seam = next(step for step in reversed(fronts or read) if step.is_read)
        self._note_links(read)
        async for fetched in self._look(listing, PageRequest(seam.number, SEAM), walk):
            yield fetched
        reread = await self._capture_fetcher.step(seam.number)
        if not reread.is_read:
            self._capture_fetcher.stop_fetching(reread.stop or UNREAD)
        elif reread.same_as(seam) and not reread.cached:
            self._session.take_over(walk)
            self._is_walked = True

    async def _documents(self, listing: ListingAddress) -> AsyncIterator[Fetched]:
        """Fetch the document pages that are due; stop if several in a row cannot be fetched."""
        failures, due = 0, self._session.documents(listing)
        self.expected = self._session.run.counts["pages"] + len(due)
        looked_at = len(due)
        for number, address in enumerate(due):  # it grows: a page that is another document's is requested once more
            fetched = await self._capture_fetcher.document(address)
            yield fetched
            result = await fetched.result
            if result and result.claim and number < looked_at:
                due.append(address)
            failures = failures + 1 if result is None or (result.refused and not result.missing) else 0
            if self._capture_fetcher.stop_reason:
                return
            if failures == MOST_FAILURES:
                message = f"{failures} document pages in a row could not be read: the next run goes on from here"
                self._session.problem(Problem("error", "documents-stopped", message), address)
                return

    async def _walk(self, listing: ListingAddress) -> AsyncIterator[Fetched]:
        """Walk a listing to its end, resuming an interrupted walk."""
        walk, read = self._session.begin_walk(listing)
        plan = self._plan(listing)
        steps, held = resumed(plan, read), self._session.documents_held(listing)
        self._note_links(read)
        try:
            wanted = next(steps)
            while True:
                async for fetched in self._look(listing, wanted, walk):
                    yield fetched
                step = await self._capture_fetcher.step(wanted.number)
                self._note_links([step])
                foreseen = self._foreseen(step, plan, held)
                self.expected = foreseen - len(read) if foreseen else self.expected
                wanted = steps.send(step)
        except StopIteration as end:
            result: WalkResult = end.value
            leaving = self._session.end_walk(walk, listing, result)
            self._capture_fetcher.stop_after(result)
        async for fetched in self._missing(walk, listing, leaving):
            yield fetched
        if not self._source.verified and result.status == "complete":
            self._session.report_unverified(listing)
        if listing.is_whole and self._source.minimum and result.status in ("complete", "partial"):
            self._session.check_minimum(walk, listing, self._source.minimum)

    def _note_links(self, pages: Iterable[WalkPage]) -> None:
        self._linked |= {page.number + 1: page.next_page for page in pages if page.next_page}

    def _foreseen(self, step: WalkPage, plan: WalkLimits, held: int) -> int | None:
        """Return the expected number of pages, with the document pages of all records that are not stored."""
        pages = pages_of(step, plan)
        if pages is None or not self._order.documents:
            return pages
        return pages + max(0, min(step.total or 0, pages * plan.size) - held)

    async def _missing(
        self, walk: int, listing: ListingAddress, leaving: list[MissingDocument]
    ) -> AsyncIterator[Fetched]:
        """Fetch each document that has left the listing once, to find out whether it is gone."""
        answers: dict[str, PageResult | None] = {}
        for leaver in leaving:
            if leaver.gone and leaver.url:
                fetched = await self._capture_fetcher.document(leaver.url)
                yield fetched
                answers[leaver.url] = await fetched.result
        if leaving:
            self._session.settle(walk, listing, leaving, answers)

    async def _look(self, listing: ListingAddress, wanted: PageRequest, walk: int) -> AsyncIterator[Fetched]:
        """Fetch a page of a listing, and fetch a refused one again before accepting the refusal."""
        shown = in_other_order(listing, self._source) if wanted.other else None
        url = page_url(shown or listing, wanted.number, self._source)
        if self._source.pager and self._source.pager.next and wanted.number:
            url = self._linked[wanted.number]
        assert self._source.pager is not None  # noqa: S101 - Order.address has seen to it
        first = wanted.number * self._source.pager.size + 1
        # That a whole listing is empty may well be so, but not if records were there before: look twice.
        filled = wanted.reason != BEHIND and (wanted.number > 0 or bool(self._session.proven_total(listing)))
        step = WalkRequest(walk, wanted.number, wanted.reason, first, listing.url, filled=filled)
        async for fetched in self._capture_fetcher.fetch_with_retries(url, step):
            yield fetched

    def _plan(self, listing: ListingAddress) -> WalkLimits:
        assert self._source.pager is not None  # noqa: S101 - Order.address has seen to it
        return WalkLimits(
            self._source.pager.size,
            is_ordered(listing, self._source),
            self._order.most_pages,
            self._order.until_known,
            first=() if self._source.pager.next else self._session.left_over(listing, self._source.pager.size),
            reorders=in_other_order(listing, self._source) is not None,
            settled=self._session.proven_total(listing),
            ceiling=self._source.pager.ceiling,
            linked=self._source.pager.next is not None,
        )


class ArchiveSpider(scrapy.Spider):
    """Harvests one archive: the whole of it, one listing, or single addresses (`start`, `file:` and `http:` alike)."""

    source: ClassVar[Source]
    session: CrawlSession
    """The crawl's access to the run; set by the pipeline when the crawl begins."""

    def __init__(
        self,
        start: str = "",
        order: CrawlOptions | None = None,
        stopped: Callable[[], bool] = lambda: False,
        progress: Callable[[Run, int | None], None] = lambda _run, _pages: None,
        notify: Callable[[str], None] = lambda _text: None,
        **arguments: Any,
    ) -> None:
        super().__init__(arguments.pop("name", None))
        self.addresses = start.split()
        self.order = order or CrawlOptions.of_arguments(arguments, f"scrapy crawl {self.name}")
        self.stopped = stopped
        self.progress = progress
        self.notify = notify
        self._source_crawl: SourceCrawl | None = None
        self.interrupted = False
        """Whether anything was left undone because the user asked to stop."""
        self.budget = CrawlBudget(self.order.most_requests, self.order.most_seconds)
        self.bounded: str | None = None
        """Why anything was left undone although nothing failed: the budget is used up. None if nothing was."""
        self.failure: Exception | None = None
        """What went wrong with us: the run has then failed. What an archive does wrong is a problem of the run."""

    @property
    def expected(self) -> int | None:
        """How many pages there are, as far as that is known."""
        return self._source_crawl.expected if self._source_crawl else None

    @property
    def stop_reason(self) -> str | None:
        """Why nothing more was fetched from the archive; None if everything was."""
        return self._capture_fetcher.stop_reason

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
        """Fetch one page after the other; each is committed before the next is requested."""
        try:
            self._capture_fetcher = CaptureFetcher(self._fetcher(), self.session, self.source, self.order.base)
            self._source_crawl = SourceCrawl(self.order, self.source, self.session, self._capture_fetcher)
            async for fetched in self._addressed_pages() if self.addresses else self._source_crawl.pages():
                yield fetched
                await fetched.result
        except CrawlStopped:  # no failure: between two pages nothing is half done, and the next run goes on there
            self.bounded = None if self.stopped() else self.budget.spent
            self.interrupted = self.bounded is None
        except Exception as error:  # noqa: BLE001 - Scrapy would log it and go on to a good end; the run must fail
            self.failure = error
        await self._items_done()
        raise CloseSpider("finished")  # Scrapy itself would notice only some seconds later

    async def _items_done(self) -> None:
        """Wait until Scrapy has processed the last item: if it is told to close before, it waits for ever."""
        assert self.crawler is not None  # noqa: S101 - Scrapy sets it before the start
        engine = self.crawler.engine
        while engine and engine.scraper.slot and not engine.scraper.slot.is_idle():  # noqa: ASYNC110 - there is no event
            await asyncio.sleep(0)

    def closed(self, reason: str) -> None:
        """Record whether Scrapy itself was stopped."""
        self.interrupted = self.interrupted or reason == "shutdown"

    def aside(self, response: Response) -> None:
        """Write a response that is no page to the WARC file."""
        self.session.aside(canonical(response.url, self.source, self.order.base), response)

    def received(self, response: Response, request: scrapy.Request) -> None:
        """Write robots.txt, which Scrapy fetches itself, to the WARC file."""
        if request.meta.get("dont_obey_robotstxt"):
            self.aside(response)

    def _stopping(self) -> bool:
        return self.stopped() or self.failure is not None or self.budget.spent is not None

    def _fetcher(self) -> HttpClient:
        assert self.crawler is not None  # noqa: S101 - Scrapy sets it before the start
        follow = partial(may_follow, source=self.source, base=self.order.base)
        return HttpClient(self.crawler, FetchPolicy(self.agreed_delay, follow, self._stopping, self.notify, self.aside))

    async def _addressed_pages(self) -> AsyncIterator[Fetched]:
        for address in self.addresses:
            yield await self._capture_fetcher.visit(address)
