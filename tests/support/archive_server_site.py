"""An archive that moves and misbehaves on demand, seeded: what it answers, without any network."""

from __future__ import annotations

import functools
import hashlib
import random
from dataclasses import dataclass, field
from urllib.parse import parse_qsl, urlsplit

from tests.support.archive_pages import Item, document_page, listing_page, make_item, make_items
from tests.support.walks import SIZE, MovingListing

POOL = 2_000
SEED = 7
NEW_FROM = 1_500
"""Items of the pool from here on are those that are added while the archive is walked."""


@functools.cache
def pool() -> list[Item]:
    return make_items(POOL, SEED)


_listed: dict[str, Item] = {}


def item_of(name: str) -> Item:
    """Return the item of a name in a `MovingListing`: `r7` or `new-3`."""
    kind, _, number = name.rpartition("-") if "-" in name else ("", "", name[1:])
    item = make_item(NEW_FROM + int(number) if kind else int(number), SEED)
    _listed[item.slug] = item
    return item


def item_at(slug: str) -> Item | None:
    """Return the item whose page is at an address; mostly it was listed before, and the whole pool is not made."""
    if slug not in _listed:
        _listed.update((item.slug, item) for item in pool())
    return _listed.get(slug)


@dataclass(frozen=True)
class Answer:
    """What is answered; `how`: `whole`, or a way in which the network spoils it."""

    status: int
    body: bytes = b""
    headers: dict[str, str] = field(default_factory=dict)
    how: str = "whole"


@dataclass(frozen=True)
class Manner:
    """How the archive behaves.

    `events`: what may happen to the listing before a page of it, each time with `chance`, at most `most` times.
    `tricks`: what may be answered instead of a page of the listing, and how likely; at most `most_tricks` in a row.
    """

    events: tuple[str, ...] = ()
    chance: float = 0.0
    most: int = 10**6
    tricks: dict[str, float] = field(default_factory=dict)
    most_tricks: int = 2
    etags: bool = False
    dated: bool = False
    robots: str | None = None
    growing: bool = False  # the pager never ends
    wrong_total: int = 0
    shape: str = "table"
    ceiling: int = 0  # no more records than these are shown
    behind: str = "fails"  # what stands behind the ceiling: `fails`, `empty`, `first`; or it is `declared` as the total
    orders: bool = False  # without an order named, records stand in another one
    tied: str = ""  # at each border of pages one record is shown twice and another never: `newest`, or in `both` orders


