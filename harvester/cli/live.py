"""A live harvest from the command line: Scrapy runs in this process, quietly."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Any

from scrapy.crawler import AsyncCrawlerProcess
from scrapy.settings import Settings

from harvester.sources import SETTINGS_MODULE
from harvester.store.database import open_to_read
from harvester.store.run import run_row

if TYPE_CHECKING:
    from harvester.crawl.order import Order
    from harvester.harvest import Stop


def harvest_live(source: str, order: Order, stop: Stop, contact: str | None) -> dict[str, Any]:
    """Harvest an archive over the network; give the run's row."""
    logging.getLogger("scrapy").setLevel(logging.CRITICAL)  # what matters is kept as problems of the run
    process = AsyncCrawlerProcess(_settings(contact))
    crawler = process.create_crawler(source)
    task = process.crawl(crawler, order=order, stopped=lambda: stop.signal is not None)
    process.start(install_signal_handlers=False)
    if task.exception():
        raise task.exception()  # type: ignore[misc]
    with open_to_read(order.db) as db:
        return run_row(db)


def _settings(contact: str | None) -> Settings:
    settings = Settings()
    settings.setmodule(SETTINGS_MODULE)
    if contact:
        settings.set("USER_AGENT", f"{settings['USER_AGENT']} (+{contact})")
    return settings
