"""The only item pipeline: writes what spiders fetch to disk and adds it to the run."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from typing import TYPE_CHECKING, Any, Self

from harvester.crawl.recovery import open_warc
from harvester.crawl.session import CrawlSession
from harvester.crawl.warc_writer import HttpAnswer, RecordHeaders
from harvester.ingest import harvest_one
from harvester.model import Capture
from harvester.store.database import open_to_write, translate_errors
from harvester.store.locks import HEARTBEAT_SECONDS, acquire, check_free, release, renew
from harvester.store.run import Run
from harvester.store.walks import mark_bounded, why_nothing_was_read
from harvester.walk_log import step_text

if TYPE_CHECKING:
    from scrapy.crawler import Crawler

    from harvester.crawl.capture_fetcher import Fetched
    from harvester.crawl.spider import ArchiveSpider
    from harvester.model import Skipped
    from harvester.store.run_pages import PageResult


class HarvestPipeline:
    """Opens a run with the spider, adds what it fetches, and records the result when it closes."""

    run: Run | None = None

    def __init__(self, spider: ArchiveSpider) -> None:
        self._spider = spider
        self._source = spider.source
        self._path = spider.order.db

    @classmethod
    def from_crawler(cls, crawler: Crawler) -> Self:
        """Make the pipeline of a crawl."""
        return cls(crawler.spider)  # type: ignore[arg-type]

    def open_spider(self) -> None:
        """Open the database, claim the source, begin a run, and put in order what a killed one has left."""
        if not self._spider.addresses:
            self._spider.order.address(self._source)  # wrong options are reported before anything is written
        db = open_to_write(self._path)
        try:
            with translate_errors(self._path):
                check_free(db, self._source.name)
                self.run = self._begin(Run(db, self._spider.order.command, live=True))
        finally:
            if self.run is None:
                db.close()

    def _begin(self, run: Run) -> Run:
        with run.recording_failure():
            acquire(run.db, self._source.name, run.id)
            order = self._spider.order
            self._warc = open_warc(run, self._source, order.captures, order.resumed_since)
        self._spider.session = CrawlSession(run, self._spider.order, self._warc, self._source)
        self._heart = asyncio.ensure_future(self._heartbeat(run))
        self._spider.progress(run, None)
        return run

    def process_item(self, item: Fetched) -> Fetched:
        """Write one response to the WARC file, then to the database, and only then resume the spider."""
        try:
            with translate_errors(self._path):
                item.result.set_result(self._take(item))
        except Exception as error:  # noqa: BLE001 - the spider waits for it, and ends the run as failed
            item.result.set_exception(error)
        return item

    def _take(self, item: Fetched) -> PageResult | None:
        assert self.run is not None  # noqa: S101 - Scrapy opens before it hands over items
        capture = self._keep(item)
        if item.same_as is not None and isinstance(capture, Capture):
            result: PageResult | None = self.run.record_not_modified(capture, item.same_as.capture, item.step)
        else:
            result = harvest_one(self.run, capture, (self._source,), item.step)
        self.run.refresh_index()
        self._spider.progress(self.run, self._spider.expected)
        return result

    def _keep(self, item: Fetched) -> Capture | Skipped:
        """Write a response to the WARC file; return its position."""
        capture = item.capture
        if not isinstance(capture, Capture) or item.response is None or not self._warc or not capture.captured_at:
            return capture
        kept = RecordHeaders(
            step_text(item.step) if item.step else None, item.same_as.captured_at if item.same_as else None
        )
        offset = self._warc.keep(capture, HttpAnswer.of(item.response), capture.captured_at, kept)
        return replace(capture, file=str(self._warc.path), offset=offset)

    async def _heartbeat(self, run: Run) -> None:
        """Write the run's heartbeat until the run ends; a failure ends the run."""
        try:
            while True:
                await asyncio.sleep(HEARTBEAT_SECONDS)
                with translate_errors(self._path):
                    renew(run.db, self._source.name, run.id)
        except Exception as error:  # noqa: BLE001 - in a task of its own nobody else would hear of it
            self._spider.failure = error

    def close_spider(self) -> None:
        """Record the run's result and release the lock of the source."""
        if self.run is None:
            return  # it never began
        self._heart.cancel()
        try:
            with translate_errors(self._path):
                self._finish(self.run)
                self._log_verdict(self.run.row())
                release(self.run.db, self._source.name, self.run.id)
        except Exception as error:  # noqa: BLE001 - Scrapy would only log it
            self._spider.failure = self._spider.failure or error
        if self._spider.failure:
            self._spider.logger.error("failed: %s", self._spider.failure)
        if self._warc:
            self._warc.close()
        self.run.db.close()

    def _log_verdict(self, row: dict[str, Any]) -> None:
        """Log a problem for users of Scrapy's own command; ours reports problems itself."""
        if row["status"] != "complete" and not self._spider.failure:
            why = row["reason"] or "see why: harvester status"
            self._spider.logger.warning("%s: %s", row["status"], why)

    def _finish(self, run: Run) -> None:
        failure = self._spider.failure
        if failure is not None:
            run.finish("failed", f"{type(failure).__name__}: {failure}")
        elif self._spider.interrupted:
            run.finish("interrupted", "asked to stop; run it again to go on")
        elif self._spider.bounded:
            mark_bounded(run.db, run.id, self._spider.bounded)
            run.finish(run.verdict, self._spider.bounded)
        elif (why := why_nothing_was_read(run.db, run.id)) is not None:
            run.finish("failed", why)
        else:
            run.finish(run.verdict, self._spider.stop_reason)