class Site:
    """Answers requests for listing pages, document pages and robots.txt."""

    def __init__(self, size: int, seed: str = "0", manner: Manner | None = None) -> None:
        self.manner = manner or Manner()
        self.chance = random.Random(seed)
        self.listing = MovingListing(self.chance, [f"r{n}" for n in range(size)])
        self.happened = self.in_a_row = self.revision = 0
        self.shown: set[str] = set()
        """Slugs of all records that a page of the listing has shown."""

    def answer(self, target: str, headers: dict[str, str]) -> Answer:
        parts = urlsplit(target)
        if parts.path == "/robots.txt":
            robots = self.manner.robots
            return Answer(404) if robots is None else Answer(200, robots.encode(), {"Content-Type": "text/plain"})
        if parts.path == "/search":
            return self._search(dict(parse_qsl(parts.query)), headers)
        item = item_at(parts.path.removeprefix("/document/"))
        return self._tagged(document_page(item), repr(item), headers) if item else html(404, b"<h1>Not found</h1>")

    def _search(self, query: dict[str, str], headers: dict[str, str]) -> Answer:
        manner = self.manner
        if self.happened < manner.most and self.chance.random() < manner.chance:
            getattr(self.listing, self.chance.choice(manner.events))()
            self.happened += 1
        self.listing.states.append(list(self.listing.records))
        number, text = int(query.get("page", "0")), query.get("search_api_fulltext", "")
        trick = self._trick()
        if trick:
            return getattr(self, f"_{trick}")(number, headers)  # type: ignore[no-any-return]
        newest = "sort_bef_combine" in query
        return self._page(self._in_order(self._found(text), newest=newest), number, headers, newest=newest)

    def _in_order(self, names: list[str], *, newest: bool) -> list[str]:
        return names if newest or not self.manner.orders else sorted(names, key=lambda name: item_of(name).slug)

    def _found(self, text: str) -> list[str]:
        names = self.listing.records
        return [name for name in names if text.lower() in item_of(name).title.lower()] if text else list(names)

    def _trick(self) -> str | None:
        for name, likely in self.manner.tricks.items():
            if self.in_a_row < self.manner.most_tricks and self.chance.random() < likely:
                self.in_a_row += name != "stale"
                return name
        self.in_a_row = 0
        return None

    def _page(
        self, names: list[str], number: int, headers: dict[str, str], *, newest: bool = True, **more: str
    ) -> Answer:
        manner, places = self.manner, list(names)
        if manner.ceiling and manner.behind == "declared":
            places = places[: manner.ceiling]
        elif manner.ceiling and number * SIZE >= manner.ceiling:
            if manner.behind != "first":
                return html(500, b"result window is too large") if manner.behind == "fails" else self._none_found()
            number = 0
        total = len(places) + manner.wrong_total
        if manner.tied == "both" or (manner.tied and newest):
            for border in range(SIZE, len(places), SIZE):
                places[border - 1] = places[border]
        shown = [item_of(name) for name in places[number * SIZE : (number + 1) * SIZE]]
        if manner.growing:
            total = (number + 2) * SIZE
            shown = pool()[number * SIZE : (number + 1) * SIZE]
        if number * SIZE + len(shown) <= total:  # a page whose range ends behind its total may be refused
            self.shown.update(item.slug for item in shown)
        beyond = int(manner.wrong_total < 0)
        body = self.listing_page(shown, number * SIZE + 1, total, beyond=beyond)
        return self._tagged(body, f"{[item.slug for item in shown]} {number} {total}", headers, **more)

    def listing_page(self, items: list[Item], first: int, total: int, *, beyond: int = 0) -> bytes:
        return listing_page(items, first, total, shape=self.manner.shape, beyond=beyond)

    def _tagged(self, body: bytes, content: str, headers: dict[str, str], **more: str) -> Answer:
        """Answer with validators, or that nothing has changed."""
        outcome = {name.replace("_", "-"): value for name, value in more.items()}
        digest = hashlib.sha256(content.encode()).hexdigest()
        if self.manner.etags:
            outcome |= {"ETag": f'W/"{digest[:16]}"', "Cache-Control": "no-cache"}
        if self.manner.dated:
            outcome |= {"Last-Modified": f"Mon, 01 Jan 2024 00:{int(digest[:6], 16) % 60:02}:00 GMT"}
        same = self.manner.etags and headers.get("if-none-match") == outcome["ETag"]
        same = same or (self.manner.dated and headers.get("if-modified-since") == outcome["Last-Modified"])
        return Answer(304, b"", outcome) if same else html(200, body, **outcome)

    def _challenge(self, *_: object) -> Answer:
        page = b"<html><head><title>Just a moment...</title></head><body>Checking your browser before accessing</body>"
        return html(200, page)

    def _empty(self, *_: object) -> Answer:
        return html(200, b"")

    def _none_found(self, *_: object) -> Answer:
        return html(200, self.listing_page([], 1, 0))

    def _waiting(self, *_: object) -> Answer:
        page = "<html><head><title>Waiting room</title></head><body><h1>You are now in line</h1>"
        return html(200, f"{page}<p>Your estimated wait time is 3 minutes.</p></body></html>".encode())

    def _cut(self, number: int, _headers: dict[str, str]) -> Answer:
        """Answer with half a page whose length nobody said, as old servers do that close the connection too early."""
        whole = self._page(self._found(""), number, {})
        return Answer(200, whole.body, whole.headers, how="cut")

    def _busy(self, *_: object) -> Answer:
        return html(429, b"slow down", Retry_After="0")

    def _down(self, *_: object) -> Answer:
        return html(503, b"maintenance", Retry_After="0")

    def _reset(self, *_: object) -> Answer:
        return Answer(200, how="reset")

    def _truncated(self, number: int, _headers: dict[str, str]) -> Answer:
        whole = self._page(self._found(""), number, {})
        return Answer(200, whole.body, whole.headers, how="truncated")

    def _slow(self, number: int, headers: dict[str, str]) -> Answer:
        whole = self._page(self._found(""), number, headers)
        return Answer(whole.status, whole.body, whole.headers, how="slow")

    def _stale(self, number: int, _headers: dict[str, str]) -> Answer:
        """Answer as a cache does, with the listing as it was; caches must say so (RFC 9111, Age)."""
        return self._page(self.chance.choice(self.listing.states), number, {}, Age="600")

    def _login(self, *_: object) -> Answer:
        return html(302, b"", Location="/user/login?destination=/search")

    def _other_listing(self, *_: object) -> Answer:
        return html(302, b"", Location="/search?search_api_fulltext=Mao&page=0")

    def _other_page(self, number: int, _headers: dict[str, str]) -> Answer:
        return self._page(self._found(""), number + 1, {})

    def _markup(self, *_: object) -> Answer:
        """Show pages of another look: nothing of them can be read."""
        return html(200, b"<html><body><div id=app></div><script>render()</script></body></html>")


def html(status: int, body: bytes, **headers: str) -> Answer:
    outcome = {name.replace("_", "-"): value for name, value in headers.items()}
    return Answer(status, body, {"Content-Type": "text/html; charset=utf-8"} | outcome)
