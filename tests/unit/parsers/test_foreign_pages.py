"""Pages of other sites are refused by their text and links, exactly as the reference engine's reading would be."""

from __future__ import annotations

import random
import sys
from itertools import chain
from typing import TYPE_CHECKING

import pytest

from harvester.model import Capture, Listing, Refused
from harvester.parsers.html.engines import REFERENCE, Soup, reference_outline
from harvester.parsers.html.forms import is_foreign
from harvester.parsers.html.limits import check_limits
from harvester.parsers.html.listing import ListingReader, refuse_by_outline
from harvester.parsers.html.page_bytes import HtmlBytes, with_end_mark
from harvester.parsers.parse import parse
from harvester.registry import load_sources
from harvester.source import Addresses, HtmlListing, Selectors, Source
from tests.benchmarks.parsing import foreign_page
from tests.support.archive_pages import listing_page, make_items
from tests.support.harvesting import SOURCE
from tests.support.paths import FIXTURES, PLATFORMS
from tests.support.trials import trials

if TYPE_CHECKING:
    from collections.abc import Iterator


pytestmark = pytest.mark.slow


PAGES = sorted(chain((FIXTURES / "html").glob("*/page.html"), PLATFORMS.glob("*/*.html")))
ITEMS = Addresses(("/node/", "/items/"), r"(?:node|items/show)/(?P<slug>\d+)")
NO_RANGE = HtmlListing("list", nothing_found=("Nothing found",))
SELECTED = HtmlListing("list", selectors=Selectors("article, li, tr", (("title", "h2, a"),)))
DEFINED = [Source("own", "Own", ("own.example",), (form,), addresses=ITEMS) for form in (NO_RANGE, SELECTED)]
SOURCES = (*load_sources().values(), *DEFINED)
SNIPPETS = (
    *(b"<", b">", b"</b>", b"<b>", b"<table>", b"</td>", b"<a href='/node/1'>x</a>", b"<rt>", b"</rt>", b"<!--"),
    *(b"<script>", b"</script>", b"<template>", b"</template>", b"\0", b"&#0;", b"\xff", b"<svg><style>", b"-->"),
    *(b"<p>1 - 10 of 20</p>", b"<p>0 - 0 of 0</p>", b"<p>Nothing found</p>", b"<noscript>", b"<html>", b"</html>"),
)  # fmt: skip


def mutated(body: bytes, chance: random.Random) -> bytes:
    for _ in range(chance.randrange(4)):
        at = chance.randrange(len(body) + 1)
        behind = at if chance.random() < 0.5 else min(len(body), at + chance.randrange(200))
        body = body[:at] + chance.choice((b"", *SNIPPETS)) + body[behind:]
    return body[: chance.randrange(len(body) + 1)] if chance.random() < 0.2 else body


def samples() -> Iterator[bytes]:
    chance = random.Random(7)
    for path in PAGES:
        body = path.read_bytes()
        yield body
        yield from (mutated(body, chance) for _ in range(trials(1, 3)))


def in_utf8(body: bytes) -> bytes:
    return with_end_mark(body.decode("utf-8", "replace").encode())


def test_a_page_is_refused_by_its_outline_only_as_the_reference_refuses_it() -> None:
    refused = foreign = 0
    for body in samples():
        data = in_utf8(body)
        root = None if check_limits(data) else REFERENCE.parse(data)
        if root is None:
            continue
        outline = reference_outline(data)
        assert outline is not None
        assert outline[0] == REFERENCE.text(root)
        assert {REFERENCE.attribute(link, "href") for link in REFERENCE.select(root, "a")} <= {*outline[1], ""}
        for source in SOURCES:
            elsewhere = is_foreign(HtmlBytes(Capture("https://news.example/today", body)), source)
            foreign += elsewhere
            for form in (form for form in source.forms if isinstance(form, HtmlListing)):
                refusal = refuse_by_outline(*outline, form, source)
                refused += refusal is not None
                if refusal or elsewhere:
                    page = ListingReader(REFERENCE, root, form, source, whole=True).read()
                    assert refusal in (None, page)
                    assert isinstance(page, Refused) or not (elsewhere and page.records)
    assert refused > 500
    assert foreign > 100


def test_the_reference_engine_is_not_asked_about_a_page_of_another_site(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Soup, "parse", lambda *_: sys.exit("a tree was built"))
    for body in (foreign_page(), foreign_page().replace(b"</body>", b"<a href='/search'>Search</a></body>")):
        for source in load_sources().values():
            page = parse(Capture("https://news.example/today", body, media_type="text/html"), source)
            assert isinstance(page, Refused)
            assert page.code == "not-a-listing"


def test_a_page_of_the_archive_at_an_unknown_host_is_still_read() -> None:
    body = listing_page(make_items(10, seed=2), 1, 16_756)
    page = parse(Capture("https://mirror.example/search?page=0", body, media_type="text/html"), SOURCE)
    assert isinstance(page, Listing)
    assert len(page.records) == 10
