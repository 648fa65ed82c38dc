"""The test archive shows the same items in every dress, each once, page after page."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from bs4 import BeautifulSoup

from tests.support.archive_server_site import item_of
from tests.support.dressed_site import DressedSite
from tests.support.platform_pages import PLATFORM_DRESSES, Dress

if TYPE_CHECKING:
    from tests.support.archive_pages import Item

SIZE = 23
EACH = pytest.mark.parametrize("dress", PLATFORM_DRESSES.values(), ids=lambda dress: dress.name)


def _text(body: bytes) -> str:
    return " ".join(BeautifulSoup(body, "lxml").get_text(" ").split())


def _get(site: DressedSite, target: str) -> bytes:
    answer = site.answer(target, {})
    assert answer.status == 200, target
    return answer.body


def _page(site: DressedSite, number: int) -> bytes:
    dress = site.dress
    parameter = "spc.page" if dress.name == "dspace" else "page"
    return _get(site, f"{dress.base}{dress.listing_path}?{parameter}={number}")


def _items(site: DressedSite) -> list[Item]:
    return [item_of(name) for name in site.listing.records]


@EACH
def test_each_page_of_a_listing_holds_its_items_with_their_addresses(dress: Dress) -> None:
    site = DressedSite(dress, SIZE)
    items = _items(site)

    for number, shown in enumerate((items[:10], items[10:20], items[20:]), 1):
        page = BeautifulSoup(_page(site, number), "lxml")
        text = _text(page.encode())
        addresses = [str(link["href"]).split("?")[0] for link in page("a", href=True)]
        for item in shown:
            assert item.title in text
            assert dress.name == "omeka-s" or item.date is None or item.date in text
            assert dress.base + dress.path(item) in addresses
        others = {dress.base + dress.path(item) for item in items} - {dress.base + dress.path(item) for item in shown}
        assert others.isdisjoint(addresses)


@EACH
def test_a_listing_declares_its_range_in_the_words_of_the_platform(dress: Dress) -> None:
    declared = {
        "atom": "Results 11 to 20 of 23",
        "omeka-s": "11–20 of 23",
        "dspace": "Now showing 11 - 20 of 23",
        "vufind": "Showing 11 - 20 results of 23",
        "blacklight": "11 - 20 of 23",
    }
    assert declared[dress.name] in _text(_page(DressedSite(dress, SIZE), 2)).replace(" ,", ",")


@EACH
def test_an_item_has_a_page_of_its_own_and_nothing_else_has(dress: Dress) -> None:
    site = DressedSite(dress, SIZE)
    item = _items(site)[3]

    text = _text(_get(site, dress.base + dress.path(item)))

    assert item.title in text
    assert all(subject in text for subject in item.subjects)
    assert site.answer(f"{dress.base}/nothing", {}).status == 404
    assert site.answer("/search", {}).status == (200 if dress.name == "dspace" else 404)


@EACH
def test_a_listing_without_records_says_so(dress: Dress) -> None:
    words = {
        "atom": "No results found",
        "omeka-s": "0 results",
        "dspace": "Your search returned no results",
        "vufind": "did not match any resources",
        "blacklight": "No results found for your search",
    }
    assert words[dress.name] in _text(_page(DressedSite(dress, 0), 1))
