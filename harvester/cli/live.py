"""A live harvest from the command line: Scrapy runs in this process, quietly."""

from __future__ import annotations

from contextlib import ExitStack
from typing import TYPE_CHECKING, Any

from scrapy.crawler import AsyncCrawlerProcess
from scrapy.settings import Settings
from twisted.logger import globalLogBeginner

from harvester.cli.progress import Progress
from harvester.errors import HarvesterError
from harvester.store.database import open_to_read
from harvester.store.run import run_row

if TYPE_CHECKING:
    from harvester.crawl.options import Order
    from harvester.crawl.spider import ArchiveSpider
    from harvester.ingest import Stop
    from harvester.store.run import Run


SETTINGS_MODULE = "harvester.crawl.settings"


class LiveProgress:
    """Progress that begins with the run: before that there is nothing to tell of."""

    def __init__(self) -> None:
        self._stack = ExitStack()
        self._bar: Progress | None = None

    def __call__(self, run: Run, pages: int | None) -> None:
        """Show how far the run is, of so many pages."""
        if self._bar is None:
            self._bar = self._stack.enter_context(Progress(run, None))
        self._bar.update(pages)

    def say(self, text: str) -> None:
        """Say why nothing happens for a while."""
        if self._bar is not None:
            self._bar.say(text)

    def close(self) -> None:
        """Take the bar away."""
        self._stack.close()


def harvest_live(source: str, order: Order, stop: Stop, contact: str | None) -> dict[str, Any]:
    """Harvest an archive over the network; give the run's row. Raises what went wrong if nothing could be had."""
    process = AsyncCrawlerProcess(live_settings(contact))
    globalLogBeginner.beginLoggingTo([], redirectStandardIO=False)  # Twisted would write to the terminal itself
    crawler, progress = process.create_crawler(source), LiveProgress()
    told = {"progress": progress, "say": progress.say, "stopped": lambda: stop.signal is not None}
    task = process.crawl(crawler, order=order, **told)
    try:
        process.start(install_signal_handlers=False)
    finally:
        progress.close()
    if task.exception():
        raise task.exception()  # type: ignore[misc]
    return outcome(crawler.spider, order)  # type: ignore[arg-type]


def outcome(spider: ArchiveSpider, order: Order) -> dict[str, Any]:
    """Give the row of the run that a spider has ended, or raise why it failed."""
    if spider.failure:
        raise spider.failure
    with open_to_read(order.db) as db:
        row = run_row(db)
    if row["status"] == "failed":
        raise HarvesterError(row["reason"] or f"nothing was read; see why: harvester status --db {order.db}")
    return row


def live_settings(contact: str | None) -> Settings:
    """Give Scrapy's settings, with a contact address in the user agent."""
    settings = Settings()
    settings.setmodule(SETTINGS_MODULE)
    settings.set("LOG_ENABLED", False)  # what matters is kept as problems of the run, and said in one line
    agent = settings["USER_AGENT"]
    if contact and contact not in agent:
        settings.set("USER_AGENT", f"{agent} (+{contact})")
    return settings
