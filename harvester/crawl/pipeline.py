"""The one pipeline: it hands what spiders caught to a run."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Self

from harvester.harvest import harvest_one
from harvester.store.database import explained, open_to_write
from harvester.store.run import Run

if TYPE_CHECKING:
    from scrapy.crawler import Crawler

    from harvester.capture import Capture
    from harvester.crawl.spider import ArchiveSpider
    from harvester.readers.files import PassedOver


class HarvestPipeline:
    """Opens a run with the spider, takes its captures, and gives the verdict when it closes."""

    def __init__(self, spider: ArchiveSpider) -> None:
        self._spider = spider

    @classmethod
    def from_crawler(cls, crawler: Crawler) -> Self:
        """Make the pipeline of a crawl."""
        return cls(crawler.spider)  # type: ignore[arg-type]

    def open_spider(self) -> None:
        """Open the database and begin a run."""
        self._path = Path(self._spider.db)
        self._run = Run(open_to_write(self._path), self._spider.command)

    def process_item(self, item: Capture | PassedOver) -> Capture | PassedOver:
        """Take one capture."""
        with explained(self._path):
            harvest_one(self._run, item, (self._spider.source,))
        return item

    def close_spider(self) -> None:
        """Give the run its verdict."""
        interrupted = self._spider.crawler.stats and self._spider.finish_reason == "shutdown"
        self._run.finish("interrupted" if interrupted else self._run.verdict)
        self._run.db.close()
