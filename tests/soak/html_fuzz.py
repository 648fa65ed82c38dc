"""Broken and hostile pages, read in a process of their own: `python -m tests.soak.html_fuzz` prints the outcomes.

A line is a JSON object: the case, the engine, the seconds that it took, and what the page's own records do not hold.
"""

from __future__ import annotations

import json
import random
import re
import sys
import time
from typing import TYPE_CHECKING

from harvester.model import MAX_BYTES, Capture, DocumentPage, Listing, Page
from harvester.parsers.parse import parse
from harvester.registry import load_sources
from tests.support.archive_pages import document_page, listing_page, make_items

if TYPE_CHECKING:
    from collections.abc import Iterator

SOURCE = load_sources()["wilson"]
ITEMS = make_items(10, seed=4)
SEARCH = "https://digitalarchive.wilsoncenter.org/search?page=0"
HEAD = b"<h2>Results:</h2><p>1 - 10 of 40</p>"
LISTING = listing_page(ITEMS, 1, 40)
DOCUMENT = document_page(ITEMS[0])
TAG = re.compile(rb"<[^>]+>")
FULL = MAX_BYTES - 1000


def broken(page: bytes, chance: random.Random, times: int) -> Iterator[tuple[str, bytes]]:
    """Break a page in many ways."""
    for _ in range(times):
        yield "truncated", page[: chance.randrange(len(page))]
    main = page.find(b"<main")
    tags = [found.span() for found in TAG.finditer(page, main, page.find(b"</main>"))]
    for _ in range(times):
        (a, b), (c, d) = sorted(chance.sample(tags, 2))
        yield "two tags swapped", page[:a] + page[c:d] + page[b:c] + page[a:b] + page[d:]
        start, end = chance.choice(tags)
        yield "a tag lost", page[:start] + page[end:]
        yield "a tag not closed", page[: end - 1] + page[end:]
        place = chance.randrange(len(page))
        yield "bytes damaged", page[:place] + chance.randbytes(20).replace(b"\0", b"") + page[place + 20 :]
    yield "nested tables", page.replace(b"<td", b"<table><tr><td").replace(b"<h4", b"<table><h4")
    yield "nested links", page.replace(b"<p>", b'<a href="/document/x"><p>')
    yield (
        "entities",
        page.replace(b"<p>", b"&lt;a href=&#34;/document/invented&#34;&gt;&#0;&#9;&#27;[0m&bogus;&#x110000;<p>"),
    )
    yield "commented out", page.replace(b"<main", b"<!-- <main")
    yield "in a text field", page.replace(b"<main", b"<textarea><main")
    yield "nothing closed", re.sub(rb"</[^>]*>", b"", page)
    yield "quotes lost", page.replace(b'"', b"")


def hostile(share: int) -> Iterator[tuple[str, bytes]]:
    """Make pages that keep a parser busy. `share`: 1 makes them as large as they may be, 4 a quarter of that."""
    full = FULL // share
    yield "a long attribute", HEAD + b'<a href="/document/' + b"x" * full + b'">t</a>'
    yield "an attribute of 10 MB", HEAD + b'<a title="' + b"x" * (10_000_000 // share) + b'">t</a>'
    yield "attributes", HEAD + b"<a " + b" ".join(b"a%d" % n for n in range(600_000 // share)) + b">t</a>"
    yield (
        "attributes with quotes",
        HEAD + b"<a " + b" ".join(b'a%d=">"' % n for n in range(400_000 // share)) + b">t</a>",
    )
    yield "a million tags", HEAD + b"<p>x" * (1_000_000 // share)
    yield "as many tags as allowed", HEAD + b"<p>x</p>" * (19_000 // share)
    yield "many links", HEAD + b"".join(b"<a href=/document/a%d>t</a>" % n for n in range(19_000 // share))
    yield "links in links", HEAD + b"".join(b"<div><a href=/document/a%d>t</a>" % n for n in range(2000 // share))
    yield "40,000 deep", HEAD + b"<div>" * (39_000 // share)
    yield "deep by tables", HEAD + b"<table><tr><td></div>" * (13_000 // share)
    yield "deep by hiding", HEAD + (b"<div>" * 200 + b"<table><tr><td>" + b"</div>" * 200) * 90
    yield "formatting", HEAD + b"".join(b"<p><b id=%d>" % n for n in range(12_000 // share)) + b"<p>x" * (7000 // share)
    yield "open comments", HEAD + b"<!--" * (39_000 // share)
    yield "open scripts", HEAD + b"<script>" * (39_000 // share)
    yield "open tags", HEAD + b"<a " * (39_000 // share)
    yield "lines", HEAD + b"\n" * full
    yield "spaces in a line", HEAD + b"<p>1 " + b" " * full + b"- 10"
    yield "range lines", HEAD + b"<p>1 - 10 of 40</p>" * (19_000 // share)
    yield "end markers", HEAD + b"<p>x Pagination" * (19_000 // share) + b"Pagination" * (400_000 // share)
    yield "digits", b"<p>" + b"1" * full + b" - 2 of 3"
    yield "titles", b"<title>" * (39_000 // share)
    yield "canonical", b"<link rel=canonical " * (39_000 // share) + b"href=x>"
    yield "current path", b'"currentPath":"node/' * (400_000 // share) + DOCUMENT


def invented(page: Page) -> list[str]:
    """Return the addresses of records that are on neither of the pages."""
    records = page.records if isinstance(page, Listing) else [page.record] if isinstance(page, DocumentPage) else []
    slugs = [record.slug or "" for record in records]
    known = {item.slug for item in ITEMS}
    return [slug for slug in slugs if slug not in known or slugs.count(slug) > 1]


def main(times: int = 8, share: int = 1) -> None:
    """Read every page with every engine; `times`: how often each way of damage is tried; `share`: as of `hostile`."""
    chance = random.Random(7)
    for base, uri in ((LISTING, SEARCH), (DOCUMENT, ITEMS[0].url)):
        for name, body in broken(base, chance, times):
            _report(name, Capture(uri, body), ("fast", "reference"), made_up=False)
    for name, body in hostile(share):
        for uri in (SEARCH, "file:///saved.html")[: 1 if times < 8 else 2]:
            _report(name, Capture(uri, body, media_type="text/html"), ("auto",), made_up=True)


def _report(name: str, capture: Capture, engines: tuple[str, ...], *, made_up: bool) -> None:
    for engine in engines:
        start = time.process_time()
        page = parse(capture, SOURCE, engine)  # type: ignore[arg-type]
        seconds = time.process_time() - start
        new = [] if made_up else invented(page)
        print(json.dumps({"case": name, "engine": engine, "seconds": round(seconds, 2), "invented": new}), flush=True)


if __name__ == "__main__":
    main(*map(int, sys.argv[1:]))
