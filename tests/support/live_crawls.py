"""Many live harvests in one process, of local archives only."""

from __future__ import annotations

import asyncio
import logging
import shutil
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from harvester.crawl.options import CrawlOptions
from harvester.crawl.session import CrawlSession
from harvester.store.database import open_to_write

if TYPE_CHECKING:
    from collections.abc import Callable, Coroutine

    from harvester.crawl.proof import WalkResult
    from harvester.store.listing_members import MissingDocument
    from harvester.urls import ListingAddress

UNORDERED = "https://digitalarchive.wilsoncenter.org/search"


@dataclass
class Crawls:
    """Harvests one after the other; keeps the verdicts that they came to."""

    folder: Path

    def __post_init__(self) -> None:
        from scrapy.crawler import AsyncCrawlerRunner

        from harvester.cli.live import scrapy_settings

        self._runner = AsyncCrawlerRunner(scrapy_settings(None))
        self._empty = self.folder / "empty.db"
        open_to_write(self._empty).close()
        self.verdicts: list[WalkResult] = []
        self._listen()

    def _listen(self) -> None:
        """Remember each walk's verdict: its records are not kept as such."""
        end_walk, verdicts = CrawlSession.end_walk, self.verdicts

        def remembering(
            self: CrawlSession, walk: int, listing: ListingAddress, verdict: WalkResult
        ) -> list[MissingDocument]:
            verdicts.append(verdict)
            return end_walk(self, walk, listing, verdict)

        CrawlSession.end_walk = remembering  # type: ignore[method-assign]

    def fresh(self, name: str = "walk.db") -> Path:
        """Return the path of an empty database: a copy, which is faster than migrations."""
        path = self.folder / name
        for old in self.folder.glob(f"{name}*"):
            old.unlink()
        shutil.copy(self._empty, path)
        return path

    async def harvest(self, base: str, db: Path, **requested: Any) -> None:
        """Harvest live, addresses alone if `start` names some; a failure of ours is raised."""
        start = requested.pop("start", "")
        order = CrawlOptions(base=base, db=db, delay=0.0, **{"documents": False, **requested})
        crawler = self._runner.create_crawler("wilson")
        await self._runner.crawl(crawler, order=order, start=start)
        if crawler.spider.failure:  # type: ignore[union-attr]
            raise crawler.spider.failure  # type: ignore[union-attr]


def run_crawls(main: Callable[[Crawls], Coroutine[Any, Any, None]]) -> None:
    """Run a program of harvests in Scrapy's reactor."""
    from scrapy.utils.reactor import install_reactor

    install_reactor("twisted.internet.asyncioreactor.AsyncioSelectorReactor")
    from twisted.internet import reactor as installed

    reactor: Any = installed

    logging.disable(logging.CRITICAL)
    failures: list[BaseException] = []

    async def whole() -> None:
        with tempfile.TemporaryDirectory() as folder:
            try:
                await main(Crawls(Path(folder)))
            except BaseException as error:  # noqa: BLE001 - raised again outside of the reactor
                failures.append(error)
        reactor.stop()

    reactor.callWhenRunning(lambda: tasks.append(asyncio.ensure_future(whole())))
    tasks: list[asyncio.Future[None]] = []
    reactor.run()
    if failures:
        raise failures[0]
