"""Processes forked from one that has everything imported: each begins in milliseconds and may be killed.

There is one such process for each process of the tests, whoever asks for it, so all that it imports is listed here.
"""

from __future__ import annotations

import multiprocessing
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

COMMANDS = (
    "backup",
    "check",
    "export",
    "harvest",
    "history",
    "live",
    "publish",
    "rebuild",
    "schedule",
    "status",
    "withdraw",
)
SCRAPY = (  # what a crawl loads by name while it starts; no reactor, which cannot be forked
    "core.downloader.handlers.http11",
    "core.engine",
    "core.scraper",
    "downloadermiddlewares.defaultheaders",
    "downloadermiddlewares.httpproxy",
    "downloadermiddlewares.offsite",
    "extensions.feedexport",
    "extensions.logstats",
    "extensions.memusage",
    "robotstxt",
    "spidermiddlewares.referer",
    "squeues",
)


def _preload() -> Iterable[str]:
    yield from (f"harvester.cli.{name}" for name in COMMANDS)
    yield from (
        "harvester.crawl.pipeline",
        "harvester.crawl.robots",
        "harvester.crawl.session",
        "harvester.crawl.spiders",
    )
    yield from (f"scrapy.{name}" for name in SCRAPY)
    yield "harvester.schedule.scheduler"


FORKS = multiprocessing.get_context("forkserver")
FORKS.set_forkserver_preload(list(_preload()))
