"""Runs a live harvest from the command line: Scrapy runs in this process, without its log."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from scrapy.crawler import AsyncCrawlerProcess
from scrapy.settings import Settings
from twisted.logger import globalLogBeginner

from harvester.cli.progress import LiveProgress
from harvester.crawl.options import CrawlOptions
from harvester.crawl.spiders import spider_for
from harvester.errors import HarvesterError
from harvester.ingest import Stop
from harvester.store.database import open_to_read
from harvester.store.run import load_run

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from harvester.config.loader import LoadedConfig
    from harvester.crawl.spider import ArchiveSpider
    from harvester.source import Source


SETTINGS_MODULE = "harvester.crawl.settings"


def harvest_live(
    source: Source, options: CrawlOptions, stop: Stop, contact: str | None, addresses: Sequence[str] = ()
) -> dict[str, Any]:
    """Harvest an archive over the network; return the run's row. Raise the error of a crawl that failed.

    `addresses`: what is fetched instead of the listing.
    """
    process = AsyncCrawlerProcess(scrapy_settings(contact))
    globalLogBeginner.beginLoggingTo([], redirectStandardIO=False)  # Twisted would write to the terminal itself
    crawler, progress = process.create_crawler(spider_for(source)), LiveProgress()
    callbacks = {"progress": progress, "notify": progress.notify, "stopped": lambda: stop.signal is not None}
    task = process.crawl(crawler, start=" ".join(addresses), order=options, **callbacks)
    try:
        process.start(install_signal_handlers=False)
    finally:
        progress.close()
    if task.exception():
        raise task.exception()  # type: ignore[misc]
    return run_result(crawler.spider, options)  # type: ignore[arg-type]


def fetch_sample(
    source: Source,
    folder: Path,
    loaded: LoadedConfig | None,
    *,
    contact: str | None = None,
    base_url: str | None = None,
    addresses: Sequence[str] = (),
) -> None:
    """Fetch the first page of an archive's listing, or some addresses of it, with one request each and politely.

    The captures are kept in `captures`, in a folder that is there.
    """
    settings = loaded.settings if loaded else None
    own = settings.sources.get(source.name) if settings else None
    stop = Stop()
    stop.listen()
    options = CrawlOptions(
        base=base_url or (own.base_url if own else None),
        most_pages=1,
        most_requests=1 + (2 * len(addresses) or 1),  # robots.txt, and the pages; an address may have moved
        documents=False,
        delay=own.delay if own else None,
        db=folder / "sample.db",
        captures=folder / "captures",
        command=f"harvester sources sample {source.name}",
    )
    harvest_live(source, options, stop, contact or (settings.contact if settings else None), addresses)


def run_result(spider: ArchiveSpider, options: CrawlOptions) -> dict[str, Any]:
    """Return the row of the run that a spider has ended; raise HarvesterError if it failed."""
    if spider.failure:
        raise spider.failure
    with open_to_read(options.db) as db:
        row = load_run(db)
    if row["status"] == "failed":
        raise HarvesterError(row["reason"] or f"nothing was read; see why: harvester status --db {options.db}")
    return row


def scrapy_settings(contact: str | None) -> Settings:
    """Return Scrapy's settings, with the contact address in the user agent."""
    settings = Settings()
    settings.setmodule(SETTINGS_MODULE)
    settings.set("LOG_ENABLED", False)  # what matters is stored as problems of the run, and printed in one line
    agent = settings["USER_AGENT"]
    if contact and contact not in agent:
        settings.set("USER_AGENT", f"{agent} (+{contact})")
    return settings
