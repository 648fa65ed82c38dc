"""Links from a page of a listing to those behind it."""

from __future__ import annotations

import pytest

from harvester.model import Capture
from harvester.parsers.html.listing import links_onward
from harvester.registry import load_sources

WILSON = load_sources()["wilson"]
SEARCH = f"https://{WILSON.hosts[0]}/search?search_api_fulltext=Mao&page=3"


@pytest.mark.parametrize(
    ("link", "onward"),
    [
        ("?search_api_fulltext=Mao&amp;page=4", True),
        ("/search?page=4", True),
        (f"http://{WILSON.hosts[1]}/search?page=9&search_api_fulltext=Mao", True),
        ("?search_api_fulltext=Mao&amp;page=3", False),
        ("?page=0", False),
        ("?search_api_fulltext=Stalin&page=4", False),
        ("/elsewhere?page=4", False),
        ("https://elsewhere.example/search?page=4", False),
        ("http://[?page=4", False),
        ("?page=²", False),
    ],
)
def test_a_page_behind_is_one_of_the_same_listing_with_a_higher_number(link: str, onward: bool) -> None:
    for body in (f'<li><a rel="next" href="{link}">Next</a>', f"<A title=x HREF='{link}'>4</A>"):
        assert links_onward(Capture(SEARCH, body.encode()), WILSON) == onward


def test_what_is_no_listings_page_leads_nowhere() -> None:
    assert not links_onward(Capture("file:///a.html", b'<a href="/search?page=4">'), WILSON)
