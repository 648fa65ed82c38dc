"""What a live harvest costs: CPU per page beside an empty Scrapy crawl plus the parser, and memory over many pages."""

from __future__ import annotations

import contextlib
import resource
import subprocess
import sys
import time
from typing import TYPE_CHECKING, Any

import scrapy

from harvester.model import Capture
from harvester.parsers.parse import parse
from harvester.registry import load_sources
from harvester.store.database import open_to_read
from tests.support.archive_pages import document_page, listing_page, make_items

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterator
    from pathlib import Path

    from tests.support.live_crawls import Crawls

PER_PAGE = 10
MOST = {"no captures": 1.5, "captures": 2.0}
SERVER = """
import asyncio, sys
from tests.support.archive_server import ArchiveServer
from tests.soak.live_costs import LongSite
async def serve():
    async with ArchiveServer(LongSite(int(sys.argv[1]))) as server:
        print(server.base, flush=True)
        await asyncio.sleep(86400)
asyncio.run(serve())
"""


class LongSite:
    """A still archive of many pages; each is made of the same few by other numbers, so that serving is cheap."""

    def __init__(self, pages: int) -> None:
        items = make_items(PER_PAGE)
        self._listing = listing_page(items, 1, pages * PER_PAGE)
        self._documents = {item.slug: document_page(item).replace(item.node_id.encode(), b"NODE") for item in items}
        self._documents = {
            item.slug: page.replace(item.record_id.encode(), b"RECORD")
            for item, page in zip(items, self._documents.values(), strict=True)
        }

    def answer(self, target: str, _headers: dict[str, str]) -> Any:
        from tests.support.archive_server_site import Answer, html

        if "/document/" in target:
            number, _, slug = target.rpartition("/p")[2].partition("-")
            own = f"{number}{list(self._documents).index(slug)}".encode()
            page = self._documents[slug].replace(b"NODE", b"8" + own).replace(b"RECORD", b"9" + own)
            return html(200, page.replace(b" No. ", f" No. {number}/".encode()))
        if "page=" not in target:
            return Answer(404)
        number = target.rpartition("page=")[2]
        body = self._listing.replace(b"/document/", f"/document/p{number}-".encode())
        body = body.replace(b" No. ", f" No. {number}/".encode())
        first = int(number) * PER_PAGE
        here = f"<strong>{first + 1}</strong> - <strong>{first + PER_PAGE}</strong>"
        return html(200, body.replace(b"<strong>1</strong> - <strong>10</strong>", here.encode()))


class Empty(scrapy.Spider):
    """Fetches pages one after the other and does nothing with them but to parse them."""

    name = "empty"

    def __init__(self, base: str, addresses: list[str], **arguments: Any) -> None:
        super().__init__(**arguments)
        self._base, self._addresses = base, addresses

    async def start(self) -> AsyncIterator[Any]:
        assert self.crawler
        assert self.crawler.engine
        source = load_sources()["wilson"]
        for address in self._addresses:
            response = await self.crawler.engine.download_async(scrapy.Request(address, dont_filter=True))
            uri = address.replace(self._base, f"https://{source.hosts[0]}")
            parse(Capture(uri, response.body, media_type="text/html", charset="utf-8"), source)
            yield {"address": address}


async def empty_crawl(base: str, addresses: list[str]) -> None:
    """Crawl, parse, and do nothing else."""
    from scrapy.crawler import AsyncCrawlerRunner

    from harvester.cli.live import scrapy_settings

    settings = scrapy_settings(None)
    settings.setdict({"DOWNLOAD_DELAY": 0, "ITEM_PIPELINES": {}})
    await AsyncCrawlerRunner(settings).create_crawler(Empty).crawl_async(base=base, addresses=addresses)


@contextlib.contextmanager
def served(pages: int) -> Iterator[str]:
    """Serve a long archive in another process; give its address."""
    with subprocess.Popen([sys.executable, "-c", SERVER, str(pages)], stdout=subprocess.PIPE, text=True) as server:
        assert server.stdout
        try:
            yield server.stdout.readline().strip()
        finally:
            server.terminate()


def addresses_in(db: Path, base: str) -> list[str]:
    """Return the addresses that a harvest has read, on the local archive."""
    with open_to_read(db) as database:
        uris = [row[0] for row in database.execute("SELECT uri FROM reads ORDER BY id")]
    return [uri.replace("https://digitalarchive.wilsoncenter.org", base) for uri in uris]


async def compare(crawls: Crawls, pages: int) -> list[str]:
    """Print the CPU time per page of each way; say which cost too much. A tenth of the pages are listings."""
    with served(pages // 11) as base:
        await crawls.harvest(base, crawls.fresh("first.db"), documents=True)  # warms up, too
        addresses = addresses_in(crawls.folder / "first.db", base)
        costs = dict.fromkeys(("empty crawl and parser", *MOST, "again, unchanged"), float("inf"))
        for _ in range(3):
            for name in costs:
                db = crawls.folder / "first.db" if name == "again, unchanged" else crawls.fresh()
                start = time.process_time()
                if name == "empty crawl and parser":
                    await empty_crawl(base, addresses)
                else:
                    captures = crawls.folder / "captures" if name == "captures" else None
                    await crawls.harvest(base, db, documents=True, captures=captures)
                read = pages // 11 + 1 if name == "again, unchanged" else len(addresses)
                costs[name] = min(costs[name], (time.process_time() - start) / read)
    floor = costs["empty crawl and parser"]
    for name, cost in costs.items():
        goal = f"  goal at most {MOST[name]}" if name in MOST else ""
        print(f"{name:26}{1000 * cost:8.2f} ms a page{cost / floor:8.2f}{goal}", flush=True)
    return [
        f"{name}: {costs[name] / floor:.2f} of the floor" for name, most in MOST.items() if costs[name] > most * floor
    ]


async def memory(crawls: Crawls, pages: int) -> list[str]:
    """Walk a long listing; print the most memory held so far, after a part of it and after all."""
    held: dict[int, int] = {}
    with served(pages) as base:
        for part in (pages // 20, pages // 4, pages):
            await crawls.harvest(base, crawls.fresh(), most_pages=None if part == pages else part)
            held[part] = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024
            print(f"{part:8} pages {held[part]:6} MB, {crawls.verdicts[-1].status}", flush=True)
    first, *_, last = held.values()
    return [f"memory grew from {first} to {last} MB"] if last > 1.5 * first + 50 else []
