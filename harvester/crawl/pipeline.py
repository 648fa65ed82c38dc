"""The one pipeline: it keeps what spiders have caught and hands it to the run."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from typing import TYPE_CHECKING, Self

from harvester.capture import Capture
from harvester.clock import stamp
from harvester.crawl.desk import Desk
from harvester.crawl.warc import WarcFile
from harvester.harvest import harvest_one
from harvester.store.claims import HEARTBEAT_SECONDS, beat, claim, release
from harvester.store.database import explained, open_to_write
from harvester.store.run import Run

if TYPE_CHECKING:
    from scrapy.crawler import Crawler

    from harvester.crawl.items import Fetched
    from harvester.crawl.spider import ArchiveSpider
    from harvester.store.run import Taken


class HarvestPipeline:
    """Opens a run with the spider, takes what it fetches, and gives the verdict when it closes."""

    def __init__(self, spider: ArchiveSpider) -> None:
        self._spider = spider
        self._source = spider.source
        self._path = spider.order.db

    @classmethod
    def from_crawler(cls, crawler: Crawler) -> Self:
        """Make the pipeline of a crawl."""
        return cls(crawler.spider)  # type: ignore[arg-type]

    def open_spider(self) -> None:
        """Open the database, begin a run and claim the source."""
        with explained(self._path):
            self.run = Run(open_to_write(self._path), self._spider.order.command, live=True)
            claim(self.run.db, self._source.name, self.run.id)
        self._spider.desk = Desk(self.run, self._path)
        folder = self._spider.order.captures
        name = f"{self._source.name}-{stamp().replace(':', '')}-{self.run.id}.warc.gz"
        self._warc = WarcFile(folder / name) if folder else None
        self._heart = asyncio.ensure_future(self._beat())

    def process_item(self, item: Fetched) -> Fetched:
        """Take one answer: onto the disk, into the database, and only then tell the spider."""
        try:
            with explained(self._path):
                item.taken.set_result(self._take(item))
        except Exception as error:
            item.taken.set_exception(error)
            raise
        return item

    def _take(self, item: Fetched) -> Taken | None:
        capture = item.capture
        if isinstance(capture, Capture) and item.response is not None and self._warc and capture.captured_at:
            offset = self._warc.keep(capture.uri, item.response, capture.captured_at)
            capture = replace(capture, file=str(self._warc.path.absolute()), offset=offset)
        if item.same_as is not None and isinstance(capture, Capture):
            return self.run.not_modified(capture, item.same_as, item.step)
        return harvest_one(self.run, capture, (self._source,), item.step)

    async def _beat(self) -> None:
        while True:
            await asyncio.sleep(HEARTBEAT_SECONDS)
            with explained(self._path):
                beat(self.run.db, self._source.name, self.run.id)

    def close_spider(self) -> None:
        """Give the run its verdict and the source free."""
        self._heart.cancel()
        interrupted = self._spider.stopped() or self._spider.finish_reason == "shutdown"
        with explained(self._path):
            self.run.finish("interrupted" if interrupted else self.run.verdict)
            release(self.run.db, self._source.name, self.run.id)
        if self._warc:
            self._warc.close()
        self.run.db.close()
