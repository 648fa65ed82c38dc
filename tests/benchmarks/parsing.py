"""Parsing one page, beside the same engine on the whole page and beside the slow ones; each must find the records."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bs4 import BeautifulSoup
from selectolax.lexbor import LexborHTMLParser

from harvester.ingest import read_page
from harvester.model import Capture, DocumentPage, Listing, Refused
from harvester.parsers.parse import parse
from harvester.registry import load_sources
from tests.benchmarks.measure import cpu_of_call, outcome, ratio
from tests.benchmarks.peer import labelled, text_of
from tests.support.archive_pages import document_page, listing_page, make_items

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.support.archive_pages import Item

SOURCE = load_sources()["wilson"]
SOURCES = tuple(load_sources().values())
HOST = f"https://{SOURCE.hosts[0]}"
TIMES = 100
ITEMS = make_items(10, seed=3)
LISTING = listing_page(ITEMS, 1, 16_756)
DOCUMENT = document_page(ITEMS[0])
TITLES = [" ".join(item.title.split()) for item in ITEMS]


def ours_listing() -> None:
    """Read a listing page."""
    page = parse(Capture(f"{HOST}/search?page=0", LISTING, media_type="text/html"), SOURCE)
    assert isinstance(page, Listing)
    assert [record.title for record in page.records] == TITLES


def ours_document(item: Item = ITEMS[0]) -> None:
    """Read a document page."""
    page = parse(Capture(f"{HOST}/document/{item.slug}", DOCUMENT, media_type="text/html"), SOURCE)
    assert isinstance(page, DocumentPage)
    assert page.record.record_id == item.record_id


def lexbor_listing() -> None:
    """Read the records of a listing page with lexbor on all of it."""
    page = LexborHTMLParser(LISTING)
    links = page.css('td.document a[href*="/document/"]')
    found = []
    for link in links:
        cell = link.parent
        while cell is not None and cell.tag != "td":
            cell = cell.parent
        found.append((link.text(strip=True), link.attributes["href"], cell.text(strip=True) if cell else ""))
    assert [" ".join(title.split()) for title, _, _ in found] == TITLES


def lexbor_document() -> None:
    """Read the fields of a document page with lexbor on all of it."""
    page = LexborHTMLParser(DOCUMENT)
    values = labelled(page)
    [text_of(page, selector) for selector in ("h1.title", ".date", ".text-block")]
    [pill.text(strip=True) for pill in page.css(".pill .name")]
    [pane.text() for pane in page.css("#documentTabs .tab-pane")]
    assert values["Record ID"] == ITEMS[0].record_id


def soup_listing() -> None:
    """Read the records of a listing page with BeautifulSoup's own parser."""
    page = BeautifulSoup(LISTING, "html.parser")
    found = [link.get_text() for link in page.select('td.document a[href*="/document/"]')]
    assert [" ".join(title.split()) for title in found] == TITLES


def foreign_page() -> bytes:
    """Return a page of 62 KB of another site."""
    story = "<p>Story {0} of <a href='/story/{0}'>the day</a>, and more of it.</p>"
    stories = "".join(story.format(number) for number in range(922))
    return f"<html><head><title>News</title></head><body>{stories}</body></html>".encode()


FOREIGN = foreign_page()


def refuse_foreign() -> None:
    """Refuse a page of another site, for all archives that are known."""
    _, page = read_page(Capture("https://news.example/today", FOREIGN, media_type="text/html"), SOURCES)
    assert isinstance(page, Refused)


def _times(call: Callable[[], None], times: int = TIMES) -> Callable[[], float]:
    def repeat() -> None:
        for _ in range(times):
            call()

    return lambda: cpu_of_call(repeat) / times


def report(pairs: int) -> list[str]:
    """Measure all; give a line for each figure."""
    listing = ratio(_times(lexbor_listing), _times(ours_listing), pairs)
    soup = ratio(_times(soup_listing, 5), _times(ours_listing), pairs)
    document = ratio(_times(lexbor_document), _times(ours_document), pairs)
    foreign = ratio(_times(refuse_foreign), _times(ours_listing), pairs)
    return [
        outcome("a foreign page of 62 KB refused / a listing page read", foreign, 1.0, at_least=False),
        outcome("listing page: lexbor on the whole page / ours", listing, 2.5, at_least=True),
        outcome("listing page: bs4 with html.parser / ours", soup, 80, at_least=True),
        outcome("document page: lexbor on the whole page / ours", document, 2.5, at_least=True),
    ]
