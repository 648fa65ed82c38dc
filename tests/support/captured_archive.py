"""An archive of the new site's shape that was captured at five times while it changed, as WARC files of a crawler."""

from __future__ import annotations

import base64
import gzip
import hashlib
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from functools import cache
from typing import TYPE_CHECKING
from uuid import NAMESPACE_URL, uuid5

from harvester.registry import load_sources
from harvester.urls import listing_for, page_url
from tests.support.archive_pages import PAGE_SIZE, Item, document_page, listing_page, make_items

if TYPE_CHECKING:
    from pathlib import Path

DAYS = ((2012, 3), (2014, 1), (2017, 9), (2019, 2), (2023, 5))
TIMES = tuple(datetime(year, 6, day, 12, 0, tzinfo=UTC) for year, day in DAYS)
SOURCE = load_sources()["wilson"]


@dataclass(frozen=True)
class Captured:
    """A capture: `kept` is what a crawler wrote, a response or only that the page was as before (`revisit`)."""

    address: str
    at: datetime
    status: int
    body: bytes
    kept: str = "response"

    @property
    def digest(self) -> str:
        """The payload's digest, as indexes write it."""
        return base64.b32encode(hashlib.sha1(self.body, usedforsecurity=False).digest()).decode()

    @property
    def stamp(self) -> str:
        return self.at.strftime("%Y%m%d%H%M%S")


def states(records: int) -> list[list[Item]]:
    """Return what the archive lists at each of the five times, the newest records first.

    Titles, summaries and dates are corrected; one correction is taken back; a record leaves, others are added.
    """
    pool = make_items(records, seed=18)
    start = max(4, records - 12)
    found, items = [], {item.number: item for item in pool[:start]}
    for number in range(len(TIMES)):
        if number == 1:
            items[1] = replace(items[1], title=f"{items[1].title}, Corrected")
            items[2] = replace(items[2], summary=("It was said anew.",))
        if number == 2:
            items[1] = pool[1]
            items[3] = replace(items[3], date="May 5, 1955")
            del items[0]
        if number == 4:
            items[1] = replace(items[1], summary=("Another summary.",), language="Polish")
        added = pool[start + 3 * number : start + 3 * (number + 1)] if number else []
        items |= {item.number: item for item in added}
        found.append([items[key] for key in sorted(items, reverse=True)])
    return found


def captures_of(records: int) -> list[list[Captured]]:
    """Return the captures of each time: of every listing page, and the page of every item that was ever listed."""
    seen, crawls = dict[str, bytes](), list[list[Captured]]()
    ever: dict[str, Item] = {}
    for at, items in zip(TIMES, states(records), strict=True):
        pages = dict(_listing_pages(items))
        ever |= {item.url: item for item in items}
        listed = {item.url: item for item in items}
        pages |= {url: (200, _document(listed[url])) if url in listed else (404, b"<h1>Not found</h1>") for url in ever}
        crawl = list[Captured]()
        for url, (status, body) in pages.items():
            as_before = seen.get(url) == body and len(crawl) % 2 == 0
            crawl.append(Captured(url, at, status, body, "revisit" if as_before else "response"))
            seen[url] = body
        crawls.append(crawl)
    return crawls


def _listing_pages(items: list[Item]) -> list[tuple[str, tuple[int, bytes]]]:
    whole = listing_for(SOURCE)
    pages = -(-len(items) // PAGE_SIZE)
    return [(page_url(whole, number, SOURCE), (200, _listing(tuple(items), number))) for number in range(pages)]


@cache
def _listing(items: tuple[Item, ...], number: int) -> bytes:
    return listing_page(items[number * PAGE_SIZE : (number + 1) * PAGE_SIZE], number * PAGE_SIZE + 1, len(items))


@cache
def _document(item: Item) -> bytes:
    return document_page(item)


def write_warcs(folder: Path, crawls: list[list[Captured]]) -> list[Path]:
    """Write a WARC file for each crawl, as crawlers do: payload digests, and revisits of what was as before."""
    folder.mkdir(parents=True, exist_ok=True)
    return [_write_warc(folder / f"crawl-{number}.warc.gz", crawl, crawls) for number, crawl in enumerate(crawls)]


def _write_warc(path: Path, crawl: list[Captured], crawls: list[list[Captured]]) -> Path:
    first = {(one.address, one.body): one for other in reversed(crawls) for one in other}
    path.write_bytes(b"".join(_record(one, first[one.address, one.body]) for one in crawl))
    return path


def _record(one: Captured, original: Captured) -> bytes:
    """Return a record as a gzip member, by hand: warcio leaves its temporary files to the garbage collector."""
    lines = (f"HTTP/1.1 {one.status} OK", "Content-Type: text/html; charset=utf-8", f"Content-Length: {len(one.body)}")
    block = "\r\n".join((*lines, "", "")).encode() + (one.body if one.kept == "response" else b"")
    fields = {
        "WARC-Type": one.kept,
        "WARC-Record-ID": f"<urn:uuid:{uuid5(NAMESPACE_URL, f'{one.stamp} {one.address}')}>",
        "WARC-Target-URI": one.address,
        "WARC-Date": _iso(one.at),
        "WARC-Payload-Digest": f"sha1:{one.digest}",
        "Content-Type": "application/http; msgtype=response",
        "Content-Length": str(len(block)),
    }
    if one.kept == "revisit":
        fields["WARC-Profile"] = "http://netpreserve.org/warc/1.0/revisit/identical-payload-digest"
        fields |= {"WARC-Refers-To-Target-URI": one.address, "WARC-Refers-To-Date": _iso(original.at)}
    head = "".join(f"{name}: {value}\r\n" for name, value in fields.items())
    return gzip.compress(f"WARC/1.0\r\n{head}\r\n".encode() + block + b"\r\n\r\n", 1)


def _iso(at: datetime) -> str:
    return at.strftime("%Y-%m-%dT%H:%M:%SZ")
